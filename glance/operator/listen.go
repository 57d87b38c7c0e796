package operator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"

	"goglance/glance/settings"
)

// sockets are where a daemon listens. Every server gets copies of them, so that one can stop while the next goes on.
type sockets struct {
	listeners []net.Listener
	address   string // that the options name, where they do
	given     bool   // somebody else has made them for us, for good
}

func (s sockets) close() error {
	var errs []error
	for _, ln := range s.listeners {
		errs = append(errs, ln.Close())
	}
	return errors.Join(errs...)
}

// Patience with an address that another process has: one that is about to end (spec operations 6.1).
const (
	bindTime  = 30 * time.Second
	bindPause = 100 * time.Millisecond
)

func address(o settings.Server) string { return net.JoinHostPort(o.BindHost, strconv.Itoa(o.BindPort)) }

// listenTCP listens where the options say. wait: an address in use may become free.
func listenTCP(ctx context.Context, o settings.Server, wait bool) (sockets, error) {
	s := sockets{address: address(o)}
	for end := time.Now().Add(bindTime); ; {
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
		if err == nil {
			s.listeners = []net.Listener{ln}
			return s, s.backlog(o.Backlog)
		}
		if !wait || !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(end) {
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-time.After(bindPause):
		}
	}
}

// backlog sets how many connections may wait, which the kernel takes at any time.
func (s sockets) backlog(n int) error {
	var errs []error
	for _, ln := range s.listeners {
		conn, ok := ln.(syscall.Conn)
		if !ok || s.given {
			continue // systemd has set it
		}
		raw, err := conn.SyscallConn()
		if err != nil {
			return err
		}
		err = raw.Control(func(fd uintptr) { errs = append(errs, unix.Listen(int(fd), n)) })
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// inheritance is the variable of the reference with the number of a socket that is bound and does not listen yet.
const inheritance = "GLANCE_TEST_SOCKET_FD"

// inherited returns the sockets that systemd, or a supervisor in the way of the reference, has made for us; none if
// there are none.
func inherited(o settings.Server) (sockets, error) {
	if text, ok := os.LookupEnv(inheritance); ok {
		os.Unsetenv(inheritance) //nolint:errcheck // the name is good
		fd, err := strconv.Atoi(text)
		if err != nil || fd < 0 {
			return sockets{}, fmt.Errorf("%s: %q is no number of a descriptor", inheritance, text)
		}
		if err := unix.Listen(fd, o.Backlog); err != nil {
			return sockets{}, fmt.Errorf("%s: %w", inheritance, err)
		}
		ln, err := fileListener(os.NewFile(uintptr(fd), inheritance))
		if err != nil {
			return sockets{}, fmt.Errorf("%s: %w", inheritance, err)
		}
		return sockets{listeners: []net.Listener{ln}, address: address(o)}, nil
	}
	s := sockets{given: true}
	for _, f := range activation.Files(true) {
		ln, err := fileListener(f)
		if err != nil {
			return s, errors.Join(fmt.Errorf("the socket %s of systemd: %w", f.Name(), err), s.close())
		}
		s.listeners = append(s.listeners, ln)
	}
	return s, nil
}

func fileListener(f *os.File) (net.Listener, error) {
	ln, err := net.FileListener(f)
	return ln, errors.Join(err, f.Close())
}

// copies returns sockets that are the same for the kernel: who waits on one is accepted on the other. Accepted
// connections are asked after idle seconds whether they are still there.
func (s sockets) copies(idle time.Duration) ([]net.Listener, error) {
	var all []net.Listener
	for _, ln := range s.listeners {
		source, ok := ln.(interface{ File() (*os.File, error) })
		if !ok {
			return nil, fmt.Errorf("a %T cannot be copied", ln)
		}
		f, err := source.File()
		if err != nil {
			return nil, err
		}
		if ln, err = fileListener(f); err != nil {
			return nil, err
		}
		all = append(all, watchful{ln, idle})
	}
	return all, nil
}

// watchful has the kernel find out that a client has gone without a word.
type watchful struct {
	net.Listener
	idle time.Duration
}

// Accept returns the next connection.
func (w watchful) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: w.idle}) // without, it is only noticed later
	}
	return conn, err
}
