package db_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"goglance/glance/db"
	"goglance/glance/metadef"
)

// TestMigrateWith: tables and first rows come together or not at all, and once only.
func TestMigrateWith(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), db.Options{Path: filepath.Join(t.TempDir(), "glance.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // a temporary one
	fill := func(name string, err error) func(context.Context, *db.Tx) error {
		return func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(tx.InsertNamespace(ctx, &metadef.Namespace{Name: name}), err)
		}
	}
	broken := errors.New("broken")
	if err := d.MigrateWith(t.Context(), fill("first", broken)); !errors.Is(err, broken) {
		t.Errorf("a fill that fails: %v", err)
	}
	if _, err := d.Namespace(t.Context(), "first"); err == nil {
		t.Error("what it stored is there")
	}
	for _, name := range []string{"second", "third"} {
		if err := d.MigrateWith(t.Context(), fill(name, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Migrate(t.Context()); err != nil {
		t.Error(err)
	}
	found, err := d.Namespaces(t.Context(), metadef.Query{Viewer: metadef.Viewer{Admin: true}, Limit: 10})
	if err != nil || len(found) != 1 || found[0].Name != "second" {
		t.Errorf("%+v, %v", found, err)
	}
}
