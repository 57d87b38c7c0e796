package images

import (
	"context"
	"os"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// LocalFile returns the path of a file that is the whole data, for a front end that sends it itself. It is "" when the
// place that is read first is no local file, or not one of the right size: then Open is to be asked.
func (d *Download) LocalFile(ctx context.Context) (string, error) {
	if err := d.images.enforce(ctx, "download_image", d.stored); err != nil {
		return "", err
	}
	if len(d.locations) == 0 {
		return "", nil
	}
	first := d.locations[0]
	driver, err := d.images.Stores.For(first.URL, first.Metadata)
	if err != nil {
		return "", fault.Wrap(fault.Internal, "images.LocalFile", err)
	}
	local, ok := driver.(store.Pather)
	if !ok {
		return "", nil
	}
	path, err := local.Path(ctx, first.URL)
	if err != nil {
		return "", nil //nolint:nilerr // Open tries the other places, and says what is wrong
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != d.Bytes {
		return "", nil //nolint:nilerr // as above
	}
	return path, nil
}
