package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// mountpoint is metadata for the locations below a path.
type mountpoint struct {
	path     string
	metadata map[string]any
}

// loadMetadata reads filesystem_store_metadata_file. No name, no metadata.
func loadMetadata(name string) ([]mountpoint, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("filesystem_store_metadata_file: %w", err)
	}
	mounts, err := parseMetadata(text)
	if err != nil {
		return nil, fmt.Errorf("filesystem_store_metadata_file: %w", err)
	}
	return mounts, nil
}

// parseMetadata reads one object or a list of them.
func parseMetadata(text []byte) ([]mountpoint, error) {
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	list, ok := document.([]any)
	if !ok {
		list = []any{document}
	}
	var mounts []mountpoint
	for i, item := range list {
		m, err := newMountpoint(item)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", i+1, err)
		}
		mounts = append(mounts, m)
	}
	return mounts, nil
}

func newMountpoint(item any) (mountpoint, error) {
	object, ok := item.(map[string]any)
	if !ok {
		return mountpoint{}, errors.New("not an object")
	}
	if _, ok := object["id"].(string); !ok {
		return mountpoint{}, errors.New("id is not a string")
	}
	path, ok := object["mountpoint"].(string)
	if !ok {
		return mountpoint{}, errors.New("mountpoint is not a string")
	}
	if !storable(object) {
		return mountpoint{}, errors.New("a value is neither string, list nor object")
	}
	return mountpoint{path: path, metadata: object}, nil
}

// storable reports whether a value can be kept with a location: there are only strings at its ends.
func storable(v any) bool {
	switch v := v.(type) {
	case string:
		return true
	case []any:
		for _, item := range v {
			if !storable(item) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, item := range v {
			if !storable(item) {
				return false
			}
		}
		return true
	}
	return false
}

// metadata returns what is kept with the location of a new file.
func (d *Driver) metadata(path string) map[string]any {
	for _, m := range d.mounts {
		if _, ok := beneath(m.path, path); ok {
			return maps.Clone(m.metadata)
		}
	}
	if len(d.mounts) > 0 {
		d.log.Errorf("filesystem_store_metadata_file has no mountpoint for %s", filepath.Dir(path))
	}
	return nil
}
