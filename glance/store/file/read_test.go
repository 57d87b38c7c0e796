package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"goglance/glance/fault"
)

// everywhere asks all that take a URL and expects the same kind of error.
func everywhere(t *testing.T, d *Driver, url string, kind fault.Kind) {
	t.Helper()
	body, err := d.Open(t.Context(), url, 0, -1)
	expect(t, "Open "+url, err, kind)
	if body.ReadCloser != nil {
		t.Error("a body beside an error")
	}
	_, err = d.Size(t.Context(), url)
	expect(t, "Size "+url, err, kind)
	_, err = d.Path(t.Context(), url)
	expect(t, "Path "+url, err, kind)
	expect(t, "Delete "+url, d.Delete(t.Context(), url), kind)
}

// TestSecNonRegularStoreFile has other things than files where an object should be. Opening a pipe must not wait for its writer.
// Spec security S90.
func TestSecNonRegularStoreFile(t *testing.T) {
	dir, sentinel := t.TempDir(), filepath.Join(t.TempDir(), "sentinel")
	d := open(t, Options{Datadir: dir})
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(
		os.WriteFile(sentinel, []byte("secret"), 0o600),
		os.WriteFile(path("real"), []byte("data"), 0o600),
		os.Symlink(sentinel, path("out")), os.Symlink("real", path("in")), os.Symlink("loop", path("loop")),
		syscall.Mkfifo(path("pipe"), 0o600), os.Mkdir(path("directory"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out", "in", "loop", "pipe", "directory", "real/below", strings.Repeat("x", 300)} {
		everywhere(t, d, "file://"+path(name), fault.NotFound)
	}
	if left := files(t, dir); len(left) != 5 {
		t.Errorf("files are %v, want all", left)
	}
	if text, err := os.ReadFile(sentinel); string(text) != "secret" || err != nil {
		t.Errorf("the sentinel has %q, %v", text, err)
	}
}

// TestReplaced swaps the file between the look at it and the opening.
func TestReplaced(t *testing.T) {
	dir := t.TempDir()
	d := open(t, Options{Datadir: dir})
	for name, plant := range map[string]func(path string) error{
		"pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"link": func(path string) error {
			return errors.Join(os.WriteFile(path+"x", []byte("other"), 0o600), os.Symlink(filepath.Base(path)+"x", path))
		},
		"file": func(path string) error { return os.WriteFile(path, []byte("other"), 0o600) },
	} {
		path := strings.TrimPrefix(put(t, d, "data"), "file://")
		o, err := d.find("test", "file://"+path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Rename(path, path+"-kept"), plant(path)); err != nil {
			t.Fatal(err)
		}
		_, err = o.open("test")
		expect(t, name, err, fault.NotFound)
		o.close()
	}
}

// TestSecFileURLOutsideDatadir has locations that lead out of the store, by their text or by a link on the way.
// Spec security S91.
func TestSecFileURLOutsideDatadir(t *testing.T) {
	base := t.TempDir()
	dir, secret := filepath.Join(base, "data"), filepath.Join(base, "secret")
	d := open(t, Options{Datadir: dir})
	if err := errors.Join(
		os.WriteFile(secret, []byte("secret"), 0o600),
		os.WriteFile(dir+"x", []byte("secret"), 0o600),
		os.Symlink(base, filepath.Join(dir, "up")),
		os.WriteFile(filepath.Join(dir, ".x.part"), []byte("part"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		secret, "/etc/passwd", "/", dir, dir + "/", dir + "/.", dir + "/..", dir + "/../secret", dir + "x",
		dir + "/a/../../secret", dir + "//..//secret", dir + "/.x.part", dir + "/\x00", "data/x", "./x", "", " ",
	} {
		everywhere(t, d, "file://"+path, fault.Invalid)
	}
	for _, url := range []string{dir + "/x", "file:" + dir + "/x", "http://" + dir, "file", "://" + dir + "/x", "filex://" + dir + "/x"} {
		everywhere(t, d, url, fault.Invalid)
	}
	url := "file://" + dir + "/up/secret"
	if _, err := d.Open(t.Context(), url, 0, -1); err == nil {
		t.Error("Open followed a link out of the store")
	}
	if err := d.Delete(t.Context(), url); err == nil {
		t.Error("Delete followed a link out of the store")
	}
	if text, err := os.ReadFile(secret); string(text) != "secret" || err != nil {
		t.Errorf("the sentinel has %q, %v", text, err)
	}
}

// TestSpelling has the ways to write one location.
func TestSpelling(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b%20?c#d")
	d := open(t, Options{Datadir: dir})
	path := strings.TrimPrefix(put(t, d, "data"), "file://")
	id := filepath.Base(path)
	for _, url := range []string{
		"file://" + path, "filesystem://" + path, "FILE://" + path, "FileSystem://" + path, "file:// " + path + "\n",
		"file://" + dir + "//./" + id, "file://" + dir + "/x/../" + id, "file:///" + path,
	} {
		if n, err := d.Size(t.Context(), url); n != 4 || err != nil {
			t.Errorf("Size(%q) = %d, %v", url, n, err)
		}
	}
}

func TestReadRoots(t *testing.T) {
	base := t.TempDir()
	old := filepath.Join(base, "old", "deep")
	url := put(t, open(t, Options{Datadir: old}), "data")
	everywhere(t, open(t, Options{Datadir: base + "/new"}), url, fault.Invalid)
	d := open(t, Options{Datadir: base + "/new", ReadRoots: []string{base + "/old/", base + "/gone"}})
	if path, err := d.Path(t.Context(), url); path != strings.TrimPrefix(url, "file://") || err != nil {
		t.Errorf("Path = %s, %v", path, err)
	}
	if !strings.HasPrefix(put(t, d, "data"), "file://"+base+"/new/") {
		t.Error("new data went to a read root")
	}
	if err := d.Delete(t.Context(), url); err != nil {
		t.Errorf("Delete: %v", err)
	}
	everywhere(t, d, url, fault.NotFound)
	everywhere(t, d, "file://"+base+"/gone/x", fault.Unavailable)
}

// TestOpenFile makes sure that the kernel can copy the body: it is the file itself, where the bytes begin.
func TestOpenFile(t *testing.T) {
	d := open(t, Options{Datadir: t.TempDir()})
	body, err := d.Open(t.Context(), put(t, d, "0123456789"), 4, 3)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := body.ReadCloser.(*os.File)
	if !ok {
		t.Fatalf("the body is a %T", body.ReadCloser)
	}
	if at, err := f.Seek(0, 1); at != 4 || err != nil || body.N != 3 || body.Size != 10 {
		t.Errorf("at %d, %v; N %d, Size %d", at, err, body.N, body.Size)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestNegativeOffset(t *testing.T) {
	d := open(t, Options{Datadir: t.TempDir()})
	_, err := d.Open(t.Context(), put(t, d, "data"), -1, -1)
	expect(t, "Open", err, fault.BadRange)
}

// FuzzLocate looks for a URL that leads out of the roots.
func FuzzLocate(f *testing.F) {
	roots := []string{"/data/a", "/data/b c", "/old"}
	d := &Driver{roots: roots}
	for _, url := range []string{
		"file:///data/a/x", "filesystem:///data/b c/x", "file:///data/a/../b/x", "file:///data/a/..", "file://old/x",
		"file:///data/a/x\x00", "file:///old/%2e%2e/x", "FILE:///old//x/./y", "file:///old/.x", "file:////old/x/",
	} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		s, err := d.locate(url)
		if err != nil {
			expect(t, url, err, fault.Invalid)
			return
		}
		path := filepath.Join(s.root, s.name)
		for _, root := range roots {
			if s.root == root && strings.HasPrefix(path, root+"/") && filepath.IsLocal(s.name) &&
				!strings.ContainsRune(path, 0) && !strings.HasPrefix(filepath.Base(path), ".") {
				return
			}
		}
		t.Errorf("%q became %q", url, path)
	})
}
