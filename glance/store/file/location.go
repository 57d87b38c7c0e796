package file

import (
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// spot is a path in two parts: a directory of the configuration, and what is below it.
type spot struct{ root, name string }

// locate finds the file that a URL means, by the text of it alone. It is fault.Invalid when that is outside of every
// configured directory, or a name that no object has.
func (d *Driver) locate(url string) (spot, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	path := strings.TrimSpace(rest)
	switch scheme = strings.ToLower(scheme); {
	case scheme != "file" && scheme != "filesystem", strings.ContainsRune(path, 0), !filepath.IsAbs(path):
		return spot{}, fault.New(fault.Invalid, "this is not a location of the file store")
	}
	for _, root := range d.roots {
		if name, ok := beneath(root, path); ok && !hidden(name) {
			return spot{root: root, name: name}, nil
		}
	}
	return spot{}, fault.New(fault.Invalid, "this location is outside of the file store")
}

// beneath returns path relative to root if it is inside once both are cleaned, by path components.
func beneath(root, path string) (string, bool) {
	name, err := filepath.Rel(root, path)
	return name, err == nil && name != "." && filepath.IsLocal(name)
}

// hidden reports whether a file is something else than an object: temporary names begin with a dot.
func hidden(name string) bool { return strings.HasPrefix(filepath.Base(name), ".") }

// checkNames makes sure that what becomes part of a file name holds no path.
func checkNames(o store.Object) error {
	if len(o.ID) != 36 || uuid.Validate(o.ID) != nil {
		return fault.New(fault.Invalid, "the image id is not a UUID")
	}
	if o.Upload == "" || len(o.Upload) > 64 || strings.Trim(o.Upload, "0123456789abcdef-") != "" {
		return fault.New(fault.Invalid, "the name of the upload is not valid")
	}
	return nil
}

// tempName is the name of an object that is being written. Another upload of the same object has another one.
func tempName(o store.Object) string { return "." + o.ID + "." + o.Upload + ".part" }
