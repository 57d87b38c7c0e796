package db_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
)

// TestMakeIndexes makes what a database of the reference's lacks, once.
func TestMakeIndexes(t *testing.T) {
	t.Parallel()
	drop := "DROP INDEX goglance_member"
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.db")
		makesIndexes(t, db.Options{Path: path}, drop, func() *sqlx.DB {
			raw, err := sqlx.Open("sqlite3", "file:"+path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = raw.Close() })
			return raw
		})
	})
	for kind, drop := range map[string]string{dbserver.MariaDB: drop + " ON image_members", dbserver.PostgreSQL: drop} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url, err := startServer(t, kind).URL()
			if err != nil {
				t.Fatal(err)
			}
			makesIndexes(t, db.Options{Connection: url}, drop, func() *sqlx.DB { return rawURL(t, url) })
		})
	}
}

func makesIndexes(t *testing.T, o db.Options, drop string, connect func() *sqlx.DB) {
	t.Helper()
	var notices []string
	o.Notice = func(text string) { notices = append(notices, text) }
	d := open(t, o)
	migrate := func(want string) {
		t.Helper()
		notices = nil
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(notices, "; "); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("noticed %q, want %q", got, want)
		}
	}
	migrate("")
	migrate("")
	connect().MustExecContext(t.Context(), drop)
	migrate("lacks 1 index")
	for range 2 {
		if err := d.MakeIndexes(t.Context()); err != nil {
			t.Fatal(err)
		}
		migrate("")
	}
}
