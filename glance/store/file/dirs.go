package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"goglance/glance/fault"
)

// prepare makes the directories ready for new data and returns them without doubles.
func (d *Driver) prepare(dirs []datadir) ([]datadir, error) {
	var ready []datadir
	var infos []fs.FileInfo
next:
	for _, dir := range dirs {
		info, err := d.prepareOne(dir.path)
		if err != nil {
			return nil, err
		}
		for i, known := range infos {
			if !os.SameFile(known, info) {
				continue
			}
			if ready[i].priority != dir.priority {
				return nil, fmt.Errorf("filesystem_store_datadirs: %s stands there with two priorities", dir.path)
			}
			// Locations may use either path, so both stay readable; one of them is enough for new data.
			d.roots = append(d.roots, dir.path)
			d.log.Warnf("filesystem_store_datadirs: %s stands there twice", dir.path)
			continue next
		}
		ready, infos = append(ready, dir), append(infos, info)
	}
	return ready, nil
}

func (d *Driver) prepareOne(path string) (fs.FileInfo, error) {
	if err := d.makeDir(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o002 != 0 {
		d.log.Warnf("anybody may write to the image directory %s", path)
	}
	if err := unix.Access(path, unix.W_OK|unix.X_OK); err != nil {
		d.log.WithError(err).Warnf("the image directory %s takes no new data", path)
	}
	d.letPass(path, info.Mode())
	return info, nil
}

// makeDir makes a directory that is not there, and sees to it that it stays.
func (d *Driver) makeDir(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// letPass makes a directory passable for those who may read the files in it.
func (d *Driver) letPass(path string, have fs.FileMode) {
	want := have
	if d.perm&0o007 != 0 {
		want |= 0o001
	}
	if d.perm&0o070 != 0 {
		want |= 0o010
	}
	if want == have {
		return
	}
	if err := os.Chmod(path, want); err != nil {
		d.log.WithError(err).Warnf("the image directory %s stays closed to readers that filesystem_store_file_perm names", path)
	}
}

// choose returns the directory for an object of size bytes, -1 if that is unknown. A single directory is taken as it
// is: whether there is room shows when the disk is full.
func (d *Driver) choose(size int64) (string, error) {
	if !d.plural {
		return d.dirs[0].path, nil
	}
	var best datadir
	var most int64
	var errs []error
	for _, dir := range d.dirs {
		free, err := d.disk.free(dir.path)
		if err != nil {
			d.log.WithError(err).Warnf("the image directory %s does not tell its free space", dir.path)
			errs = append(errs, err)
			continue
		}
		if free <= 0 || free < size {
			continue
		}
		if most == 0 || dir.priority > best.priority || dir.priority == best.priority && free > most {
			best, most = dir, free
		}
	}
	switch {
	case most > 0:
		return best.path, nil
	case len(errs) == len(d.dirs):
		return "", &fault.Error{Kind: fault.Unavailable, Op: "file.Put", Msg: msgDenied, Err: errors.Join(errs...)}
	}
	return "", &fault.Error{Kind: fault.TooLarge, Op: "file.Put", Msg: msgFull}
}
