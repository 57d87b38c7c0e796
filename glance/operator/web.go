package operator

import (
	"context"
	"crypto/tls"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"goglance/glance/config"
)

// Bounds of a request's header.
const (
	headerTime = time.Minute // for a client to send it
	headerMin  = 64 << 10    // bytes of all lines that are taken at least
	headerSlop = 16 << 10    // beyond the longest line
)

// manner is how connections are served. As long as it stays the same over a reload, so do the connections.
type manner struct {
	idle      time.Duration // client_socket_timeout
	keepIdle  time.Duration
	keepAlive bool
	line      int // max_header_line; 0: any
	secure    bool
	speaks    protocol
}

func mannerOf(s *config.Settings, secure bool) manner {
	return manner{s.Glance.Stall, s.Server.KeepIdle, s.Server.KeepAlive, s.Server.HeaderMax, secure, ""}
}

// web is a server on copies of the daemon's sockets.
type web struct {
	protocolServer
	manner    manner
	listeners []net.Listener
	leaving   atomic.Bool // another one has taken its place
	serving   sync.WaitGroup
	fresh     sync.Map // connections of net/http with their first request
}

// newWeb returns a server. It has no timeout for a whole request: a large image takes what it takes, and stalls are
// found by the service.
func newWeb(h http.Handler, m manner, errorLog *stdlog.Logger) *web {
	w := &web{manner: m}
	w.protocolServer = m.server(w.courtesy(h), errorLog)
	if s, ok := w.protocolServer.(*http.Server); ok {
		s.ConnState = w.note
	}
	return w
}

// start serves on copies of the sockets. failed is told when a socket can be used no more.
func (w *web) start(s sockets, secure *tls.Config, failed func(error)) (err error) {
	if w.listeners, err = s.copies(w.manner.keepIdle); err != nil {
		return err
	}
	for _, ln := range w.listeners {
		if w.manner.secure {
			ln = tls.NewListener(ln, secure)
		}
		ln = w.manner.speaks.listener(ln)
		w.serving.Go(func() {
			if err := w.Serve(ln); !errors.Is(err, http.ErrServerClosed) && !w.leaving.Load() {
				failed(err)
			}
		})
	}
	return nil
}

// courtesy refuses lines of a header that are too long, with 400 as the reference does, and tells clients of a server
// that is leaving to connect anew.
func (w *web) courtesy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if w.leaving.Load() {
			out.Header().Set("Connection", "close")
		}
		if r.ProtoMajor != 1 { // net/http lets the preface of HTTP/2 pass
			out.Header().Set("Connection", "close")
			http.Error(out, "Only HTTP/1 is spoken here.", http.StatusHTTPVersionNotSupported)
			return
		}
		if w.manner.line > 0 && longest(r) > w.manner.line {
			out.Header().Set("Connection", "close")
			http.Error(out, "A line of the header is too long.", http.StatusBadRequest)
			return
		}
		next.ServeHTTP(out, r)
	})
}

// longest returns the length of the longest line of a request's header.
func longest(r *http.Request) int {
	const colon = len(": ")
	n := len(r.Method) + 1 + len(r.RequestURI) + 1 + len(r.Proto)
	for name, values := range r.Header {
		for _, v := range values {
			n = max(n, len(name)+colon+len(v))
		}
	}
	return n
}

// linger is how long idle connections of a server that leaves stay open: who has just sent a request on one is served.
const linger = 5 * time.Second

// leave ends a server whose place another one has taken: it accepts nothing, finishes what is under way however long
// that takes, and answers what comes on its connections meanwhile. It hurries when the daemon is stopping, until it
// is cut.
func (w *web) leave(stopping, cut <-chan struct{}) {
	w.leaving.Store(true)
	for _, ln := range w.listeners {
		ln.Close() //nolint:errcheck // a copy
	}
	w.serving.Wait()
	select {
	case <-stopping:
	case <-time.After(linger):
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-cut:
			cancel()
		case <-ctx.Done():
		}
	}()
	if w.Shutdown(ctx) != nil {
		w.Close() //nolint:errcheck // what is cut says so itself
	}
}

// stop ends a server for good: requests under way have until ctx ends, then they are cut. It reports whether some were.
func (w *web) stop(ctx context.Context) (cut bool) {
	w.settle(ctx)
	err := w.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		cut = true
	}
	w.Close() //nolint:errcheck // what is cut says so itself
	w.serving.Wait()
	return cut
}

// note follows connections.
func (w *web) note(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		w.fresh.Store(c, nil)
	case http.StateActive: // it may not have reached its handler yet
	case http.StateIdle, http.StateHijacked, http.StateClosed:
		w.fresh.Delete(c)
	}
}

// How long settle waits for the first request on connections to end, or at least to begin; and how often it looks.
const (
	settleTime  = time.Second
	settlePause = 5 * time.Millisecond
)

// settle accepts no more connections and gives those that were just accepted the time to begin. Shutdown would close them
// without an answer, although another process may be there to take this one's place.
func (w *web) settle(ctx context.Context) {
	w.leaving.Store(true)
	for _, ln := range w.listeners {
		ln.Close() //nolint:errcheck // a copy
	}
	w.serving.Wait()
	for end := time.Now().Add(settleTime); ctx.Err() == nil && time.Now().Before(end); time.Sleep(settlePause) {
		waiting := false
		w.fresh.Range(func(any, any) bool { waiting = true; return false })
		if !waiting {
			return
		}
	}
}
