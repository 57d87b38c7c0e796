package file

import (
	"errors"
	"slices"
	"syscall"

	"goglance/glance/fault"
)

// What the client is told. The path and the operating system's words are for the log.
const (
	msgFull   = "the image store is full"
	msgDenied = "the image store cannot be written to"
	msgExists = "the image store has data of this image already"
	msgAbsent = "the image data is not in the store"
	msgLocked = "the image store refuses access to the image data"
)

// writeFault says what an error of the operating system means for a Put. A directory that is not there is trouble of
// the store, not of the request.
func writeFault(op string, err error) error {
	f := &fault.Error{Op: op, Err: err}
	switch {
	case err == nil:
		return nil
	case among(err, syscall.ENOSPC, syscall.EFBIG, syscall.EDQUOT):
		f.Kind, f.Msg = fault.TooLarge, msgFull
	case among(err, syscall.EACCES, syscall.EPERM, syscall.EROFS, syscall.ENOENT, syscall.ENOTDIR):
		f.Kind, f.Msg = fault.Unavailable, msgDenied
	case among(err, syscall.EEXIST):
		f.Kind, f.Msg = fault.Conflict, msgExists
	}
	return f
}

// readFault says what an error of the operating system means for the reader of an object.
func readFault(op string, err error) error {
	f := &fault.Error{Op: op, Err: err}
	switch {
	case among(err, syscall.ENOENT, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG):
		f.Kind, f.Msg = fault.NotFound, msgAbsent
	case among(err, syscall.EACCES, syscall.EPERM):
		f.Kind, f.Msg = fault.Forbidden, msgLocked
	}
	return f
}

func among(err error, numbers ...syscall.Errno) bool {
	var n syscall.Errno
	return errors.As(err, &n) && slices.Contains(numbers, n)
}
