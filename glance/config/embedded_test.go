package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"goglance/glance/config"
)

func TestDataDir(t *testing.T) {
	home := t.TempDir()
	rows := []struct{ xdg, home, want string }{
		{"/data", home, "/data/glance"},
		{"", home, filepath.Join(home, ".local/share/glance")},
		{"relative", home, filepath.Join(home, ".local/share/glance")}, // the specification says to ignore it
		{"", "", ""},
	}
	for _, row := range rows {
		t.Setenv("XDG_DATA_HOME", row.xdg)
		t.Setenv("HOME", row.home)
		got, err := config.DataDir()
		if got != row.want || (err == nil) != (row.want != "") {
			t.Errorf("XDG_DATA_HOME %q, HOME %q: %q, %v", row.xdg, row.home, got, err)
		}
	}
}

// TestEmbedded: everything is made below one folder, closed to others, and a second start finds it.
func TestEmbedded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "down")
	for range 2 {
		c, err := config.Embedded(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if name := c.Stores.Default().Name; name != "file" || c.StateDir != filepath.Join(dir, "journal") {
			t.Errorf("store %q, state in %q", name, c.StateDir)
		}
		if err := c.DB.Close(); err != nil {
			t.Error(err)
		}
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
}
