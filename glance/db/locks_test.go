package db_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

// TestTwoProcesses has two databases open on one file, both writing and reading.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "glance.db")
	a, _ := openSQLite(t, db.Options{Path: path})
	b, _ := openSQLite(t, db.Options{Path: path})
	const each = 40
	var all sync.WaitGroup
	for n, d := range []*db.DB{a, b, a, b} {
		all.Go(func() {
			for i := range each {
				im := record(fmt.Sprintf("%d-%d", n, i))
				if err := insert(t.Context(), d, im); err != nil {
					t.Error(err)
				}
				if _, err := d.Image(t.Context(), im.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, d := range []*db.DB{a, b} {
		list, err := d.Images(t.Context(), image.Query{Limit: 1000})
		if err != nil || len(list) != 4*each {
			t.Errorf("%d images, %v", len(list), err)
		}
	}
}

// lock takes the write lock of the file from elsewhere until release is called.
func lock(t *testing.T, path string) (release func()) {
	t.Helper()
	conn, err := openRaw(t, path).Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		_, err := conn.ExecContext(t.Context(), "ROLLBACK")
		if err = errors.Join(err, conn.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestLocked meets a lock that ends in time, and one that does not. However many wait, none waits longer than the bound.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "glance.db")
	const wait = 400 * time.Millisecond
	d, _ := openSQLite(t, db.Options{Path: path, BusyWait: wait})
	release := lock(t, path)
	begin := time.Now()
	var all sync.WaitGroup
	for n := range 12 {
		all.Go(func() {
			if err := insert(t.Context(), d, record(fmt.Sprint("x", n))); !fault.Is(err, fault.Unavailable) {
				t.Errorf("locked for good: %v", err)
			}
		})
	}
	if _, err := d.Images(t.Context(), image.Query{Limit: 5}); err != nil {
		t.Errorf("a reader: %v", err)
	}
	all.Wait()
	if took := time.Since(begin); took > 5*wait { // one after the other would be 12 times
		t.Errorf("they waited %v", took)
	}
	time.AfterFunc(wait/4, release)
	if err := insert(t.Context(), d, record("y")); err != nil {
		t.Errorf("locked for a while: %v", err)
	}
	if _, err := d.Image(t.Context(), "y"); err != nil {
		t.Error(err)
	}
}

// TestQueueMoves: a queue of writers that is longer than the bound on waiting for a lock is no reason to give up.
func TestQueueMoves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "glance.db")
	const wait, writers = 500 * time.Millisecond, 20
	d, _ := openSQLite(t, db.Options{Path: path, BusyWait: wait})
	var all sync.WaitGroup
	begin := time.Now()
	for n := range writers {
		all.Go(func() {
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				time.Sleep(wait / 5)
				return tx.InsertImage(t.Context(), record(fmt.Sprint("x", n)))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if took := time.Since(begin); took < 2*wait {
		t.Errorf("the queue was no longer than %v", took)
	}
}

// TestRunAgain has fn itself meet the busy error, as it does on a database that is not in write-ahead mode.
func TestRunAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "glance.db")
	d, _ := openSQLite(t, db.Options{Path: path})
	other := open(t, db.Options{Path: path, BusyWait: 20 * time.Millisecond})
	runs := 0
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		if err := tx.InsertImage(t.Context(), record("x")); err != nil {
			return err
		}
		if runs++; runs == 1 { // this one is locked out by us
			return other.Tx(t.Context(), func(*db.Tx) error { return nil })
		}
		return nil
	})
	if err != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
}
