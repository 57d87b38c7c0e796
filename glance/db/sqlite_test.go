package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"go.uber.org/goleak"
	"goglance/glance/db"
	"goglance/glance/db/dbtest"
	"goglance/glance/image"
	"goglance/glance/option"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" { // a process of TestProcesses
		if err := child(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func TestSQLite(t *testing.T) { dbtest.Run(t, openSQLite, time.Microsecond) }

// TestSharedSQLite is the same on a file that other programs may have open, with their kind of journal.
func TestSharedSQLite(t *testing.T) {
	t.Parallel()
	dbtest.Run(t, func(t testing.TB, o db.Options) (*db.DB, *sqlx.DB) {
		t.Helper()
		dir := t.TempDir()
		path := filepath.Join(dir, "glance.sqlite")
		t.Cleanup(func() { // after both are closed
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("the folder holds %v, %v", left, err)
			}
		})
		d := openURL(t, "sqlite:///"+path+"?timeout=20", o)
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		raw := openRaw(t, path)
		var mode string
		if err := raw.Get(&mode, "PRAGMA journal_mode"); err != nil || mode != "delete" {
			t.Errorf("the journal is a %s, %v", mode, err)
		}
		return d, raw
	}, time.Microsecond)
}

// openSQLite opens o.Path, or a new file.
func openSQLite(t testing.TB, o db.Options) (*db.DB, *sqlx.DB) {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "glance.sqlite")
	}
	d := open(t, o)
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, openRaw(t, o.Path)
}

func open(t testing.TB, o db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func openRaw(t testing.TB, path string) *sqlx.DB {
	t.Helper()
	raw, err := sqlx.Open("sqlite3", path+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
	})
	return raw
}

func record(id string) *image.Image {
	return &image.Image{ID: id, Status: image.Queued, Visibility: image.Public, Tags: []string{"t"}}
}

func insert(ctx context.Context, d *db.DB, images ...*image.Image) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		for _, im := range images {
			if err := tx.InsertImage(ctx, im); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOptions(t *testing.T) {
	var o db.Options
	if err := option.SetDefaults(&o); err != nil || o.Readers != 0 || o.MetadataEncryptionKey != "" {
		t.Errorf("defaults %+v, %v", o, err)
	}
}

// TestForeignTimes reads times as other programs may have written them.
func TestForeignTimes(t *testing.T) {
	d, raw := openSQLite(t, db.Options{})
	if err := insert(t.Context(), d, record("x")); err != nil {
		t.Fatal(err)
	}
	for text, nanos := range map[string]int{
		"2017-08-30 12:00:00": 0, "2017-08-30 12:00:00.5": 5e8, "2017-08-30T12:00:00Z": 0, "2017-08-30T12:00:00": 0,
		"2017-08-30 14:00:00.123456+02:00": 123456000, "2017-08-30 12:00:00.123456789": 123456000,
	} {
		raw.MustExec("UPDATE images SET created_at = ?", text)
		im, err := d.Image(t.Context(), "x")
		if want := time.Date(2017, 8, 30, 12, 0, 0, nanos, time.UTC); err != nil || im.CreatedAt != want {
			t.Errorf("%s was read as %+v, %v", text, im, err)
		}
	}
	raw.MustExec("UPDATE images SET created_at = 'yesterday'")
	if im, err := d.Image(t.Context(), "x"); err == nil {
		t.Errorf("read %v", im)
	}
}

// TestWrittenTimes looks at the text that Python will read.
func TestWrittenTimes(t *testing.T) {
	d, raw := openSQLite(t, db.Options{})
	im := record("x")
	im.CreatedAt = time.Date(2017, 8, 30, 14, 0, 0, 1999, time.FixedZone("x", 7200))
	if err := insert(t.Context(), d, im); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"images", "image_tags"} {
		var text string
		err := raw.Get(&text, "SELECT CAST(created_at AS TEXT) FROM "+table)
		if err != nil || text != "2017-08-30 12:00:00.000001" {
			t.Errorf("%s: %q, %v", table, text, err)
		}
	}
}
