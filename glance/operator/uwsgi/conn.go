package uwsgi

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// Listener accepts connections of front ends, for an http.Server.
type Listener struct{ net.Listener }

// Accept returns the next connection. What is on it is read by whoever serves it.
func (l Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// conn is a connection with one request. net/http reads an HTTP request from it, and writes the answer to the front end.
type conn struct {
	net.Conn
	request atomic.Pointer[request] // nil until it has been read
	head    []byte                  // of the HTTP request, as far as it has not been read
}

// Read gives the head of the request, then its body as it comes. One goroutine at a time reads.
func (c *conn) Read(p []byte) (int, error) {
	if c.request.Load() == nil {
		if err := c.translate(); err != nil {
			return 0, err
		}
	}
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

func (c *conn) translate() error {
	vars, err := readPacket(c.Conn)
	if err != nil {
		return err
	}
	r, err := newRequest(vars)
	if err != nil {
		return err
	}
	if c.head, err = r.head(); err != nil {
		return err
	}
	c.request.Store(r)
	return nil
}

// ReadFrom lets the kernel copy files, where it can.
func (c *conn) ReadFrom(src io.Reader) (int64, error) { return io.Copy(c.Conn, src) }

// CloseWrite tells the front end that the answer is complete, before the connection is closed.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type connKey struct{}

// ConnContext is for http.Server.ConnContext. It tells Handler what the front end says beyond HTTP.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// Handler gives requests the client and the scheme that the front end names, and refuses bodies whose length it does
// not say.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(connKey{}).(*conn)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		said := c.request.Load()
		if client := said.client(); client != "" {
			r.RemoteAddr = client
		}
		if said.secure() && r.TLS == nil {
			r.TLS = &tls.ConnectionState{HandshakeComplete: true}
		}
		if said.unframed() {
			http.Error(w, "The front end does not say how long the body is. Over uwsgi it has to; over HTTP or FastCGI not.",
				http.StatusLengthRequired)
			return
		}
		next.ServeHTTP(w, r)
	})
}
