package ingest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/store"
)

// crash is a moment at which a process dies in an upload: what it has done by then, and what must be found after the
// next process has tidied up.
type crash struct {
	name   string
	until  func(t *testing.T, n *node, in *Ingest, id string)
	status image.Status
	stays  bool // the object stays in the store
}

// begin does the first steps of Put.
func begin(t *testing.T, in *Ingest, id string) *entry {
	t.Helper()
	e, err := in.claim(t.Context(), entry{Image: id, Store: "file", Upload: uuid.NewString()})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// object puts the finished object into the store.
func (n *node) object(e *entry) store.Stored {
	n.t.Helper()
	w, _ := n.driver.(store.Writer)
	stored, err := w.Put(n.t.Context(), e.object(-1), bytes.NewReader(pattern(1000)))
	if err != nil {
		n.t.Fatal(err)
	}
	return stored
}

func (n *node) change(id string, c db.Change) {
	n.t.Helper()
	if err := n.db.Tx(n.t.Context(), func(tx *db.Tx) error { return tx.UpdateImage(n.t.Context(), id, c) }); err != nil {
		n.t.Fatal(err)
	}
}

func crashes() []crash {
	return []crash{
		{"before the claim", func(t *testing.T, _ *node, in *Ingest, id string) {
			work := entry{Image: id, Store: "file", Upload: uuid.NewString()}
			if _, err := in.Journal.begin(work, claimed); err != nil {
				t.Fatal(err)
			}
		}, image.Queued, false},
		{"between claim and its mark", func(t *testing.T, _ *node, in *Ingest, id string) {
			e := begin(t, in, id)
			if err := os.Rename(e.path+held, e.path+claimed); err != nil {
				t.Fatal(err)
			}
		}, image.Queued, false},
		{"before giving back, after a change of the image", func(t *testing.T, n *node, in *Ingest, id string) {
			e := begin(t, in, id)
			n.change(id, db.Change{Set: map[db.Column]any{db.ColName: "renamed"}, At: time.Now().Add(time.Second)})
			if err := e.letGo(); err != nil {
				t.Fatal(err)
			}
		}, image.Queued, false},
		{"before the first byte", func(t *testing.T, _ *node, in *Ingest, id string) {
			begin(t, in, id)
		}, image.Queued, false},
		{"while writing", func(t *testing.T, n *node, in *Ingest, id string) {
			part := "." + id + "." + begin(t, in, id).Upload + ".part"
			if err := os.WriteFile(filepath.Join(n.datadir, part), pattern(10), 0o600); err != nil {
				t.Fatal(err)
			}
		}, image.Queued, false},
		{"while writing, after a change of the image", func(t *testing.T, n *node, in *Ingest, id string) {
			begin(t, in, id)
			n.change(id, db.Change{Set: map[db.Column]any{db.ColName: "renamed"}, At: time.Now().Add(time.Second)})
		}, image.Queued, false},
		{"between store and database", func(t *testing.T, n *node, in *Ingest, id string) {
			n.object(begin(t, in, id))
		}, image.Queued, false},
	}
}

// others are crashes after which something is not the dead process's any more.
func others() []crash {
	return []crash{
		{"after the commit", func(t *testing.T, n *node, in *Ingest, id string) {
			stored := n.object(begin(t, in, id))
			n.change(id, db.Change{Status: image.Active, AddLocs: []image.Location{{URL: stored.URL}}})
		}, image.Active, true},
		{"after the image was deleted", func(t *testing.T, n *node, in *Ingest, id string) {
			n.object(begin(t, in, id))
			if err := in.bury(t.Context(), id, db.Deletion{}); err != nil {
				t.Fatal(err)
			}
		}, image.Deleted, false},
		{"after giving back, another process uploading", func(t *testing.T, n *node, in *Ingest, id string) {
			if err := begin(t, in, id).letGo(); err != nil {
				t.Fatal(err)
			}
			n.change(id, db.Change{Status: image.Queued})
			n.object(begin(t, n.process(), id))
		}, image.Saving, true},
	}
}

func TestRecoverAfterCrash(t *testing.T) {
	for _, c := range append(crashes(), others()...) {
		t.Run(c.name, func(t *testing.T) {
			n := newNode(t)
			id, bystander := n.queued(), n.queued()
			dying, living := n.process(), n.process()
			c.until(t, n, dying, id)
			other := begin(t, living, bystander)
			n.object(other)
			dying.die(t)

			next := n.process()
			if err := next.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			files := []string{bystander}
			if c.stays {
				files = append(files, id)
			}
			n.expect(id, c.status, files...)
			n.expect(bystander, image.Saving, files...)
			if c.status == image.Queued {
				if _, err := next.Put(t.Context(), upload(id, bytes.NewReader(pattern(2000)))); err != nil {
					t.Errorf("a new upload: %v", err)
				}
				n.expect(id, image.Active, id, bystander)
			}
		})
	}
}

// hidden makes an active image whose removal, by in, stopped after the image was hidden.
func (n *node) hidden(in *Ingest) string {
	n.t.Helper()
	id := n.queued()
	if _, err := in.Put(n.t.Context(), upload(id, bytes.NewReader(pattern(100)))); err != nil {
		n.t.Fatal(err)
	}
	work := entry{Image: id, Upload: uuid.NewString(), From: string(image.Active)}
	if _, err := in.Journal.begin(work, removing); err != nil {
		n.t.Fatal(err)
	}
	n.change(id, db.Change{Status: image.PendingDelete, Mark: work.Upload})
	return id
}

func TestRecoverFinishesRemoval(t *testing.T) {
	for _, gone := range []bool{false, true} {
		n := newNode(t)
		in := n.process()
		id := n.hidden(in)
		if gone {
			if err := os.Remove(filepath.Join(n.datadir, id)); err != nil {
				t.Fatal(err)
			}
		}
		in.die(t)
		if err := n.process().Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.expect(id, image.Deleted)
		if left := n.journals(); left != 0 {
			t.Errorf("%d journal entries are left", left)
		}
	}
}

// TestRecoverOfRefusedRemoval: the store keeps the data, so the image comes back.
func TestRecoverOfRefusedRemoval(t *testing.T) {
	n := newNode(t)
	in := n.process()
	id := n.hidden(in)
	in.die(t)
	n.driver = driver{Driver: n.driver, remove: fault.New(fault.Conflict, "in use")}
	if err := n.process().Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.expect(id, image.Active, id)
}

// TestRecoverOfForeignRemoval: the removal that hides the image now is another process's.
func TestRecoverOfForeignRemoval(t *testing.T) {
	n := newNode(t)
	dying := n.process()
	id := n.hidden(dying)
	n.change(id, db.Change{Status: image.PendingDelete, Mark: uuid.NewString()})
	dying.die(t)
	if err := n.process().Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.expect(id, image.PendingDelete, id)
}

func TestRecoverKeepsWhatItCannotDo(t *testing.T) {
	n := newNode(t)
	id := n.queued()
	dying := n.process()
	begin(t, dying, id)
	dying.die(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.process().Recover(ctx); err == nil {
		t.Error("Recover without a database succeeded")
	}
	n.expect(id, image.Saving)
	if err := n.process().Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.expect(id, image.Queued)
}

func TestRecoverPassesOverTornEntry(t *testing.T) {
	n := newNode(t)
	dying := n.process()
	if err := os.WriteFile(filepath.Join(dying.Journal.dir, "torn"+claimed), []byte(`{"image": "`), 0o600); err != nil {
		t.Fatal(err)
	}
	dying.die(t)
	if err := n.process().Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := n.journals(); left != 0 {
		t.Errorf("%d journal entries are left", left)
	}
}

func TestJournalLeavesNothing(t *testing.T) {
	n := newNode(t)
	in := n.process()
	if _, err := in.Put(t.Context(), upload(n.queued(), bytes.NewReader(pattern(100)))); err != nil {
		t.Fatal(err)
	}
	if err := in.Journal.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(n.root)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, error %v", left, err)
	}
}
