package policy

import (
	"errors"
	"strings"
)

// template is the match of a check: texts and names of attributes, one after the other.
type template []piece

type piece struct {
	text string // the text, or the name of the attribute
	attr bool
}

// parseTemplate splits a match into its pieces. The only forms that start with a per cent sign are %% and %(name)s.
func parseTemplate(match string) (template, error) {
	var (
		pieces template
		text   strings.Builder
	)
	flush := func() {
		if text.Len() > 0 {
			pieces = append(pieces, piece{text: text.String()})
			text.Reset()
		}
	}
	for {
		before, after, found := strings.Cut(match, "%")
		text.WriteString(before)
		if !found {
			flush()
			return pieces, nil
		}
		if rest, ok := strings.CutPrefix(after, "%"); ok {
			text.WriteByte('%')
			match = rest
			continue
		}
		name, rest, ok := strings.Cut(after, ")s")
		if !ok || !strings.HasPrefix(name, "(") {
			return nil, errors.New("after % must come (name)s or another %")
		}
		flush()
		pieces = append(pieces, piece{text: name[1:], attr: true})
		match = rest
	}
}

// text fills in the attributes. It is false if the target lacks one of them. The usual template is a single piece,
// which costs no allocation.
func (t template) text(target Target) (string, bool) {
	if len(t) == 1 {
		return t[0].fill(target)
	}
	var b strings.Builder
	for _, p := range t {
		text, ok := p.fill(target)
		if !ok {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

func (p piece) fill(target Target) (string, bool) {
	if p.attr {
		return target.Attr(p.text)
	}
	return p.text, true
}
