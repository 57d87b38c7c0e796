package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// TestSecIDsAsFileNames is spec security S92.
func TestSecIDsAsFileNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := open(t, Options{Datadir: dir})
	good := attempt()
	if err := os.RemoveAll(dir); err != nil { // whoever touches the disk now gets another error
		t.Fatal(err)
	}
	for _, id := range []string{
		"", ".", "..", "x", "cache.db", "../../../../../../../../../../etc/pass", strings.Repeat(".", 36),
		strings.ReplaceAll(good.ID, "-", ""), "{" + good.ID + "}", "urn:uuid:" + good.ID, good.ID + "x",
		good.ID[:35] + "\x00", good.ID[:35] + "/", "g" + good.ID[1:], strings.ReplaceAll(good.ID, "-", "/"),
	} {
		bad := store.Object{ID: id, Upload: good.Upload}
		_, err := d.Put(t.Context(), bad, strings.NewReader("x"))
		expect(t, "Put "+id, err, fault.Invalid)
		expect(t, "Abort "+id, d.Abort(t.Context(), bad), fault.Invalid)
	}
	for _, upload := range []string{"", "..", "a/b", "A", "g", "a.b", strings.Repeat("a", 65)} {
		bad := store.Object{ID: good.ID, Upload: upload}
		_, err := d.Put(t.Context(), bad, strings.NewReader("x"))
		expect(t, "Put "+upload, err, fault.Invalid)
		expect(t, "Abort "+upload, d.Abort(t.Context(), bad), fault.Invalid)
	}
	_, err := d.Put(t.Context(), good, strings.NewReader("x"))
	expect(t, "Put without a directory", err, fault.Unavailable)
}

func TestPutUpperCase(t *testing.T) {
	dir := t.TempDir()
	o := attempt()
	o.ID = strings.ToUpper(o.ID)
	stored, err := open(t, Options{Datadir: dir}).Put(t.Context(), o, strings.NewReader("x"))
	if want := "file://" + dir + "/" + o.ID; err != nil || stored.URL != want {
		t.Errorf("URL is %s, %v, want %s", stored.URL, err, want)
	}
}

// TestSecPlantedSymlinks puts symbolic links where the driver is about to create files.
// Spec security S70.
func TestSecPlantedSymlinks(t *testing.T) {
	for _, target := range []string{"sentinel", "nowhere"} {
		dir, outside := t.TempDir(), t.TempDir()
		sentinel := filepath.Join(outside, "sentinel")
		if err := os.WriteFile(sentinel, []byte("untouched"), 0o600); err != nil {
			t.Fatal(err)
		}
		d, o := open(t, Options{Datadir: dir}), attempt()
		for _, name := range []string{o.ID, tempName(o)} {
			link := filepath.Join(dir, name)
			if err := os.Symlink(filepath.Join(outside, target), link); err != nil {
				t.Fatal(err)
			}
			_, err := d.Put(t.Context(), o, strings.NewReader("attack"))
			expect(t, "Put", err, fault.Conflict)
			if left := files(t, dir); len(left) != 1 || left[0] != name {
				t.Errorf("files are %v, want the link %s", left, name)
			}
			if err := d.Abort(t.Context(), o); err != nil {
				t.Errorf("Abort: %v", err)
			}
		}
		if text, err := os.ReadFile(sentinel); string(text) != "untouched" || err != nil {
			t.Errorf("the sentinel has %q, %v", text, err)
		}
		if got := files(t, outside); len(got) != 1 || len(files(t, dir)) != 0 {
			t.Errorf("files are %v and %v", got, files(t, dir))
		}
	}
}

// TestPutExisting makes sure that the body of an upload without a chance is not read first, wherever the object is.
func TestPutExisting(t *testing.T) {
	dir := t.TempDir()
	o := attempt()
	if _, err := open(t, Options{Datadir: dir + "/b"}).Put(t.Context(), o, strings.NewReader("data")); err != nil {
		t.Fatal(err)
	}
	d := open(t, Options{Datadirs: []string{dir + "/a:1", dir + "/b"}})
	_, err := d.Put(t.Context(), o, &action{do: func() { t.Error("the body was read") }})
	expect(t, "Put", err, fault.Conflict)
}

// TestPutLate lets the final name appear while the body is read.
func TestPutLate(t *testing.T) {
	for name, link := range map[string]func(string, string) error{"link": os.Link, "rename": noLinks} {
		dir := t.TempDir()
		d, o := open(t, Options{Datadirs: []string{dir + "/a:1", dir + "/b"}}), attempt()
		for _, sub := range []string{"a", "b"} {
			late := filepath.Join(dir, sub, o.ID)
			d.disk.link = func(from, to string) error {
				if sub == "a" { // after the look at all directories
					write(t, late)
				}
				return link(from, to)
			}
			body := &action{do: func() {
				if sub == "b" {
					write(t, late)
				}
			}}
			_, err := d.Put(t.Context(), o, body)
			expect(t, name, err, fault.Conflict)
			if text, err := os.ReadFile(late); string(text) != "late" || err != nil {
				t.Errorf("%s: the other file has %q, %v", name, text, err)
			}
			if err := os.Remove(late); err != nil || len(files(t, dir)) != 0 {
				t.Errorf("%s: %v, files are %v", name, err, files(t, dir))
			}
		}
	}
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("late"), 0o600); err != nil {
		t.Error(err)
	}
}

// action is an empty body that does something when it is read.
type action struct{ do func() }

func (a *action) Read([]byte) (int, error) {
	a.do()
	return 0, io.EOF
}

// noLinks is what a filesystem without hard links says.
func noLinks(from, to string) error {
	return &os.LinkError{Op: "link", Old: from, New: to, Err: syscall.EPERM}
}

// TestPutDiskFails lets the system refuse late steps, in ways that a test cannot bring about with a real disk.
func TestPutDiskFails(t *testing.T) {
	for errno, kind := range map[syscall.Errno]fault.Kind{
		syscall.ENOSPC: fault.TooLarge, syscall.EDQUOT: fault.TooLarge, syscall.EFBIG: fault.TooLarge,
		syscall.EACCES: fault.Unavailable, syscall.EROFS: fault.Unavailable, syscall.EIO: fault.Internal,
	} {
		for name, broken := range map[string]disk{
			"fsync of the file":      {link: os.Link, sync: failNth(1, errno)},
			"fsync of the directory": {link: os.Link, sync: failNth(2, errno)},
			"link":                   {link: func(string, string) error { return errno }, sync: (*os.File).Sync},
		} {
			dir := t.TempDir()
			d := open(t, Options{Datadir: dir})
			whole := d.disk
			d.disk = broken
			o := attempt()
			_, err := d.Put(t.Context(), o, strings.NewReader("data"))
			expect(t, name, err, kind)
			if left := files(t, dir); len(left) != 0 {
				t.Errorf("%s, %v: %v is left", name, errno, left)
			}
			d.disk = whole
			if _, err := d.Put(t.Context(), o, strings.NewReader("data")); err != nil {
				t.Errorf("%s: Put after it: %v", name, err)
			}
		}
	}
}

// failNth returns a sync that fails the nth time.
func failNth(n int, err error) func(*os.File) error {
	return func(f *os.File) error {
		if n--; n == 0 {
			return err
		}
		return f.Sync()
	}
}

// TestPutDirectoryWithoutSync has a filesystem that cannot sync directories.
func TestPutDirectoryWithoutSync(t *testing.T) {
	d := open(t, Options{Datadir: t.TempDir()})
	d.disk.sync = failNth(2, syscall.EINVAL)
	put(t, d, "data")
}

func TestPutMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	for perm, want := range map[int]fs.FileMode{0: 0o600, 400: 0o400, 640: 0o640, 644: 0o644} {
		d := open(t, Options{Datadir: t.TempDir(), FilePerm: perm})
		path, err := d.Path(t.Context(), put(t, d, "data"))
		if err != nil {
			t.Fatal(err)
		}
		if got := modeOf(t, path); got != want {
			t.Errorf("perm %d: mode %o, want %o", perm, got, want)
		}
	}
}

// onlyWriterTo is a body that wants to write itself.
type onlyWriterTo struct {
	t    *testing.T
	text string
	err  error // returned whatever the writer says
}

func (b onlyWriterTo) Read([]byte) (int, error) {
	b.t.Error("Read was called")
	return 0, io.EOF
}

func (b onlyWriterTo) WriteTo(w io.Writer) (int64, error) {
	n, _ := io.WriteString(w, b.text)
	return int64(n), b.err
}

func TestPutWriterTo(t *testing.T) {
	d := open(t, Options{Datadir: t.TempDir()})
	if _, err := d.Put(t.Context(), attempt(), onlyWriterTo{t: t, text: "data"}); err != nil {
		t.Error(err)
	}
}

// TestPutCancelled has a body that does not tell of the error it got: the context speaks all the same.
func TestPutCancelled(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := open(t, Options{Datadir: dir}).Put(ctx, attempt(), onlyWriterTo{t: t, text: "data"})
	if !errors.Is(err, context.Canceled) || len(files(t, dir)) != 0 {
		t.Errorf("error is %v, files are %v", err, files(t, dir))
	}
}

// TestPutPanics has a body that panics, as a handler may that gives up its connection.
func TestPutPanics(t *testing.T) {
	dir := t.TempDir()
	defer func() {
		if recover() == nil || len(files(t, dir)) != 0 {
			t.Errorf("files are %v", files(t, dir))
		}
	}()
	_, err := open(t, Options{Datadir: dir}).Put(t.Context(), attempt(), &action{do: func() { panic("body") }})
	t.Errorf("Put returned %v", err)
}

// TestWriter writes more than a window at once, so that writeback begins and the context is looked at on the way.
func TestWriter(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	w := &writer{ctx: ctx, f: f}
	if n, err := w.Write(make([]byte, 3*window)); n != 3*window || err != nil || w.n != 3*window || w.begun != 2*window {
		t.Errorf("%d, %v; writer has %d and %d", n, err, w.n, w.begun)
	}
	cancel()
	for range 2 {
		if n, err := w.Write([]byte("x")); n != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%d, %v after the end of the context", n, err)
		}
	}
}
