package importer

import (
	"context"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/images"
	"goglance/glance/internal/inspect"
)

// store gives the image its data, by the way of every upload: cap, quota, checksum, status (spec tasks-import C.4, step 6).
// Somebody may have changed its formats meanwhile, so they are compared with the data once more.
func (im *Importer) store(ctx context.Context, w *work) error {
	accept := func(img *image.Image) error { return check(w.report, img) }
	return im.upload(ctx, w, images.Data{Body: w.data(ctx), Length: w.size, VirtualSize: w.capacity(), Accept: accept})
}

// capacity is that of the disk inside the data; nil: unknown. The image gets it in one with the data, so that it is never
// said of other data.
func (w *work) capacity() *int64 {
	if w.report.VirtualSize < 0 {
		return nil
	}
	return &w.report.VirtualSize
}

func (im *Importer) upload(ctx context.Context, w *work, d images.Data) error {
	return deleted(im.Images.Upload(im.renew(ctx, w), w.image, d))
}

// check refuses data that is not what the image calls it.
func check(r inspect.Report, img *image.Image) error {
	return r.Check(said(img.DiskFormat), said(img.ContainerFormat))
}

// deleted says what has become of an image that is there no more.
func deleted(err error) error {
	if fault.Is(err, fault.NotFound) {
		return &fault.Error{Kind: fault.Gone, Op: "importer", Msg: "the image was deleted during the import", Err: err}
	}
	return err
}
