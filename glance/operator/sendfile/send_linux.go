package sendfile

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// most is how much is sent at once.
const most = 4 << 20

// send sends n bytes of f from where it stands, or fewer if it has no more. It is not ok if nothing was sent because the
// kernel cannot do it with this file. When the client takes no more it waits, until the write deadline of the connection, or
// returns full.
func (c *conn) send(f *os.File, n int64, patient bool) (sent int64, err error, ok bool) { //nolint:revive // ok says whether the rest counts
	to, err := c.SyscallConn()
	if err != nil {
		return 0, err, true
	}
	from, err := f.SyscallConn()
	if err != nil {
		return 0, err, true
	}
	var failed error
	read := func(file uintptr) {
		for sent < n && failed == nil {
			var m int
			err = to.Write(func(socket uintptr) bool {
				m, failed = unix.Sendfile(int(socket), int(file), nil, int(min(n-sent, most)))
				return !patient || !errors.Is(failed, syscall.EAGAIN)
			})
			if err != nil || m == 0 && failed == nil {
				return // the deadline, or the end of the file
			}
			sent += int64(max(m, 0))
			if errors.Is(failed, syscall.EINTR) {
				failed = nil
			}
		}
	}
	if err := from.Control(read); err != nil {
		return sent, err, true
	}
	if errors.Is(failed, syscall.EAGAIN) && err == nil {
		return sent, full{c}, true
	}
	if err == nil && failed != nil {
		err = os.NewSyscallError("sendfile", failed)
	}
	return sent, err, sent > 0 || !cannot(failed)
}

// wait waits until the client takes more, or the write deadline of the connection.
func (c *conn) wait() error {
	to, err := c.SyscallConn()
	if err != nil {
		return err
	}
	ready := make([]unix.PollFd, 1)
	return to.Write(func(socket uintptr) bool {
		ready[0] = unix.PollFd{Fd: int32(socket), Events: unix.POLLOUT}
		n, _ := unix.Poll(ready, 0) // an error comes again when something is sent
		return n != 0
	})
}

// cannot reports whether the kernel refuses to send from such a file.
func cannot(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EOPNOTSUPP)
}
