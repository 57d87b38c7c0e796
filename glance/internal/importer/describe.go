package importer

import (
	"context"

	"goglance/glance/internal/images"
)

// describe tells the image what was found out about its data: its format where that is another than was said, and what
// came out of an OVA (spec tasks-import C.5, C.6). Formats that agree with what was said stay spelled as they were: aki is
// raw too.
func (im *Importer) describe(ctx context.Context, w *work) error {
	if w.format == "" && !w.unpacked {
		return nil
	}
	_, err := im.Images.Update(im.renew(ctx, w), w.image, func(d *images.Draft) error { return w.draft(d) })
	return deleted(err)
}

func (w *work) draft(d *images.Draft) error {
	if w.format != "" {
		if err := d.Replace("disk_format", w.format); err != nil {
			return err
		}
	}
	if !w.unpacked {
		return nil
	}
	for name, value := range w.properties {
		if err := d.Add(name, value); err != nil {
			return err
		}
	}
	return d.Replace("container_format", bare)
}
