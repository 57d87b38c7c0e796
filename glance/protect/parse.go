package protect

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/internal/pattern"
)

// The bounds of a file, and the number of names whose section is remembered.
const (
	maxFile     = 1 << 20
	maxSections = 1000
	maxFound    = 4096
)

// Parse reads a file of protections. Errors are fault.Invalid and name the line; one of reading is returned as it is.
func Parse(in io.Reader, f Format) (*Rules, error) {
	if f != Roles && f != Policies {
		return nil, fault.New(fault.Invalid, "the format of property protections is %q, not %s or %s", f, Roles, Policies)
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fault.New(fault.Invalid, "the file has more than %d bytes", maxFile)
	case !utf8.Valid(text):
		return nil, fault.New(fault.Invalid, "the file is not UTF-8")
	}
	file, err := scan(string(text))
	if err != nil {
		return nil, err
	}
	r := &Rules{format: f}
	if r.found, err = lru.New[string, *section](maxFound); err != nil {
		return nil, err
	}
	for _, raw := range file.sections {
		s, err := r.compile(raw, file.defaults)
		if err != nil {
			return nil, err
		}
		r.sections = append(r.sections, s)
	}
	return r, nil
}

// compile reads the values of a section, and takes what it leaves out from another.
func (r *Rules) compile(raw *rawSection, defaults map[string]value) (s section, err error) {
	s.who = map[Operation]who{}
	if s.pattern, err = pattern.Compile(raw.name); err != nil {
		return s, raw.wrong(raw.line, "%s", fault.Message(err))
	}
	for _, op := range operations() {
		v, ok := raw.values[string(op)]
		if !ok {
			v, ok = defaults[string(op)]
		}
		if !ok {
			return s, raw.wrong(raw.line, "%s is missing", op)
		}
		if s.who[op], err = r.who(v.text); err != nil {
			return s, raw.wrong(v.line, "%s: %s", op, fault.Message(err))
		}
	}
	return s, nil
}

// who reads a value.
func (r *Rules) who(text string) (w who, err error) {
	if strings.Contains(strings.ReplaceAll(text, "%%", ""), "%") {
		return w, fault.New(fault.Invalid, "a per cent sign is written %%%%")
	}
	text = strings.ReplaceAll(text, "%%", "%")
	if r.format == Policies {
		return rule(text)
	}
	nobody := false
	for role := range strings.SplitSeq(text, ",") {
		switch role = auth.FoldRole(role); {
		case role == "":
		case role == "@":
			w.everybody = true
		case role == "!":
			nobody = true
		case strings.Contains(role, "\n"):
			return w, fault.New(fault.Invalid, "there is no comma between the roles %q", role)
		default:
			w.names = append(w.names, role)
		}
	}
	switch {
	case w.everybody && nobody:
		return w, fault.New(fault.Invalid, "@ and ! exclude each other")
	case nobody:
		return who{}, nil
	}
	return w, nil
}

// rule reads the name of a rule.
func rule(text string) (who, error) {
	switch {
	case text == "@":
		return who{everybody: true}, nil
	case text == "!" || text == "":
		return who{}, nil
	case strings.ContainsAny(text, ", \t\n"):
		return who{}, fault.New(fault.Invalid, "%q is not the name of one rule; rules are combined in the policy", text)
	}
	return who{names: []string{text}}, nil
}

// wrong is an error in a section.
func (s *rawSection) wrong(line int, format string, args ...any) error {
	return fault.New(fault.Invalid, "line %d, section [%s]: %s", line, s.name, fmt.Sprintf(format, args...))
}
