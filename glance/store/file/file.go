package file

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/sirupsen/logrus"
)

// Driver keeps objects as files. It is safe for concurrent use, also by several processes on the same directories.
type Driver struct {
	dirs   []datadir
	plural bool     // one of dirs is chosen by priority and free space
	roots  []string // where objects may be read and deleted: dirs and the read roots
	perm   fs.FileMode
	mounts []mountpoint
	log    logrus.FieldLogger
	disk   disk

	naming sync.Mutex // held while an object gets its name: the name must be free in all of dirs
	blocks sync.Pool  // of *[]byte, for copying
}

// disk is what the driver asks of the operating system and a test may refuse.
type disk struct {
	link  func(from, to string) error
	clone func(to, from *os.File) error
	sync  func(*os.File) error
	free  func(dir string) (int64, error)
}

// New returns a driver for the directories of o and creates those that do not exist.
func New(o Options) (*Driver, error) {
	d := &Driver{log: o.Log, disk: disk{link: os.Link, clone: reflink, sync: bounded((*os.File).Sync), free: freeBytes}}
	if d.log == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		d.log = silent
	}
	if err := d.configure(o); err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	return d, nil
}

func (d *Driver) configure(o Options) (err error) {
	if d.perm, err = o.perm(); err != nil {
		return err
	}
	if d.mounts, err = loadMetadata(o.MetadataFile); err != nil {
		return err
	}
	roots, err := o.readRoots()
	if err != nil {
		return err
	}
	dirs, plural, err := o.datadirs()
	if err != nil {
		return err
	}
	if d.dirs, err = d.prepare(dirs); err != nil {
		return err
	}
	d.plural = plural
	for _, dir := range d.dirs {
		d.roots = append(d.roots, dir.path)
	}
	d.roots = append(d.roots, roots...)
	return nil
}

// Dirs returns the directories that take new data.
func (d *Driver) Dirs() []string {
	dirs := make([]string, len(d.dirs))
	for i, dir := range d.dirs {
		dirs[i] = dir.path
	}
	return dirs
}

// Schemes returns the schemes of a location in this store.
func (d *Driver) Schemes() []string { return []string{"file", "filesystem"} }

// syncs is how many files are synced at once. Each takes a thread; a thousand slow uploads that end together would take
// 20 MiB for them, and the disk has no use for more.
const syncs = 32

// bounded bounds how often do runs at once.
func bounded(do func(*os.File) error) func(*os.File) error {
	running := make(chan struct{}, syncs)
	return func(f *os.File) error {
		running <- struct{}{}
		defer func() { <-running }()
		return do(f)
	}
}
