package importer

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// nameless opens a file that never had a name.
const nameless = unix.O_TMPFILE | unix.O_CLOEXEC

// apart puts a child into a process group of its own, which ends with it, and ends it with the thread that has started it.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
