package operator

import (
	"context"
	"crypto/tls"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"sync"

	"goglance/glance/config"
)

// front is the side of a daemon that clients see: its sockets, and the server on them. One goroutine changes it.
type front struct {
	handler http.Handler
	log     *stdlog.Logger
	secure  func() *tls.Config // of the configuration in use; nil: no TLS
	speaks  protocol
	failed  chan error

	sockets  sockets
	web      *web
	leaving  sync.WaitGroup // servers that others have taken the place of
	stopping chan struct{}  // closed when the daemon stops
	cut      chan struct{}  // closed when what is then still under way is cut
}

func newFront(h http.Handler, log *stdlog.Logger, secure func() *tls.Config) *front {
	return &front{
		handler: h, log: log, secure: secure, failed: make(chan error, 1), stopping: make(chan struct{}), cut: make(chan struct{}),
	}
}

// dynamic returns a TLS configuration that follows the one in use: a new certificate is for new connections.
func (f *front) dynamic(first *tls.Config) *tls.Config {
	if first == nil {
		return nil
	}
	c := first.Clone()
	c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.secure(), nil }
	return c
}

// serve begins to serve on sockets, which may be those in use, in the manner of the settings. What served before leaves
// with its connections.
func (f *front) serve(s sockets, settings *config.Settings, secure *tls.Config) error {
	next := newWeb(f.handler, f.mannerOf(settings, secure), f.log)
	err := next.start(s, f.dynamic(secure), func(err error) {
		select {
		case f.failed <- err:
		default:
		}
	})
	if err != nil {
		return errors.Join(err, next.Close())
	}
	before := f.web
	f.web, f.sockets = next, s
	if before != nil {
		f.leaving.Go(func() { before.leave(f.stopping, f.cut) })
	}
	return nil
}

func (f *front) mannerOf(s *config.Settings, secure *tls.Config) manner {
	m := mannerOf(s, secure != nil)
	m.speaks = f.speaks
	return m
}

// follow serves as new settings say. moved are the sockets of a new address; nil: it is the same one.
func (f *front) follow(settings *config.Settings, secure *tls.Config, moved *sockets) error {
	if moved != nil {
		old := f.sockets
		if err := f.serve(*moved, settings, secure); err != nil {
			return errors.Join(err, moved.close())
		}
		return old.close()
	}
	if f.web.manner != f.mannerOf(settings, secure) {
		return f.serve(f.sockets, settings, secure)
	}
	return f.sockets.backlog(settings.Server.Backlog)
}

// stop ends all servers: requests under way have until ctx ends. It reports whether some were cut.
func (f *front) stop(ctx context.Context) (cut bool) {
	close(f.stopping)
	f.sockets.close() //nolint:errcheck // nobody is to be served any more
	if f.web != nil {
		cut = f.web.stop(ctx)
	}
	gone := make(chan struct{})
	go func() { f.leaving.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-ctx.Done():
		cut = true
	}
	close(f.cut)
	<-gone
	return cut
}

// addr returns where clients find the daemon.
func (f *front) addr() net.Addr { return f.sockets.listeners[0].Addr() }
