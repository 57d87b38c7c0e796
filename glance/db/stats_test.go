package db_test

import (
	"path/filepath"
	"testing"

	"goglance/glance/db"
)

// TestPools: the pools are those of the open database.
func TestPools(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), db.Options{Path: filepath.Join(t.TempDir(), "glance.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := d.Pools()["writes"]; p.Open != 1 || p.InUse != 0 || p.Idle != 1 {
		t.Errorf("writes: %+v", p)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for name, p := range d.Pools() {
		if p.Open != 0 {
			t.Errorf("%s after the end: %+v", name, p)
		}
	}
}
