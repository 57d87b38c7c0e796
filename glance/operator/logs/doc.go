// Package logs writes the log as the reference does (spec operations 11): in the formats of oslo.log or as JSON, to a
// file, standard error, syslog and the journal of systemd, whichever the options ask for.
//
// One event is one line, whatever a client puts into it: control characters, line separators and bytes that are no
// UTF-8 are written as escapes (spec security S108). Only the lines of a stack are lines of their own, each with its
// prefix.
//
// Fields of an entry with a meaning of their own:
//
//	logger   name of the logger, %(name)s; "glance.api" where there is none
//	request  id of the request the line belongs to, %(request_id)s
//	stack    text of several lines, written after the line
//
// An entry's context says who the caller is (package auth). A field of type Details shows in JSON only. Others follow
// the message, as name=value.
package logs
