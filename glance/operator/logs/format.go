package logs

import (
	"fmt"
	"regexp"
	"strings"
)

// format is a format string of Python's logging package, %(name)s, cut into pieces.
type format []piece

// piece is text, or the value of a name with a conversion of Go's.
type piece struct{ text, name, verb string }

var conversionSpec = regexp.MustCompile(`%%|%\(([a-zA-Z_]+)\)([-0 #+]*[0-9]*(?:\.[0-9]+)?)([sdifr])`)

// parseFormat reads a format string. A percent sign that begins nothing is an error: Python would lose every line.
func parseFormat(text string) (format, error) {
	var f format
	end := 0
	for _, at := range conversionSpec.FindAllStringSubmatchIndex(text, -1) {
		if err := f.add(text[end:at[0]]); err != nil {
			return nil, err
		}
		end = at[1]
		if text[at[0]:at[1]] == "%%" {
			f = append(f, piece{text: "%"})
			continue
		}
		verb := "v"
		if kind := text[at[6]:at[7]]; kind == "d" || kind == "i" {
			verb = "d"
		}
		f = append(f, piece{name: text[at[2]:at[3]], verb: "%" + text[at[4]:at[5]] + verb})
	}
	return f, f.add(text[end:])
}

func (f *format) add(text string) error {
	if strings.Contains(text, "%") {
		return fmt.Errorf("%q: a %% begins no %%(name)s; a percent sign itself is %%%%", text)
	}
	if text != "" {
		*f = append(*f, piece{text: text})
	}
	return nil
}

// fill returns the text with the values of the names. A name without a value is empty.
func (f format) fill(value func(name string) any) string {
	var out strings.Builder
	for _, p := range f {
		if p.name == "" {
			out.WriteString(p.text)
			continue
		}
		v := value(p.name)
		if _, number := v.(int); !number && strings.HasSuffix(p.verb, "d") {
			v, p.verb = fmt.Sprint(v), "%s"
		}
		fmt.Fprintf(&out, p.verb, v)
	}
	return out.String()
}
