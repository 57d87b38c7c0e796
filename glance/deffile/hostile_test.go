package deffile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"goglance/glance/deffile"
	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// TestSecMetadefExportPaths: names of namespaces come from any project; what they are exported to is new files in the
// folder that the operator names, nothing else (S114).
func TestSecMetadefExportPaths(t *testing.T) {
	t.Parallel()
	f := start(t)
	displays := map[string]string{
		"../../x": "../../x", "Up": "..", "Root": "/etc/glance/policy", "Policy": "policy", "Newline": "a\nb", "Link": "link", "Dead": "dead",
		"Folder": "folder", "Pipe": "pipe", "Other": "other", "Own": "own", "Linked": "linked",
	}
	for name, display := range displays {
		f.define(metadef.Definition{Namespace: metadef.Namespace{Name: name, DisplayName: &display, Owner: "anybody"}})
	}
	dir, outside := trapped(t)
	written := f.export(dir)
	if len(written) != len(displays) {
		t.Errorf("%d files: %q", len(written), written)
	}
	for _, name := range written {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || !info.Mode().IsRegular() || !strings.Contains(read(t, filepath.Join(dir, name)), `"resource_type_associations":[]`) {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	for _, name := range []string{"x.json", "etcglancepolicy.json", "ab.json", "Up.json", "own.json"} {
		if !slices.Contains(written, name) {
			t.Errorf("%s is not among %q", name, written)
		}
	}
	kept := map[string]string{
		filepath.Join(dir, "policy.json"): `{"default": "role:admin"}`, filepath.Join(dir, "other.json"): `{"namespace": "Else"}`,
		filepath.Join(outside, "secret"): "secret", filepath.Join(outside, "own"): `{"namespace": "Linked"}`,
	}
	for path, want := range kept {
		if got := read(t, path); got != want {
			t.Errorf("%s is now %s", path, got)
		}
	}
	if got := names(t, outside); len(got) != 2 {
		t.Errorf("outside there are %q", got)
	}
	// What was there, and one new file for each namespace but the one that had its file already; nothing temporary.
	if got := names(t, dir); len(got) != 8+len(displays)-1 || strings.HasPrefix(got[0], ".") {
		t.Errorf("in the folder there are %q", got)
	}
}

// trapped makes a folder where names are taken by what must not be written to, and one that its links lead to.
func trapped(t *testing.T) (dir, outside string) {
	t.Helper()
	outside = folder(t, map[string]string{"secret": "secret", "own": `{"namespace": "Linked"}`})
	dir = folder(t, map[string]string{"policy.json": `{"default": "role:admin"}`, "other.json": `{"namespace": "Else"}`, "own.json": `{"namespace": "Own"}`})
	for _, err := range []error{
		os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "link.json")),
		os.Symlink(filepath.Join(outside, "new"), filepath.Join(dir, "dead.json")),
		os.Symlink(filepath.Join(outside, "own"), filepath.Join(dir, "linked.json")),
		os.Mkdir(filepath.Join(dir, "folder.json"), 0o700),
		syscall.Mkfifo(filepath.Join(dir, "pipe.json"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir, outside
}

// TestExportFails: what cannot be written is told, and the rest is written. Nothing half is left.
func TestExportFails(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, name := range []string{"Good", "Taken"} {
		f.define(metadef.Definition{Namespace: metadef.Namespace{Name: name, Owner: "me"}})
	}
	dir := folder(t, map[string]string{"Taken.json": "mine", "Taken-c76e6790bc5b.json": "mine too"})
	files, err := deffile.Export(t.Context(), f.db, dir)
	if !fault.Is(err, fault.Conflict) && (err == nil || !strings.Contains(err.Error(), `namespace "Taken"`)) {
		t.Error(err)
	}
	if !slices.Equal(files, []string{filepath.Join(dir, "Good.json")}) || len(names(t, dir)) != 3 || read(t, filepath.Join(dir, "Taken.json")) != "mine" {
		t.Errorf("%q, %q", files, names(t, dir))
	}
	if files, err = deffile.Export(t.Context(), f.db, filepath.Join(dir, strings.Repeat("x", 300))); err == nil || files != nil {
		t.Errorf("names that no file system takes: %q, %v", files, err)
	}
	if got := names(t, dir); len(got) != 3 {
		t.Errorf("left behind: %q", got)
	}
}

// TestSecMetadefHostileFolder: what a folder may hold to do harm to a load is refused by its name, at once, and then
// nothing is loaded (S114).
func TestSecMetadefHostileFolder(t *testing.T) {
	t.Parallel()
	outside := folder(t, map[string]string{"secret.json": `{"namespace": "Secret"}`})
	rows := map[string]func(path string) error{
		"link":     func(path string) error { return os.Symlink(filepath.Join(outside, "secret.json"), path) },
		"up":       func(path string) error { return os.Symlink("../"+filepath.Base(outside)+"/secret.json", path) },
		"loop":     func(path string) error { return os.Symlink("bad.json", path) },
		"dead":     func(path string) error { return os.Symlink("nothing", path) },
		"device":   func(path string) error { return os.Symlink("/dev/zero", path) },
		"pipe":     func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"gigabyte": func(path string) error { return sized(path, 1<<30) },
		"folders":  func(path string) error { return os.Symlink(".", path) },
	}
	f := start(t)
	for name, make := range rows {
		dir := folder(t, map[string]string{"a.json": fresh})
		if err := make(filepath.Join(dir, "bad.json")); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		done, err := deffile.Load(t.Context(), f.db, dir, deffile.Options{})
		if done != nil || err == nil || !strings.Contains(err.Error(), "bad.json") || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	for _, path := range []string{"/dev/zero", "/dev/null"} {
		if _, err := deffile.Load(t.Context(), f.db, path, deffile.Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", path, err)
		}
	}
	dir := t.TempDir() // each is small enough, all are not
	for _, name := range []string{"a.json", "b.json", "c.json"} {
		if err := sized(filepath.Join(dir, name), 31<<20); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := deffile.Load(t.Context(), f.db, dir, deffile.Options{}); err == nil || !strings.Contains(err.Error(), `c.json": a file can have`) {
		t.Error(err)
	}
	f.empty()
}

// sized makes a file of zeros, which takes no room on the disk.
func sized(path string, size int64) error {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	return os.Truncate(path, size)
}
