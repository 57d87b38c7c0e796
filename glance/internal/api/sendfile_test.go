package api

import (
	"os"
	"path/filepath"
	"testing"

	"goglance/glance/settings"
)

// Only finished files below the root are left to the front end, whatever links lead to them.
func TestSendfile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, outside := filepath.Join(dir, "images"), filepath.Join(dir, "secret")
	for _, path := range []string{filepath.Join(root, "sub"), root + "-other"} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{outside, filepath.Join(root, "a b%"), filepath.Join(root, "sub", "c"), filepath.Join(root, ".part"), filepath.Join(root+"-other", "x")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{filepath.Join(root, "out"): outside, filepath.Join(dir, "in"): root, filepath.Join(root, "inner"): filepath.Join(root, "sub", "c")} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	accel := settings.Sendfile{FileHeader: "X-Accel-Redirect", FileRoot: root, FileLocation: "/image-data/"}
	for file, want := range map[string]string{
		filepath.Join(root, "a b%"):          "/image-data/a%20b%25",
		filepath.Join(root, "sub", "c"):      "/image-data/sub/c",
		filepath.Join(dir, "in", "sub", "c"): "/image-data/sub/c",
		filepath.Join(root, "inner"):         "/image-data/sub/c",
		filepath.Join(root, "out"):           "",
		filepath.Join(root, ".part"):         "",
		filepath.Join(root, "gone"):          "",
		filepath.Join(root+"-other", "x"):    "",
		outside:                              "",
		root:                                 "",
		"":                                   "",
	} {
		if got := sendfile(accel, file); got != want {
			t.Errorf("%s: %q", file, got)
		}
	}
	if got := sendfile(settings.Sendfile{FileHeader: "X-Sendfile", FileRoot: filepath.Join(dir, "in")}, filepath.Join(root, "sub", "c")); got != filepath.Join(root, "sub", "c") {
		t.Errorf("the path is %q", got)
	}
	if got := sendfile(settings.Sendfile{FileHeader: "X-Accel-Redirect", FileLocation: "/x"}, filepath.Join(root, "sub", "c")); got != "" {
		t.Errorf("without a root: %q", got)
	}
}
