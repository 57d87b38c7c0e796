package paste

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// loaded is a section with everything in its place.
type loaded struct {
	factory string
	kind    Kind
	local   map[string]string // its own settings
	globals map[string]string // those of [DEFAULT], as the section leaves them to what it leads to
}

func (f *File) fail(s *section, err error) error {
	return fmt.Errorf("%s: %s: %w", f.path, s, err)
}

// find returns the one section of the given kinds with that name.
func (f *File) find(name string, kinds ...string) (*section, error) {
	var found *section
	for _, s := range f.sections {
		if s.name != name || !slices.Contains(kinds, s.kind) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%s: both %s and %s are there", f.path, found, s)
		}
		found = s
	}
	if found == nil {
		return nil, fmt.Errorf("%s: no section [%s:%s]", f.path, strings.Join(kinds, "|"), name)
	}
	return found, nil
}

// settings returns the keys of a section. A key that [DEFAULT] has too is not heard: that takes "set" (the reference's
// loader does so, and files rely on it).
func (f *File) settings(s *section, globals map[string]string) (loaded, error) {
	l := loaded{local: map[string]string{}, globals: maps.Clone(globals)}
	copies := map[string]string{}
	for _, key := range s.keys {
		value, err := f.value(s, key)
		if err != nil {
			return l, err
		}
		_, common := f.defaults.values[key]
		if name, ok := strings.CutPrefix(key, "set "); ok {
			l.globals[strings.TrimSpace(name)] = value
		} else if name, ok := strings.CutPrefix(key, "get "); ok {
			copies[strings.TrimSpace(name)] = value
		} else if !common {
			l.local[key] = value
		}
	}
	for name, from := range copies {
		value, ok := l.globals[from]
		if !ok {
			return l, f.fail(s, fmt.Errorf("get %s: there is no %s", name, from))
		}
		l.local[name] = value
	}
	return l, nil
}

// load returns a filter or an application other than a pipeline, with its factory.
func (r *resolver) load(s *section, globals map[string]string) (loaded, error) {
	if err := r.enter(); err != nil {
		return loaded{}, err
	}
	defer func() { r.depth-- }()
	l, err := r.file.settings(s, globals)
	if err != nil {
		return l, err
	}
	if s.kind == "filter-app" {
		return l, r.file.fail(s, errors.New("sections of this type are not supported"))
	}
	for _, key := range []string{"filter-with", "require"} {
		if _, ok := l.local[key]; ok {
			return l, r.file.fail(s, fmt.Errorf("the key %s is not supported", key))
		}
	}
	if use, ok := take(l.local, "use"); ok && !strings.HasPrefix(use, "egg:") {
		return r.inherit(s, l, use)
	} else if ok {
		l.factory = use
	} else {
		l.factory, _ = take(l.local, "paste."+s.kind+"_factory")
	}
	if l.factory == "" {
		return l, r.file.fail(s, fmt.Errorf("has no paste.%s_factory", s.kind))
	}
	if l.kind = kindOf(l.factory); l.kind == "" {
		return l, r.file.fail(s, fmt.Errorf("the factory %q is not known here", l.factory))
	}
	return l, nil
}

// inherit returns another section of the file, with what s says over it.
func (r *resolver) inherit(s *section, own loaded, use string) (loaded, error) {
	if strings.Contains(use, ":") {
		return own, r.file.fail(s, fmt.Errorf("use = %s is not supported", use))
	}
	kinds := []string{"filter"}
	if s.kind != "filter" {
		kinds = []string{"app", "composite"}
	}
	base, err := r.file.find(use, kinds...)
	if err != nil {
		return own, err
	}
	l, err := r.load(base, own.globals)
	if err != nil {
		return own, err
	}
	maps.Copy(l.globals, own.globals)
	maps.Copy(l.local, own.local)
	return l, nil
}

func take(settings map[string]string, key string) (string, bool) {
	value, ok := settings[key]
	delete(settings, key)
	return value, ok
}
