package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"goglance/glance/option"
)

// Bounds of what values may make of each other.
const (
	maxExpand     = 10       // how deep
	maxReferences = 10000    // how often, in all
	maxValue      = 64 << 10 // bytes of a value
)

// reference finds what stands for something else: $$ or \$ for a dollar sign, $name or ${name} for an option.
var reference = regexp.MustCompile(`\$\$|\\\$|\$[a-zA-Z_][\w.]*|\$\{[a-zA-Z_][\w.]*\}`)

// errReference stands for any error in a secret value, which an error must not quote.
var errReference = errors.New("a $ in the value begins no name of an option; a dollar sign is written $$")

// expand replaces what a text refers to by the values of those options (spec operations 3). A $ that begins no name
// stays.
func (l *loader) expand(text string, o option.Option, depth int) (string, error) {
	if !strings.Contains(text, "$") {
		return text, nil
	}
	var failed error
	size := 0
	out := reference.ReplaceAllStringFunc(text, func(match string) string {
		if match == "$$" || match == `\$` {
			return "$"
		}
		if failed != nil || size > maxValue {
			return ""
		}
		var value string
		value, failed = l.refer(strings.Trim(match, "${}"), o.Group, depth)
		size += len(value)
		return value
	})
	switch {
	case failed != nil && o.Secret:
		return "", errReference
	case failed != nil:
		return "", failed
	case size > maxValue:
		return "", fmt.Errorf("the value becomes longer than %d bytes", maxValue)
	}
	return out, nil
}

// refer returns the value of the option that $name stands for.
func (l *loader) refer(name, group string, depth int) (string, error) {
	if l.refs++; depth > maxExpand || l.refs > maxReferences {
		return "", errors.New("options refer to each other without end")
	}
	first := key(group, name)
	if before, after, dotted := strings.Cut(name, "."); dotted {
		first = key(before, after)
	}
	for _, k := range []option.Name{first, key(defaultGroup, name)} {
		if o, ok := l.known[k]; ok {
			return l.effective(o, depth)
		}
		if _, ok := l.gaps.of(k); ok {
			return l.expand(strings.Join(l.last(k).texts, ","), option.Option{Group: k.Group, Name: k.Name, Secret: true}, depth+1)
		}
	}
	return "", fmt.Errorf("$%s is no option; a dollar sign is written $$", name)
}

// effective returns the value that an option has, as text.
func (l *loader) effective(o option.Option, depth int) (string, error) {
	found := l.find(o)
	if len(found) == 0 {
		return o.Default, nil
	}
	return l.expand(strings.Join(found[len(found)-1].texts, ","), o, depth+1)
}
