package images

import (
	"context"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/policy"
)

// Page asks for a page of the images that the caller sees in lists.
type Page struct {
	Filter image.Filter
	Sort   []image.Order // complete, see image.Total
	Marker *string       // id of the image that the page begins behind; nil: at the start
	Limit  int           // images at most; negative: the configured size
}

// List returns a page of images. more says that another page may follow: the page is as long as was asked for.
func (s *Images) List(ctx context.Context, p Page) (views []*View, more bool, err error) {
	if err := s.Policy.Enforce(ctx, "get_images", auth.From(ctx), policy.NoTarget{}); err != nil {
		return nil, false, err
	}
	q := image.Query{Viewer: s.viewer(auth.From(ctx)), Filter: p.Filter, Sort: p.Sort, Limit: s.limit(p.Limit)}
	if p.Marker != nil {
		if q.After, err = s.marker(ctx, *p.Marker); err != nil {
			return nil, false, err
		}
	}
	if q.Limit == 0 || s.guesses(ctx, p.Filter) {
		return nil, false, nil
	}
	found, err := s.DB.Images(ctx, q)
	if err != nil {
		return nil, false, err
	}
	views = make([]*View, len(found))
	for i, img := range found {
		views[i] = s.view(ctx, img)
	}
	return views, len(views) == q.Limit, nil
}

// guesses reports whether a filter asks for the value of a property that the caller may not read. What it finds would
// tell him the value (spec security S23).
func (s *Images) guesses(ctx context.Context, f image.Filter) bool {
	for name := range f.Properties {
		if !s.readable(ctx, name) {
			return true
		}
	}
	return false
}

func (s *Images) limit(asked int) int {
	if asked < 0 {
		asked = s.Options.PageSize
	}
	return min(asked, s.Options.PageMax)
}

// marker finds the image that a page begins behind. Missing and invisible look the same (spec security S25); an admin
// may go on behind an image that has been deleted (spec images-api 5.2).
func (s *Images) marker(ctx context.Context, id string) (*image.Image, error) {
	img, err := s.find(ctx, id)
	if fault.Is(err, fault.NotFound) && auth.From(ctx).Admin {
		img, err = s.DB.ImageAny(ctx, id)
	}
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Invalid, "no image has the id of the marker")
	}
	return img, err
}
