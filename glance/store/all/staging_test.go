package all

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus/hooks/test"

	"goglance/glance/store"
)

// stagingOf opens a staging folder beside a file store in images.
func stagingOf(t *testing.T, uri, images string) (*store.Staging, error) {
	t.Helper()
	log, _ := test.NewNullLogger()
	o, f := defaults(t)
	o.File.Datadir = images
	set, err := New(o, f, log)
	if err != nil {
		t.Fatal(err)
	}
	return Staging(uri, set, log)
}

func TestStaging(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "staging")
	for range 2 { // made, then found
		s, err := stagingOf(t, "file://"+dir+"/", t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if s.Dir != dir || s.URL("x") != "file://"+dir+"/x" {
			t.Errorf("the folder is %s, a URL %s", s.Dir, s.URL("x"))
		}
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

// TestSecStagingFolder: what others may change, or a store uses, is refused, and so is all that is no folder's URL.
// Spec security S70.
func TestSecStagingFolder(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	open, foreign := filepath.Join(base, "open"), filepath.Join(base, "foreign")
	for _, dir := range []string{open, foreign} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(open, 0o1777); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bad := []string{
		"", "/tmp/staging", "http://localhost/staging", "file:", "file://", "file://host/path", "FILE:///x", "file:///x/../y",
		"file://" + open, "file://" + file, "file://" + filepath.Join(base, "images"),
	}
	if os.Getuid() == 0 {
		if err := os.Chown(foreign, 12345, -1); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(base, "link")
		if err := os.Symlink(base, link); err != nil {
			t.Fatal(err)
		}
		if err := os.Lchown(link, 12345, -1); err != nil {
			t.Fatal(err)
		}
		bad = append(bad, "file://"+foreign, "file://"+link)
	}
	for _, uri := range bad {
		if _, err := stagingOf(t, uri, filepath.Join(base, "images")); err == nil || !strings.Contains(err.Error(), "node_staging_uri") {
			t.Errorf("%q: %v", uri, err)
		}
	}
}
