package db_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"goglance/glance/db"
	"goglance/glance/fault"
)

// TestSchema compares all tables and indexes with testdata/schema.sql. UPDATE_GOLDEN=1 writes it anew.
func TestSchema(t *testing.T) {
	_, raw := openSQLite(t, db.Options{})
	var objects []string
	err := raw.Select(&objects, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	err = raw.Select(&rows, `SELECT 'alembic_version: ' || version_num FROM alembic_version
		UNION ALL SELECT 'migrate_version: ' || repository_id || ' ' || version FROM migrate_version`)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(objects, ";\n") + ";\n-- " + strings.Join(rows, "\n-- ") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("testdata/schema.sql", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

func TestRevisions(t *testing.T) {
	for _, c := range []struct{ name, sql, refusal string }{
		{"same", "SELECT 1", ""},
		{"contracted", "UPDATE alembic_version SET version_num = 'pike_contract01'", ""},
		{"newer", "UPDATE alembic_version SET version_num = 'wallaby_contract01'", ""},
		{"half way", "UPDATE alembic_version SET version_num = 'train_contract01'; INSERT INTO alembic_version VALUES ('ussuri_expand01')", ""},
		{"too new", "UPDATE alembic_version SET version_num = '2024_1_contract01'", "revision 2024_1_contract01;"},
		{"Ocata's", "UPDATE alembic_version SET version_num = 'ocata01'", ""},
		{"Ocata's by the other road", "UPDATE alembic_version SET version_num = 'ocata_contract01'", ""},
		{"Ocata's, expanded", "UPDATE alembic_version SET version_num = 'ocata_contract01'; INSERT INTO alembic_version VALUES ('pike_expand01')", ""},
		{"expanded, and migrated", "UPDATE alembic_version SET version_num = 'pike_expand01'", ""},
		{"too old", "UPDATE alembic_version SET version_num = 'mitaka02'", "revision mitaka02;"},
		{"expanded only", "UPDATE alembic_version SET version_num = 'queens_expand01'", "revision queens_expand01;"},
		{"two heads", "INSERT INTO alembic_version VALUES ('ocata_expand01')", "revision ocata_expand01, pike01;"},
		{"a number", "DELETE FROM alembic_version; UPDATE migrate_version SET version = 44", "version 44 of SQLAlchemy-Migrate"},
		{"no revision", "DELETE FROM alembic_version", "has a table images"},
		{"no table of revisions", "DROP TABLE alembic_version", "has a table images"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, raw := openSQLite(t, db.Options{})
			raw.MustExec(c.sql)
			err := d.Migrate(t.Context())
			if c.refusal == "" && err != nil {
				t.Error(err)
			}
			if c.refusal != "" && (!fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), c.refusal)) {
				t.Errorf("got %v, want %q in it", err, c.refusal)
			}
		})
	}
}

// TestVersionTablesOnly begins with what a Python tool leaves that was stopped early.
func TestVersionTablesOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	raw := openRaw(t, path)
	raw.MustExec(`CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
		CREATE TABLE migrate_version (repository_id VARCHAR(250) NOT NULL PRIMARY KEY, repository_path TEXT, version INTEGER);
		INSERT INTO migrate_version VALUES ('Glance Migrations', '/x', 0)`)
	d := open(t, db.Options{Path: path})
	if err := errors.Join(d.Migrate(t.Context()), insert(t.Context(), d, record("x"))); err != nil {
		t.Error(err)
	}
}

// TestMigrateWhole has the last statement fail: nothing may be left.
func TestMigrateWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	raw := openRaw(t, path)
	raw.MustExec("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL CHECK (version_num <> 'pike01'))")
	d := open(t, db.Options{Path: path})
	if err := d.Migrate(t.Context()); err == nil {
		t.Error("migrated")
	}
	var tables int
	if err := raw.Get(&tables, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"); err != nil || tables != 1 {
		t.Errorf("%d tables are left, %v", tables, err)
	}
}

// TestManyCreators opens and migrates one file many times at once, as processes started together do.
func TestManyCreators(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				d, err := db.Open(t.Context(), db.Options{Path: filepath.Join(dir, "glance.db")})
				if err != nil {
					t.Error(err)
					return
				}
				err = d.Migrate(t.Context())
				if err := errors.Join(err, insert(t.Context(), d, record(fmt.Sprint(n))), d.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		only(t, dir, "glance.db")
	}
}
