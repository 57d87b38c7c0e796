package ingest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"goglance/glance/db"
	"goglance/glance/image"
	"goglance/glance/store"
)

// importCrashes are the moments at which a process dies that stages or imports data.
func importCrashes() []crash {
	held := func(n *node, in *Ingest, id string) *entry {
		n.t.Helper()
		e, err := in.claim(n.t.Context(), entry{Image: id, Upload: uuid.NewString(), Doing: image.Uploading})
		n.must(err)
		return e
	}
	file := func(n *node, e *entry) {
		n.t.Helper()
		_, err := staging{n.staging.Driver.(store.Writer)}.Put(n.t.Context(), e.object(-1), bytes.NewReader(pattern(9))) //nolint:errcheck // it is one
		n.must(err)
	}
	return []crash{
		{"before the claim of a staging", func(_ *testing.T, n *node, in *Ingest, id string) {
			_, err := in.Journal.begin(entry{Image: id, Upload: uuid.NewString(), Doing: image.Uploading}, claimed)
			n.must(err)
		}, image.Queued, false},
		{"while staging", func(_ *testing.T, n *node, in *Ingest, id string) {
			e := held(n, in, id)
			n.must(os.WriteFile(filepath.Join(n.staging.Dir, "."+id+"."+e.Upload+".part"), pattern(9), 0o600))
		}, image.Queued, false},
		{"when the data is staged", func(_ *testing.T, n *node, in *Ingest, id string) {
			file(n, held(n, in, id))
		}, image.Queued, false},
		{"with a memo", func(_ *testing.T, n *node, in *Ingest, id string) {
			e := held(n, in, id)
			file(n, e)
			in.remember(id, facts{Size: 9})
			n.must(e.letGo())
		}, image.Queued, false},
		{"with the task", func(_ *testing.T, n *node, in *Ingest, id string) {
			n.restage(in, id)
			n.entrust(in, id)
		}, image.Queued, false},
		{"while copying", func(_ *testing.T, n *node, in *Ingest, id string) {
			n.restage(in, id)
			task := n.entrust(in, id)
			n.must(os.WriteFile(filepath.Join(n.datadir, "."+id+"."+task+".part"), pattern(9), 0o600))
		}, image.Queued, false},
		{"between store and database, importing", func(_ *testing.T, n *node, in *Ingest, id string) {
			n.restage(in, id)
			n.linked(in, id, n.entrust(in, id))
		}, image.Queued, false},
	}
}

// restage stages data for an image that is there.
func (n *node) restage(in *Ingest, id string) {
	n.t.Helper()
	if _, err := in.Stage(n.t.Context(), upload(id, bytes.NewReader(pattern(1000)))); err != nil {
		n.t.Fatal(err)
	}
}

// linked lets the store take the staged file over.
func (n *node) linked(in *Ingest, id, task string) store.Stored {
	n.t.Helper()
	stored, err := n.driver.(store.Linker).Link(n.t.Context(), in.redeem(task).object(-1), n.staging.Path(id)) //nolint:errcheck // it is one
	n.must(err)
	return stored
}

// importDone are crashes after which nothing of the image may be undone.
func importDone() []crash {
	return []crash{
		{"after the staging", func(_ *testing.T, n *node, in *Ingest, id string) {
			n.restage(in, id)
			// An entry that could not be removed; its staging is over.
			_, err := in.Journal.begin(entry{Image: id, Upload: uuid.NewString(), Doing: image.Uploading}, claimed)
			n.must(err)
		}, image.Uploading, false},
		{"between the database and the end of the staged file", func(_ *testing.T, n *node, in *Ingest, id string) {
			n.restage(in, id)
			task := n.entrust(in, id)
			stored := n.linked(in, id, task)
			n.change(id, db.Change{Status: image.Active, Mark: task, AddLocs: []image.Location{{URL: stored.URL}}})
		}, image.Active, true},
		{"in the deletion of an image that is uploading", func(t *testing.T, n *node, in *Ingest, id string) {
			n.restage(in, id)
			_, err := in.beginRemoval(entry{Image: id, Upload: uuid.NewString()})
			n.must(err)
			n.must(in.bury(t.Context(), id, db.Deletion{}))
		}, image.Deleted, false},
		{"before the deletion of an image that is uploading", func(_ *testing.T, n *node, in *Ingest, id string) {
			n.restage(in, id)
			_, err := in.beginRemoval(entry{Image: id, Upload: uuid.NewString()})
			n.must(err)
		}, image.Uploading, false},
		{"after the image was deleted, importing", func(t *testing.T, n *node, in *Ingest, id string) {
			n.restage(in, id)
			n.linked(in, id, n.entrust(in, id))
			n.must(in.bury(t.Context(), id, db.Deletion{}))
		}, image.Deleted, false},
	}
}

// TestRecoverImports: staging, store and database agree when the next process has tidied up, and what other processes have
// staged is as it was.
func TestRecoverImports(t *testing.T) {
	for _, c := range append(importCrashes(), importDone()...) {
		t.Run(c.name, func(t *testing.T) {
			n := newNode(t)
			dying, living := n.process(), n.process()
			id, bystander, importing := n.queued(), n.stage(living, 10), n.stage(living, 10)
			n.entrust(living, importing)
			c.until(t, n, dying, id)
			dying.die(t)

			next := n.process()
			for range 2 {
				if err := next.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			files, waiting := []string{}, []string{bystander, importing}
			if c.stays {
				files = append(files, id)
			}
			if c.status == image.Uploading {
				waiting = append(waiting, id)
			}
			n.expect(id, c.status, files...)
			n.expect(bystander, image.Uploading, files...)
			n.expect(importing, image.Importing, files...)
			n.expectStaged(waiting...)
			if left := n.journals(); left != 1 {
				t.Errorf("%d journal entries are there, want that of the import that is under way", left)
			}
			if c.status == image.Queued {
				n.restage(next, id)
			}
			if c.status == image.Queued || c.status == image.Uploading {
				if _, err := next.Import(t.Context(), staged(id, n.entrust(next, id))); err != nil {
					t.Errorf("the next import: %v", err)
				}
				n.expect(id, image.Active, id)
			}
		})
	}
}

// TestGiveBack: another node gives an image back whose task was never heard of again.
func TestGiveBack(t *testing.T) {
	n := newNode(t)
	in := n.process()
	id, other := n.stage(in, 9), n.stage(in, 9)
	task := n.entrust(in, id)
	for _, wrong := range []struct{ id, task string }{{other, task}, {id, uuid.NewString()}, {"../" + id, task}, {"", task}} {
		n.must(n.process().GiveBack(t.Context(), wrong.id, wrong.task))
	}
	n.expect(id, image.Importing)
	n.must(n.process().GiveBack(t.Context(), id, task))
	n.expect(id, image.Queued)
	n.expect(other, image.Uploading)
	n.expectStaged(other)
	// The process was there all the time.
	if _, err := in.Import(t.Context(), staged(id, task)); err == nil {
		t.Error("the import went through")
	}
	n.expect(id, image.Queued)
}
