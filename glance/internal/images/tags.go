package images

import (
	"context"
	"slices"

	"goglance/glance/fault"
)

// AddTag gives an image a tag; one that it has already is no error (spec images-api 9).
func (s *Images) AddTag(ctx context.Context, id, tag string) error {
	_, err := s.Update(ctx, id, func(d *Draft) error {
		if err := d.mine(); err != nil {
			return err
		}
		tags := distinct(append(slices.Clone(d.now.Tags), tag))
		if exceeds(len(tags), s.Options.TagQuota) {
			return fault.New(fault.TooLarge, "%d tags are more than the %d an image may have", len(tags), s.Options.TagQuota)
		}
		d.now.Tags = tags
		return nil
	})
	return err
}

// RemoveTag takes a tag from an image.
func (s *Images) RemoveTag(ctx context.Context, id, tag string) error {
	_, err := s.Update(ctx, id, func(d *Draft) error {
		at := slices.Index(d.now.Tags, tag)
		if at < 0 {
			return fault.New(fault.NotFound, "the image has no such tag")
		}
		d.now.Tags = slices.Delete(d.now.Tags, at, at+1)
		return d.mine()
	})
	return err
}
