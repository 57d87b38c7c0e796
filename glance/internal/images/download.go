package images

import (
	"context"
	"fmt"
	"io"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/notify"
	"goglance/glance/store"
)

// Download is an image whose data the caller asked for. Which part of it he wants is settled before the policy and the
// store are asked (spec images-api 7.4), hence the two steps.
type Download struct {
	View
	Bytes int64 // bytes of the whole data; 0 if there is none

	images    *Images
	stored    *image.Image
	locations []image.Location // in the order in which they are tried
}

// Download returns a handle on the data of an image. Without data Empty is true.
func (s *Images) Download(ctx context.Context, id string) (*Download, error) {
	img, err := s.visible(ctx, id)
	if err != nil {
		return nil, err
	}
	if img.Status == image.Deactivated && !auth.From(ctx).Admin {
		return nil, fault.New(fault.Forbidden, "the image is deactivated")
	}
	d := &Download{View: *s.view(ctx, img), images: s, stored: img, locations: s.ordered(img)}
	if img.Size != nil {
		d.Bytes = *img.Size
	} else {
		d.Bytes = d.measure(ctx)
	}
	return d, nil
}

// measure asks the stores how much data there is, where the image does not say: an upload that failed has cleared its
// size, and what it had before is still there. Nobody makes the service ask who may not have the data (spec security S154).
func (d *Download) measure(ctx context.Context) int64 {
	if d.images.enforce(ctx, "download_image", d.stored) != nil {
		return 0
	}
	for _, l := range d.locations {
		driver, err := d.images.Stores.For(l.URL, l.Metadata)
		if err != nil {
			continue
		}
		if n, err := driver.Size(ctx, l.URL); err == nil {
			return max(n, 0)
		}
	}
	return 0
}

// Empty reports whether the image has no data. One whose data cannot be found has some.
func (d *Download) Empty() bool { return len(d.stored.Locations) == 0 }

// Open opens n bytes of the data from off. It tries the locations in their order; the last error decides. The caller
// closes the body. Missing data is fault.NotFound.
func (d *Download) Open(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	if err := d.images.enforce(ctx, "download_image", d.stored); err != nil {
		return nil, err
	}
	err := fault.New(fault.NotFound, "the image has no data")
	if lost := len(d.stored.Locations) - len(d.locations); lost > 0 {
		err = fault.New(fault.Internal, "%d locations of the image are stored unreadably; has metadata_encryption_key changed?", lost)
		d.images.Log.WithError(err).WithField("image", d.ID).Warn("some of the image's locations are of no use")
	}
	for _, l := range d.locations {
		var body store.Body
		if body, err = d.open(ctx, l, off, n); err == nil {
			return body.ReadCloser, nil
		}
		d.images.Log.WithError(err).WithField("image", d.ID).Warn("a location of the image cannot be read")
	}
	return nil, err
}

// Sent tells that a download has ended, with n bytes sent of those expected.
func (d *Download) Sent(ctx context.Context, n, expected int64) {
	e := notify.Event{Type: "image.send", Image: d.stored, Sent: n}
	if n != expected {
		e.Err = fmt.Sprintf("%d bytes of %d were sent", n, expected)
	}
	d.images.Notify.Notify(ctx, e)
}

// open opens one location. One that has not the size of the image is as good as broken.
func (d *Download) open(ctx context.Context, l image.Location, off, n int64) (store.Body, error) {
	driver, err := d.images.Stores.For(l.URL, l.Metadata)
	if err != nil {
		return store.Body{}, fault.Wrap(fault.Internal, "images.Open", err)
	}
	body, err := driver.Open(ctx, l.URL, off, n)
	if fault.Is(err, fault.BadRange) || fault.Is(err, fault.Invalid) {
		// The image has that range, and the client has not given the URL: what is wrong is stored.
		return body, fault.Wrap(fault.Internal, "images.Open", err)
	}
	if err == nil && (body.N != n || body.Size >= 0 && body.Size != d.Bytes) {
		_ = body.Close() // nothing was read
		err = fault.New(fault.Internal, "the store has %d bytes, the image %d", body.Size, d.Bytes)
	}
	return body, err
}
