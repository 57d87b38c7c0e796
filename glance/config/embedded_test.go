package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"goglance/glance/config"
	"goglance/glance/db"
	"goglance/glance/deffile"
	"goglance/glance/metadef"
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

// TestEmbeddedDefinitions: a new database has the shipped metadata definitions. Who has removed them does not get them
// again.
func TestEmbeddedDefinitions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, want := range []int{31, 0} {
		c, err := config.Embedded(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		found, err := c.DB.Namespaces(t.Context(), metadef.Query{Viewer: metadef.Viewer{Admin: true}, Limit: 100})
		if err != nil || len(found) != want {
			t.Errorf("%d namespaces, %v, should be %d", len(found), err, want)
		}
		if _, err := deffile.Unload(t.Context(), c.DB); err != nil {
			t.Error(err)
		}
		if err := c.DB.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDatabaseOfAnother: only a database of our own is filled. In one that a connection names the operator loads what he
// wants, as he did before.
func TestDatabaseOfAnother(t *testing.T) {
	t.Parallel()
	s, err := config.Load(config.Sources{Program: "glance-api", Search: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := s.Embed(dir); err != nil {
		t.Fatal(err)
	}
	s.DB = db.Options{Connection: "sqlite:///" + filepath.Join(dir, "other.sqlite"), SQLiteSynchronous: true}
	p, err := config.Build(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.DB.Namespaces(t.Context(), metadef.Query{Viewer: metadef.Viewer{Admin: true}, Limit: 100})
	if err != nil || len(found) != 0 {
		t.Errorf("%d namespaces, %v", len(found), err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
