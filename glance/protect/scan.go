package protect

import (
	"strings"

	"goglance/glance/fault"
)

// rawFile is a file as it is written.
type rawFile struct {
	sections []*rawSection
	defaults map[string]value // of the section [DEFAULT]
}

type rawSection struct {
	name   string
	line   int
	values map[string]value
}

type value struct {
	text string
	line int
}

// defaultSection gives the others what they leave out.
const defaultSection = "DEFAULT"

// scanner goes through the lines of a file.
type scanner struct {
	file    rawFile
	seen    map[string]bool
	section *rawSection // nil in front of the first
	key     string      // which an indented line goes on with; "" behind a section
	indent  int         // of the key
	line    int
}

// scan reads the dialect of Python's configparser, as far as it means something here.
func scan(text string) (rawFile, error) {
	s := scanner{seen: map[string]bool{}}
	for line := range strings.Lines(text) {
		s.line++
		if err := s.read(strings.TrimRight(line, " \t\r\n")); err != nil {
			return s.file, err
		}
	}
	if len(s.file.sections) == 0 && s.file.defaults != nil {
		return s.file, s.wrong("[DEFAULT] alone protects nothing")
	}
	return s.file, nil
}

func (s *scanner) wrong(format string, args ...any) error {
	return fault.New(fault.Invalid, "line %d: "+format, append([]any{s.line}, args...)...)
}

func (s *scanner) read(line string) error {
	text := strings.TrimLeft(line, " \t")
	indent := len(line) - len(text)
	switch {
	case text == "" || text[0] == '#' || text[0] == ';':
		return nil
	case s.key != "" && indent > s.indent:
		v := s.section.values[s.key]
		v.text = strings.TrimSpace(v.text + "\n" + text)
		s.section.values[s.key] = v
		return nil
	case text[0] == '[':
		s.key = ""
		return s.begin(text)
	}
	s.indent = indent
	return s.pair(text)
}

// begin reads the header of a section. Its name goes up to the last bracket and may hold others.
func (s *scanner) begin(text string) error {
	end := strings.LastIndexByte(text, ']')
	if end < 0 {
		return s.wrong("a [ has no ]")
	}
	name, rest := text[1:end], strings.TrimSpace(text[end+1:])
	switch {
	case name == "":
		return s.wrong("the section has no name")
	case rest != "" && rest[0] != '#' && rest[0] != ';':
		return s.wrong("there is something behind the section [%s]", name)
	case s.seen[name]:
		return s.wrong("the section [%s] is there twice", name)
	case len(s.file.sections) == maxSections:
		return s.wrong("there are more than %d sections", maxSections)
	}
	s.seen[name] = true
	s.section = &rawSection{name: name, line: s.line, values: map[string]value{}}
	if name == defaultSection {
		s.file.defaults = s.section.values
	} else {
		s.file.sections = append(s.file.sections, s.section)
	}
	return nil
}

// pair reads a key and its value.
func (s *scanner) pair(text string) error {
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		return s.wrong("this is neither a [section] nor a key and its value")
	}
	if s.section == nil {
		return s.wrong("this is in no section")
	}
	key, v := strings.ToLower(strings.TrimSpace(text[:at])), text[at+1:]
	switch Operation(key) {
	case Create, Read, Update, Delete:
	default:
		return s.section.wrong(s.line, "%q is none of create, read, update and delete", key)
	}
	if _, twice := s.section.values[key]; twice {
		return s.section.wrong(s.line, "%s is there twice", key)
	}
	for i := 1; i < len(v); i++ {
		if v[i] == ';' && (v[i-1] == ' ' || v[i-1] == '\t') {
			v = v[:i]
			break
		}
	}
	s.key = key
	s.section.values[key] = value{strings.TrimSpace(v), s.line}
	return nil
}
