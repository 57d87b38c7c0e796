package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sirupsen/logrus"
)

// Options says where the files are. The package documentation explains each.
type Options struct {
	Datadir      string   `name:"filesystem_store_datadir" group:"glance_store" default:"/var/lib/glance/images" help:"directory for image data"`
	Datadirs     []string `name:"filesystem_store_datadirs" group:"glance_store" multi:"true" help:"directories for image data, each directory[:priority]; instead of filesystem_store_datadir"`
	ReadRoots    []string `name:"filesystem_store_read_roots" group:"glance_store" help:"further directories whose images may be read and deleted"`
	MetadataFile string   `name:"filesystem_store_metadata_file" group:"glance_store" help:"JSON file with metadata for the locations of new images"`
	FilePerm     int      `name:"filesystem_store_file_perm" group:"glance_store" default:"0" help:"mode of image files in octal digits, as 640; 0 leaves the default"`

	Log logrus.FieldLogger // for warnings; nil: none are given
}

// defaultDatadir is the default of Datadir. Beside Datadirs it counts as not set: the operator did not write it.
const defaultDatadir = "/var/lib/glance/images"

// datadir is a directory for new data.
type datadir struct {
	path     string
	priority int // a higher one is filled first
}

// datadirs returns the directories for new data, and whether one is to be chosen by free space.
func (o Options) datadirs() (dirs []datadir, plural bool, err error) {
	if len(o.Datadirs) == 0 {
		path, err := cleanDir(o.Datadir)
		if err != nil {
			return nil, false, fmt.Errorf("filesystem_store_datadir: %w", err)
		}
		return []datadir{{path: path}}, false, nil
	}
	if o.Datadir != "" && o.Datadir != defaultDatadir {
		return nil, false, errors.New("filesystem_store_datadir and filesystem_store_datadirs are both set")
	}
	for _, text := range o.Datadirs {
		dir, err := parseDatadir(text)
		if err != nil {
			return nil, false, fmt.Errorf("filesystem_store_datadirs: %w", err)
		}
		dirs = append(dirs, dir)
	}
	return dirs, true, nil
}

// parseDatadir reads directory[:priority].
func parseDatadir(text string) (datadir, error) {
	path, priority := strings.TrimSpace(text), 0
	if colon := strings.LastIndexByte(path, ':'); colon >= 0 {
		digits := strings.TrimSpace(path[colon+1:])
		path = path[:colon]
		if digits != "" {
			n, err := strconv.Atoi(digits)
			if err != nil {
				return datadir{}, fmt.Errorf("%q: the priority is not a number: %w", text, err)
			}
			priority = n
		}
	}
	path, err := cleanDir(path)
	return datadir{path: path, priority: priority}, err
}

// cleanDir returns the path of a directory in its shortest form. A path with ".." is refused: what it means depends
// on symbolic links, and cleaning would change that.
func cleanDir(text string) (string, error) {
	path := strings.TrimSpace(text)
	if !filepath.IsAbs(path) || slices.Contains(strings.Split(path, "/"), "..") {
		return "", fmt.Errorf(`%q is not an absolute path without ".."`, text)
	}
	return filepath.Clean(path), nil
}

// readRoots returns the further directories to read from.
func (o Options) readRoots() ([]string, error) {
	var roots []string
	for _, text := range o.ReadRoots {
		path, err := cleanDir(text)
		if err != nil {
			return nil, fmt.Errorf("filesystem_store_read_roots: %w", err)
		}
		roots = append(roots, path)
	}
	return roots, nil
}

// perm returns the mode of a new file, 0 when none is configured.
func (o Options) perm() (fs.FileMode, error) {
	if o.FilePerm <= 0 {
		return 0, nil
	}
	mode, err := strconv.ParseUint(strconv.Itoa(o.FilePerm), 8, 9)
	if err != nil {
		return 0, fmt.Errorf("filesystem_store_file_perm: not three octal digits: %w", err)
	}
	if mode&0o400 == 0 {
		return 0, fmt.Errorf("filesystem_store_file_perm: %d does not let the owner read", o.FilePerm)
	}
	return fs.FileMode(mode), nil
}
