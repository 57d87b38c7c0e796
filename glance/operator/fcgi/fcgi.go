// Package fcgi serves FastCGI with net/http/fcgi and adds what that lacks: an end, deadlines, bodies without length,
// and that a handler which aborts ends its connection. There it would end the process.
package fcgi

import (
	"context"
	"errors"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/fcgi"
	"sync"
	"time"
)

// Server serves front ends. Its fields are set before it serves, and stay. It has the methods of http.Server.
type Server struct {
	Handler http.Handler
	// Stall is how long a front end may take no byte of an answer, or be silent between requests; 0: for ever. That of
	// bodies is the handler's.
	Stall time.Duration
	// HeaderTime is how long the variables of a request may take; 0: for ever.
	HeaderTime time.Duration
	ErrorLog   *stdlog.Logger

	mu        sync.Mutex
	closing   bool
	listeners map[net.Listener]bool
	conns     map[*conn]bool // true: a request is under way, or may be
}

// Serve accepts connections until the server is closed, and then returns http.ErrServerClosed. It closes ln.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close() //nolint:errcheck // it accepts no more
	if !s.listen(ln) {
		return http.ErrServerClosed
	}
	for pause := time.Duration(0); ; {
		c, err := ln.Accept()
		if err != nil {
			if s.closed() {
				return http.ErrServerClosed
			}
			var short net.Error
			if !errors.As(err, &short) || !short.Temporary() { //nolint:staticcheck // as net/http does: there is no other way to know
				return err
			}
			pause = min(max(2*pause, minPause), maxPause)
			time.Sleep(pause)
			continue
		}
		pause = 0
		s.accept(c)
	}
}

// How long Serve waits when the process has too many descriptors.
const (
	minPause = 5 * time.Millisecond
	maxPause = time.Second
)

// accept serves a connection in a goroutine of net/http/fcgi. That takes connections from a listener, and this one has
// just one.
func (s *Server) accept(raw net.Conn) {
	c := &conn{Conn: raw, server: s, since: time.Now()}
	s.mu.Lock()
	closing := s.closing
	if !closing {
		s.conns[c] = true
	}
	s.mu.Unlock()
	if closing {
		raw.Close() //nolint:errcheck // nobody is served any more
		return
	}
	c.readWithin(s.HeaderTime)
	_ = fcgi.Serve(&single{Listener: nil, conn: c}, http.HandlerFunc(c.serve)) // it says that there are no more
}

// single is a listener with one connection.
type single struct {
	net.Listener
	conn net.Conn
}

// Accept returns the connection, and then io.EOF.
func (l *single) Accept() (net.Conn, error) {
	c := l.conn
	if l.conn = nil; c == nil {
		return nil, io.EOF
	}
	return c, nil
}

func (s *Server) listen(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	if s.conns == nil {
		s.conns, s.listeners = map[*conn]bool{}, map[net.Listener]bool{}
	}
	s.listeners[ln] = true
	return true
}

func (s *Server) closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// note takes down whether a request is under way on a connection, and reports whether another one may come.
func (s *Server) note(c *conn, busy bool) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, open := s.conns[c]; open {
		s.conns[c] = busy
	}
	return !s.closing
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// freshTime is how long a new connection is taken for one with a request on its way: net/http does it so too.
const freshTime = 5 * time.Second

// end closes the listeners and those connections that have no request, or all, and returns how many are left.
func (s *Server) end(all bool) (left int) {
	s.mu.Lock()
	s.closing = true
	for ln := range s.listeners {
		ln.Close() //nolint:errcheck // it accepts no more
	}
	var gone []*conn
	for c, busy := range s.conns {
		if all || !busy || !c.busy.Load() && time.Since(c.since) > freshTime {
			gone = append(gone, c)
		}
	}
	left = len(s.conns) - len(gone)
	s.mu.Unlock()
	for _, c := range gone {
		c.Close() //nolint:errcheck // there is nothing on it, or it is cut
	}
	return left
}

// pollTime is how often Shutdown looks.
const pollTime = 20 * time.Millisecond

// Shutdown accepts no more connections and waits for the requests under way, or for ctx, whose error it returns.
func (s *Server) Shutdown(ctx context.Context) error {
	tick := time.NewTicker(pollTime)
	defer tick.Stop()
	for s.end(false) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Close closes everything.
func (s *Server) Close() error {
	s.end(true)
	return nil
}
