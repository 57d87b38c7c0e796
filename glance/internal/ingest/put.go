package ingest

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/sirupsen/logrus"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/inspect"
	"goglance/glance/store"
)

// Config is what an Ingest works with. All fields but Staging and Abandoned are required.
type Config struct {
	DB      *db.DB
	Stores  *store.Set
	Journal *Journal
	Staging *store.Staging // optional: nothing can be staged
	Clock   func() time.Time
	Log     logrus.FieldLogger

	// Abandoned is told of the tasks of processes that died, with what they have noted. An entry for which it returns an
	// error is kept for the next time. Optional: they are forgotten.
	Abandoned func(ctx context.Context, id, note string) error
}

// Ingest takes image data in and removes it. It is safe for concurrent use.
type Ingest struct {
	Config
	blocks blocks

	mu        sync.Mutex
	unsettled []*entry          // work of this process that could be neither ended nor undone yet
	entrusted map[string]*entry // imports that have not begun, by their task
}

// New returns an Ingest.
func New(c Config) *Ingest {
	if c.Abandoned == nil {
		c.Abandoned = func(context.Context, string, string) error { return nil }
	}
	return &Ingest{Config: c, entrusted: map[string]*entry{}}
}

// Limit is the most bytes that an upload may have, and the error that one byte more gives.
type Limit struct {
	Bytes int64
	Over  error
}

// Upload is one body for one image.
type Upload struct {
	ID     string       // image id; the image must be queued
	If     *image.Image // only if the image is still exactly this one, else ErrStale; nil: in any case
	Owner  string       // its project, for stores that keep data per project
	Body   io.Reader
	Length int64 // bytes announced; -1: unknown
	Limit  Limit
	// VirtualSize is the capacity of the disk inside the data, which Put gives to the image; nil: unknown.
	VirtualSize *int64

	Look io.Writer // sees the body, in order, beside the store; it must not fail. Optional
	// Check runs in the transaction that makes the image active, with the number of bytes; its error refuses the upload.
	Check func(ctx context.Context, tx *db.Tx, size int64) error
}

// cleanupTime bounds what is done for an upload after its request has gone.
const cleanupTime = time.Minute

// Put reads the body into the default store and makes the image active. It returns when the data is safe, with the
// image as it then is. On any error the image is queued again and nothing of the body is kept; fault.Gone says that
// the image was deleted, or taken by another upload, meanwhile. With ErrStale nothing of the body was read. The data
// becomes the image's one location; others that it had are dropped (spec images-api 7.1). Put does not close the body.
func (in *Ingest) Put(ctx context.Context, u Upload) (*image.Image, error) {
	target := in.Stores.Default()
	writer, ok := target.Driver.(store.Writer)
	if !ok {
		return nil, fault.New(fault.Gone, "the store takes no new data")
	}
	e, err := in.claim(ctx, entry{Image: u.ID, Owner: u.Owner, Store: target.Name, Upload: uuid.NewString(), seen: u.If})
	if err != nil {
		return nil, err
	}
	return in.holding(ctx, e, func() (*image.Image, error) { return in.take(ctx, writer, e, u) })
}

// holding does work for an image that an entry holds. The work settles the entry, unless it panics: the panic goes on,
// but the image must not stay behind.
func (in *Ingest) holding(ctx context.Context, e *entry, work func() (*image.Image, error)) (*image.Image, error) {
	settled := false
	defer func() {
		if !settled {
			in.settle(context.WithoutCancel(ctx), e)
		}
	}()
	img, err := work()
	settled = true
	return img, err
}

// take stores the body and makes the image active, or undoes both. Neither ends with the request: whether the client is
// still there shows in the body, and net/http takes one that has sent all, and says so, for gone.
func (in *Ingest) take(ctx context.Context, w store.Writer, e *entry, u Upload) (*image.Image, error) {
	ctx = context.WithoutCancel(ctx)
	s, stored, err := in.store(ctx, w, e, u)
	ctx, cancel := context.WithTimeout(ctx, cleanupTime)
	defer cancel()
	var img *image.Image
	if err == nil {
		img, err = in.commit(ctx, e, facts{Size: s.n, Checksum: s.checksum()}, commitment{stored, u.VirtualSize, u.Check})
	}
	if err != nil {
		return nil, in.takeBack(ctx, e, stored, err)
	}
	in.end(e)
	return img, nil
}

// store streams the body into the store and checks that all of it is there.
func (in *Ingest) store(ctx context.Context, w store.Writer, e *entry, u Upload) (*stream, store.Stored, error) {
	s := newStream(u, &in.blocks)
	defer s.finish()
	stored, err := w.Put(ctx, e.object(u.Length), s)
	if err != nil {
		return s, store.Stored{}, s.cause(err)
	}
	return s, stored, s.check(stored)
}

// takeBack undoes a failed upload of which stored may be in the store, and returns the reason.
func (in *Ingest) takeBack(ctx context.Context, e *entry, stored store.Stored, reason error) error {
	if e.postponed {
		return reason
	}
	if stored.URL != "" {
		if err := in.remove(ctx, stored.URL, stored.Metadata); err != nil && !fault.Is(err, fault.NotFound) {
			in.postpone(e, err)
			return reason
		}
	}
	if e.doing() == image.Importing {
		if err := in.unstage(ctx, e); err != nil {
			in.postpone(e, err)
			return reason
		}
	}
	return in.giveBack(ctx, e, reason)
}

func (e *entry) object(size int64) store.Object {
	return store.Object{ID: e.Image, Size: size, Owner: e.Owner, Upload: e.Upload}
}

// claim sets the image to the state of the work; from then on it is this work's alone. The journal knows it before.
func (in *Ingest) claim(ctx context.Context, work entry) (*entry, error) {
	work.At = in.Clock()
	e, err := in.Journal.begin(work, claimed)
	if err != nil {
		return nil, err
	}
	err = in.update(ctx, e.Image, e.taking())
	if err == nil {
		err = e.hold()
	}
	switch {
	case err == nil:
		return e, nil
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound):
		in.end(e)
		return nil, in.lost(ctx, e, err)
	}
	in.settle(context.WithoutCancel(ctx), e) // who knows how far it came
	return nil, err
}

// taking is the change of a claim.
func (e *entry) taking() db.Change {
	return db.Change{From: []image.Status{e.before()}, If: e.seen, Status: e.doing(), Mark: e.Upload, At: e.At}
}

// lost is the error of a claim that came too late: the image waits for data no more, or something else about it changed.
func (in *Ingest) lost(ctx context.Context, e *entry, reason error) error {
	img, err := in.DB.Image(ctx, e.Image)
	switch {
	case err == nil && img.Status == e.before():
		return stale(reason)
	case err == nil && e.doing() != image.Saving:
		return &fault.Error{Kind: fault.Conflict, Msg: "the image is now " + string(img.Status), Err: reason}
	}
	return &fault.Error{Kind: fault.Gone, Msg: "the image is no longer waiting for data", Err: reason}
}

// cause is the reason for a failed Put: what the body said, if it failed, else what the store said.
func (s *stream) cause(err error) error {
	if s.err != nil && !s.complete() {
		return s.err
	}
	return err
}

// check compares what the store says it has with what was read.
func (s *stream) check(stored store.Stored) error {
	if !s.complete() || stored.Size != s.n {
		return fault.New(fault.Internal, "the store has %d bytes of %d", stored.Size, s.n)
	}
	return nil
}

// facts are what is known of data once all of it has passed.
type facts struct {
	Size     int64
	Checksum string
	Look     inspect.Report // of staged data
}

// commitment is what makes an image active.
type commitment struct {
	stored   store.Stored
	capacity *int64 // of the disk inside; nil: unknown
	check    func(ctx context.Context, tx *db.Tx, size int64) error
}

// commit makes the image active. When the database does not tell whether it did, the image itself is asked; if that
// fails too, nothing is removed and the image is settled later.
func (in *Ingest) commit(ctx context.Context, e *entry, f facts, c commitment) (img *image.Image, err error) {
	err = in.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := c.check(ctx, tx, f.Size); err != nil {
			return err
		}
		was, err := tx.Image(ctx, e.Image)
		if err != nil {
			return err
		}
		err = tx.UpdateImage(ctx, e.Image, e.making(was, f, c, in.Clock()))
		if err == nil {
			img, err = tx.Image(ctx, e.Image)
		}
		return err
	})
	if err == nil {
		return img, nil
	}
	img, look := in.DB.Image(ctx, e.Image)
	switch {
	case look == nil && recorded(img, c.stored.URL):
		return img, nil
	case look != nil && !fault.Is(look, fault.NotFound):
		in.postpone(e, look)
	}
	return nil, err
}

// making is the change that makes an image active with its data. An imported one keeps its mark: it says which task was
// at work, so that nobody takes that for unfinished.
func (e *entry) making(was *image.Image, f facts, made commitment, at time.Time) db.Change {
	c := db.Change{
		From: []image.Status{e.doing()}, Status: image.Active, At: at,
		Set:      map[db.Column]any{db.ColSize: f.Size, db.ColChecksum: f.Checksum},
		AddLocs:  []image.Location{{URL: made.stored.URL, Metadata: made.stored.Metadata}},
		DropLocs: locationIDs(was),
	}
	if e.doing() == image.Importing {
		c.Mark = e.Upload
	}
	if made.capacity != nil {
		c.Set[db.ColVirtualSize] = *made.capacity
	}
	return c
}

func locationIDs(img *image.Image) []int64 {
	ids := make([]int64, len(img.Locations))
	for i, l := range img.Locations {
		ids[i] = l.ID
	}
	return ids
}

// recorded reports whether the data at url is the image's.
func recorded(img *image.Image, url string) bool {
	return slices.ContainsFunc(img.Locations, func(l image.Location) bool { return l.URL == url })
}
