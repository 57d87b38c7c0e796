package policy

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	maxFile  = 1 << 20 // bytes
	maxFiles = 1000
)

// reading is all files of a Source as they were at one time.
type reading struct {
	files    []file
	stamps   []stamp
	warnings []string
	err      error // the first thing that could not be read
	settled  bool  // a change from now on shows in the stamps
}

type file struct {
	path string
	sum  digest
	text []byte
}

type digest [sha256.Size]byte

// stamp is what tells a file or folder from a later one in its place.
type stamp struct {
	path string
	info fs.FileInfo // nil: there was none
}

// current reports whether files and folders are what they were.
func (r *reading) current() bool {
	if !r.settled {
		return false
	}
	for _, s := range r.stamps {
		info, err := os.Stat(s.path)
		if err != nil || s.info == nil {
			if (err == nil) != (s.info != nil) {
				return false
			}
			continue
		}
		if !os.SameFile(info, s.info) || info.Size() != s.info.Size() || !info.ModTime().Equal(s.info.ModTime()) {
			return false
		}
	}
	return true
}

// sum tells what was found from what else might have been: names, texts, warnings and the error.
func (r *reading) sum() digest {
	h := sha256.New()
	for _, f := range r.files {
		fmt.Fprintf(h, "%q %x\n", f.path, f.sum) //nolint:errcheck // a hash
	}
	fmt.Fprintf(h, "%q %v", r.warnings, r.err) //nolint:errcheck // a hash
	return digest(h.Sum(nil))
}

// bare returns the reading without the texts.
func (r *reading) bare() *reading {
	for i := range r.files {
		r.files[i].text = nil
	}
	return r
}

// read reads all files.
func (s Source) read() *reading {
	r := &reading{settled: true}
	r.file(s.File)
	for _, dir := range s.Dirs {
		r.folder(dir)
	}
	return r
}

// fail takes note of an error. What went wrong may mend without a sign, so the next check tries again.
func (r *reading) fail(err error) {
	r.settled = false
	if r.err == nil {
		r.err = err
	}
}

// stamp takes note of a file or folder that is about to be read, and that others should not write to.
func (r *reading) stamp(path string, info fs.FileInfo) {
	r.stamps = append(r.stamps, stamp{path, info})
	if info == nil {
		return
	}
	r.settled = r.settled && atRest(info.ModTime(), time.Now())
	if info.Mode().Perm()&0o002 != 0 {
		r.warnings = append(r.warnings, fmt.Sprintf("policy: everybody on this machine may write to %s", path))
	}
}

// atRest reports whether a later change is sure to give another time. The clock of a file system ticks rarely, so
// a file that changed just now may change again and keep its time: one that counts seconds shows by their fractions.
func atRest(changed, now time.Time) bool {
	tick := 100 * time.Millisecond
	if changed.Nanosecond() == 0 {
		tick = 3 * time.Second
	}
	return now.Sub(changed).Abs() > tick
}

// folder reads the files directly inside dir, in the order of their names. Those that begin with a dot are none.
func (r *reading) folder(dir string) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.stamp(dir, nil)
		return
	case err != nil:
		r.fail(fmt.Errorf("policy folder: %w", err))
		return
	}
	r.stamp(dir, info)
	if !info.IsDir() {
		r.warnings = append(r.warnings, fmt.Sprintf("policy: %s is no folder and counts for nothing", dir))
		return
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(r.stamps)+len(entries) > maxFiles {
		err = fmt.Errorf("%s: more than %d files", dir, maxFiles)
	}
	if err != nil {
		r.fail(fmt.Errorf("policy folder: %w", err))
		return
	}
	for _, entry := range entries {
		if entry.Name()[0] != '.' {
			r.entry(filepath.Join(dir, entry.Name()))
		}
	}
}

// entry reads a file in a folder. A link counts as what it leads to.
func (r *reading) entry(path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		r.fail(fmt.Errorf("policy file: %w", err))
	case err != nil || !info.Mode().IsRegular():
		r.stamps = append(r.stamps, stamp{path, info})
	default:
		r.file(path)
	}
}

func (r *reading) file(path string) {
	if r.err != nil {
		return
	}
	// A pipe must not keep the service waiting for somebody to write to it.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		r.fail(fmt.Errorf("policy file: %w", err))
		return
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := r.text(f)
	if err != nil {
		r.fail(fmt.Errorf("policy file %s: %w", path, err))
		return
	}
	r.files = append(r.files, file{path, sha256.Sum256(text), text})
}

func (r *reading) text(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	r.stamp(f.Name(), info)
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("it has more than %d bytes", maxFile)
	}
	return text, err
}
