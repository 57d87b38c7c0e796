package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"goglance/glance/fault"
)

// alternating reports free space such that every second choice is another directory.
func alternating() func(string) (int64, error) {
	var calls atomic.Int64
	return func(string) (int64, error) { return 1<<40 + calls.Add(1)/3%2, nil }
}

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	log, hook := logger()
	d := open(t, Options{Datadirs: []string{dir + "/a/b", dir + "/c:1", dir + "/a/b"}, Log: log})
	if len(d.dirs) != 2 || len(hook.Entries) != 1 || !strings.Contains(hook.LastEntry().Message, "twice") {
		t.Errorf("directories %v, warnings %v", d.dirs, hook.Entries)
	}
	for _, sub := range []string{"a", "a/b", "c"} {
		if mode := modeOf(t, filepath.Join(dir, sub)); mode != 0o750 {
			t.Errorf("%s has mode %o", sub, mode)
		}
	}
}

// TestPrepareTwoNames gives one directory twice, once through a link: both paths stay readable.
func TestPrepareTwoNames(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Mkdir(dir+"/real", 0o750), os.Symlink(dir+"/real", link)); err != nil {
		t.Fatal(err)
	}
	d := open(t, Options{Datadirs: []string{dir + "/real", link}})
	url := put(t, d, "data")
	for _, u := range []string{url, strings.Replace(url, "/real/", "/link/", 1)} {
		if n, err := d.Size(t.Context(), u); n != 4 || err != nil {
			t.Errorf("Size(%s) = %d, %v", u, n, err)
		}
	}
}

func TestPrepareWarnsOfOpenDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	log, hook := logger()
	open(t, Options{Datadir: dir, Log: log})
	if len(hook.Entries) != 1 || !strings.Contains(hook.LastEntry().Message, "anybody") {
		t.Errorf("warnings %v", hook.Entries)
	}
}

func TestLetPass(t *testing.T) {
	for perm, want := range map[int]fs.FileMode{0: 0o700, 600: 0o700, 640: 0o710, 604: 0o701, 644: 0o711} {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		open(t, Options{Datadir: dir, FilePerm: perm})
		if got := modeOf(t, dir); got != want {
			t.Errorf("perm %d: directory has mode %o, want %o", perm, got, want)
		}
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// TestChoose compares the choice with the rule, read as a rule: the best of those with room.
func TestChoose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, free := drawDirs(t)
		size := rapid.Int64Range(-1, 9).Draw(t, "size")
		room := func(dir datadir) bool { return free[dir.path] > 0 && free[dir.path] >= size }
		var better []datadir
		got, err := d.choose(size)
		var chosen datadir
		for _, dir := range d.dirs {
			if dir.path == got {
				chosen = dir
			}
		}
		for _, dir := range d.dirs {
			above := dir.priority > chosen.priority || dir.priority == chosen.priority && free[dir.path] > free[got]
			if room(dir) && (err != nil || above) {
				better = append(better, dir)
			}
		}
		if len(better) > 0 || err == nil && !room(chosen) {
			t.Fatalf("chose %v, %v; better are %v", chosen, err, better)
		}
		if err != nil && !fault.Is(err, fault.TooLarge) {
			t.Fatalf("error is %v", err)
		}
	})
}

func drawDirs(t *rapid.T) (*Driver, map[string]int64) {
	free := map[string]int64{}
	d := &Driver{plural: true, disk: disk{free: func(dir string) (int64, error) { return free[dir], nil }}}
	for i := range rapid.IntRange(1, 5).Draw(t, "dirs") {
		path := fmt.Sprint("/", i)
		d.dirs = append(d.dirs, datadir{path: path, priority: rapid.IntRange(-1, 1).Draw(t, "priority")})
		free[path] = rapid.Int64Range(0, 9).Draw(t, "free")
	}
	return d, free
}

func TestChooseSingle(t *testing.T) {
	d := open(t, Options{Datadir: t.TempDir()})
	d.disk.free = func(string) (int64, error) { return 0, nil }
	if _, err := d.choose(1 << 60); err != nil {
		t.Errorf("a single directory was not chosen: %v", err)
	}
}

func TestChooseBroken(t *testing.T) {
	dir := t.TempDir()
	d := open(t, Options{Datadirs: []string{dir + "/a", dir + "/b"}})
	broken := map[string]bool{dir + "/a": true}
	d.disk.free = func(dir string) (int64, error) {
		if broken[dir] {
			return 0, fs.ErrInvalid
		}
		return 1, nil
	}
	if got, err := d.choose(-1); got != dir+"/b" || err != nil {
		t.Errorf("chose %s, %v beside a broken directory", got, err)
	}
	broken[dir+"/b"] = true
	_, err := d.choose(-1)
	expect(t, "all broken", err, fault.Unavailable)
}

func TestFreeBytes(t *testing.T) {
	if n, err := freeBytes(t.TempDir()); n <= 0 || err != nil {
		t.Errorf("%d bytes free, %v", n, err)
	}
	if _, err := freeBytes("/nonexistent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}
