package operator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// socketMode lets the group of the socket, which the front end is to be in, connect.
const socketMode = 0o660

// unixSocket is a socket to listen on, and who may connect to it.
type unixSocket struct {
	path  string
	mode  string // octal
	owner string // user:group, each optional; "": the process's
}

// listen listens on the socket, in the place of one that a dead process has left. Before its owner and mode are right
// nobody else can connect: the umask sees to that.
func (s unixSocket) listen(ctx context.Context) (net.Listener, error) {
	mode, err := strconv.ParseUint(s.mode, 8, 32)
	if err != nil || mode > 0o777 {
		return nil, fmt.Errorf("--socket-mode: %q is no mode such as %o", s.mode, socketMode)
	}
	uid, gid, err := ids(s.owner)
	if err != nil {
		return nil, fmt.Errorf("--socket-owner: %w", err)
	}
	if err := s.clear(); err != nil {
		return nil, err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "unix", s.path)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Lchown(s.path, uid, gid), os.Chmod(s.path, fs.FileMode(mode))); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

// clear removes what a dead process has left.
func (s unixSocket) clear() error {
	if info, err := os.Lstat(s.path); err == nil && info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s is there and is not a socket", s.path)
	}
	if conn, err := net.Dial("unix", s.path); err == nil {
		return errors.Join(fmt.Errorf("another process listens on %s", s.path), conn.Close())
	}
	if err := os.Remove(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// keep is the number of a user or group that stays as it is.
const keep = -1

// ids returns the numbers of user:group, given as names or numbers.
func ids(owner string) (uid, gid int, err error) {
	uid, gid = keep, keep
	name, group, _ := strings.Cut(owner, ":")
	if name != "" {
		u, err := user.Lookup(name)
		if err != nil {
			u, err = user.LookupId(name)
		}
		if err != nil {
			return uid, gid, fmt.Errorf("no user is called %q", name)
		}
		if uid, err = strconv.Atoi(u.Uid); err != nil {
			return uid, gid, err
		}
	}
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			g, err = user.LookupGroupId(group)
		}
		if err != nil {
			return uid, gid, fmt.Errorf("no group is called %q", group)
		}
		if gid, err = strconv.Atoi(g.Gid); err != nil {
			return uid, gid, err
		}
	}
	return uid, gid, nil
}
