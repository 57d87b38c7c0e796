package importer

import (
	"context"
	"errors"
	"io"
	"os"

	"goglance/glance/image"
	"goglance/glance/internal/images"
	"goglance/glance/internal/ingest"
	"goglance/glance/internal/inspect"
)

// fetch brings the data into a scratch file and looks at it as it passes (spec tasks-import C.4, step 2).
func (im *Importer) fetch(ctx context.Context, w *work) error {
	limit, err := im.room(ctx, w)
	if err != nil {
		return err
	}
	d, err := im.open(ctx, w.in.url)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it was read, or is wanted no more
	if d.length > limit.Bytes {
		return limit.Over
	}
	if err := im.keep(ctx, w, d, limit); err != nil {
		return err
	}
	return w.report.Check(w.declared(), w.container())
}

// keep copies the data into a scratch file, which then is the one with the data.
func (im *Importer) keep(ctx context.Context, w *work, r io.Reader, limit ingest.Limit) error {
	f, err := im.newScratch()
	if err != nil {
		return err
	}
	look := inspect.New()
	n, err := copyTo(f, io.TeeReader(&reading{ctx, r, w.job.Progress}, look), limit)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	w.setDisk(f, n)
	w.report = look.Report(n)
	return nil
}

// copyTo copies r into f, but not more than limit allows.
func copyTo(f *os.File, r io.Reader, limit ingest.Limit) (int64, error) {
	one := max(limit.Bytes, limit.Bytes+1) // more, where there is a number for it
	n, err := io.CopyBuffer(struct{ io.Writer }{f}, io.LimitReader(r, one), make([]byte, 256<<10))
	if n > limit.Bytes {
		return n, limit.Over
	}
	return n, noRoom(err)
}

// stream is fetch and store in one, where there is no scratch file: the data goes into the store as it comes, and is
// looked at before the image becomes active.
func (im *Importer) stream(ctx context.Context, w *work) error {
	if _, err := im.room(ctx, w); err != nil {
		return err
	}
	d, err := im.open(ctx, w.in.url)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // as in fetch
	look := inspect.New()
	var called *image.Image
	body := &judged{Reader: io.TeeReader(&reading{ctx, d, w.job.Progress}, look), judge: func() error {
		return check(look.Report(d.n), called)
	}}
	accept := func(img *image.Image) error {
		called = img
		return nil
	}
	return im.upload(ctx, w, images.Data{Body: body, Length: d.length, Accept: accept})
}

// judged is a body that comes to its end only if it is found good.
type judged struct {
	io.Reader
	judge func() error
}

// Read reads on.
func (j *judged) Read(p []byte) (int, error) {
	n, err := j.Reader.Read(p)
	if err == io.EOF {
		if bad := j.judge(); bad != nil {
			return n, bad
		}
	}
	return n, err
}
