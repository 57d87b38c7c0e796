package file

import (
	"os"

	"golang.org/x/sys/unix"
)

// startWriteback tells the disk to begin writing n bytes from off. Without it all of a large file would wait for the
// fsync at its end, and other files on the disk with it. It promises nothing, so its error means nothing.
func startWriteback(f *os.File, off, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), off, n, unix.SYNC_FILE_RANGE_WRITE)
}

// freeBytes returns the bytes that an unprivileged user may still write below dir.
func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	unit := st.Frsize // what blocks are counted in; filesystems in user space have a larger Bsize
	if unit == 0 {
		unit = st.Bsize
	}
	return int64(st.Bavail) * unit, nil
}

// reflink makes an empty file share the blocks of another, each keeping them when the other is written to. It fails on a
// filesystem that cannot.
func reflink(to, from *os.File) error {
	return unix.IoctlFileClone(int(to.Fd()), int(from.Fd()))
}
