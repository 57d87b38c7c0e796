package jsonpatch

import (
	"strings"
	"unicode"

	"goglance/glance/fault"
)

// pointer splits a pointer into its decoded segments; there is at least one. It is a JSON pointer (RFC 6901) with
// further rules (spec images-api 4.3). One slash too many at the beginning is ignored, as the reference does: "//status"
// is the status, and as such refused (spec security S74).
func pointer(v any) ([]string, error) {
	text, ok := v.(string)
	if !ok {
		return nil, fault.New(fault.Invalid, "its path is not a string")
	}
	rest, ok := strings.CutPrefix(text, "/")
	switch {
	case !ok:
		return nil, fault.New(fault.Invalid, "its path does not begin with a slash")
	case adjacentSlashes(rest):
		return nil, fault.New(fault.Invalid, "its path has an empty segment")
	case strings.HasSuffix(rest, "/"):
		return nil, fault.New(fault.Invalid, "its path ends with a slash")
	case badEscape(rest):
		return nil, fault.New(fault.Invalid, "its path has a ~ that is neither ~0 nor ~1")
	}
	segments := strings.Split(strings.TrimPrefix(rest, "/"), "/")
	unescape := strings.NewReplacer("~1", "/", "~0", "~") // in one pass: "~01" is "~1"
	for i, s := range segments {
		segments[i] = strings.TrimFunc(unescape.Replace(s), blank)
	}
	return segments, nil
}

// adjacentSlashes reports whether two slashes have nothing but blanks between them.
func adjacentSlashes(text string) bool {
	after := false // a slash, and nothing since
	for _, r := range text {
		if r == '/' && after {
			return true
		}
		after = r == '/' || after && blank(r)
	}
	return false
}

func badEscape(text string) bool {
	for {
		_, after, found := strings.Cut(text, "~")
		if !found {
			return false
		}
		if after == "" || after[0] != '0' && after[0] != '1' {
			return true
		}
		text = after
	}
}

// blank reports whether the reference takes a character for white space: what Unicode does, and the four separators of
// ASCII.
func blank(r rune) bool { return unicode.IsSpace(r) || '\x1c' <= r && r <= '\x1f' }
