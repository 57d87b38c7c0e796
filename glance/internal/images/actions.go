package images

import (
	"context"

	"goglance/glance/fault"
	"goglance/glance/image"
)

// Deactivate withholds the data of an image from everyone but admins; one that is deactivated already stays so
// (spec images-api 6.3).
func (s *Images) Deactivate(ctx context.Context, id string) error {
	return s.act(ctx, id, "deactivate", image.Deactivated)
}

// Reactivate gives the data free again.
func (s *Images) Reactivate(ctx context.Context, id string) error {
	return s.act(ctx, id, "reactivate", image.Active)
}

func (s *Images) act(ctx context.Context, id, action string, to image.Status) error {
	_, err := s.Update(ctx, id, func(d *Draft) error {
		if err := s.mine(ctx, d.seen); err != nil {
			return err
		}
		if err := s.enforce(ctx, action, d.seen); err != nil {
			return err
		}
		switch d.seen.Status {
		case to:
			return nil
		case image.Active, image.Deactivated:
			d.touched, d.now.Status = true, to
			return nil
		}
		return fault.New(fault.Forbidden, "an image that is %s can be neither deactivated nor reactivated", d.seen.Status)
	})
	return err
}
