package fcgi

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// conn is a connection of a front end. It may multiplex by the protocol; those that we know do not.
type conn struct {
	net.Conn
	server *Server
	since  time.Time
	busy   atomic.Bool // something of a request has come
}

// Read reads records. The first byte begins a request.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.busy.Swap(true) {
		c.server.note(c, true)
		c.readWithin(c.server.HeaderTime)
	}
	return n, err
}

// endRequest is the type of the record that ends an answer; it stands in the second byte.
const endRequest = 3

// Write writes a whole record. As long as the front end takes some of it now and then it may take its time: a record
// that was cut would spoil the connection.
func (c *conn) Write(p []byte) (n int, err error) {
	for n < len(p) {
		if c.server.Stall > 0 {
			_ = c.SetWriteDeadline(time.Now().Add(c.server.Stall)) // it fails when the connection is closed, as Write then does
		}
		m, err := c.Conn.Write(p[n:])
		n += m
		if err != nil && (m == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return n, err
		}
	}
	if len(p) > 1 && p[1] == endRequest {
		c.rest()
	}
	return n, nil
}

// rest is called between requests.
func (c *conn) rest() {
	c.busy.Store(false)
	c.readWithin(c.server.Stall)
	if !c.server.note(c, false) {
		c.Close() //nolint:errcheck // the answer is complete
	}
}

// Close closes the connection.
func (c *conn) Close() error {
	c.server.forget(c)
	return c.Conn.Close()
}

// readWithin sets how long the next bytes may take; 0: for ever.
func (c *conn) readWithin(d time.Duration) {
	var t time.Time
	if d > 0 {
		t = time.Now().Add(d)
	}
	_ = c.SetReadDeadline(t) // it fails when the connection is closed, as Read then does
}

// serve answers a request. A handler that aborts, or breaks, cuts the connection: what the front end has so far is not
// the whole answer.
func (c *conn) serve(w http.ResponseWriter, r *http.Request) {
	c.readWithin(0) // the body's time is the handler's to measure
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			c.Close() //nolint:errcheck // it is cut
		default:
			c.Close() //nolint:errcheck // it is cut
			if c.server.ErrorLog != nil {
				c.server.ErrorLog.Printf("fcgi: panic serving %s: %v", r.RemoteAddr, p)
			}
		}
	}()
	if r.ContentLength == 0 && r.Header.Get("Transfer-Encoding") != "" {
		r.ContentLength = -1 // the protocol says where the body ends, and the front end has undone its encoding
	}
	r.Header.Del("Transfer-Encoding")
	out := &writer{ResponseWriter: w}
	out.left.Store(-1)
	r.Body = body{r.Body, out}
	c.server.Handler.ServeHTTP(out, r)
}

// body is a request's body. It ends with the answer: front ends pass nothing of a body on once they have an answer, and
// wait for the end of it, which they see when the handler is done. What is left net/http/fcgi reads after that.
type body struct {
	io.ReadCloser
	answer *writer
}

// Read reads what the front end sends. It is http.ErrBodyReadAfterClose when the answer is complete.
func (b body) Read(p []byte) (int, error) {
	if b.answer.left.Load() == 0 {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.ReadCloser.Read(p)
}

// writer keeps net/http/fcgi from guessing the type of an answer that names none and, mostly, has no body. It counts what
// is left to write.
type writer struct {
	http.ResponseWriter
	left atomic.Int64 // of the answer; below 0: not known. Others may read the body meanwhile
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader begins the answer.
func (w *writer) WriteHeader(code int) {
	if h := w.Header(); h.Get("Content-Type") == "" {
		h["Content-Type"] = nil
	}
	if n, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64); err == nil {
		w.left.Store(n)
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write writes some of the answer.
func (w *writer) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	if left := w.left.Load(); left > 0 {
		w.left.Store(max(0, left-int64(n)))
	}
	return n, err
}
