package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
)

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "what?.db", "x#y.db", "100%41.db", "a&mode=memory.db", "ü世.db", "semi;colon'.db"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			d, err := db.Open(t.Context(), db.Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			err = errors.Join(d.Migrate(t.Context()), insert(t.Context(), d, record("x")))
			if _, e := d.Image(t.Context(), "x"); errors.Join(err, e) != nil {
				t.Error(err, e)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			only(t, dir, name)
		})
	}
}

// only fails unless the folder holds this one file.
func only(t *testing.T, dir, name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("the folder holds %v (%v), want %q alone", entries, err, name)
	}
}

func TestRelativePath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	d, err := db.Open(t.Context(), db.Options{Path: "rel.db"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Migrate(t.Context()), d.Close()); err != nil {
		t.Error(err)
	}
	only(t, dir, "rel.db")
}

// TestCloseUnderway closes while reads run; whoever is last must still clear the log away.
func TestCloseUnderway(t *testing.T) {
	dir := t.TempDir()
	d, err := db.Open(t.Context(), db.Options{Path: filepath.Join(dir, "glance.db")})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Migrate(t.Context()), insert(t.Context(), d, record("x"))); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for {
				if _, err := d.Image(t.Context(), "x"); err != nil {
					return
				}
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	readers.Wait()
	if _, err = d.Image(t.Context(), "x"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("after Close: %v", err)
	}
	if err := insert(t.Context(), d, record("y")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("after Close: %v", err)
	}
	only(t, dir, "glance.db")
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]db.Options{
		"no path":    {},
		"no folder":  {Path: filepath.Join(dir, "none", "x.db")},
		"a folder":   {Path: dir},
		"not SQLite": {Path: text},
		"short key":  {Path: filepath.Join(dir, "x.db"), MetadataEncryptionKey: "s3cr3t"},
	} {
		d, err := db.Open(t.Context(), o)
		if err == nil {
			t.Errorf("%s: opened (%v)", name, d.Close())
		} else if strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}
