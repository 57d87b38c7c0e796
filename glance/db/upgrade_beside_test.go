package db_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
)

// beside changes tables that others have in use: who comes meanwhile must not queue up behind the change.
func beside(t *testing.T, s *dbserver.Server) {
	for name, act := range map[string]func(*db.DB, *sqlx.DB) func(context.Context) error{
		"contraction": func(d *db.DB, _ *sqlx.DB) func(context.Context) error {
			return func(ctx context.Context) error { return d.Contract(ctx, untold) }
		},
		"indexes of our own": func(d *db.DB, raw *sqlx.DB) func(context.Context) error {
			raw.MustExec("UPDATE alembic_version SET version_num = 'pike01'")
			return d.MakeIndexes
		},
		"index of an expansion": func(d *db.DB, raw *sqlx.DB) func(context.Context) error {
			raw.MustExec("DROP INDEX visibility_image_idx" + on(raw))
			raw.MustExec("UPDATE alembic_version SET version_num = 'ocata_expand01'")
			return func(ctx context.Context) error { return d.Expand(ctx, untold) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait
			url := newURL(t, s)
			d, raw := older(t, url)
			if err := d.Expand(t.Context(), untold); err != nil {
				t.Fatal(err)
			}
			if _, err := d.MigrateData(t.Context()); err != nil {
				t.Fatal(err)
			}
			another := openURL(t, url, db.Options{}) // a process for each command
			inUse(t, raw, name == "contraction", act(another, raw))
		})
	}
}

func on(raw *sqlx.DB) string {
	if raw.DriverName() == "mysql" {
		return " ON images"
	}
	return ""
}

// inUse runs act while a transaction has changed an image, until it waits for that; another transaction must not, or
// not for long. PostgreSQL makes an index without anyone waiting.
func inUse(t *testing.T, raw *sqlx.DB, mayWait bool, act func(context.Context) error) {
	t.Helper()
	user := raw.MustBegin()
	defer user.Rollback() //nolint:errcheck // after a commit it does nothing
	user.MustExec("UPDATE images SET name = 'x' WHERE id = 'left'")
	done := make(chan error, 1)
	go func() { done <- act(t.Context()) }()
	waits := `SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE 'Waiting for%lock'`
	if raw.DriverName() == "pgx" {
		waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	}
	for n, end := 0, time.Now().Add(time.Minute); n == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err := raw.Get(&n, waits); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	another := raw.MustBegin()
	defer another.Rollback() //nolint:errcheck // as above
	if raw.DriverName() == "pgx" && !mayWait {
		another.MustExec("SET LOCAL lock_timeout = 10")
	}
	if _, err := another.ExecContext(ctx, "UPDATE images SET name = 'y' WHERE id = 'public'"); err != nil {
		t.Errorf("another waits for it: %v", err)
	}
	if err := another.Rollback(); err != nil {
		t.Error(err)
	}
	if err := user.Commit(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// remains are what earlier attempts have left: a type of PostgreSQL without the table, and an index that was not finished.
func remains(t *testing.T, s *dbserver.Server) {
	url := newURL(t, s)
	raw, d := rawURL(t, url), openURL(t, url, db.Options{})
	if raw.DriverName() != "pgx" {
		triggersInOrder(t, s)
		return
	}
	raw.MustExec("CREATE TYPE image_visibility AS ENUM ('private', 'public', 'shared', 'community')")
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		raw.MustExec("INSERT INTO tasks (id, type, status, owner, created_at, deleted) VALUES (gen_random_uuid(), 'x', 'x', 'x', NOW(), FALSE)")
	}
	raw.MustExec("DROP INDEX goglance_image_name")
	if _, err := raw.Exec("CREATE UNIQUE INDEX CONCURRENTLY goglance_image_name ON tasks (type)"); err == nil {
		t.Fatal("the index was finished")
	}
	linearly(t, d)
	var valid bool
	if err := raw.Get(&valid, "SELECT indisvalid AND NOT indisunique FROM pg_index WHERE indexrelid = 'goglance_image_name'::regclass"); err != nil || !valid {
		t.Errorf("index valid: %v, %v", valid, err)
	}
}

// triggersInOrder: an expansion of MariaDB that ends between its two triggers must not leave the one for inserts alone,
// which gives images a visibility that old services then cannot change.
func triggersInOrder(t *testing.T, s *dbserver.Server) {
	d, raw := older(t, newURL(t, s))
	if err := d.Expand(t.Context(), untold); err != nil {
		t.Fatal(err)
	}
	var names []string
	err := raw.Select(&names, "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY created, trigger_name DESC")
	if err != nil || !slices.Equal(names, []string{"update_visibility", "insert_visibility"}) {
		t.Errorf("triggers %s, %v", strings.Join(names, ", "), err)
	}
}

// purgesByKey: what is removed with an image is found by its key, also where MariaDB would go through the whole table.
func purgesByKey(t *testing.T, s *dbserver.Server) {
	d, raw := littered(t, newURL(t, s))
	if raw.DriverName() != "mysql" {
		return
	}
	const rows = 3000
	raw.MustExec(`INSERT INTO image_properties (image_id, name, created_at, deleted, deleted_at)
		SELECT 'recent', CONCAT('n', seq), '2020-01-01', 1, '2020-01-30' FROM seq_1_to_3000`)
	read := func() (n int) {
		if err := raw.Get(&n, "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Handler_read_rnd_next'"); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := read()
	if _, err := purge(t, d, db.Purge{MaxRows: 1, Images: true}); err != nil {
		t.Error(err)
	}
	if n := read() - before; n >= rows {
		t.Errorf("%d rows read in the order of a table", n)
	}
}
