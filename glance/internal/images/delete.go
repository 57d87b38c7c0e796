package images

import (
	"context"
	"errors"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/ingest"
)

// Delete removes an image and its data (spec images-api 10). What the checks saw is what is deleted: an image that is
// protected a moment later stays (spec security S17).
func (s *Images) Delete(ctx context.Context, id string) error {
	return again(ctx, func() error {
		img, err := s.deletable(ctx, id)
		if err != nil {
			return err
		}
		remove := s.Ingest.Remove
		if s.end(img) == image.PendingDelete {
			remove = s.Ingest.Schedule
		}
		err = remove(ctx, img)
		if errors.Is(err, ingest.ErrStale) {
			return errors.Join(errStale, err)
		}
		if err == nil {
			s.tellDeleted(ctx, img)
		}
		return err
	})
}

// end is the state that deletion leads to: with delayed delete, data stays for the scrubber (spec images-api 10).
func (s *Images) end(img *image.Image) image.Status {
	if s.Options.DelayedDelete && len(img.Locations) > 0 {
		return image.PendingDelete
	}
	return image.Deleted
}

func (s *Images) deletable(ctx context.Context, id string) (*image.Image, error) {
	img, err := s.mutable(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.enforce(ctx, "delete_image", img); err != nil {
		return nil, err
	}
	if img.Protected {
		return nil, fault.New(fault.Forbidden, "the image is protected and cannot be deleted")
	}
	if !img.Status.To(s.end(img)) {
		return nil, fault.New(fault.Invalid, "an image that is %s cannot be deleted", img.Status)
	}
	return img, nil
}

func (s *Images) tellDeleted(ctx context.Context, img *image.Image) {
	gone := *img
	gone.Status, gone.Deleted, gone.DeletedAt = image.Deleted, true, s.Clock()
	s.tell(ctx, "image.delete", &gone, nil)
}
