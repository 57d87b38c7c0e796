package images

import (
	"context"
	"errors"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/ingest"
)

// attempts bounds how often a change is decided anew because the image changed under it.
const attempts = 5

// Delete removes an image and its data (spec images-api 10). What the checks saw is what is deleted: an image that is
// protected a moment later stays (spec security S17).
func (s *Images) Delete(ctx context.Context, id string) error {
	for range attempts {
		img, err := s.deletable(ctx, id)
		if err != nil {
			return err
		}
		err = s.Ingest.Remove(ctx, img)
		if errors.Is(err, ingest.ErrStale) {
			continue
		}
		if err == nil {
			s.tellDeleted(ctx, img)
		}
		return err
	}
	return fault.New(fault.Conflict, "the image is changing too fast to be deleted")
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
	if !img.Status.To(image.Deleted) {
		return nil, fault.New(fault.Invalid, "an image that is %s cannot be deleted", img.Status)
	}
	return img, nil
}

func (s *Images) tellDeleted(ctx context.Context, img *image.Image) {
	gone := *img
	gone.Status, gone.Deleted, gone.DeletedAt = image.Deleted, true, s.Clock()
	s.tell(ctx, "image.delete", &gone, nil)
}
