package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Place is a file, or a folder of files, that the command line names.
type Place struct {
	Path string
	Dir  bool // --config-dir, not --config-file
}

// Sources says where a configuration comes from. The zero value with a Program reads what the reference would read
// without a command line, but no environment.
type Sources struct {
	Program string   // as glance-api: the name of its files, and of the pipeline
	Named   []Place  // --config-file and --config-dir, in their order
	Environ []string // as os.Environ returns it
	Search  []string // where files are looked for that are not named; nil: ~/.glance, ~, /etc/glance, /etc
	set     []override
}

// override is an option of the command line.
type override struct{ group, name, text string }

// Set sets an option for the command line, stronger than all else; several times for an option that may be given
// several times.
func (s *Sources) Set(group, name, text string) { s.set = append(s.set, override{group, name, text}) }

// search returns the folders to look for files in.
func (s *Sources) search() []string {
	if s.Search != nil {
		return s.Search
	}
	var dirs []string
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".glance"), home)
	}
	return append(dirs, "/etc/glance", "/etc")
}

// programs returns the names of the files that a program reads.
func (s *Sources) programs() []string {
	switch s.Program {
	case "glance-cache-pruner", "glance-cache-cleaner", "glance-cache-prefetcher":
		return []string{"glance-cache"}
	case "glance-manage":
		return []string{"glance-registry", "glance-api", "glance-manage"}
	default:
		return []string{s.Program}
	}
}

// places returns the files to read in their order, and the folders that they are in. What nobody named comes first: it
// is weaker (the reference reads the folders that are there by default although files are named).
func (s *Sources) places() (files []string, err error) {
	names := append([]string{"glance"}, s.programs()...)
	if !slices.ContainsFunc(s.Named, func(p Place) bool { return !p.Dir }) {
		for _, name := range names {
			if path := first(s.search(), name+".conf", name+".toml"); path != "" {
				files = append(files, path)
			}
		}
	}
	if !slices.ContainsFunc(s.Named, func(p Place) bool { return p.Dir }) {
		for _, name := range names {
			if path := first(s.search(), name+".conf.d"); path != "" {
				if files, err = appendDir(files, path); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, place := range s.Named {
		path, err := absolute(place.Path)
		if err != nil {
			return nil, err
		}
		if !place.Dir {
			files = append(files, path)
		} else if files, err = appendDir(files, path); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// first returns the first of the names that is there in the first folder that has one; "" when none has.
func first(dirs []string, names ...string) string {
	for _, dir := range dirs {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
				return path
			}
		}
	}
	return ""
}

// maxFiles bounds the files of a folder.
const maxFiles = 1000

// appendDir adds the files of a folder, sorted by name.
func appendDir(files []string, dir string) ([]string, error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("configuration folder: %w", err)
	}
	if len(found) > maxFiles {
		return nil, fmt.Errorf("configuration folder %s: more than %d files", dir, maxFiles)
	}
	for _, f := range found {
		if name := f.Name(); name[0] != '.' && (strings.HasSuffix(name, ".conf") || strings.HasSuffix(name, ".toml")) {
			files = append(files, filepath.Join(dir, name))
		}
	}
	return files, nil
}
