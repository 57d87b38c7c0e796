package deffile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/deffile"
	"goglance/glance/metadef"
)

func TestMain(m *testing.M) { os.Exit(dbserver.Tests{M: m}.Run()) }

// fixture is an empty database with a clock that stands still.
type fixture struct {
	*testing.T
	db    *db.DB
	sql   *sqlx.DB
	hours atomic.Int64 // since noon
}

func noon() time.Time { return time.Date(2017, 8, 30, 12, 0, 0, 0, time.UTC) }

func start(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t}
	o, raw := dbserver.Database(t, filepath.Join(t.TempDir(), "glance.sqlite"))
	f.sql = raw
	o.Clock = func() time.Time { return noon().Add(time.Duration(f.hours.Load()) * time.Hour) }
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.db = d
	return f
}

// load loads what must be loadable.
func (f *fixture) load(path string, o deffile.Options) *deffile.Loaded {
	f.Helper()
	done, err := deffile.Load(f.Context(), f.db, path, o)
	if err != nil {
		f.Fatal(err)
	}
	return done
}

// define stores a namespace that no file made.
func (f *fixture) define(d metadef.Definition) {
	f.Helper()
	if err := f.db.Tx(f.Context(), func(tx *db.Tx) error {
		d := d
		if err := tx.InsertNamespace(f.Context(), &d.Namespace); err != nil {
			return err
		}
		return tx.InsertContents(f.Context(), &d)
	}); err != nil {
		f.Fatal(err)
	}
}

// count returns the rows of a table of definitions.
func (f *fixture) count(table string) (n int) {
	f.Helper()
	if err := f.sql.GetContext(f.Context(), &n, "SELECT COUNT(*) FROM metadef_"+table); err != nil {
		f.Fatal(err)
	}
	return n
}

// empty fails if there is any row.
func (f *fixture) empty() {
	f.Helper()
	for _, table := range []string{"namespaces", "properties", "objects", "tags", "namespace_resource_types", "resource_types"} {
		if n := f.count(table); n != 0 {
			f.Errorf("%d %s are left", n, table)
		}
	}
}

// dump describes all that is in the database, line by line.
func (f *fixture) dump() string {
	f.Helper()
	var lines []string
	err := f.db.View(f.Context(), func(v *db.View) error {
		admin := metadef.Viewer{Admin: true}
		found, err := v.Namespaces(f.Context(), metadef.Query{Viewer: admin, Limit: 1000})
		for _, n := range found {
			d, err := v.Contents(f.Context(), &n.Namespace)
			if err != nil {
				return err
			}
			lines = append(lines, describe(d)...)
		}
		types, e := v.ResourceTypes(f.Context(), admin)
		for _, t := range types {
			lines = append(lines, fmt.Sprintf("type %s protected=%v %s", t.Name, t.Protected, hours(t.CreatedAt, t.UpdatedAt)))
		}
		return firstOf(err, e)
	})
	if err != nil {
		f.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func describe(d *metadef.Definition) []string {
	at := d.Name + " "
	lines := []string{fmt.Sprintf("%s%s %s %q protected=%v %s %s", at, text(d.DisplayName), text(d.Description), d.Visibility,
		d.Protected, d.Owner, hours(d.CreatedAt, d.UpdatedAt))}
	for _, a := range d.Associations {
		lines = append(lines, fmt.Sprintf("%sfor %s %s %s %s", at, a.Name, text(a.Prefix), text(a.Target), hours(a.CreatedAt, a.UpdatedAt)))
	}
	for _, p := range d.Properties {
		lines = append(lines, fmt.Sprintf("%sproperty %s %v %s", at, p.Name, p.Schema, hours(p.CreatedAt, p.UpdatedAt)))
	}
	for _, o := range d.Objects {
		lines = append(lines, fmt.Sprintf("%sobject %s %s %v %v %s", at, o.Name, text(o.Description), o.Required, o.Properties, hours(o.CreatedAt, o.UpdatedAt)))
	}
	for _, tag := range d.Tags {
		lines = append(lines, fmt.Sprintf("%stag %s %s", at, tag.Name, hours(tag.CreatedAt, tag.UpdatedAt)))
	}
	return lines
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func hours(created, updated time.Time) string {
	if updated.IsZero() {
		return fmt.Sprint(int(created.Sub(noon()).Hours()), "h -")
	}
	return fmt.Sprint(int(created.Sub(noon()).Hours()), "h ", int(updated.Sub(noon()).Hours()), "h")
}

func ptr[T any](v T) *T { return &v }

// folder makes a folder with files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// names returns what is in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
