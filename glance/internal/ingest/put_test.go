package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/store"
)

// driver is the file driver with something wrong about it.
type driver struct {
	store.Driver
	put    func(store.Stored, error) (store.Stored, error) // changes what Put returns
	remove error                                           // what Delete returns instead of deleting
}

func (d driver) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	w, _ := d.Driver.(store.Writer)
	stored, err := w.Put(ctx, o, body)
	if d.put != nil {
		return d.put(stored, err)
	}
	return stored, err
}

func (d driver) Delete(ctx context.Context, url string) error {
	if d.remove != nil {
		return d.remove
	}
	w, _ := d.Driver.(store.Writer)
	return w.Delete(ctx, url)
}

func (d driver) Abort(ctx context.Context, o store.Object) error {
	a, _ := d.Driver.(store.Aborter)
	return a.Abort(ctx, o)
}

func TestPutMakesActive(t *testing.T) {
	n := newNode(t)
	id := n.queued()
	body := pattern(3*blockSize + 7)
	img, err := n.process().Put(t.Context(), upload(id, bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	if img.Status != image.Active || *img.Size != int64(len(body)) || len(*img.Checksum) != 32 || len(img.Locations) != 1 {
		t.Errorf("got %+v", img)
	}
	n.expect(id, image.Active, id)
	if left := n.journals(); left != 0 {
		t.Errorf("%d journal entries are left", left)
	}
}

func TestPutFailureLeavesNothing(t *testing.T) {
	broken := errors.New("the line is dead")
	full := fault.New(fault.TooLarge, "full")
	refused := func(context.Context, *db.Tx, int64) error { return full }
	cases := []struct {
		name   string
		upload func(*Upload)
		driver func(*driver)
		want   error
		kind   fault.Kind
	}{
		{"the body breaks off", func(u *Upload) {
			u.Body = io.MultiReader(bytes.NewReader(pattern(blockSize+9)), iotest.ErrReader(broken))
		}, nil, broken, fault.Internal},
		{"the body is too long", func(u *Upload) { u.Limit = Limit{blockSize, full} }, nil, full, fault.TooLarge},
		{"the body is too short", func(u *Upload) { u.Length = 1 << 20 }, nil, nil, fault.Invalid},
		{"the quota is exceeded at the end", func(u *Upload) { u.Check = refused }, nil, full, fault.TooLarge},
		{"the store lies about the size", nil, func(d *driver) {
			d.put = func(s store.Stored, err error) (store.Stored, error) { s.Size--; return s, err }
		}, nil, fault.Internal},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := newNode(t)
			d := driver{Driver: n.driver}
			if c.driver != nil {
				c.driver(&d)
			}
			n.driver = d
			id := n.queued()
			u := upload(id, bytes.NewReader(pattern(2*blockSize)))
			if c.upload != nil {
				c.upload(&u)
			}
			_, err := n.process().Put(t.Context(), u)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || fault.KindOf(err) != c.kind {
				t.Errorf("error %v of kind %v", err, fault.KindOf(err))
			}
			n.expect(id, image.Queued)
			n.canUpload(id, d.Driver)
		})
	}
}

// canUpload asserts that nothing stands in the way of a new upload, and that the journal forgot the old one.
func (n *node) canUpload(id string, sound store.Driver) {
	n.t.Helper()
	if left := n.journals(); left != 0 {
		n.t.Errorf("%d journal entries are left", left)
	}
	n.driver = sound
	if _, err := n.process().Put(n.t.Context(), upload(id, bytes.NewReader(pattern(10)))); err != nil {
		n.t.Errorf("the next upload: %v", err)
	}
	n.expect(id, image.Active, id)
}

func TestPutPanicLeavesNothing(t *testing.T) {
	n := newNode(t)
	sound := n.driver
	n.driver = driver{Driver: sound, put: func(store.Stored, error) (store.Stored, error) { panic("a defect in a driver") }}
	id := n.queued()
	in := n.process()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = in.Put(t.Context(), upload(id, bytes.NewReader(pattern(10))))
	}()
	n.expect(id, image.Queued)
	n.canUpload(id, sound)
}

func TestPutOfDeletedImageIsGone(t *testing.T) {
	n := newNode(t)
	id := n.queued()
	in := n.process()
	body := io.MultiReader(bytes.NewReader(pattern(blockSize)), readerFunc(func([]byte) (int, error) {
		return 0, errors.Join(in.Remove(t.Context(), n.image(id)), io.EOF)
	}))
	if _, err := in.Put(t.Context(), upload(id, body)); !fault.Is(err, fault.Gone) {
		t.Errorf("error %v", err)
	}
	n.expect(id, image.Deleted)
}

func TestPutOneOfManyWins(t *testing.T) {
	n := newNode(t)
	id := n.queued()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		in := n.process()
		wg.Go(func() { _, errs[i] = in.Put(t.Context(), upload(id, bytes.NewReader(pattern(i+1)))) })
	}
	wg.Wait()
	winner := int64(0)
	for i, err := range errs {
		switch {
		case err == nil && winner == 0:
			winner = int64(i + 1)
		case !fault.Is(err, fault.Gone):
			t.Errorf("upload %d: %v", i, err)
		}
	}
	n.expect(id, image.Active, id)
	if got := *n.image(id).Size; got != winner {
		t.Errorf("the image has %d bytes, the winner sent %d", got, winner)
	}
}

// TestPutIsSettledLater has the database away at the end of a failed upload: the image waits for Retry.
func TestPutIsSettledLater(t *testing.T) {
	n := newNode(t)
	id := n.queued()
	in := n.process()
	e := begin(t, in, id)
	away, cancel := context.WithCancel(t.Context())
	cancel()
	reason := errors.New("the reason")
	if err := in.giveBack(away, e, reason); !errors.Is(err, reason) {
		t.Errorf("error %v", err)
	}
	n.change(id, db.Change{Set: map[db.Column]any{db.ColName: "renamed"}, At: time.Now().Add(time.Second)})
	n.expect(id, image.Saving)
	in.Retry(t.Context())
	n.expect(id, image.Queued)
	n.canUpload(id, n.driver)
}

// TestPutPanicLate has the panic between store and database.
func TestPutPanicLate(t *testing.T) {
	n := newNode(t)
	id := n.queued()
	in := n.process()
	u := upload(id, bytes.NewReader(pattern(10)))
	u.Check = func(context.Context, *db.Tx, int64) error { panic("a defect") }
	func() {
		defer func() { _ = recover() }()
		_, _ = in.Put(t.Context(), u)
	}()
	n.expect(id, image.Queued)
	n.canUpload(id, n.driver)
}

// TestPutDropFails: the store does not let go of a refused upload's bytes at first.
func TestPutDropFails(t *testing.T) {
	n := newNode(t)
	sound := n.driver
	n.driver = driver{Driver: sound, remove: errors.New("not now")}
	id := n.queued()
	in := n.process()
	full := fault.New(fault.TooLarge, "full")
	u := upload(id, bytes.NewReader(pattern(10)))
	u.Check = func(context.Context, *db.Tx, int64) error { return full }
	if _, err := in.Put(t.Context(), u); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	n.expect(id, image.Saving, id)
	in.Retry(t.Context())
	n.expect(id, image.Queued)
	n.canUpload(id, sound)
}

// TestRetryLeavesOthersAlone: the database gave the image back and did not say so; another process has it now.
func TestRetryLeavesOthersAlone(t *testing.T) {
	n := newNode(t)
	id := n.queued()
	in := n.process()
	e := begin(t, in, id)
	if err := e.letGo(); err != nil {
		t.Fatal(err)
	}
	n.change(id, db.Change{Status: image.Queued})
	in.postpone(e, errors.New("unknown outcome"))
	n.object(begin(t, n.process(), id))
	in.Retry(t.Context())
	n.expect(id, image.Saving, id)
}

// TestRemoveOfUnknownOutcome: the database hid the image and did not say so; the removal is finished later.
func TestRemoveOfUnknownOutcome(t *testing.T) {
	n := newNode(t)
	in := n.process()
	id := n.queued()
	if _, err := in.Put(t.Context(), upload(id, bytes.NewReader(pattern(10)))); err != nil {
		t.Fatal(err)
	}
	n.change(id, db.Change{Status: image.PendingDelete, Mark: "this"})
	in.postpone(&entry{Image: id, Upload: "this", From: string(image.Active), state: removing, path: "gone"}, errors.New("unknown outcome"))
	in.Retry(t.Context())
	n.expect(id, image.Deleted)
}

func TestRemoveRefusedByStoreKeepsImage(t *testing.T) {
	for _, kind := range []fault.Kind{fault.Forbidden, fault.Conflict} {
		n := newNode(t)
		id := n.queued()
		if _, err := n.process().Put(t.Context(), upload(id, bytes.NewReader(pattern(10)))); err != nil {
			t.Fatal(err)
		}
		before := n.image(id)
		sound := n.driver
		n.driver = driver{Driver: sound, remove: fault.New(kind, "no")}
		if err := n.process().Remove(t.Context(), before); !fault.Is(err, kind) {
			t.Errorf("error %v", err)
		}
		n.expect(id, image.Active, id)
		if after := n.image(id); !after.UpdatedAt.Equal(before.UpdatedAt) {
			t.Errorf("updated_at went from %v to %v", before.UpdatedAt, after.UpdatedAt)
		}
		n.driver = sound
		if err := n.process().Remove(t.Context(), before); err != nil {
			t.Errorf("the second time: %v", err)
		}
		n.expect(id, image.Deleted)
	}
}

// TestRemoveOfChangedImage is the race of policy and use (spec security S17): what was checked must be what is deleted.
func TestRemoveOfChangedImage(t *testing.T) {
	for _, withData := range []bool{false, true} {
		n := newNode(t)
		id := n.queued()
		in := n.process()
		var files []string
		if withData {
			if _, err := in.Put(t.Context(), upload(id, bytes.NewReader(pattern(10)))); err != nil {
				t.Fatal(err)
			}
			files = append(files, id)
		}
		checked := n.image(id)
		n.change(id, db.Change{Set: map[db.Column]any{db.ColProtected: true}, At: time.Now().Add(time.Second)})
		if err := in.Remove(t.Context(), checked); !errors.Is(err, ErrStale) {
			t.Errorf("error %v", err)
		}
		n.expect(id, checked.Status, files...)
	}
}

// TestRemoveOfCancelledRequest: nothing has happened, and nothing waits to happen.
func TestRemoveOfCancelledRequest(t *testing.T) {
	n := newNode(t)
	in := n.process()
	id := n.queued()
	if _, err := in.Put(t.Context(), upload(id, bytes.NewReader(pattern(10)))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := in.Remove(ctx, n.image(id)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	n.expect(id, image.Active, id)
	if left := n.journals(); left != 0 || len(in.unsettled) != 0 {
		t.Errorf("%d journal entries and %d unsettled ones are left", left, len(in.unsettled))
	}
}
