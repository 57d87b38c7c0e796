package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"goglance/glance/store"
)

// Link gives a file an object's name as well, or makes the object share its blocks where the filesystem has reflinks and
// the file is not in reach of a hard link. It synchronises the file: nobody promises that its writer has.
//
// A file that has several names, or belongs to somebody else, is not taken over: whoever has another name for it could
// change the data of an active image.
func (d *Driver) Link(ctx context.Context, o store.Object, path string) (store.Stored, error) {
	if err := checkNames(o); err != nil {
		return store.Stored{}, err
	}
	if err := ctx.Err(); err != nil {
		return store.Stored{}, err
	}
	if d.taken(o.ID) {
		return store.Stored{}, writeFault("file.Link", syscall.EEXIST)
	}
	from, info, err := openOwn(path)
	if err != nil {
		return store.Stored{}, err
	}
	defer func() { _ = from.Close() }() // nothing was written through it
	dir, err := d.choose(info.Size())
	if err != nil {
		return store.Stored{}, err
	}
	final := filepath.Join(dir, o.ID)
	err = d.adopt(from, final)
	if among(err, syscall.EXDEV, syscall.EPERM, syscall.EMLINK, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS) {
		err = d.share(from, filepath.Join(dir, tempName(o)), final)
	}
	if err != nil {
		return store.Stored{}, err
	}
	return store.Stored{URL: "file://" + final, Size: info.Size(), Metadata: d.metadata(final)}, nil
}

// openOwn opens a regular file that nobody else has in hand.
func openOwn(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, readFault("file.Link", err)
	}
	info, err := f.Stat()
	if err == nil {
		if !info.Mode().IsRegular() || !alone(info) {
			err = fmt.Errorf("%w: it is not ours alone", store.ErrNoLink)
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// alone reports whether a file is ours and has one name.
func alone(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 1 && int(st.Uid) == os.Geteuid()
}

// adopt gives an open file its final name. On an error there is no such name.
func (d *Driver) adopt(from *os.File, final string) error {
	mode := d.perm
	if mode == 0 {
		mode = 0o640
	}
	if err := from.Chmod(mode); err != nil {
		d.log.WithError(err).Warn("filesystem_store_file_perm has no effect")
	}
	if err := d.disk.sync(from); err != nil {
		return writeFault("file.Link", err)
	}
	if err := d.linkName(from, final); err != nil {
		return writeFault("file.Link", err)
	}
	if err := d.syncDir(filepath.Dir(final)); err != nil {
		d.discard(final)
		return writeFault("file.Link", err)
	}
	return nil
}

// linkName is name for a file that keeps its own: there is nothing to stand in for a hard link. What was linked must be
// what was opened.
func (d *Driver) linkName(from *os.File, final string) error {
	d.naming.Lock()
	defer d.naming.Unlock()
	if d.taken(filepath.Base(final)) {
		return syscall.EEXIST
	}
	if err := d.disk.link(from.Name(), final); err != nil {
		return err
	}
	opened, err := from.Stat()
	if err == nil {
		var named fs.FileInfo
		if named, err = os.Lstat(final); err == nil && os.SameFile(opened, named) {
			return nil
		}
	}
	d.discard(final)
	return errors.Join(errors.New("the file was exchanged while it was taken over"), err)
}

// share makes the object of the blocks of from.
func (d *Driver) share(from *os.File, temp, final string) error {
	f, err := d.create(temp)
	if err != nil {
		return err
	}
	defer d.discard(temp)
	if err := d.disk.clone(f, from); err != nil {
		return fmt.Errorf("%w: %w", store.ErrNoLink, errors.Join(err, f.Close()))
	}
	if err := errors.Join(d.disk.sync(f), f.Close()); err != nil {
		return writeFault("file.Link", err)
	}
	return d.publish(temp, final)
}
