package db_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/reference"
)

// TestUpgradeSQLite is for SQLite what TestMigrateOnServers is for the servers.
func TestUpgradeSQLite(t *testing.T) {
	t.Parallel()
	upgrades(t, func(t *testing.T) string { return "sqlite:///" + filepath.Join(t.TempDir(), "glance.sqlite") })
}

// upgrades brings databases of older releases to Pike, in all the ways in which that may go.
func upgrades(t *testing.T, newURL func(*testing.T) string) {
	roads := map[string]func(*testing.T, *db.DB){"linear": linearly, "rolling": rolling}
	for name, road := range roads {
		t.Run(name, func(t *testing.T) {
			url := newURL(t)
			if name == "rolling" && strings.HasPrefix(url, "sqlite") {
				noRoll(t, url)
				return
			}
			t.Run("from everywhere", func(t *testing.T) { fromEverywhere(t, newURL, road) })
			t.Run("cut short", func(t *testing.T) { cutShort(t, newURL(t), name) })
			t.Run("many at once", func(t *testing.T) { manyUpgrades(t, newURL(t), road) })
			if name == "rolling" == strings.HasPrefix(url, dbserver.MariaDB) { // it takes long
				t.Run("Python goes on", func(t *testing.T) { pythonGoesOn(t, newURL, road) })
			}
		})
	}
	t.Run("refused", func(t *testing.T) { refusedUpgrades(t, newURL) })
}

func untold(db.Step) {}

func linearly(t *testing.T, d *db.DB) {
	t.Helper()
	if err := d.Upgrade(t.Context(), db.Heads, untold); err != nil {
		t.Error(err)
	}
}

func rolling(t *testing.T, d *db.DB) {
	t.Helper()
	_, err := d.MigrateData(t.Context())
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("data migrated before the expansion: %v", err)
	}
	if err = d.Expand(t.Context(), untold); err == nil {
		_, err = d.MigrateData(t.Context())
	}
	if err == nil {
		err = d.Contract(t.Context(), untold)
	}
	if err != nil {
		t.Error(err)
	}
}

// noRoll: SQLite is upgraded at once or not at all.
func noRoll(t *testing.T, url string) {
	d := openURL(t, url, db.Options{})
	for _, half := range []func(context.Context, func(db.Step)) error{d.Expand, d.Contract} {
		if err := half(t.Context(), untold); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "supported only for MySQL") {
			t.Errorf("got %v", err)
		}
	}
}

// oldRows are what a service of Newton has written: an image of each kind, and a resource type of before Mitaka.
func oldRows(raw *sqlx.DB) {
	at := time.Date(2016, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, id := range []string{"public", "private", "shared", "left", "deleted"} {
		raw.MustExec(raw.Rebind(`INSERT INTO images (id, status, is_public, created_at, updated_at, deleted, min_disk, min_ram, size, protected)
			VALUES (?, 'active', ?, ?, ?, ?, 0, 0, 9223372036854775807, ?)`), id, id == "public", at, at, id == "deleted", i == 0)
		raw.MustExec(raw.Rebind(`INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES (?, 'p', 'v', ?, ?)`),
			id, at, id == "deleted")
	}
	for _, member := range []string{"shared", "left", "deleted"} {
		raw.MustExec(raw.Rebind(`INSERT INTO image_members (image_id, member, can_share, created_at, deleted, status)
			VALUES (?, 'someone', ?, ?, ?, 'accepted')`), member, false, at, member == "left")
	}
	raw.MustExec(raw.Rebind(`INSERT INTO metadef_resource_types (name, protected, created_at) VALUES ('OS::Nova::Instance', ?, ?)`), true, at)
}

// upgraded looks for what must have become of them.
func upgraded(t *testing.T, raw *sqlx.DB) {
	t.Helper()
	var got []string
	err := raw.Select(&got, "SELECT CONCAT(id, ' ', visibility, ' ', size) FROM images ORDER BY id")
	const size = " 9223372036854775807"
	want := []string{"deleted shared" + size, "left private" + size, "private private" + size, "public public" + size, "shared shared" + size}
	slices.Sort(want)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("images %q, %v", got, err)
	}
	var names []string
	if err := raw.Select(&names, "SELECT name FROM metadef_resource_types"); err != nil || !slices.Equal(names, []string{"OS::Nova::Server"}) {
		t.Errorf("resource types %q, %v", names, err)
	}
}

// older makes a database of Liberty by running that revision, with rows.
func older(t *testing.T, url string) (*db.DB, *sqlx.DB) {
	t.Helper()
	d := openURL(t, url, db.Options{})
	if err := d.Upgrade(t.Context(), "liberty", untold); err != nil {
		t.Fatal(err)
	}
	raw := rawAny(t, url)
	oldRows(raw)
	return d, raw
}

func rawAny(t *testing.T, url string) *sqlx.DB {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:///"); ok {
		return openRaw(t, path)
	}
	return rawURL(t, url)
}

// fromEverywhere begins at each revision, by its name and by its number, and compares the outcome with a new database.
func fromEverywhere(t *testing.T, newURL func(*testing.T) string, road func(*testing.T, *db.DB)) {
	url := newURL(t)
	fresh := openURL(t, url, db.Options{})
	if err := fresh.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := schemaOf(t, rawAny(t, url))
	for number, revision := range map[int]string{42: "liberty", 44: "mitaka02", 0: "mitaka01"} {
		d, raw := older(t, newURL(t))
		if err := d.Upgrade(t.Context(), revision, untold); err != nil {
			t.Fatal(err)
		}
		if number > 0 {
			raw.MustExec("DROP TABLE alembic_version")
			raw.MustExec(fmt.Sprint("UPDATE migrate_version SET version = ", number))
		}
		road(t, d)
		upgraded(t, raw)
		if diff := gocmp.Diff(want, schemaOf(t, raw)); diff != "" {
			t.Errorf("from %s (%d): schema (-new +upgraded):\n%s", revision, number, diff)
		}
		if todo, err := d.Todo(t.Context()); todo != db.Nothing || err != nil {
			t.Errorf("then there is to do: %s %v", todo, err)
		}
		road2 := d.Upgrade(t.Context(), "pike01", untold)
		if err := errors.Join(road2, d.Migrate(t.Context()), insert(t.Context(), d, record("x"))); err != nil {
			t.Error(err)
		}
	}
}

// schemaOf lists all tables, columns, keys and indexes, but not the revision, nor the names of checks.
func schemaOf(t *testing.T, raw *sqlx.DB) []string {
	t.Helper()
	if raw.DriverName() != "sqlite3" {
		return slices.DeleteFunc(strings.Split(describe(t, raw), "\n"), func(line string) bool { return strings.HasPrefix(line, "revision ") })
	}
	var all []string
	if err := raw.Select(&all, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"); err != nil {
		t.Fatal(err)
	}
	return all
}

// cutShort ends upgrades after ever longer times, each on what the one before has left.
func cutShort(t *testing.T, url, road string) {
	d, raw := older(t, url)
	actions := []func(context.Context) error{func(ctx context.Context) error { return d.Upgrade(ctx, db.Heads, untold) }}
	if road == "rolling" {
		actions = []func(context.Context) error{
			func(ctx context.Context) error { return d.Expand(ctx, untold) },
			func(ctx context.Context) error { _, err := d.MigrateData(ctx); return err },
			func(ctx context.Context) error { return d.Contract(ctx, untold) },
		}
	}
	for _, act := range actions {
		for wait, err := 3*time.Millisecond, errors.New("not begun"); err != nil; wait += wait / 2 {
			if wait > time.Minute {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			err = act(ctx)
			cancel()
		}
	}
	upgraded(t, raw)
}

func manyUpgrades(t *testing.T, url string, road func(*testing.T, *db.DB)) {
	d, raw := older(t, url)
	if strings.HasPrefix(t.Name(), "TestMigrateOnServers") && strings.Contains(t.Name(), "rolling") {
		if err := d.Expand(t.Context(), untold); err != nil { // so that rolling's own order of things holds for all
			t.Fatal(err)
		}
		road = func(t *testing.T, d *db.DB) {
			_, err := d.MigrateData(t.Context())
			if err = errors.Join(d.Expand(t.Context(), untold), err, d.Contract(t.Context(), untold)); err != nil {
				t.Error(err)
			}
		}
	}
	var all sync.WaitGroup
	for range 4 {
		one := openURL(t, url, db.Options{})
		all.Go(func() { road(t, one) })
	}
	all.Wait()
	upgraded(t, raw)
}

// pythonGoesOn has Debian's Glance upgrade and serve what it has made itself as a database of Liberty and we have upgraded,
// and serves it with that one's schema.
func pythonGoesOn(t *testing.T, newURL func(*testing.T) string, road func(*testing.T, *db.DB)) {
	url := newURL(t)
	pythonsLiberty(t, url)
	_, ours := older(t, newURL(t))
	raw, d := rawAny(t, url), openURL(t, url, db.Options{})
	if diff := gocmp.Diff(schemaOf(t, raw), schemaOf(t, ours)); diff != "" && raw.DriverName() != "sqlite3" { // which keeps the words
		t.Errorf("schema of Liberty (-Python's +ours):\n%s", diff)
	}
	oldRows(raw)
	road(t, d)
	upgraded(t, raw)
	if strings.HasPrefix(url, dbserver.MariaDB) { // on one engine, as it takes long
		pythonServes(t, url)
	} else {
		pythonManages(t, url, "sync")
	}
	revisions, err := d.Revisions(t.Context())
	if err != nil || !slices.Equal(revisions, []string{"wallaby_contract01"}) {
		t.Errorf("at %q, %v", revisions, err)
	}
	if found, err := d.Images(t.Context(), image.Query{Limit: 9}); err != nil || len(found) != 1 || found[0].ID != "public" {
		t.Errorf("images %+v, %v", found, err)
	}
	if err := d.Upgrade(t.Context(), db.Heads, untold); err != nil {
		t.Error(err)
	}
}

// pythonServes starts the reference, which brings the database to its own schema before.
func pythonServes(t *testing.T, url string) {
	t.Helper()
	at := reference.Start(t, reference.Config{Database: url})
	resp, err := http.Get(at + "/v2/images?visibility=public")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	var list struct{ Images []struct{ ID, P string } }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || len(list.Images) != 1 || list.Images[0].P != "v" {
		t.Errorf("it serves %+v, %v", list, err)
	}
}

// pythonManages runs an action of the reference's tool.
func pythonManages(t *testing.T, url, action string) {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "glance.conf")
	if err := os.WriteFile(conf, []byte("[database]\nconnection = "+url+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "/usr/bin/glance-manage", "--config-file", conf, "db", action).CombinedOutput(); err != nil {
		t.Errorf("its %s: %v\n%s", action, err, out)
	}
}

// pythonsLiberty has the reference make a database of Liberty by its own revision.
func pythonsLiberty(t *testing.T, url string) {
	t.Helper()
	const script = `
import sys
from alembic import command
from oslo_config import cfg
from glance.db.sqlalchemy import api, alembic_migrations
cfg.CONF(['--config-file', sys.argv[1]], project='glance')
api.get_engine()
command.upgrade(alembic_migrations.get_alembic_config(), 'liberty')
`
	const python = "/usr/bin/python3" // that of the system, which has the reference
	if _, err := exec.LookPath("/usr/bin/glance-manage"); err != nil && os.Getenv("GLANCE_TEST_REQUIRE") == "" {
		t.Skip(err)
	}
	conf := filepath.Join(t.TempDir(), "glance.conf")
	if err := os.WriteFile(conf, []byte("[database]\nconnection = "+url+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), python, "-c", script, conf).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// refusedUpgrades leave a database as it is.
func refusedUpgrades(t *testing.T, newURL func(*testing.T) string) {
	d := openURL(t, newURL(t), db.Options{})
	if err := d.Upgrade(t.Context(), "queens_contract01", untold); !fault.Is(err, fault.Invalid) {
		t.Errorf("a target beyond: %v", err)
	}
	if err := d.Stamp(t.Context(), "nonsense"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a stamp: %v", err)
	}
	for number, want := range map[int]string{41: "before Liberty", 46: "not known"} {
		d, raw := older(t, newURL(t))
		raw.MustExec("DELETE FROM alembic_version")
		raw.MustExec(fmt.Sprint("UPDATE migrate_version SET version = ", number))
		before := schemaOf(t, raw)
		for _, act := range []func() error{
			func() error { return d.Upgrade(t.Context(), "pike01", untold) },
			func() error { _, err := d.Todo(t.Context()); return err },
		} {
			if err := act(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("number %d: %v", number, err)
			}
		}
		if diff := gocmp.Diff(before, schemaOf(t, raw)); diff != "" {
			t.Error(diff)
		}
		if err := d.Stamp(t.Context(), "liberty"); err != nil {
			t.Error(err)
		}
		linearly(t, d)
		upgraded(t, raw)
	}
}
