package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"goglance/glance/option"
	"goglance/glance/settings"
)

// Settings is a configuration that was read.
type Settings struct {
	Options

	Program  string
	Files    []string               // that were read, in their order, as absolute paths
	Warnings []string               // for the log, one sentence each
	Unknown  []string               // what was set and is no option here: [group] name (file:line); for the log at debug
	Where    map[option.Name]string // where each option that is not at its default was set
	MoreCORS []settings.CORS        // of the sections [cors.NAME]

	dirs []string // where FindFile looks
}

// The registry has another default port (spec operations 5).
const (
	registry     = "glance-registry"
	registryPort = 9191
)

// Load reads a configuration. An error names option, file and line, and never tells the value of a secret option.
func Load(from Sources) (*Settings, error) {
	if from.Program == "" {
		return nil, errors.New("config.Load: no name of a program")
	}
	s := &Settings{Program: from.Program, Where: map[option.Name]string{}}
	if err := option.SetDefaults(&s.Options); err != nil {
		return nil, err
	}
	if from.Program == registry {
		s.Server.BindPort = registryPort
	}
	l, err := newLoader(s)
	if err != nil {
		return nil, err
	}
	if err := l.read(from); err != nil {
		return nil, err
	}
	if err := option.Walk(&s.Options, l.apply); err != nil {
		return nil, err
	}
	if err := l.moreCORS(); err != nil {
		return nil, err
	}
	if err := l.authSection(); err != nil {
		return nil, err
	}
	if err := l.review(); err != nil {
		return nil, err
	}
	return s, nil
}

// IsSet reports whether anybody has set an option, be it to its default.
func (s *Settings) IsSet(group, name string) bool {
	_, set := s.Where[option.Name{Group: group, Name: name}]
	return set
}

// FindFile returns the path of a file that an option names: an absolute one as it is, others in the folders of the
// configuration files, the last one first, then where configuration files are looked for. It is "" if there is none.
// Without configuration files nothing is looked for: what lies about on a machine is then for another service.
func (s *Settings) FindFile(name string) string {
	if filepath.IsAbs(name) {
		if _, err := os.Stat(name); err != nil {
			return ""
		}
		return name
	}
	return first(s.dirs, name)
}

// Dump returns every option with its value, for the log at debug. The values of secret options are masked.
func (s *Settings) Dump() []string {
	var lines []string
	_ = option.Walk(&s.Options, func(o option.Option) error { // nothing in it fails
		lines = append(lines, o.Group+"."+o.Name+" = "+o.Text())
		return nil
	})
	return lines
}

// Changed returns the options whose values differ from those of another configuration, for a reload.
func (s *Settings) Changed(before *Settings) []option.Name {
	var old []any
	_ = option.Walk(&before.Options, func(o option.Option) error { // nothing in it fails
		old = append(old, o.Value.Interface())
		return nil
	})
	var changed []option.Name
	_ = option.Walk(&s.Options, func(o option.Option) error { // nor in this
		if !reflect.DeepEqual(old[0], o.Value.Interface()) {
			changed = append(changed, o.Key())
		}
		old = old[1:]
		return nil
	})
	return changed
}

// look remembers where FindFile is to look.
func (s *Settings) look(search []string) {
	if len(s.Files) == 0 {
		return
	}
	for _, path := range slices.Backward(s.Files) {
		if dir := filepath.Dir(path); !slices.Contains(s.dirs, dir) {
			s.dirs = append(s.dirs, dir)
		}
	}
	s.dirs = append(s.dirs, search...)
}
