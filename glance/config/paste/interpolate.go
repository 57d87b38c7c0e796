package paste

import (
	"fmt"
	"strings"
)

// Bounds of interpolation: how often one value may lead to another, and how long what comes out may be.
const (
	maxDepth  = 10
	maxLength = 64 << 10
)

// value returns the value of a key with what it refers to in its place.
func (f *File) value(s *section, key string) (string, error) {
	text, err := f.interpolate(s, s.values[key], 0)
	if err != nil {
		return "", fmt.Errorf("%s: %s %s: %w", f.path, s, key, err)
	}
	return text, nil
}

func (f *File) interpolate(s *section, text string, depth int) (string, error) {
	if depth > maxDepth {
		return "", fmt.Errorf("refers to other values more than %d times over", maxDepth)
	}
	var out strings.Builder
	for {
		plain, rest, found := strings.Cut(text, "%")
		out.WriteString(plain)
		if out.Len() > maxLength {
			return "", fmt.Errorf("becomes longer than %d bytes", maxLength)
		}
		if !found {
			return out.String(), nil
		}
		if after, ok := strings.CutPrefix(rest, "%"); ok {
			out.WriteByte('%')
			text = after
			continue
		}
		name, after, ok := strings.Cut(strings.TrimPrefix(rest, "("), ")s")
		if !ok || rest[0] != '(' {
			return "", fmt.Errorf("a %% must be written %%%% or begin %%(name)s")
		}
		value, err := f.refer(s, name, depth)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
		text = after
	}
}

// refer returns the value that %(name)s stands for.
func (f *File) refer(s *section, name string, depth int) (string, error) {
	raw, ok := s.values[name]
	if !ok {
		raw, ok = f.defaults.values[name]
	}
	if !ok {
		return "", fmt.Errorf("%%(%s)s stands for nothing", name)
	}
	return f.interpolate(s, raw, depth+1)
}
