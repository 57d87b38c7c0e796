package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"goglance/glance/store"
)

// Put writes body to a temporary file and gives it the object's name when all of it is on the disk. An object that
// exists, in any of the directories, is fault.Conflict. A body that is an io.WriterTo is asked to write itself.
func (d *Driver) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	if err := checkNames(o); err != nil {
		return store.Stored{}, err
	}
	if d.taken(o.ID) {
		return store.Stored{}, writeFault("file.Put", syscall.EEXIST)
	}
	dir, err := d.choose(o.Size)
	if err != nil {
		return store.Stored{}, err
	}
	temp, final := filepath.Join(dir, tempName(o)), filepath.Join(dir, o.ID)
	f, err := d.create(temp)
	if err != nil {
		return store.Stored{}, err
	}
	defer d.discard(temp)
	n, err := d.fill(ctx, f, body)
	if err != nil {
		return store.Stored{}, err
	}
	if err := d.publish(temp, final); err != nil {
		return store.Stored{}, err
	}
	return store.Stored{URL: "file://" + final, Size: n, Metadata: d.metadata(final)}, nil
}

// taken reports whether some directory has the object. One that does not answer has no say: it cannot hold up the
// others, and where the object is to go the system itself refuses to replace it.
func (d *Driver) taken(id string) bool {
	for _, dir := range d.dirs {
		if _, err := os.Lstat(filepath.Join(dir.path, id)); err == nil {
			return true
		}
	}
	return false
}

// create makes a file that did not exist. The configured mode is set at once, whatever the umask: what is to be
// closed to others is never open to them.
func (d *Driver) create(path string) (*os.File, error) {
	mode := d.perm
	if mode == 0 {
		mode = 0o640
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, mode)
	if err != nil {
		return nil, writeFault("file.Put", err)
	}
	if d.perm != 0 {
		if err := f.Chmod(d.perm); err != nil {
			d.log.WithError(err).Warn("filesystem_store_file_perm has no effect")
		}
	}
	return f, nil
}

// fill writes body to f, syncs and closes it. An error of the body's own comes back as it is.
func (d *Driver) fill(ctx context.Context, f *os.File, body io.Reader) (int64, error) {
	defer func() { _ = f.Close() }() // the second time on the good way, when it changes nothing
	w := &writer{ctx: ctx, f: f}
	err := d.copy(w, body)
	switch {
	case w.err != nil:
		return 0, w.err
	case err != nil:
		return 0, err
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	if err = d.disk.sync(f); err == nil {
		err = f.Close()
	}
	return w.n, writeFault("file.Put", err)
}

// copy copies body to w. A body that writes itself needs no block from here.
func (d *Driver) copy(w io.Writer, body io.Reader) error {
	if self, ok := body.(io.WriterTo); ok {
		_, err := self.WriteTo(w)
		return err
	}
	block, ok := d.blocks.Get().(*[]byte)
	if !ok {
		fresh := make([]byte, blockSize)
		block = &fresh
	}
	defer d.blocks.Put(block)
	_, err := io.CopyBuffer(w, body, *block)
	return err
}

// discard removes a file of a failed upload if it is still there.
func (d *Driver) discard(path string) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.WithError(err).Error("a file of a failed upload stays in the image store")
	}
}
