package ingest

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/google/uuid"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/inspect"
	"goglance/glance/store"
)

// Staged is the import of what was staged for one image.
type Staged struct {
	ID    string
	Owner string       // its project, for stores that keep data per project
	If    *image.Image // an image that is uploading still, and must be exactly this one; nil: it was entrusted to the task
	Task  string       // who imports; the id of a task
	Limit Limit
	// Judge refuses data by what is in it. It is asked before the image can become active.
	Judge func(inspect.Report) error
	// Check runs in the transaction that makes the image active, with the number of bytes; its error refuses the import.
	Check func(ctx context.Context, tx *db.Tx, size int64) error
	// Progress is told of bytes that are done, some at a time. Optional.
	Progress func(n int64)
}

// Entrust makes an image importing for a task, in the transaction that makes the task, if the image is still exactly
// img, else ErrStale. From then on it is the task's alone: either Import is called for it, or Forgo, or the image is
// given back when this process has ended.
func (in *Ingest) Entrust(ctx context.Context, tx *db.Tx, img *image.Image, task string) error {
	e, err := in.Journal.begin(in.importing(img, task), claimed)
	if err != nil {
		return err
	}
	in.mu.Lock()
	in.entrusted[task] = e
	in.mu.Unlock()
	return stale(tx.UpdateImage(ctx, img.ID, e.taking()))
}

func (in *Ingest) importing(img *image.Image, task string) entry {
	e := entry{
		Image: img.ID, Store: in.Stores.Default().Name, Upload: task, Doing: image.Importing, At: in.Clock(), seen: img,
	}
	if img.Owner != nil {
		e.Owner = *img.Owner
	}
	return e
}

// Forgo undoes an Entrust whose transaction failed or whose task will not run: the image is queued again and its staged
// data is gone. If the transaction never was nothing happens.
func (in *Ingest) Forgo(ctx context.Context, task string) {
	if e := in.redeem(task); e != nil {
		in.settle(context.WithoutCancel(ctx), e)
	}
}

// Entrusted reports whether an image waits for its import by a task.
func (in *Ingest) Entrusted(task string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.entrusted[task] != nil
}

func (in *Ingest) redeem(task string) *entry {
	in.mu.Lock()
	defer in.mu.Unlock()
	e := in.entrusted[task]
	delete(in.entrusted, task)
	return e
}

// Imported reports whether the import of an image by a task went through, whatever became of the task.
func (in *Ingest) Imported(ctx context.Context, id, task string) (bool, error) {
	img, err := in.DB.Image(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil || img.Status != image.Active {
		return false, err
	}
	return in.DB.Marked(ctx, id, task)
}

// GiveBack makes an image queued that is importing for a task, if it is: its process, of this node or another, does so no
// more. What is within reach of this server and was staged or stored for it is removed.
func (in *Ingest) GiveBack(ctx context.Context, id, task string) error {
	if uuid.Validate(id) != nil {
		return nil // what a task was given may be anything
	}
	mine, err := in.DB.Marked(ctx, id, task)
	if err != nil || !mine {
		return err
	}
	e := in.importing(&image.Image{ID: id}, task)
	e.state = claimed
	return in.undo(ctx, &e)
}

// Import makes an image active with the data that was staged for it, and removes that from the staging folder. Where the
// store can take the file over, nothing is copied. On any error the image is queued again and the data is gone;
// fault.Gone says that the image was deleted meanwhile. With ErrStale, or fault.Conflict before anything was done,
// nothing has changed.
func (in *Ingest) Import(ctx context.Context, st Staged) (*image.Image, error) {
	e := in.redeem(st.Task)
	if e == nil {
		if st.If == nil {
			return nil, fault.New(fault.Conflict, "the image was not entrusted to this task")
		}
		var err error
		if e, err = in.claim(ctx, in.importing(st.If, st.Task)); err != nil {
			return nil, err
		}
	}
	return in.holding(ctx, e, func() (*image.Image, error) {
		img, stored, err := in.importStaged(ctx, e, st)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer cancel()
		if err != nil {
			return nil, in.takeBack(ctx, e, stored, err)
		}
		if err := in.unstage(ctx, e); err != nil {
			in.postpone(e, err)
		} else {
			in.end(e)
		}
		return img, nil
	})
}

// importStaged does all that may fail. What it has put into the store is returned also with an error.
func (in *Ingest) importStaged(ctx context.Context, e *entry, st Staged) (*image.Image, store.Stored, error) {
	file, err := in.openStaged(e.Image)
	if err != nil {
		return nil, store.Stored{}, err
	}
	defer file.Close() //nolint:errcheck // only read
	f, known := in.recall(e.Image, file)
	if known {
		if err := st.accept(f); err != nil {
			return nil, store.Stored{}, err
		}
	}
	p := passage{in: in, e: e, st: st, file: file, known: known, facts: f}
	err = p.link(ctx)
	if errors.Is(err, store.ErrNoLink) {
		err = p.copy(ctx)
	}
	if err == nil {
		err = st.accept(p.facts)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, p.stored, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	img, err := in.commit(ctx, e, p.facts, commitment{p.stored, p.capacity(), st.Check})
	return img, p.stored, err
}

// accept refuses data that is too much or not what it should be.
func (st Staged) accept(f facts) error {
	if f.Size > st.Limit.Bytes {
		return st.Limit.Over
	}
	return st.Judge(f.Look)
}

// passage is the way of one staged file into the store.
type passage struct {
	in     *Ingest
	e      *entry
	st     Staged
	file   *os.File
	known  bool  // the facts are
	facts  facts // learnt on the way, unless known
	stored store.Stored
}

// capacity is that of the disk inside the data; nil: unknown.
func (p *passage) capacity() *int64 {
	if p.facts.Look.VirtualSize <= 0 {
		return nil
	}
	return &p.facts.Look.VirtualSize
}

// link lets the store take the file over. Only of a file that this program has staged it is known that nobody writes to it
// any more: another one makes the file first and writes then, and could change an active image so (spec security S70).
func (p *passage) link(ctx context.Context) error {
	l, ok := p.in.Stores.Default().Driver.(store.Linker)
	if !ok || !p.known {
		return store.ErrNoLink
	}
	stored, err := l.Link(ctx, p.e.object(p.facts.Size), p.file.Name())
	if err != nil {
		return err
	}
	p.stored = stored
	if stored.Size != p.facts.Size {
		return errChanged()
	}
	p.progress(stored.Size)
	return nil
}

// copy puts the bytes into the store.
func (p *passage) copy(ctx context.Context) error {
	target := p.in.Stores.Default()
	w, ok := target.Driver.(store.Writer)
	if !ok {
		return fault.New(fault.Gone, "the store takes no new data")
	}
	return p.pass(ctx, func(s *stream) error {
		stored, err := w.Put(ctx, p.e.object(s.Length), s)
		if err != nil {
			return s.cause(err)
		}
		p.stored = stored
		return s.check(stored)
	})
}

// pass streams the file, all of it, past checksum and inspection. What was known before must come out again.
func (p *passage) pass(ctx context.Context, to func(*stream) error) error {
	info, err := p.file.Stat()
	if err == nil {
		_, err = p.file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	inspector := inspect.New()
	s := newStream(Upload{Body: source{p.file, ctx, p.progress}, Length: info.Size(), Limit: p.st.Limit, Look: inspector}, &p.in.blocks)
	err = to(s)
	s.finish()
	if err != nil {
		return err
	}
	was := p.facts
	p.facts = facts{Size: s.n, Checksum: s.checksum(), Look: inspector.Report(s.n)}
	if p.known && (was.Size != p.facts.Size || was.Checksum != p.facts.Checksum) {
		return errChanged()
	}
	return nil
}

func (p *passage) progress(n int64) {
	if p.st.Progress != nil {
		p.st.Progress(n)
	}
}

func errChanged() error {
	return fault.New(fault.Conflict, "the staged data has changed since it was staged")
}

// source reads a file until the context ends, and tells how far it is.
type source struct {
	*os.File
	ctx      context.Context
	progress func(int64)
}

// Read reads some bytes.
func (s source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.File.Read(p)
	s.progress(int64(n))
	return n, err
}
