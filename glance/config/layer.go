package config

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"goglance/glance/config/ini"
	"goglance/glance/option"
)

// entry is one time that an option is set.
type entry struct {
	texts []string // one, or the items of a list
	list  bool
	bad   bool   // the value is of a type that no option has; that is an error if somebody wants it
	where string // file:line, or what else says so
}

// layer is what one source says, in its order. Later ones are stronger.
type layer struct {
	entries  map[option.Name][]entry
	replaces bool // also options that may be given several times
}

func newLayer() *layer { return &layer{entries: map[option.Name][]entry{}} }

// key returns where an option is found, however its section is written.
func key(group, name string) option.Name {
	if group != defaultGroup {
		group = strings.ToLower(group)
	}
	return option.Name{Group: group, Name: name}
}

func (l *layer) add(k option.Name, e entry) { l.entries[k] = append(l.entries[k], e) }

// worldWritable is the permission that a configuration file should not give.
const worldWritable = 0o002

// file reads a file as a layer. The warning is empty unless others may write to the file (spec security S112).
func file(path string) (l *layer, warning string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("configuration file: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, "", fmt.Errorf("configuration file: %w", err)
	}
	if info.IsDir() {
		return nil, "", fmt.Errorf("configuration file %s: is a folder", path)
	}
	if strings.HasSuffix(path, ".toml") {
		l, err = parseTOML(f, path)
	} else {
		l, err = parseINI(f, path)
	}
	return l, writable(path, info), err
}

func writable(path string, info fs.FileInfo) string {
	if info.Mode().IsRegular() && info.Mode()&worldWritable != 0 {
		return fmt.Sprintf("%s can be changed by everyone on this machine", path)
	}
	return ""
}

func parseINI(r io.Reader, path string) (*layer, error) {
	entries, err := ini.Parse(r, path)
	if err != nil {
		return nil, err
	}
	l := newLayer()
	for _, e := range entries {
		l.add(key(e.Section, e.Name), entry{texts: []string{e.Value}, where: fmt.Sprintf("%s:%d", path, e.Line)})
	}
	return l, nil
}

// environment returns what OS_GROUP__NAME=value settings say. No option has an upper case letter in its name.
func environment(environ []string, table []option.Option) *layer {
	values := map[string]string{}
	for _, setting := range environ {
		if name, value, ok := strings.Cut(setting, "="); ok && strings.HasPrefix(name, "OS_") {
			values[name] = value
		}
	}
	l := newLayer()
	l.replaces = true
	for _, o := range table {
		name := "OS_" + strings.ToUpper(o.Group) + "__" + strings.ToUpper(o.Name)
		if value, ok := values[name]; ok {
			l.add(o.Key(), entry{texts: []string{value}, where: "environment variable " + name})
		}
	}
	return l
}

// absolute returns the path, with ~ for the home folder.
func absolute(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest), nil
		}
	}
	return filepath.Abs(path)
}
