package images

import (
	"context"
	"maps"
	"slices"

	"goglance/glance/auth"
	"goglance/glance/image"
	"goglance/glance/protect"
)

// View is an image as the caller may see it: properties that he may not read are not in it, and of its locations only
// what the options and the policy show. It is the caller's own copy.
type View struct {
	image.Image
	DirectURL     string // where the data is; "": not shown
	ShowLocations bool   // Locations are part of the document, even when there are none
}

// view returns what the caller of ctx may see of img.
func (s *Images) view(ctx context.Context, img *image.Image) *View {
	v := &View{Image: *img, ShowLocations: s.Options.ShowLocations}
	v.Properties = maps.Clone(img.Properties)
	maps.DeleteFunc(v.Properties, func(name string, _ *string) bool { return !s.readable(ctx, name) })
	v.Locations = nil
	if !s.Options.ShowLocations && !s.Options.ShowDirectURL || !s.showsLocations(ctx, img) {
		return v
	}
	shown := s.ordered(img)
	if s.Options.ShowDirectURL && len(shown) > 0 {
		v.DirectURL = shown[0].URL
	}
	if s.Options.ShowLocations {
		v.Locations = shown
	}
	return v
}

// readable reports whether the caller of ctx may see properties of this name.
func (s *Images) readable(ctx context.Context, name string) bool {
	return s.allowed(ctx, protect.Read, name)
}

// allowed asks the property protections (spec images-api 12).
func (s *Images) allowed(ctx context.Context, op protect.Operation, name string) bool {
	return s.Protect.Allows(ctx, op, name, s.Policy)
}

// showsLocations reports whether the caller may see where the data of an image is. What is deactivated is withheld from
// everyone but admins (spec images-api 4.5).
func (s *Images) showsLocations(ctx context.Context, img *image.Image) bool {
	if img.Status == image.Deactivated && !auth.From(ctx).Admin {
		return false
	}
	return s.enforce(ctx, "get_image_location", img) == nil
}

// ordered returns the locations in the order in which they are shown and tried (spec storage-db 10.2). One whose URL
// could not be read from the database is left out.
func (s *Images) ordered(img *image.Image) []image.Location {
	usable := usable(img)
	slices.SortStableFunc(usable, func(a, b image.Location) int { return s.order.Rank(a.URL) - s.order.Rank(b.URL) })
	return usable
}

// usable returns the locations whose URL could be read, in the order of storing.
func usable(img *image.Image) []image.Location {
	return slices.DeleteFunc(slices.Clone(img.Locations), func(l image.Location) bool { return l.Unreadable || l.URL == "" })
}
