// Package sendfile has the kernel copy files to clients. Package net does so for TCP only; behind a front end, on a unix
// socket, a download would go through this process in pieces of 32 KiB, at half the speed. And net/http holds a buffer of
// that size for as long as it sends a file, which it does not use; a thousand slow clients would hold a thousand.
package sendfile

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// Listener accepts connections. Those of unix sockets and TCP send files so.
type Listener struct{ net.Listener }

// Accept returns the next connection.
func (l Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if s, ok := c.(socket); ok && err == nil {
		return &conn{s}, nil
	}
	return c, err
}

// socket is net.UnixConn or net.TCPConn.
type socket interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

type conn struct{ socket }

// ReadFrom sends what src has, as net.TCPConn does. net/http calls it.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	impatient, ok := src.(portion)
	part := impatient.LimitedReader
	if !ok {
		if part, ok = src.(*io.LimitedReader); !ok {
			return c.copy(src)
		}
	}
	f, isFile := part.R.(*os.File)
	if !isFile {
		return c.copy(src)
	}
	n, err, sent := c.send(f, part.N, impatient.LimitedReader == nil)
	part.N -= n
	if !sent {
		return c.copy(src)
	}
	return n, err
}

func (c *conn) copy(src io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c.socket}, src)
}

// portion is part of a file of which so much is to be sent as the client takes without a wait.
type portion struct{ *io.LimitedReader }

// full is the error when the client takes no more without a wait.
type full struct{ *conn }

// Error says so.
func (full) Error() string { return "the client takes no more at once" }

// Handler sends the files among the answers of next to slow clients without a buffer. The connections are those of a
// Listener; on others it changes nothing.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&writer{w}, r) })
}

type writer struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// ReadFrom sends what src has. It waits for the client here, where net/http holds nothing.
func (w *writer) ReadFrom(src io.Reader) (sent int64, err error) {
	part, ok := src.(*io.LimitedReader)
	if !ok {
		return io.Copy(w.ResponseWriter, src)
	}
	for {
		n, err := io.Copy(w.ResponseWriter, portion{part})
		sent += n
		var to full
		if !errors.As(err, &to) {
			return sent, err
		}
		if err := to.wait(); err != nil {
			return sent, err
		}
	}
}
