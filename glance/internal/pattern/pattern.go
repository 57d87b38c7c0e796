// Package pattern reads the regular expressions that operators have in their files: property protections and the
// schema file. They were written for Python's re module; here they run on Go's engine, whose time grows with the length
// of the text and never explodes (spec security S22).
//
// What both engines know keeps its meaning, and what they write differently is translated. What only Python has, such
// as look-around, references to groups and comments, is an error, never something else that happens to compile. Three
// things are narrower than in Python 3: \d, \s, \w and \b know ASCII only, as in Python 2; $ is the very end of the
// text, and not the place before a line break there (spec security S68); a repetition counts to 1000.
package pattern

import (
	"regexp"
	"regexp/syntax"

	"goglance/glance/fault"
)

// The bounds of one expression: bytes of its text, and instructions of its program, with which the time per character
// grows.
const (
	maxText    = 4096
	maxProgram = 5000
)

// Compile compiles an expression. It matches anywhere in a text, as Python's search does. The error is fault.Invalid
// and says what is wrong.
func Compile(text string) (*regexp.Regexp, error) {
	if len(text) > maxText {
		return nil, fault.New(fault.Invalid, "the regular expression has more than %d bytes", maxText)
	}
	translated, err := translate(text)
	if err != nil {
		return nil, err
	}
	parsed, err := syntax.Parse(translated, syntax.Perl)
	if err != nil {
		return nil, wrong("%v", err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, wrong("%v", err)
	}
	if len(program.Inst) > maxProgram {
		return nil, wrong("it is too large")
	}
	return regexp.Compile(translated)
}

func wrong(format string, args ...any) error {
	return fault.New(fault.Invalid, "the regular expression cannot be used: "+format, args...)
}
