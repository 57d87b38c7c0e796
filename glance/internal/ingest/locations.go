package ingest

import (
	"context"
	"errors"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

// Schedule deletes an image and leaves its data to the scrubber (spec storage-db 11.2), if the image is still exactly
// img, else ErrStale.
func (in *Ingest) Schedule(ctx context.Context, img *image.Image) error {
	return in.bury(ctx, img.ID, db.Deletion{If: img, Status: image.PendingDelete})
}

// RemoveLocations removes the data behind locations that their image no longer has and that are marked as pending_delete.
// When a store will not let go of the data its location comes back, or stays marked if the image was deleted meanwhile,
// and the error says why; data that is gone already is no error. Should the process die meanwhile, the mark tells the
// scrubber what is left to do.
func (in *Ingest) RemoveLocations(ctx context.Context, id string, gone []image.Location) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	var failures []error
	for _, l := range gone {
		status := image.Deleted
		if err := in.remove(ctx, l.URL, l.Metadata); err != nil && !fault.Is(err, fault.NotFound) {
			status = image.Active
			failures = append(failures, err)
		}
		settle := func(tx *db.Tx) error {
			if status == image.Active {
				if err := tx.LockImage(ctx, id); fault.Is(err, fault.NotFound) {
					return nil
				} else if err != nil {
					return err
				}
			}
			return tx.SetLocationStatus(ctx, id, []int64{l.ID}, status)
		}
		if err := in.DB.Tx(ctx, settle); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}
