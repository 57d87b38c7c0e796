package file

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"goglance/glance/fault"
)

// small mounts a filesystem of 1 MiB and 16 files on a directory and returns that.
func small(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,nr_inodes=16,mode=750"); err != nil {
		missing(t, "cannot mount a tmpfs (needs root and CAP_SYS_ADMIN): "+err.Error())
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// missing skips a test for want of something, or fails it where nothing may be wanting.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// mute is a body that hides what its writer said: behind another error, or behind none.
type mute struct {
	io.Reader
	err error
}

func (b mute) WriteTo(w io.Writer) (int64, error) {
	if n, err := io.Copy(w, struct{ io.Reader }{b.Reader}); err == nil {
		return n, nil
	}
	return 0, b.err
}

func TestFullDisk(t *testing.T) {
	dir := small(t)
	d := open(t, Options{Datadir: dir})
	bodies := map[string]func(io.Reader) io.Reader{
		"Reader":              func(r io.Reader) io.Reader { return struct{ io.Reader }{r} },
		"WriterTo":            func(r io.Reader) io.Reader { return r },
		"WriterTo, reworded":  func(r io.Reader) io.Reader { return mute{r, errors.New("cannot write")} },
		"WriterTo, forgetful": func(r io.Reader) io.Reader { return mute{r, nil} },
	}
	for name, shape := range bodies {
		for _, n := range []int{1<<20 + 1, 2 << 20, 6 << 20} {
			o := attempt()
			_, err := d.Put(t.Context(), o, shape(bytes.NewReader(make([]byte, n))))
			expect(t, name, err, fault.TooLarge)
			if msg := fault.Message(err); msg == "" || strings.Contains(msg, "/") {
				t.Errorf("%s: message is %q", name, msg)
			}
			if left := files(t, dir); len(left) != 0 {
				t.Errorf("%s: %v is left", name, left)
			}
			url := put(t, d, "data")
			if err := d.Delete(t.Context(), url); err != nil {
				t.Errorf("%s: Delete: %v", name, err)
			}
		}
	}
}

func TestFullDiskNoFiles(t *testing.T) {
	dir := small(t)
	d := open(t, Options{Datadir: dir})
	for range 20 {
		if _, err := d.Put(t.Context(), attempt(), strings.NewReader("")); err != nil {
			expect(t, "Put", err, fault.TooLarge)
			return
		}
	}
	t.Error("20 files found room on a disk for 16")
}

// TestDatadirsBySpace chooses between real disks.
func TestDatadirsBySpace(t *testing.T) {
	dir, large := small(t), t.TempDir()
	d := open(t, Options{Datadirs: []string{dir + ":1", large}})
	for size, want := range map[int64]string{-1: dir, 0: dir, 1 << 19: dir, 1<<20 + 1: large} {
		o := attempt()
		o.Size = size
		stored, err := d.Put(t.Context(), o, strings.NewReader("data"))
		if err != nil || stored.URL != "file://"+want+"/"+o.ID {
			t.Errorf("size %d: %s, %v, want %s", size, stored.URL, err, want)
		}
	}
	o := attempt()
	o.Size = 1 << 60
	_, err := d.Put(t.Context(), o, strings.NewReader("data"))
	expect(t, "Put of too much", err, fault.TooLarge)
}

func TestReadOnlyDisk(t *testing.T) {
	dir := small(t)
	d := open(t, Options{Datadir: dir})
	url := put(t, d, "data")
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	log, hook := logger()
	d = open(t, Options{Datadir: dir, Log: log})
	if len(hook.Entries) != 1 || !strings.Contains(hook.LastEntry().Message, "no new data") {
		t.Errorf("warnings %v", hook.Entries)
	}
	_, err := d.Put(t.Context(), attempt(), strings.NewReader("data"))
	expect(t, "Put", err, fault.Unavailable)
	expect(t, "Delete", d.Delete(t.Context(), url), fault.Forbidden)
	if n, err := d.Size(t.Context(), url); n != 4 || err != nil {
		t.Errorf("Size = %d, %v", n, err)
	}
}
