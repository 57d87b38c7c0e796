package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"goglance/glance/store"
)

// publish moves a complete file to its final name and returns when the disk knows it. On an error there is no such
// name; the temporary file may be left.
func (d *Driver) publish(temp, final string) error {
	if err := d.name(temp, final); err != nil {
		return writeFault("file.Put", err)
	}
	err := os.Remove(temp)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // it was renamed
	}
	if err == nil {
		err = d.syncDir(filepath.Dir(final))
	}
	if err != nil {
		d.discard(final)
	}
	return writeFault("file.Put", err)
}

// name gives a file its final name without ever replacing another. Two uploads of one object may have ended in two
// directories, hence the lock and the look at all of them.
func (d *Driver) name(temp, final string) error {
	d.naming.Lock()
	defer d.naming.Unlock()
	if d.taken(filepath.Base(final)) {
		return syscall.EEXIST
	}
	err := d.disk.link(temp, final)
	if among(err, syscall.EPERM, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EMLINK) {
		return rename(temp, final)
	}
	return err
}

// rename stands in for a hard link where the filesystem has none: an empty file takes the name, which the system
// allows once only, and is then replaced.
func rename(temp, final string) error {
	f, err := os.OpenFile(final, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), os.Rename(temp, final)); err != nil {
		return errors.Join(err, os.Remove(final))
	}
	return nil
}

// syncDir makes the names in a directory lasting. Some filesystems cannot sync a directory and need not.
func (d *Driver) syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written through it
	if err := d.disk.sync(f); !among(err, syscall.EINVAL, syscall.ENOTSUP, syscall.EOPNOTSUPP) {
		return err
	}
	return nil
}

// Abort removes the temporary file of the upload and the object itself from all directories.
func (d *Driver) Abort(_ context.Context, o store.Object) error {
	if err := checkNames(o); err != nil {
		return err
	}
	var errs []error
	for _, dir := range d.dirs {
		errs = append(errs, d.sweep(dir.path, tempName(o), o.ID))
	}
	return writeFault("file.Abort", errors.Join(errs...))
}

// sweep removes names from a directory, and syncs that if there was one.
func (d *Driver) sweep(dir string, names ...string) error {
	var errs []error
	removed := false
	for _, name := range names {
		err := os.Remove(filepath.Join(dir, name))
		removed = removed || err == nil
		if !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if removed {
		errs = append(errs, d.syncDir(dir))
	}
	return errors.Join(errs...)
}
