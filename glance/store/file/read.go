package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// object is a file that was found. Its root keeps every step below it from leaving the directory by a link.
type object struct {
	spot
	dir  *os.Root
	info fs.FileInfo
}

func (o *object) close() { _ = o.dir.Close() } // nothing was written through it

// find looks for the file of a URL. What is not a regular file is no object. The caller closes the result.
func (d *Driver) find(op, url string) (*object, error) {
	s, err := d.locate(url)
	if err != nil {
		return nil, err
	}
	dir, err := os.OpenRoot(s.root)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Unavailable, Op: op, Msg: "the image store does not answer", Err: err}
	}
	o := &object{spot: s, dir: dir}
	if o.info, err = dir.Lstat(s.name); err != nil {
		err = readFault(op, err)
	} else if !o.info.Mode().IsRegular() {
		err = absent(op, "not a regular file")
	}
	if err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func absent(op, why string) error {
	return &fault.Error{Kind: fault.NotFound, Op: op, Msg: msgAbsent, Err: errors.New(why)}
}

// open opens the file that find saw, and nothing that was put in its place since: not waiting, should it be a pipe.
func (o *object) open(op string) (*os.File, error) {
	f, err := o.dir.OpenFile(o.name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, readFault(op, err)
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || !os.SameFile(info, o.info)) {
		err = absent(op, "the file was replaced")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	o.info = info
	return f, nil
}

// Open opens the file at off. The body is the *os.File itself.
func (d *Driver) Open(_ context.Context, url string, off, n int64) (store.Body, error) {
	const op = "file.Open"
	o, err := d.find(op, url)
	if err != nil {
		return store.Body{}, err
	}
	defer o.close()
	f, err := o.open(op)
	if err != nil {
		return store.Body{}, err
	}
	size := o.info.Size()
	if off < 0 || off > size {
		err = fault.New(fault.BadRange, "the range is outside of the image data")
	} else if _, err = f.Seek(off, io.SeekStart); err != nil {
		err = readFault(op, err)
	}
	if err != nil {
		return store.Body{}, errors.Join(err, f.Close())
	}
	if rest := size - off; n < 0 || n > rest {
		n = rest
	}
	return store.Body{ReadCloser: f, N: n, Size: size}, nil
}

// Size returns the size of the file.
func (d *Driver) Size(_ context.Context, url string) (int64, error) {
	o, err := d.find("file.Size", url)
	if err != nil {
		return 0, err
	}
	defer o.close()
	return o.info.Size(), nil
}

// Path returns the path of the file, for those who can read it better by name: a front end, a tool. What they find
// there may be gone, or another file, a moment later.
func (d *Driver) Path(_ context.Context, url string) (string, error) {
	o, err := d.find("file.Path", url)
	if err != nil {
		return "", err
	}
	defer o.close()
	return filepath.Join(o.root, o.name), nil
}

// Delete removes the file. That it is gone is on the disk when Delete returns.
func (d *Driver) Delete(_ context.Context, url string) error {
	const op = "file.Delete"
	o, err := d.find(op, url)
	if err != nil {
		return err
	}
	defer o.close()
	err = o.dir.Remove(o.name)
	switch {
	case err == nil:
		if err := d.syncDir(filepath.Join(o.root, filepath.Dir(o.name))); err != nil {
			d.log.WithError(err).Error("a deletion may not outlast a power cut") // but the file is gone
		}
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return readFault(op, err)
	}
	return &fault.Error{Kind: fault.Forbidden, Op: op, Msg: msgLocked, Err: err}
}
