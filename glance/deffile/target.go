package deffile

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// target is where files are written. No name and no link leads out of root.
type target struct {
	root   *os.Root
	prefix string // of the names
}

// openTarget opens a folder that is there. What follows the last slash of path is how names begin, unless it is a folder
// itself (spec metadefs 15.6; the reference would then write beside that folder). The caller closes root.
func openTarget(path string) (*target, error) {
	dir, prefix := filepath.Split(path)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		dir, prefix = path, ""
	}
	root, err := os.OpenRoot(cmp.Or(dir, "."))
	if err != nil {
		return nil, fmt.Errorf("cannot write to %q: %w", path, err)
	}
	return &target{root, prefix}, nil
}

// export writes a definition and returns the path of its file.
func (t *target) export(d *metadef.Definition) (path string, err error) {
	text, err := encode(d)
	if err != nil {
		return "", err
	}
	name := t.prefix + cmp.Or(clean(d.DisplayName), clean(&d.Name), "namespace")
	own := sha256.Sum256([]byte(d.Name))
	for _, name := range []string{name + suffix, name + "-" + hex.EncodeToString(own[:6]) + suffix} {
		if t.ours(name, d.Name) {
			return filepath.Join(t.root.Name(), name), t.put(name, text)
		}
	}
	return "", fault.New(fault.Conflict, "there is something else that is called %q", name+suffix)
}

// longest is how many bytes of a display name there may be in a file name. File systems want no more than 255 in all.
const longest = 150

// clean returns the letters and digits of a text.
func clean(text *string) string {
	if text == nil {
		return ""
	}
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, *text)
	for len(name) > longest {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}

// ours reports whether a name is free, or that of an earlier export of the same namespace.
func (t *target) ours(name, namespace string) bool {
	info, err := t.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	r := &reading{left: maxFile}
	text, err := r.slurp(func() (*os.File, error) { return t.root.OpenFile(name, readNow, 0) })
	if err != nil {
		return false
	}
	d, _, err := decode(text)
	return err == nil && d.Name == namespace
}

// put writes a new file and gives it its name, in place of an older one.
func (t *target) put(name string, text []byte) error {
	temporary := ".glance-" + rand.Text()
	if err := t.create(temporary, text); err != nil {
		return err
	}
	if err := t.root.Rename(temporary, name); err != nil {
		return errors.Join(err, t.root.Remove(temporary))
	}
	return nil
}

// create writes a file that is not there. One that fails is not there afterwards either.
func (t *target) create(name string, text []byte) error {
	f, err := t.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, t.root.Remove(name))
	}
	return nil
}

// WriteShipped writes the files that come with the service into a folder that is there, for an operator who wants to
// change them before he loads them. Nothing is overwritten: a file that is there already is an error, the others are
// written. It returns the paths of those.
func WriteShipped(dir string) (files []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot write to %q: %w", dir, err)
	}
	defer root.Close() //nolint:errcheck // every file is closed for itself
	t := &target{root: root}
	var errs []error
	err = eachShipped(func(name string, text []byte) error {
		if err := t.create(name, text); err != nil {
			errs = append(errs, err)
			return nil
		}
		files = append(files, filepath.Join(dir, name))
		return nil
	})
	return files, errors.Join(append(errs, err)...)
}
