package file

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// clone stands in for a filesystem with reflinks.
func clone(to, from *os.File) error {
	_, err := io.Copy(to, from)
	return err
}

// staged makes a file on the filesystem of dir, outside of it.
func staged(t *testing.T, dir, data string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(dir), "staged")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLinkCopiesNothing: the object is the file itself, with the mode of an object.
func TestLinkCopiesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "images")
	d, path := open(t, Options{Datadir: dir, FilePerm: 604}), staged(t, dir, "data")
	was, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := d.Link(t.Context(), attempt(), path)
	if err != nil {
		t.Fatal(err)
	}
	is, err := os.Stat(strings.TrimPrefix(stored.URL, "file://"))
	if err != nil || !os.SameFile(was, is) || is.Mode() != 0o604 {
		t.Errorf("the object is %v, %v", is, err)
	}
}

// TestLinkFailures lets the disk fail: nothing is left, and the file is there to be copied.
func TestLinkFailures(t *testing.T) {
	refuse := func(n syscall.Errno) func(*os.File) error { return func(*os.File) error { return n } }
	rows := map[string]struct {
		broken disk
		kind   fault.Kind
		noLink bool
	}{
		"other filesystem": {disk{link: func(string, string) error { return syscall.EXDEV }}, fault.Internal, true},
		"full at a clone": {disk{link: noLinks, clone: func(to, _ *os.File) error {
			_, _ = io.WriteString(to, "some")
			return syscall.ENOSPC
		}}, fault.Internal, true},
		"full at the name":   {disk{link: func(string, string) error { return syscall.ENOSPC }}, fault.TooLarge, false},
		"unsynced":           {disk{sync: refuse(syscall.ENOSPC)}, fault.TooLarge, false},
		"unsynced clone":     {disk{link: noLinks, clone: clone, sync: failAt(2, syscall.EIO)}, fault.Internal, false},
		"unsynced directory": {disk{sync: failAt(2, syscall.EIO)}, fault.Internal, false},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "images")
			d, path := open(t, Options{Datadir: dir}), staged(t, dir, "data")
			if row.broken.link != nil {
				d.disk.link = row.broken.link
			}
			if row.broken.clone != nil {
				d.disk.clone = row.broken.clone
			}
			if row.broken.sync != nil {
				d.disk.sync = row.broken.sync
			}
			_, err := d.Link(t.Context(), attempt(), path)
			if errors.Is(err, store.ErrNoLink) != row.noLink || fault.KindOf(err) != row.kind {
				t.Errorf("error is %v (%v)", err, fault.KindOf(err))
			}
			if left := files(t, dir); len(left) != 0 {
				t.Errorf("left are %v", left)
			}
			if text, err := os.ReadFile(path); string(text) != "data" || err != nil {
				t.Errorf("the file has %q, %v", text, err)
			}
		})
	}
}

// failAt is a sync of which the n-th fails.
func failAt(n int, with syscall.Errno) func(*os.File) error {
	return func(f *os.File) error {
		if n--; n == 0 {
			return with
		}
		return f.Sync()
	}
}

// TestSecLinkOfSymlink: a symbolic link in the place of the file leads nowhere.
// Spec security S70.
func TestSecLinkOfSymlink(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "images")
	d, path := open(t, Options{Datadir: dir}), staged(t, dir, "secret")
	link := path + ".link"
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	_, err := d.Link(t.Context(), attempt(), link)
	expect(t, "Link", err, fault.NotFound)
	// It may also come between the look at the file and its name.
	d.disk.link = func(_, to string) error { return os.Symlink(path, to) }
	if _, err := d.Link(t.Context(), attempt(), path); err == nil {
		t.Error("another file was taken over")
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}
