package db_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/fault"
)

// TestMigrateOnServers makes tables on each kind of server, in all the ways in which that may begin.
func TestMigrateOnServers(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{dbserver.MariaDB, dbserver.PostgreSQL} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, kind)
			t.Run("many creators", func(t *testing.T) { manyCreators(t, s) })
			t.Run("resumed", func(t *testing.T) { resumed(t, s) })
			t.Run("not empty", func(t *testing.T) { notEmpty(t, s) })
			t.Run("upgrades", func(t *testing.T) { upgrades(t, func(t *testing.T) string { return newURL(t, s) }) })
			t.Run("purges", func(t *testing.T) { purges(t, func(t *testing.T) string { return newURL(t, s) }) })
			t.Run("beside others", func(t *testing.T) { beside(t, s) })
			t.Run("remains", func(t *testing.T) { remains(t, s) })
			t.Run("purges by key", func(t *testing.T) { purgesByKey(t, s) })
			t.Run("like Python's", func(t *testing.T) { likePython(t, s) })
		})
	}
}

func newURL(t *testing.T, s *dbserver.Server) string {
	t.Helper()
	url, err := s.URL()
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func manyCreators(t *testing.T, s *dbserver.Server) {
	url := newURL(t, s)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			d := openURL(t, url, db.Options{})
			if err := errors.Join(d.Migrate(t.Context()), insert(t.Context(), d, record(fmt.Sprint(n)))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var n int
	if err := rawURL(t, url).Get(&n, "SELECT COUNT(*) FROM images"); err != nil || n != 8 {
		t.Errorf("%d images, %v", n, err)
	}
}

// resumed has a table in the way, so that making the tables ends in the middle, and takes it away.
func resumed(t *testing.T, s *dbserver.Server) {
	url := newURL(t, s)
	raw, d := rawURL(t, url), openURL(t, url, db.Options{})
	raw.MustExec("CREATE TABLE alembic_version (version_num VARCHAR(1) NOT NULL)") // too short
	for range 2 {
		if err := d.Migrate(t.Context()); err == nil {
			t.Fatal("migrated")
		}
	}
	raw.MustExec("DROP TABLE alembic_version")
	d = openURL(t, url, db.Options{})
	if err := errors.Join(d.Migrate(t.Context()), d.Migrate(t.Context()), insert(t.Context(), d, record("x"))); err != nil {
		t.Fatal(err)
	}
	var left []string
	err := raw.Select(&left, "SELECT repository_id FROM migrate_version")
	if err != nil || len(left) != 1 || left[0] != "Glance Migrations" {
		t.Errorf("migrate_version has %q, %v", left, err)
	}
}

func notEmpty(t *testing.T, s *dbserver.Server) {
	url := newURL(t, s)
	raw, d := rawURL(t, url), openURL(t, url, db.Options{})
	raw.MustExec("CREATE TABLE another (n INTEGER)")
	if err := d.Migrate(t.Context()); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "has a table another") {
		t.Errorf("got %v", err)
	}
}

// likePython compares a database that the reference made with one of ours that the reference has brought to the same
// revision: columns, keys, indexes, and what tables are made with. Both are served.
func likePython(t *testing.T, s *dbserver.Server) {
	if _, err := exec.LookPath("glance-manage"); err != nil && os.Getenv("GLANCE_TEST_REQUIRE") == "" {
		t.Skip(err)
	}
	var described []string
	for _, ours := range []bool{false, true} {
		url := newURL(t, s)
		d := openURL(t, url, db.Options{})
		if ours {
			if err := d.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		conf := filepath.Join(t.TempDir(), "glance.conf")
		if err := os.WriteFile(conf, []byte("[database]\nconnection = "+url+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "glance-manage", "--config-file", conf, "db_sync").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if err := errors.Join(d.Migrate(t.Context()), insert(t.Context(), d, record("x"))); err != nil {
			t.Error(err)
		}
		if im, err := d.Image(t.Context(), "x"); err != nil || len(im.Tags) != 1 {
			t.Errorf("got %v, %v", im, err)
		}
		described = append(described, withoutOurs(describe(t, rawURL(t, url))))
	}
	if diff := gocmp.Diff(strings.Split(described[0], "\n"), strings.Split(described[1], "\n")); diff != "" {
		t.Errorf("schema (-Python's +ours):\n%s", diff)
	}
}

// withoutOurs leaves out the indexes that the reference does not know.
func withoutOurs(schema string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(schema, "\n"), func(line string) bool { return strings.Contains(line, "goglance_") }), "\n")
}

// describe lists all that a schema consists of, each thing on a line.
func describe(t *testing.T, raw *sqlx.DB) string {
	t.Helper()
	queries := []string{
		`SELECT CONCAT_WS(' ', 'column', table_name, column_name, column_type, is_nullable, column_default, character_set_name, collation_name, extra)
			FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <> 'migrate_version' ORDER BY table_name, column_name`,
		`SELECT CONCAT_WS(' ', 'table', table_name, engine, table_collation) FROM information_schema.tables
			WHERE table_schema = DATABASE() AND table_name NOT IN ('migrate_version', 'alembic_version') ORDER BY table_name`,
		`SELECT CONCAT_WS(' ', 'index', table_name, index_name, seq_in_index, column_name, non_unique) FROM information_schema.statistics
			WHERE table_schema = DATABASE() AND table_name <> 'migrate_version' ORDER BY table_name, index_name, seq_in_index`,
		`SELECT CONCAT_WS(' ', 'key', table_name, constraint_name, column_name, referenced_table_name, referenced_column_name) FROM information_schema.key_column_usage
			WHERE table_schema = DATABASE() AND table_name <> 'migrate_version' ORDER BY table_name, constraint_name, ordinal_position`,
		`SELECT CONCAT('revision ', version_num) FROM alembic_version`,
	}
	if raw.DriverName() == "pgx" {
		queries = []string{
			`SELECT CONCAT_WS(' ', 'column', table_name, column_name, udt_name, character_maximum_length, is_nullable, column_default)
				FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'migrate_version' ORDER BY table_name, column_name`,
			`SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migrate_version' ORDER BY indexdef`,
			`SELECT CONCAT_WS(' ', 'key', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
				WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'migrate_version' ORDER BY 1`,
			`SELECT CONCAT_WS(' ', 'value', typname, enumlabel, enumsortorder) FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid ORDER BY 1`,
			`SELECT CONCAT('revision ', version_num) FROM alembic_version`,
		}
	}
	var all []string
	for _, query := range queries {
		var lines []string
		if err := raw.Select(&lines, query); err != nil {
			t.Fatal(err)
		}
		all = append(all, lines...)
	}
	return strings.Join(all, "\n")
}
