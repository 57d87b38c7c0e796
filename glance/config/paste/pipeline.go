package paste

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Filter is one filter of a pipeline.
type Filter struct {
	Kind     Kind
	Section  string            // for messages: [filter:name]
	Settings map[string]string // its own, by the names of the options that they stand before; none of the loader's keys
}

// Pipeline is the way of a request.
type Pipeline struct {
	Name    string          // of the application: glance-api-keystone
	Filters []Filter        // outermost first
	Apps    map[string]Kind // which application serves which path: /, /v1, /v2
}

// Filter returns the first filter of the kind, and whether there is one.
func (p Pipeline) Filter(k Kind) (Filter, bool) {
	for _, f := range p.Filters {
		if f.Kind == k {
			return f, true
		}
	}
	return Filter{}, false
}

// Pipeline returns the pipeline of the application called name. Applications under a path in without are left out, as if
// the file did not name them. An error says which section cannot be used, and why.
func (f *File) Pipeline(name string, without ...string) (Pipeline, error) {
	r := resolver{file: f, without: without, Pipeline: Pipeline{Name: name, Apps: map[string]Kind{}}}
	globals := map[string]string{}
	for _, key := range f.defaults.keys {
		value, err := f.value(f.defaults, key)
		if err != nil {
			return Pipeline{}, err
		}
		globals[key] = value
	}
	if err := r.app(name, "/", globals); err != nil {
		return Pipeline{}, fmt.Errorf("application %s: %w", name, err)
	}
	return r.Pipeline, nil
}

type resolver struct {
	Pipeline
	file    *File
	without []string
	depth   int // of the section that is looked at
	visits  int // of sections
}

// Bounds of what a file may make of itself: how deep sections lead to sections, and how often. A shipped file has three
// levels and a dozen sections in a pipeline.
const (
	maxNesting = 10
	maxVisits  = 1000
)

func (r *resolver) enter() error {
	r.depth++
	r.visits++
	if r.depth > maxNesting || r.visits > maxVisits {
		return fmt.Errorf("%s: sections lead to each other without end", r.file.path)
	}
	return nil
}

// app adds the application called name, and the filters on the way to it.
func (r *resolver) app(name, path string, globals map[string]string) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer func() { r.depth-- }()
	s, err := r.file.find(name, "app", "composite", "pipeline", "filter-app")
	if err != nil {
		return err
	}
	if s.kind == "pipeline" {
		return r.pipeline(s, path, globals)
	}
	l, err := r.load(s, globals)
	if err != nil {
		return err
	}
	if l.kind == Root {
		return r.compose(s, l)
	}
	if !l.kind.isApp() || !fits(path, l.kind) {
		return r.file.fail(s, fmt.Errorf("%q cannot serve the path %s", l.factory, path))
	}
	r.Apps[path] = l.kind
	return nil
}

// fits reports whether an application is at home under a path. Their paths are fixed here.
func fits(path string, k Kind) bool {
	return map[string]bool{"/ versions": true, "/ registryapp": true, "/v1 v1": true, "/v2 v2": true}[path+" "+string(k)]
}

// pipeline adds what a pipeline names.
func (r *resolver) pipeline(s *section, path string, globals map[string]string) error {
	l, err := r.file.settings(s, globals)
	if err != nil {
		return err
	}
	names := strings.Fields(l.local["pipeline"])
	delete(l.local, "pipeline")
	if len(l.local) > 0 {
		return r.file.fail(s, fmt.Errorf("a pipeline has no %s", strings.Join(slices.Sorted(maps.Keys(l.local)), ", ")))
	}
	if len(names) == 0 {
		return r.file.fail(s, errors.New("names no application"))
	}
	for _, name := range names[:len(names)-1] {
		if err := r.filter(name, l.globals); err != nil {
			return err
		}
	}
	return r.app(names[len(names)-1], path, l.globals)
}

func (r *resolver) filter(name string, globals map[string]string) error {
	s, err := r.file.find(name, "filter")
	if err != nil {
		return err
	}
	l, err := r.load(s, globals)
	if err != nil {
		return err
	}
	if l.kind.isApp() {
		return r.file.fail(s, fmt.Errorf("%q is not a filter", l.factory))
	}
	settings := maps.Clone(l.globals)
	delete(settings, "here")
	delete(settings, "__file__")
	maps.Copy(settings, l.local)
	r.Filters = append(r.Filters, Filter{Kind: l.kind, Section: s.String(), Settings: settings})
	return nil
}

// compose adds the applications of a composite, by their paths.
func (r *resolver) compose(s *section, l loaded) error {
	for _, path := range slices.Sorted(maps.Keys(l.local)) {
		if slices.Contains(r.without, path) {
			continue
		}
		if !strings.HasPrefix(path, "/") {
			return r.file.fail(s, fmt.Errorf("%q is not a path", path))
		}
		if err := r.app(l.local[path], path, l.globals); err != nil {
			return err
		}
	}
	return nil
}
