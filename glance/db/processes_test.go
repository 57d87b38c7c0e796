package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"goglance/glance/db"
	"goglance/glance/image"
)

// childEnv names the database file that a child process works on; childImages is how many images it makes.
const (
	childEnv    = "GOGLANCE_DB_TEST_CHILD"
	childImages = 20
)

// TestProcesses has real processes create one database and write to it at the same time. Locks between processes are
// not those between connections of one.
func TestProcesses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "glance.db")
	const children = 4
	var all sync.WaitGroup
	for range children {
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), childEnv+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	only(t, dir, "glance.db")
	d, _ := openSQLite(t, db.Options{Path: path})
	list, err := d.Images(t.Context(), image.Query{Limit: 1000})
	if err != nil || len(list) != children*childImages {
		t.Errorf("%d images, %v", len(list), err)
	}
}

// child is what one of the processes does.
func child(path string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{Path: path})
	if err != nil {
		return err
	}
	err = d.Migrate(ctx)
	for n := range childImages {
		err = errors.Join(err, insert(ctx, d, record(fmt.Sprintf("%d-%d", os.Getpid(), n))))
	}
	return errors.Join(err, d.Close())
}
