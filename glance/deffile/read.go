package deffile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"goglance/glance/fault"
	"goglance/glance/metadef"
	"goglance/glance/metadef/shipped"
)

// Sizes in bytes of what is read, so that no file fills the memory (spec security S114). A namespace with 1,000 objects
// of 100 properties has some 20 MB.
const (
	maxFile   = 32 << 20
	maxFolder = 64 << 20
)

const suffix = ".json"

// ErrNoFiles is in the errors of Load where there is nothing to load (the reference ends with status 0 then).
var ErrNoFiles = errors.New("no definition files")

// definition is what a file says.
type definition struct {
	*metadef.Definition
	file     string
	warnings []string
}

// reading is a series of files under way.
type reading struct {
	found []definition
	errs  []error
	left  int64 // bytes that may still be read
}

// read reads a file of any name, or the files *.json that are directly in a folder. The error names all bad files.
func read(path string) ([]definition, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoFiles, err)
	}
	r := &reading{left: maxFolder}
	if info.IsDir() {
		err = r.folder(path)
	} else {
		r.file(path, func() (*os.File, error) { return os.OpenFile(path, readNow, 0) })
	}
	return r.result(path, err)
}

// readNow opens a file to read it. A pipe, which a folder should not have, is not waited for.
const readNow = os.O_RDONLY | syscall.O_NONBLOCK

// folder reads the files of a folder, in the order of their names. It is opened as a root, which no link leads out of.
func (r *reading) folder(path string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoFiles, err)
	}
	defer root.Close() //nolint:errcheck // nothing was written
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoFiles, err)
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, suffix) && !entry.IsDir() {
			r.file(filepath.Join(path, name), func() (*os.File, error) { return root.OpenFile(name, readNow, 0) })
		}
	}
	return nil
}

// file reads one file. What is wrong with it is kept for the end.
func (r *reading) file(path string, open func() (*os.File, error)) {
	text, err := r.slurp(open)
	if err == nil {
		err = r.add(path, text)
	}
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%q: %w", path, err))
	}
}

// slurp reads a file that is a regular one and not too large.
func (r *reading) slurp(open func() (*os.File, error)) ([]byte, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.Invalid, "it is not a regular file")
	}
	limit := min(maxFile, r.left)
	text, err := []byte(nil), error(nil)
	if info.Size() <= limit {
		text, err = io.ReadAll(io.LimitReader(f, limit+1)) // it may be growing
	}
	if max(info.Size(), int64(len(text))) > limit {
		return nil, fault.New(fault.TooLarge, "a file can have %d bytes, and all files of a folder %d", maxFile, maxFolder)
	}
	r.left -= int64(len(text))
	return text, err
}

func (r *reading) add(file string, text []byte) error {
	d, warnings, err := decode(text)
	if err == nil {
		r.found = append(r.found, definition{d, file, warnings})
	}
	return err
}

func (r *reading) result(path string, err error) ([]definition, error) {
	if err = errors.Join(append(r.errs, err)...); err != nil {
		return nil, err
	}
	if len(r.found) == 0 {
		return nil, fmt.Errorf("%q: %w: no file in it has a name that ends in %s", path, ErrNoFiles, suffix)
	}
	return r.found, nil
}

// readShipped reads the definitions that come with the service.
func readShipped() ([]definition, error) {
	r := &reading{}
	err := eachShipped(r.add)
	return r.found, err
}

// eachShipped calls use with every file that comes with the service.
func eachShipped(use func(name string, text []byte) error) error {
	files := shipped.Files()
	names, err := fs.Glob(files, "*"+suffix)
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err == nil {
			err = use(name, text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return err
}
