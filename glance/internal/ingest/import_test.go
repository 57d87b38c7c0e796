package ingest

import (
	"bytes"
	"context"
	"crypto/md5" // the checksum of the Images API
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/inspect"
	"goglance/glance/store"
)

// stage stages n bytes for a new image and returns its id.
func (n *node) stage(in *Ingest, size int) string {
	n.t.Helper()
	id := n.queued()
	if _, err := in.Stage(n.t.Context(), upload(id, bytes.NewReader(pattern(size)))); err != nil {
		n.t.Fatal(err)
	}
	return id
}

// entrust makes an image importing, as the request for an import does, and returns the task.
func (n *node) entrust(in *Ingest, id string) string {
	n.t.Helper()
	task, img := uuid.NewString(), n.image(id)
	err := n.db.Tx(n.t.Context(), func(tx *db.Tx) error { return in.Entrust(n.t.Context(), tx, img, task) })
	if err != nil {
		n.t.Fatal(err)
	}
	return task
}

func staged(id, task string) Staged {
	return Staged{
		ID: id, Task: task, Limit: Limit{Bytes: 1 << 30},
		Judge: func(inspect.Report) error { return nil },
		Check: func(context.Context, *db.Tx, int64) error { return nil },
	}
}

// expectStaged asserts that exactly these images have something staged.
func (n *node) expectStaged(ids ...string) {
	n.t.Helper()
	entries, err := os.ReadDir(n.staging.Dir)
	if err != nil {
		n.t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range entries {
		found[e.Name()] = true
	}
	for _, id := range ids {
		if !found[id] {
			n.t.Errorf("nothing is staged for %s", id)
		}
		delete(found, id)
		delete(found, "."+id+".memo")
	}
	for name := range found {
		n.t.Errorf("the staging folder still has %s", name)
	}
}

// TestImportCopiesNothing: the object in the store is the file that was staged, and its checksum that of the data.
func TestImportCopiesNothing(t *testing.T) {
	n := newNode(t)
	in := n.process()
	id := n.stage(in, 3*blockSize+7)
	before, err := os.Stat(n.staging.Path(id))
	if err != nil {
		t.Fatal(err)
	}
	var told int64
	st := staged(id, n.entrust(in, id))
	st.Progress = func(n int64) { told += n }
	img, err := in.Import(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(filepath.Join(n.datadir, id))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the object is another file: %v", err)
	}
	sum := md5.Sum(pattern(3*blockSize + 7)) // see above
	if img.Status != image.Active || *img.Checksum != hex.EncodeToString(sum[:]) || *img.Size != 3*blockSize+7 || told != *img.Size {
		t.Errorf("the image is %+v, %d bytes were told of", img, told)
	}
	n.expect(id, image.Active, id)
	n.expectStaged()
	if left := n.journals(); left != 0 {
		t.Errorf("%d journal entries are left", left)
	}
	if done, err := in.Imported(t.Context(), id, st.Task); !done || err != nil {
		t.Errorf("the task has not done it: %v", err)
	}
}

// TestImportCopies: where the store takes no file over, or nobody knows what is in it, the data is read.
func TestImportCopies(t *testing.T) {
	rows := map[string]func(*node, string){
		"no link":      func(n *node, _ string) { n.driver = driver{Driver: n.driver} },
		"no memo":      func(n *node, id string) { n.must(os.Remove(n.process().memoPath(id))) },
		"torn memo":    func(n *node, id string) { n.must(os.WriteFile(n.process().memoPath(id), []byte(`{"of": {`), 0o600)) },
		"another file": func(n *node, id string) { n.must(replace(n.staging.Path(id), pattern(700))) },
		"changed later": func(n *node, id string) {
			n.must(os.Chtimes(n.staging.Path(id), time.Now(), time.Now().Add(time.Hour)))
		},
		"two names": func(n *node, id string) { n.must(os.Link(n.staging.Path(id), n.staging.Path(".x"))) },
	}
	for name, change := range rows {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			id := n.stage(n.process(), 500)
			change(n, id)
			in := n.process()
			want, err := os.ReadFile(n.staging.Path(id))
			n.must(err)
			img, err := in.Import(t.Context(), staged(id, n.entrust(in, id)))
			if err != nil {
				t.Fatal(err)
			}
			sum := md5.Sum(want) // see above
			got, err := os.ReadFile(filepath.Join(n.datadir, id))
			if err != nil || !bytes.Equal(got, want) || *img.Checksum != hex.EncodeToString(sum[:]) {
				t.Errorf("got %d bytes of %d, %v; checksum %s", len(got), len(want), err, *img.Checksum)
			}
			_ = os.Remove(n.staging.Path(".x")) // not in every row
			n.expect(id, image.Active, id)
			n.expectStaged()
		})
	}
}

func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

func replace(path string, data []byte) error {
	return errors.Join(os.Remove(path), os.WriteFile(path, data, 0o600))
}

// TestImportNoticesDamage: a file of the same size and time whose bytes are not those that were staged.
func TestImportNoticesDamage(t *testing.T) {
	n := newNode(t)
	n.driver = driver{Driver: n.driver} // who links does not read
	in := n.process()
	id := n.stage(in, 500)
	info, err := os.Stat(n.staging.Path(id))
	n.must(err)
	f, err := os.OpenFile(n.staging.Path(id), os.O_WRONLY, 0)
	n.must(err)
	_, err = f.WriteAt([]byte("x"), 100)
	n.must(errors.Join(err, f.Close(), os.Chtimes(n.staging.Path(id), info.ModTime(), info.ModTime())))
	if _, err := in.Import(t.Context(), staged(id, n.entrust(in, id))); !fault.Is(err, fault.Conflict) {
		t.Errorf("error is %v", err)
	}
	n.expect(id, image.Queued)
	n.expectStaged()
}

// TestImportFailureLeavesNothing: whatever refuses an import, the image waits for data again and that data is gone.
func TestImportFailureLeavesNothing(t *testing.T) {
	full := fault.New(fault.TooLarge, "full")
	rows := map[string]struct {
		change func(*node, *Staged, string)
		kind   fault.Kind
	}{
		"judged":   {func(_ *node, st *Staged, _ string) { st.Judge = func(inspect.Report) error { return full } }, fault.TooLarge},
		"too much": {func(_ *node, st *Staged, _ string) { st.Limit = Limit{499, full} }, fault.TooLarge},
		"over quota": {func(_ *node, st *Staged, _ string) {
			st.Check = func(context.Context, *db.Tx, int64) error { return full }
		}, fault.TooLarge},
		"no file": {func(n *node, _ *Staged, id string) { n.must(os.Remove(n.staging.Path(id))) }, fault.Conflict},
		"a folder": {func(n *node, _ *Staged, id string) {
			n.must(errors.Join(os.Remove(n.staging.Path(id)), os.Mkdir(n.staging.Path(id), 0o700)))
		}, fault.Internal},
		"store lies": {func(n *node, _ *Staged, _ string) {
			n.driver = driver{Driver: n.driver, put: func(s store.Stored, err error) (store.Stored, error) { s.Size--; return s, err }}
		}, fault.Internal},
		"store panic": {func(n *node, _ *Staged, _ string) {
			n.driver = driver{Driver: n.driver, put: func(store.Stored, error) (store.Stored, error) { panic("a defect") }}
		}, fault.Internal},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			id := n.stage(n.process(), 500)
			st := staged(id, "")
			row.change(n, &st, id)
			in := n.process()
			st.Task = n.entrust(in, id)
			_, err := importOf(t, in, st)
			if err == nil || fault.KindOf(err) != row.kind {
				t.Errorf("error %v of kind %v", err, fault.KindOf(err))
			}
			n.expect(id, image.Queued)
			n.expectStaged()
			if left := n.journals(); left != 0 {
				t.Errorf("%d journal entries are left", left)
			}
		})
	}
}

// importOf imports. A panic is an error.
func importOf(t *testing.T, in *Ingest, st Staged) (img *image.Image, err error) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("panic")
		}
	}()
	return in.Import(t.Context(), st)
}

// TestImportEndsWithItsContext: the service stops.
func TestImportEndsWithItsContext(t *testing.T) {
	n := newNode(t)
	in := n.process()
	id := n.stage(in, 5*blockSize)
	n.must(os.Remove(in.memoPath(id)))
	ctx, cancel := context.WithCancel(t.Context())
	st := staged(id, n.entrust(in, id))
	st.Progress = func(int64) { cancel() }
	if _, err := in.Import(ctx, st); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	n.expect(id, image.Queued)
	n.expectStaged()
}

// TestForgo: an image that was entrusted to a task that never ran.
func TestForgo(t *testing.T) {
	n := newNode(t)
	in := n.process()
	one, other, third := n.stage(in, 1), n.stage(in, 1), n.stage(in, 1)
	in.Forgo(t.Context(), n.entrust(in, one))
	n.entrust(in, other)
	in.Forgo(t.Context(), uuid.NewString())
	n.expect(one, image.Queued)
	n.expect(other, image.Importing)
	n.expect(third, image.Uploading)
	n.expectStaged(other, third)
	if _, err := in.Import(t.Context(), staged(third, uuid.NewString())); !fault.Is(err, fault.Conflict) {
		t.Errorf("an import that was not entrusted: %v", err)
	}
	n.expect(third, image.Uploading)
}

// TestMemoHoldsTheReport: what was seen while the data streamed comes back when it is imported.
func TestMemoHoldsTheReport(t *testing.T) {
	n := newNode(t)
	in := n.process()
	id := n.queued()
	if _, err := in.Stage(t.Context(), upload(id, bytes.NewReader([]byte("QFI\xfb\x00\x00\x00\x03 and no more")))); err != nil {
		t.Fatal(err)
	}
	var kept memo
	text, err := os.ReadFile(in.memoPath(id))
	n.must(err)
	n.must(json.Unmarshal(text, &kept))
	var seen inspect.Report
	st := staged(id, n.entrust(in, id))
	st.Judge = func(r inspect.Report) error { seen = r; return nil }
	if _, err := in.Import(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	if kept.Facts.Look.Format != "qcow2" || seen.Format != "qcow2" || len(seen.Unsafe) == 0 {
		t.Errorf("kept %+v, seen %+v", kept.Facts.Look, seen)
	}
}

// TestRecoverSweepsMemos: a memo goes when another program has removed the file, and no other does.
func TestRecoverSweepsMemos(t *testing.T) {
	n := newNode(t)
	in := n.process()
	kept, gone := n.stage(in, 9), n.stage(in, 9)
	n.must(os.Remove(n.staging.Path(gone)))
	n.must(in.Recover(t.Context()))
	n.expectStaged(kept)
	if _, err := os.Stat(in.memoPath(kept)); err != nil {
		t.Error(err)
	}
}
