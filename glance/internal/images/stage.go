package images

import (
	"context"
	"errors"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/ingest"
)

// Stage keeps data for a queued image until it is imported; the image is uploading then (spec tasks-import D.3).
// Everything that can be known before is checked before the first byte is read.
func (s *Images) Stage(ctx context.Context, id string, d Data) error {
	return again(ctx, func() error {
		err := s.stage(ctx, id, d)
		if errors.Is(err, ingest.ErrStale) {
			return errors.Join(errStale, err)
		}
		return err
	})
}

func (s *Images) stage(ctx context.Context, id string, d Data) error {
	img, err := s.mutable(ctx, id)
	if err != nil {
		return err
	}
	if img.Status != image.Queued {
		return fault.New(fault.Conflict, "data can only be staged for a queued image, this one is %s", img.Status)
	}
	if err := s.enforce(ctx, "modify_image", img); err != nil {
		return err
	}
	u, err := s.incoming(ctx, img, d)
	if err != nil {
		return err
	}
	staged, err := s.Ingest.Stage(ctx, u)
	if err != nil {
		return err
	}
	s.tell(ctx, "image.update", staged, nil)
	return nil
}

// incoming is the upload of a body for an image, held to the size cap and the caller's quota.
func (s *Images) incoming(ctx context.Context, img *image.Image, d Data) (ingest.Upload, error) {
	u := ingest.Upload{
		ID: img.ID, If: img, Body: d.Body, Length: d.Length, VirtualSize: d.VirtualSize,
		Check: func(ctx context.Context, tx *db.Tx, size int64) error { return s.checkQuota(ctx, tx, img.ID, size) },
	}
	if img.Owner != nil {
		u.Owner = *img.Owner
	}
	var err error
	u.Limit, err = s.room(ctx, img.ID, d.Length)
	return u, err
}
