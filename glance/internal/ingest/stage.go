package ingest

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/inspect"
	"goglance/glance/store"
)

// Stage reads the body into the staging folder, where it waits for Import; the image is uploading from the first byte on
// and stays so. It returns when the data is safe. On any error the image is queued again and nothing of the body is
// kept; fault.Gone says that the image was deleted meanwhile, fault.Conflict that it waits for data no more, or that the
// folder has data of it already. With ErrStale nothing of the body was read. u.Check runs as for Put. Stage does not
// close the body.
func (in *Ingest) Stage(ctx context.Context, u Upload) (*image.Image, error) {
	folder, err := in.folder()
	if err != nil {
		return nil, err
	}
	work := entry{Image: u.ID, Owner: u.Owner, Upload: uuid.NewString(), Doing: image.Uploading, seen: u.If}
	e, err := in.claim(ctx, work)
	if err != nil {
		return nil, err
	}
	return in.holding(ctx, e, func() (*image.Image, error) { return in.stage(ctx, folder, e, u) })
}

// stage is take for staged data: what ends the request does not end it either.
func (in *Ingest) stage(ctx context.Context, folder store.Writer, e *entry, u Upload) (*image.Image, error) {
	ctx = context.WithoutCancel(ctx)
	inspector := inspect.New()
	u.Look = inspector
	s, stored, err := in.store(ctx, folder, e, u)
	ctx, cancel := context.WithTimeout(ctx, cleanupTime)
	defer cancel()
	var img *image.Image
	if err == nil {
		in.remember(e.Image, facts{Size: s.n, Checksum: s.checksum(), Look: inspector.Report(s.n)})
		img, err = in.keep(ctx, e, u, s.n)
	}
	if err == nil {
		in.end(e)
		return img, nil
	}
	if e.postponed {
		return nil, err
	}
	if stored.URL != "" {
		if undo := in.unstageOwn(ctx, e); undo != nil {
			in.postpone(e, undo)
			return nil, err
		}
	}
	return nil, in.giveBack(ctx, e, err)
}

// keep ends the staging: the mark goes, so that nobody undoes it any more. The entry steps back before, as what it holds
// is then the image's. An import may already have taken what was just staged.
func (in *Ingest) keep(ctx context.Context, e *entry, u Upload, size int64) (img *image.Image, err error) {
	if err := e.letGo(); err != nil {
		return nil, err
	}
	err = in.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := u.Check(ctx, tx, size); err != nil {
			return err
		}
		unmark := db.Change{From: []image.Status{image.Uploading}, IfMark: e.Upload, Status: image.Uploading, At: in.Clock()}
		err := tx.UpdateImage(ctx, e.Image, unmark)
		if err == nil {
			img, err = tx.Image(ctx, e.Image)
		}
		return err
	})
	if err == nil {
		return img, nil
	}
	now, look := in.DB.Image(ctx, e.Image)
	marked := false
	if look == nil && now.Status == image.Uploading {
		marked, look = in.DB.Marked(ctx, e.Image, e.Upload)
	}
	switch {
	case fault.Is(look, fault.NotFound):
	case look != nil:
		in.postpone(e, look)
	case now.Status == image.Uploading && !marked, now.Status == image.Importing, now.Status == image.Active:
		return now, nil
	}
	return nil, err
}

// unstageOwn removes what was just staged, unless the image has meanwhile been through other hands: then the file may be
// of a later staging.
func (in *Ingest) unstageOwn(ctx context.Context, e *entry) error {
	img, err := in.DB.Image(ctx, e.Image)
	if fault.Is(err, fault.NotFound) {
		return in.unstage(ctx, e)
	}
	mine := e.state == held
	if err == nil && !mine {
		mine, err = in.DB.Marked(ctx, e.Image, e.Upload)
	}
	if err == nil && mine && img.Status == image.Uploading {
		err = in.unstage(ctx, e)
	}
	return err
}

// folder returns the staging folder as what a body is put into.
func (in *Ingest) folder() (store.Writer, error) {
	if in.Staging != nil {
		if w, ok := in.Staging.Driver.(store.Writer); ok {
			return staging{w}, nil
		}
	}
	return nil, fault.New(fault.Gone, "the server takes no data to be imported")
}

// staging is a folder that speaks of itself, where the driver speaks of an image store.
type staging struct{ store.Writer }

// Put stores the body.
func (s staging) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	stored, err := s.Writer.Put(ctx, o, body)
	msg := map[fault.Kind]string{
		fault.Conflict:    "there is data of this image already, which was staged before",
		fault.TooLarge:    "there is no room to stage the data",
		fault.Unavailable: "the server cannot stage data now",
	}[fault.KindOf(err)]
	if err != nil && msg != "" {
		err = &fault.Error{Kind: fault.KindOf(err), Op: "ingest.Stage", Msg: msg, Err: err}
	}
	return stored, err
}

// unstage removes what was staged for an image. What is not there is no error.
func (in *Ingest) unstage(ctx context.Context, e *entry) error {
	if in.Staging == nil || uuid.Validate(e.Image) != nil {
		return nil // an image with an old name never had anything staged
	}
	a, ok := in.Staging.Driver.(store.Aborter)
	if !ok {
		return errors.New("the staging folder cannot be tidied up")
	}
	return errors.Join(in.forget(e.Image), a.Abort(ctx, e.object(-1)))
}

// removeStaged deletes an image without data in a store, and what was staged for it.
func (in *Ingest) removeStaged(ctx context.Context, img *image.Image) error {
	if !in.Staged(img.ID) {
		return in.bury(ctx, img.ID, db.Deletion{If: img})
	}
	e, err := in.beginRemoval(entry{Image: img.ID, Upload: uuid.NewString(), From: string(img.Status), At: in.Clock()})
	if err != nil {
		return err
	}
	err = in.bury(ctx, img.ID, db.Deletion{If: img})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	in.settle(ctx, e) // if the image is deleted, whatever the database said
	return err
}
