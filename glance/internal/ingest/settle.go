package ingest

import (
	"context"
	"errors"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/store"
)

// Recover tidies up after processes of this node that died: uploads are undone, removals finished. It touches
// nothing of a process that lives, here or elsewhere. It may run while uploads do.
func (in *Ingest) Recover(ctx context.Context) error {
	return errors.Join(in.sweep(ctx), in.Journal.orphans(func(e *entry) error {
		if e.state == tasked {
			return in.Abandoned(ctx, e.Upload, e.Note)
		}
		return in.undo(ctx, e)
	}))
}

// Retry settles what this process could not settle when it happened, because the database was away.
func (in *Ingest) Retry(ctx context.Context) {
	in.mu.Lock()
	entries := in.unsettled
	in.unsettled = nil
	in.mu.Unlock()
	for _, e := range entries {
		in.settle(ctx, e)
	}
}

// settle undoes an entry now, or else later.
func (in *Ingest) settle(ctx context.Context, e *entry) {
	if err := in.undo(ctx, e); err != nil {
		in.postpone(e, err)
		return
	}
	in.end(e)
}

// postpone leaves an entry to Retry or, should this process die before, to the Recover of the next one.
func (in *Ingest) postpone(e *entry, err error) {
	in.Log.WithError(err).WithField("image", e.Image).Error("an image cannot be settled now; this is tried again")
	e.postponed = true
	in.mu.Lock()
	defer in.mu.Unlock()
	in.unsettled = append(in.unsettled, e)
}

// end removes an entry whose work is done or undone.
func (in *Ingest) end(e *entry) {
	if err := e.end(); err != nil {
		in.Log.WithError(err).WithField("image", e.Image).Warn("a journal entry stays behind")
	}
}

// giveBack sets the image to queued again after an upload of which no byte is left. It returns the reason, or
// fault.Gone when there is no image to give back. The entry steps back to claimed before: once the image is queued, be it
// that the database did not say so, it may be another's.
func (in *Ingest) giveBack(ctx context.Context, e *entry, reason error) error {
	for range attempts {
		img, err := in.DB.Image(ctx, e.Image)
		if fault.Is(err, fault.NotFound) || err == nil && img.Status != e.doing() {
			in.end(e)
			return &fault.Error{Kind: fault.Gone, Msg: "the image was deleted during the upload", Err: reason}
		}
		if err == nil {
			err = e.letGo()
		}
		if err == nil {
			back := db.Change{From: []image.Status{e.doing()}, IfMark: e.Upload, Status: image.Queued, At: in.Clock()}
			err = in.update(ctx, e.Image, back)
		}
		switch {
		case err == nil:
			in.end(e)
			return reason
		case fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict):
			continue // deleted or changed since it was looked at
		}
		in.postpone(e, err)
		return reason
	}
	in.postpone(e, errors.New("the image is changing too fast"))
	return reason
}

// attempts bounds how often giveBack looks again.
const attempts = 10

// undo puts right what an entry has begun.
func (in *Ingest) undo(ctx context.Context, e *entry) error {
	img, err := in.DB.Image(ctx, e.Image)
	switch {
	case fault.Is(err, fault.NotFound) && e.state == removing:
		return in.unstage(ctx, e)
	case fault.Is(err, fault.NotFound):
		return in.abort(ctx, e)
	case err != nil:
		return err
	}
	mine := e.state == held
	if !mine {
		if mine, err = in.DB.Marked(ctx, e.Image, e.Upload); err != nil {
			return err
		}
	}
	switch {
	case mine && e.state == removing && img.Status == image.PendingDelete:
		return in.finishRemoval(ctx, e, img)
	case mine && e.state != removing && img.Status == e.doing():
		return in.undoUpload(ctx, e)
	case e.doing() == image.Importing && img.Status != image.Uploading && img.Status != image.Importing:
		return in.unstage(ctx, e) // the image has had its import, or was given back elsewhere
	}
	return nil // the image is not, or no more, what this entry has made it
}

// undoUpload gives an image back that this upload holds. Bytes go first: a queued image may have a new upload at once.
func (in *Ingest) undoUpload(ctx context.Context, e *entry) error {
	if err := in.abort(ctx, e); err != nil {
		return err
	}
	back := db.Change{From: []image.Status{e.doing()}, Status: image.Queued, At: in.Clock()}
	if e.state == claimed {
		back.IfMark = e.Upload
	}
	err := in.update(ctx, e.Image, back)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil
	}
	in.Log.WithField("image", e.Image).Warnf("the upload of %s broke off; its image is queued again", e.At.Format(time.RFC3339))
	return err
}

// abort removes what an upload has left in its store, and what was staged for it.
func (in *Ingest) abort(ctx context.Context, e *entry) error {
	if e.doing() == image.Saving {
		return in.abortStore(ctx, e)
	}
	err := in.unstage(ctx, e)
	if err == nil && e.doing() == image.Importing {
		err = in.abortStore(ctx, e)
	}
	return err
}

func (in *Ingest) abortStore(ctx context.Context, e *entry) error {
	d, err := in.Stores.ByName(e.Store)
	if err != nil {
		return err
	}
	if a, ok := d.(store.Aborter); ok {
		return a.Abort(ctx, e.object(-1))
	}
	return nil
}

// finishRemoval goes on where a removal stopped: the image is pending_delete and not yet deleted. When the store will
// not let go of the data the image comes back.
func (in *Ingest) finishRemoval(ctx context.Context, e *entry, img *image.Image) error {
	err := in.removeData(ctx, img)
	switch {
	case fault.Is(err, fault.Forbidden), fault.Is(err, fault.Conflict):
		in.Log.WithError(err).WithField("image", img.ID).Warn("the store keeps the data of an image, so the image stays")
		back := db.Change{From: []image.Status{image.PendingDelete}, Status: image.Status(e.From), At: in.Clock()}
		err = stale(in.update(ctx, img.ID, back))
	case err == nil:
		err = in.bury(ctx, img.ID, db.Deletion{From: []image.Status{image.PendingDelete}})
	}
	if errors.Is(err, ErrStale) {
		return nil // somebody else has finished it
	}
	return err
}
