//go:build darwin || freebsd

package importer

import "syscall"

// nameless is not to be had: a scratch file has a name for a moment.
const nameless = 0

// apart puts a child into a process group of its own, which ends with it.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
