package pattern

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// translate rewrites an expression from Python's syntax to Go's.
func translate(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", wrong("it is not UTF-8")
	}
	t := translator{rest: text}
	for first := true; t.rest != ""; first = false {
		if err := t.item(first); err != nil {
			return "", err
		}
	}
	return t.out.String(), nil
}

type translator struct {
	rest string
	out  strings.Builder
}

// take moves n bytes as they are.
func (t *translator) take(n int) {
	t.out.WriteString(t.rest[:n])
	t.rest = t.rest[n:]
}

// put replaces n bytes.
func (t *translator) put(n int, text string) {
	t.out.WriteString(text)
	t.rest = t.rest[n:]
}

// item translates what stands next, outside of brackets. first says that nothing stands before it.
func (t *translator) item(first bool) error {
	switch t.rest[0] {
	case '\\':
		return t.escape(false)
	case '[':
		return t.set()
	case '(':
		return t.group(first)
	case '{':
		if strings.HasPrefix(t.rest, "{,") && counted.MatchString(t.rest) {
			t.put(1, "{0")
			return nil
		}
	}
	t.take(1)
	return nil
}

var (
	counted = regexp.MustCompile(`^\{[0-9]*,[0-9]*\}`)
	// opening is what both languages open a group with. Flags for the whole expression stand at its beginning.
	opening = regexp.MustCompile(`^\(\?(P<[A-Za-z_][A-Za-z0-9_]*>|[ims]*(-[ims]+)?:)`)
	flags   = regexp.MustCompile(`^\(\?[ims]+\)`)
)

func (t *translator) group(first bool) error {
	if !strings.HasPrefix(t.rest, "(?") {
		t.take(1)
		return nil
	}
	head := opening.FindString(t.rest)
	if first && head == "" {
		head = flags.FindString(t.rest)
	}
	if head == "" {
		return wrong("%.8q is not available", t.rest)
	}
	t.take(len(head))
	return nil
}

// set translates a set of characters. In Python's a [ is a character like others; in Go's it may begin a class.
func (t *translator) set() error {
	t.take(1)
	if strings.HasPrefix(t.rest, "^") {
		t.take(1)
	}
	for first := true; t.rest != ""; first = false {
		switch t.rest[0] {
		case '\\':
			if err := t.escape(true); err != nil {
				return err
			}
			continue
		case '[':
			t.put(1, `\[`)
			continue
		case ']':
			if !first {
				t.take(1)
				return nil
			}
		}
		t.take(1)
	}
	return wrong("a [ has no ]")
}

// Python counts a vertical tab as white space.
const (
	space    = `\s\v`
	nonSpace = `\x00-\x08\x0e-\x1f\x21-\x{10ffff}`
)

// escape translates a backslash and what it belongs to.
func (t *translator) escape(inSet bool) error {
	c, size := utf8.DecodeRuneInString(t.rest[1:])
	switch {
	case size == 0:
		return wrong("it ends in a backslash")
	case strings.ContainsRune("xuU", c):
		return t.code(map[rune]int{'x': 2, 'u': 4, 'U': 8}[c])
	case c == 's' && inSet:
		t.put(2, space)
	case c == 's':
		t.put(2, "["+space+"]")
	case c == 'S' && inSet:
		t.put(2, nonSpace)
	case c == 'S':
		t.put(2, "[^"+space+"]")
	case c == 'b' && inSet:
		t.put(2, `\x08`)
	case strings.ContainsRune("0adDfnrtvwW", c), strings.ContainsRune("AbB", c) && !inSet:
		t.take(2)
	case c == 'Z' && !inSet:
		t.put(2, `\z`)
	case '1' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return wrong(`\%c is not available`, c)
	case c < utf8.RuneSelf:
		t.take(2)
	default:
		t.put(1+size, string(c))
	}
	return nil
}

var hex = regexp.MustCompile(`^[0-9A-Fa-f]+$`)

// code translates a character written as n hexadecimal digits.
func (t *translator) code(n int) error {
	if len(t.rest) < 2+n || !hex.MatchString(t.rest[2:2+n]) {
		return wrong("%.10q is not a character", t.rest)
	}
	t.put(2+n, `\x{`+t.rest[2:2+n]+"}")
	return nil
}
