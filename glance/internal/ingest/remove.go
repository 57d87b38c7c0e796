package ingest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/store"
)

// ErrStale says that an image has changed since it was read: read it again and decide anew.
var ErrStale = errors.New("the image has changed meanwhile")

// Remove deletes an image and its data, if the image is still exactly img, else ErrStale. When the store will not let
// go of the data (fault.Forbidden, fault.Conflict, ...) the image stays as it was.
//
// While the bytes go the image is pending_delete: nobody finds it, and it can still come back.
func (in *Ingest) Remove(ctx context.Context, img *image.Image) error {
	if len(img.Locations) == 0 {
		return in.removeStaged(ctx, img)
	}
	e, err := in.beginRemoval(entry{Image: img.ID, Upload: uuid.NewString(), From: string(img.Status), At: in.Clock()})
	if err != nil {
		return err
	}
	hide := db.Change{If: img, Status: image.PendingDelete, Mark: e.Upload, At: e.At}
	if err := stale(in.update(ctx, img.ID, hide)); err != nil {
		in.settle(context.WithoutCancel(ctx), e) // it may be hidden all the same
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := in.removeData(ctx, img); err != nil {
		back := db.Change{From: []image.Status{image.PendingDelete}, Status: img.Status, At: img.UpdatedAt}
		if undo := in.update(ctx, img.ID, back); undo != nil {
			in.postpone(e, undo)
			return err
		}
		in.end(e)
		return err
	}
	if err := in.bury(ctx, img.ID, db.Deletion{From: []image.Status{image.PendingDelete}}); err != nil {
		in.postpone(e, err)
		return err
	}
	in.end(e)
	return nil
}

// beginRemoval writes the entry of a removal. On a full disk there is none: a removal makes room, so it had better be
// done without a net than not at all.
func (in *Ingest) beginRemoval(work entry) (*entry, error) {
	e, err := in.Journal.begin(work, removing)
	if fault.Is(err, fault.TooLarge) {
		in.Log.WithError(err).Warn("an image is removed without a journal")
		work.path, work.state = filepath.Join(in.Journal.dir, work.Upload), removing
		return &work, nil
	}
	return e, err
}

// bury makes the image's row a deleted one.
func (in *Ingest) bury(ctx context.Context, id string, d db.Deletion) error {
	d.At = in.Clock()
	return stale(in.DB.Tx(ctx, func(tx *db.Tx) error { return tx.DeleteImage(ctx, id, d) }))
}

func (in *Ingest) update(ctx context.Context, id string, c db.Change) error {
	return in.DB.Tx(ctx, func(tx *db.Tx) error { return tx.UpdateImage(ctx, id, c) })
}

func stale(err error) error {
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	return err
}

// removeData removes the bytes of every location. What is gone already is gone; a store that cannot delete keeps its
// object (spec images-api 10). Data whose location cannot be read would stay behind for ever, so the image stays too.
func (in *Ingest) removeData(ctx context.Context, img *image.Image) error {
	if slices.ContainsFunc(img.Locations, func(l image.Location) bool { return l.Unreadable }) {
		return fault.New(fault.Conflict, "the image has data of which nobody knows where it is, so it stays")
	}
	for _, l := range img.Locations {
		err := in.remove(ctx, l.URL, l.Metadata)
		if fault.Is(err, fault.NotFound) {
			in.Log.WithField("image", img.ID).Warn("the data of a deleted image was not in the store")
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *Ingest) remove(ctx context.Context, url string, metadata map[string]any) error {
	d, err := in.Stores.For(url, metadata)
	if err != nil {
		return fault.Wrap(fault.Internal, "ingest.Remove", err)
	}
	w, ok := d.(store.Writer)
	if !ok {
		in.Log.Warn("a store that cannot delete keeps the data of a deleted image")
		return nil
	}
	err = w.Delete(ctx, url)
	if fault.Is(err, fault.Invalid) { // what is wrong is stored, not sent
		err = fault.Wrap(fault.Internal, "ingest.Remove", err)
	}
	return err
}
