package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"goglance/glance/option"
)

// loader turns layers into settings.
type loader struct {
	*Settings
	layers []*layer
	known  map[option.Name]option.Option
	named  map[option.Name]bool // every name that is looked at, deprecated ones too
	gaps   gapList
	refs   int // references that were followed
}

func newLoader(s *Settings) (*loader, error) {
	l := &loader{Settings: s, known: map[option.Name]option.Option{}, named: map[option.Name]bool{}, gaps: gaps()}
	return l, option.Walk(&s.Options, func(o option.Option) error {
		if _, twice := l.known[o.Key()]; twice {
			return errors.New("two fields hold it")
		}
		l.known[o.Key()] = o
		for _, name := range spellings(o) {
			l.named[name] = true
		}
		return nil
	})
}

// spellings returns the names that an option is found under, the present one first.
func spellings(o option.Option) []option.Name {
	names := []option.Name{o.Key()}
	for _, old := range o.Deprecated {
		names = append(names, key(old.Group, old.Name))
	}
	return names
}

// read reads all sources.
func (l *loader) read(from Sources) error {
	files, err := from.places()
	if err != nil {
		return err
	}
	for _, path := range files {
		layer, warning, err := file(path)
		if err != nil {
			return err
		}
		if warning != "" {
			l.Warnings = append(l.Warnings, warning)
		}
		l.layers = append(l.layers, layer)
	}
	l.Files = files
	l.look(from.search())
	table, err := Table()
	if err != nil {
		return err
	}
	l.layers = append(l.layers, environment(from.Environ, table))
	return l.override(from.set)
}

// override adds what the command line sets.
func (l *loader) override(set []override) error {
	line := newLayer()
	line.replaces = true
	for _, o := range set {
		k := key(o.group, o.name)
		if _, gone := l.gaps.of(k); !gone && !l.named[k] {
			return fmt.Errorf("no option is called %s", k)
		}
		line.add(k, entry{texts: []string{o.text}, where: "command line"})
	}
	l.layers = append(l.layers, line)
	return nil
}

// find returns where an option is set, in the order in which what is said counts: of an option with one value the last
// one. A file that has the name and a deprecated name of it means the name (spec operations 3, checked with oslo.config).
func (l *loader) find(o option.Option) []entry {
	var found []entry
	for _, layer := range slices.Backward(l.layers) {
		var here []entry
		for _, name := range spellings(o) {
			here = append(slices.Clone(layer.entries[name]), here...)
		}
		found = append(here, found...)
		if len(found) > 0 && (!o.Multi || layer.replaces) {
			break
		}
	}
	return found
}

// apply sets an option from what was read. It is called for each, and knows them by their fields.
func (l *loader) apply(o option.Option) error {
	found := l.find(o)
	if len(found) == 0 {
		return nil
	}
	last := found[len(found)-1]
	if !o.Multi {
		found = found[len(found)-1:]
	}
	err := l.set(o, found)
	if err == nil {
		err = o.Check()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", last.where, err)
	}
	l.Where[o.Key()] = last.where
	if o.Removal != "" {
		l.warn("%s (%s) is better not used: %s", o.Key(), last.where, o.Removal)
	}
	return nil
}

func (l *loader) set(o option.Option, found []entry) error {
	var texts []string
	list := o.Multi
	for _, e := range found {
		if e.bad {
			return errors.New("not a value that an option can have")
		}
		list = list || e.list
		for _, text := range e.texts {
			text, err := l.expand(text, o, 0)
			if err != nil {
				return err
			}
			texts = append(texts, text)
		}
	}
	if list {
		return o.SetItems(texts...)
	}
	return o.Set(texts[0])
}

func (l *loader) warn(format string, args ...any) {
	l.Warnings = append(l.Warnings, fmt.Sprintf(format, args...))
}

// review says what should be said about what was set: deprecated names, options without effect, unknown ones. It is an
// error when the service would be less safe than its configuration says.
func (l *loader) review() error {
	current := map[option.Name]option.Name{} // deprecated names
	for _, o := range l.known {
		for _, old := range spellings(o)[1:] {
			current[old] = o.Key()
		}
	}
	var refused []error
	for _, name := range l.names() {
		e := l.last(name)
		if now, old := current[name]; old {
			l.warn("%s (%s) is a deprecated name of %s", name, e.where, now)
		}
		if g, ok := l.gaps.of(name); ok {
			refused = append(refused, l.miss(name, g, e))
		} else if !l.named[name] {
			l.Unknown = append(l.Unknown, fmt.Sprintf("%s (%s)", name, e.where))
		}
	}
	return errors.Join(refused...)
}

// names returns everything that was set, sorted.
func (l *loader) names() []option.Name {
	all := map[option.Name]bool{}
	for _, layer := range l.layers {
		for name := range layer.entries {
			all[name] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b option.Name) int {
		return strings.Compare(a.String(), b.String())
	})
}

// miss judges an option that has no effect here.
func (l *loader) miss(name option.Name, g gap, e entry) error {
	if g.permits(e.texts) {
		return nil
	}
	if g.safety {
		return fmt.Errorf("%s: option %s: %s; take it out of the configuration if the service shall run without", e.where, name, g.why)
	}
	l.warn("%s (%s) has no effect: %s", name, e.where, g.why)
	return nil
}

// last returns the strongest setting of a name; an empty one if there is none.
func (l *loader) last(name option.Name) entry {
	for _, layer := range slices.Backward(l.layers) {
		if entries := layer.entries[name]; len(entries) > 0 {
			return entries[len(entries)-1]
		}
	}
	return entry{}
}
