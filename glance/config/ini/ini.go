// Package ini reads the files that OpenStack services are configured with: the INI dialect of oslo.config (spec
// operations 3).
//
//	# A comment: # or ; is the first character of the line.
//	[DEFAULT]
//	bind_port = 9292
//	debug: true
//	admin_role = "  with blanks around  "
//	# Written twice: the last one counts, unless the option is one that may be given several times.
//	bind_port = 9393
//	public_endpoint =
//	    a line that begins with a blank goes on with the value above
//
//	[database]
//	connection = sqlite:////var/lib/glance/glance.sqlite # this is a part of the value
//
// The name of an option begins in the first column and ends at the first = or :, whichever comes first. Blanks around
// name and value count for nothing, and so does a pair of equal quotes, " or ', around what stands on the line of the
// name. A value goes on in the lines below that begin with a blank or a tab; its parts are joined by newlines, and an
// empty line or a comment ends it. Every option stands in a section. Names of options and sections are taken as they are; what they
// mean, and that of $name in a value, is for the caller.
package ini

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

const notUTF8 = "not UTF-8" // in comments anything may stand

// MaxSize is the most bytes that a file may have. The largest that comes with a release has 200 KB.
const MaxSize = 8 << 20

// Entry is one option in a file.
type Entry struct {
	Section, Name, Value string
	Line                 int // where it begins; the first line is 1
}

// Parse reads the options of a file in their order. An error tells the line, after the name of the file, and nothing
// of what the line says, which may be secret. It is also an error when the file is longer than MaxSize or, outside comments, no UTF-8.
func Parse(r io.Reader, name string) ([]Entry, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, MaxSize)
	}
	p := parser{name: name}
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(text), "\ufeff"))
	for line := range strings.SplitSeq(lines, "\n") {
		p.line++
		if err := p.read(strings.TrimRightFunc(line, unicode.IsSpace)); err != nil {
			return nil, err
		}
	}
	p.flush()
	return p.entries, nil
}

type parser struct {
	name    string
	line    int
	section string   // empty: none yet
	parts   []string // of the value of the last entry, while it may go on
	entries []Entry
}

// flush ends the value of the last entry.
func (p *parser) flush() {
	if p.parts != nil {
		p.entries[len(p.entries)-1].Value = strings.Join(p.parts, "\n")
		p.parts = nil
	}
}

// read reads a line without the white space at its end.
func (p *parser) read(line string) error {
	if line != "" && (line[0] == ' ' || line[0] == '\t') {
		if p.parts == nil {
			return p.fail("begins with a blank, and there is no value above that could go on")
		}
		if !utf8.ValidString(line) {
			return p.fail(notUTF8)
		}
		p.parts = append(p.parts, strings.TrimLeftFunc(line, unicode.IsSpace))
		return nil
	}
	p.flush()
	switch {
	case line == "" || line[0] == '#' || line[0] == ';':
		return nil
	case !utf8.ValidString(line):
		return p.fail(notUTF8)
	case line[0] == '[':
		return p.begin(line)
	default:
		return p.assign(line)
	}
}

func (p *parser) begin(line string) error {
	section, ends := strings.CutSuffix(line[1:], "]")
	if !ends {
		return p.fail("begins a section and does not end with ]")
	}
	if section == "" {
		return p.fail("the section has no name")
	}
	p.section = section
	return nil
}

func (p *parser) assign(line string) error {
	split := strings.IndexAny(line, "=:")
	if split < 0 {
		return p.fail("neither a section nor name = value")
	}
	name := strings.TrimSpace(line[:split])
	if name == "" {
		return p.fail("an option has no name")
	}
	if p.section == "" {
		return p.fail("an option stands before the first section")
	}
	p.entries = append(p.entries, Entry{Section: p.section, Name: name, Line: p.line})
	p.parts = []string{unquote(strings.TrimSpace(line[split+1:]))}
	return nil
}

// unquote takes a pair of quotes off. A quote alone is a pair: the reference reads it as empty text.
func unquote(value string) string {
	if value == `"` || value == "'" {
		return ""
	}
	for _, quote := range []string{`"`, "'"} {
		if inner, ok := strings.CutPrefix(value, quote); ok && strings.HasSuffix(inner, quote) {
			return strings.TrimSuffix(inner, quote)
		}
	}
	return value
}

func (p *parser) fail(what string) error {
	return fmt.Errorf("%s:%d: %s", p.name, p.line, what)
}
