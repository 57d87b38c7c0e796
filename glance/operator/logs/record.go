package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
)

// Names of fields with a meaning of their own.
const (
	Logger  = "logger"
	Request = "request"
	stack   = "stack"
)

// defaultLogger is the name in lines that do not say one.
const defaultLogger = "glance.api"

// Details is the value of a field that shows in JSON only, for what the message says already.
type Details map[string]any

// record is one entry as the formats see it.
type record struct {
	*logrus.Entry
	o *Log
}

func (r record) logger() string { return r.text(Logger, defaultLogger) }

// text returns a field that is a text.
func (r record) text(name, otherwise string) string {
	if text, ok := r.Data[name].(string); ok && text != "" {
		return text
	}
	return otherwise
}

// who returns the caller of the request that the line belongs to; an empty one if it belongs to none.
func (r record) who() *auth.Identity {
	if r.Context == nil {
		return &auth.Identity{}
	}
	return auth.From(r.Context)
}

// message returns the message with the fields that have no meaning of their own.
func (r record) message() string {
	text := r.Message
	if err, ok := r.Data[logrus.ErrorKey]; ok {
		text += fmt.Sprintf(": %v", err)
	}
	for _, name := range r.others() {
		text += " " + name + "=" + quoted(fmt.Sprint(r.Data[name]))
	}
	return text
}

// others returns the names of those fields, sorted.
func (r record) others() []string {
	var names []string
	for name, value := range r.Data {
		if _, hidden := value.(Details); !hidden && !slices.Contains([]string{Logger, Request, stack, logrus.ErrorKey}, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func quoted(text string) string {
	if text == "" || strings.ContainsAny(text, " \"=") {
		return strconv.Quote(text)
	}
	return text
}

// value returns what a name in a format stands for.
func (r record) value(name string) any {
	level, number := pythonLevel(r.Level)
	switch name {
	case "asctime":
		return strftime(r.o.options.DateFormat, r.Time)
	case "msecs":
		return r.Time.Nanosecond() / 1e6
	case "created":
		return float64(r.Time.UnixMicro()) / 1e6
	case "process":
		return os.Getpid()
	case "levelname":
		return level
	case "levelno":
		return number
	case "name":
		return r.logger()
	case "message":
		return escape(r.message())
	case "request_id":
		return escape(r.text(Request, "-"))
	case "user_identity":
		return r.o.identity.fill(r.caller)
	case "processName", "programname":
		return r.o.program
	case "funcName", "pathname", "filename", "lineno", "module":
		return r.code(name)
	}
	return r.part(name)
}

// part returns what a name stands for that is about the caller. What we do not know, such as instance, is nothing.
func (r record) part(name string) any {
	switch name {
	case "user", "user_id", "tenant", "project", "project_id", "domain", "user_domain", "project_domain":
		return r.caller(name)
	}
	return ""
}

// caller returns what a name in logging_user_identity_format stands for; "-" for nothing.
func (r record) caller(name string) any {
	who, text := r.who(), ""
	switch name {
	case "user", "user_id":
		text = who.UserID
	case "tenant", "project", "project_id":
		text = who.ProjectID
	case "user_domain":
		text = who.UserDomainID
	case "project_domain":
		text = who.ProjectDomainID
	}
	if text == "" {
		return "-"
	}
	return escape(text)
}

// code returns where in the program the line was written. It is known at debug only.
func (r record) code(name string) any {
	if r.Caller == nil {
		return ""
	}
	file := filepath.Base(r.Caller.File)
	switch name {
	case "funcName":
		return r.Caller.Function[strings.LastIndexByte(r.Caller.Function, '/')+1:]
	case "pathname":
		return r.Caller.File
	case "filename":
		return file
	case "module":
		return strings.TrimSuffix(file, ".go")
	}
	return r.Caller.Line
}
