package file

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSecDatadirsParsing is spec security S93.
func TestSecDatadirsParsing(t *testing.T) {
	for _, c := range []struct {
		single string
		plural []string
		want   []datadir // nil: an error
	}{
		{"/a", nil, []datadir{{"/a", 0}}},
		{" /a//b/./c/ ", nil, []datadir{{"/a/b/c", 0}}},
		{"/a:5", nil, []datadir{{"/a:5", 0}}},
		{"", nil, nil},
		{"a", nil, nil},
		{"/a/../b", nil, nil},
		{"/a/..", nil, nil},
		{"/a..b", nil, []datadir{{"/a..b", 0}}},
		{"", []string{"/a:1", "/b", "/c:", "/d:-2", "/e: 3 "}, []datadir{{"/a", 1}, {"/b", 0}, {"/c", 0}, {"/d", -2}, {"/e", 3}}},
		{defaultDatadir, []string{"/a"}, []datadir{{"/a", 0}}},
		{"/else", []string{"/a"}, nil},
		{"", []string{"/a:b:7"}, []datadir{{"/a:b", 7}}},
		{"", []string{"/a:b"}, nil},
		{"", []string{"/a:1.5"}, nil},
		{"", []string{"/a:99999999999999999999"}, nil},
		{"", []string{":1"}, nil},
		{"", []string{""}, nil},
		{"", []string{"/a", ""}, nil},
		{"", []string{"a:1"}, nil},
		{"", []string{"/a/../b:1"}, nil},
	} {
		got, _, err := Options{Datadir: c.single, Datadirs: c.plural}.datadirs()
		if (err != nil) != (c.want == nil) {
			t.Errorf("%q %q: error is %v", c.single, c.plural, err)
		}
		if err == nil && !cmp.Equal(got, c.want, cmp.AllowUnexported(datadir{})) {
			t.Errorf("%q %q: %v, want %v", c.single, c.plural, got, c.want)
		}
	}
}

func TestPerm(t *testing.T) {
	for decimal, want := range map[int]fs.FileMode{0: 0, -640: 0, 640: 0o640, 444: 0o444, 400: 0o400, 777: 0o777} {
		if got, err := (Options{FilePerm: decimal}).perm(); err != nil || got != want {
			t.Errorf("%d: %o, %v, want %o", decimal, got, err, want)
		}
	}
	for _, decimal := range []int{7, 240, 77, 680, 888, 4640, 1 << 40} {
		if got, err := (Options{FilePerm: decimal}).perm(); err == nil {
			t.Errorf("%d is %o, want an error", decimal, got)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"nothing":     {Options{}, "filesystem_store_datadir"},
		"a file":      {Options{Datadir: plain}, "plain"},
		"perm":        {Options{Datadir: dir, FilePerm: 40}, "filesystem_store_file_perm"},
		"metadata":    {Options{Datadir: dir, MetadataFile: dir + "/none"}, "filesystem_store_metadata_file"},
		"read root":   {Options{Datadir: dir, ReadRoots: []string{"old"}}, "filesystem_store_read_roots"},
		"two":         {Options{Datadirs: []string{dir + ":1", dir + ":2"}}, "two priorities"},
		"two by link": {Options{Datadirs: []string{dir + ":1", dir + "/link:2"}}, "two priorities"},
	} {
		if _, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one about %s", name, err, c.want)
		}
	}
}
