package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"goglance/glance/fault"
)

// scratch makes a file without a name in dir. It is gone when it is closed, be it by the end of this process.
func scratch(dir string) (*os.File, error) {
	if nameless != 0 {
		f, err := os.OpenFile(dir, nameless|os.O_RDWR, 0o600)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EOPNOTSUPP) && !errors.Is(err, syscall.EISDIR) {
			return nil, fmt.Errorf("scratch: %w", err)
		}
	}
	f, err := os.CreateTemp(dir, ".scratch-")
	if err != nil {
		return nil, fmt.Errorf("scratch: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("scratch: %w", err), f.Close())
	}
	return f, nil
}

// newScratch makes a scratch file in work_dir.
func (im *Importer) newScratch() (*os.File, error) {
	f, err := scratch(im.Options.WorkDir)
	return f, noRoom(err)
}

// noRoom tells the user of a full disk.
func noRoom(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fault.Error{Kind: fault.TooLarge, Op: "importer", Msg: "there is no room left to work on the data", Err: err}
	}
	return err
}

// setDisk takes f for the file with the data, which is then the step's no more, and lets go of the one before.
func (w *work) setDisk(f *os.File, size int64) {
	w.close()
	w.disk, w.size = f, size
}

// close lets go of the file with the data.
func (w *work) close() {
	if w.disk != nil {
		_ = w.disk.Close() // it has no name, nobody can miss it
	}
	w.disk = nil
}

// data reads the file with the data from its beginning. It ends with ctx.
func (w *work) data(ctx context.Context) io.Reader {
	return &reading{ctx: ctx, Reader: io.NewSectionReader(w.disk, 0, w.size), progress: w.job.Progress}
}

// reading is a Reader that ends with a context and says how far it is.
type reading struct {
	ctx context.Context
	io.Reader
	progress func(int64)
}

// Read reads on.
func (r *reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.Reader.Read(p)
	r.progress(int64(n))
	return n, err
}
