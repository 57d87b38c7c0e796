package fcgi

import (
	"errors"
	"net"
	"net/http"
	"os"
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
	body := r.Body
	defer body.Close() //nolint:errcheck // what nobody has asked for is let go
	if r.ContentLength == 0 && r.Header.Get("Transfer-Encoding") != "" {
		r.ContentLength = -1 // the protocol says where the body ends, and the front end has undone its encoding
	}
	r.Header.Del("Transfer-Encoding")
	c.server.Handler.ServeHTTP(&writer{ResponseWriter: w}, r)
}

// writer keeps net/http/fcgi from guessing the type of an answer that names none and, mostly, has no body.
type writer struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader begins the answer.
func (w *writer) WriteHeader(code int) {
	if h := w.Header(); h.Get("Content-Type") == "" {
		h["Content-Type"] = nil
	}
	w.ResponseWriter.WriteHeader(code)
}
