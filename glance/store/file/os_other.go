//go:build darwin || freebsd

package file

import (
	"os"

	"golang.org/x/sys/unix"
)

// startWriteback does nothing: there is no such call here.
func startWriteback(*os.File, int64, int64) {}

// freeBytes returns the bytes that an unprivileged user may still write below dir.
func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// reflink fails: there is no such call here.
func reflink(*os.File, *os.File) error { return unix.ENOTSUP }
