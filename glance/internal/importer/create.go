package importer

import (
	"context"

	"goglance/glance/internal/ingest"
)

// create makes the image (spec tasks-import C.3). It stays, whatever happens later.
func (im *Importer) create(ctx context.Context, w *work) error {
	v, err := im.Images.Create(ctx, w.in.attributes)
	if err != nil {
		return err
	}
	w.image = v.ID
	return nil
}

// room makes the checks of an upload, so that nothing is done for an image that cannot take data, and returns how much it
// may be.
func (im *Importer) room(ctx context.Context, w *work) (ingest.Limit, error) {
	limit, err := im.Images.Room(ctx, w.image)
	return limit, deleted(err)
}

// container returns the container_format that the data is said to have.
func (w *work) container() string { return said(w.in.attributes.ContainerFormat) }

// declared returns the disk_format that the data is said to have.
func (w *work) declared() string { return said(w.in.attributes.DiskFormat) }

func said(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
