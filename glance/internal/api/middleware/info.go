// Package middleware is what lies between the network and the router: one visible list, outermost first, in
// package api. Each is a function that wraps a handler.
package middleware

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"goglance/glance/auth"
)

// Middleware wraps a handler.
type Middleware func(http.Handler) http.Handler

// Fail answers a request with an error.
type Fail func(w http.ResponseWriter, r *http.Request, err error)

// Info is what is known about one request. It is put in the context outermost and filled in on the way in, so that
// the access log can say what inner layers learned. One goroutine uses it.
type Info struct {
	ID       string         // request id
	Identity *auth.Identity // nil before the identity is known
	Route    string         // name of the route; "" when none matched
	Scheme   string         // http or https, as the client sees it
	Host     string         // host and port, as the client sees them
	Prefix   string         // path in front of the API, as the client sees it; "" or /name
	Client   string         // address of the client
	Received int64          // bytes of the body read
	Sent     int64          // bytes of the body sent
	Status   int            // 0 before the header is written

	body *body // nil when the request has none
}

type infoKey struct{}

// From returns the Info of a request. Outside Begin it is an empty one.
func From(ctx context.Context) *Info {
	if info, ok := ctx.Value(infoKey{}).(*Info); ok {
		return info
	}
	return &Info{}
}

// BaseURL is the URL of the API's root as the client sees it, without a slash at the end.
func (i *Info) BaseURL() string { return i.Scheme + "://" + i.Host + i.Prefix }

// BodyPending reports whether the request has a body of which something may still be on its way.
func (i *Info) BodyPending() bool { return i.body != nil && !i.body.ended && !i.body.broken }

// Begin is the outermost middleware: it makes the Info, puts the deadlines on body and answer, and calls done when the
// request has been answered. stall is how long a client may neither send nor take a byte; 0: as long as he likes.
func Begin(stall time.Duration, newID func() string, done func(Access)) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			info := &Info{ID: "req-" + newID(), Scheme: "http", Host: host(r), Client: r.RemoteAddr}
			if r.TLS != nil {
				info.Scheme = "https"
			}
			out := newWriter(w, info, stall)
			r = r.WithContext(context.WithValue(r.Context(), infoKey{}, info))
			if r.ContentLength != 0 {
				info.body = &body{info: info, stall: stall}
				info.body.ReadCloser, info.body.setDeadline = deadlines(w, r.Body)
				r.Body = info.body
			}
			line := begun(r)
			defer func() { done(line.ended(info, time.Since(start))) }()
			next.ServeHTTP(out, r)
		})
	}
}

// host is what the client calls us. Where he does not say, as HTTP/1.0 allows, it is the address he has reached.
func host(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return addr.String()
	}
	return "localhost"
}

// writer notes what is sent and gives every write its own deadline. It keeps ReadFrom, Flush and the deadlines of the
// writer below (Unwrap), or the kernel could no longer copy files to the client.
type writer struct {
	http.ResponseWriter
	info    *Info
	stall   time.Duration
	control *http.ResponseController
}

func newWriter(w http.ResponseWriter, info *Info, stall time.Duration) *writer {
	out := &writer{ResponseWriter: w, info: info, stall: stall, control: http.NewResponseController(w)}
	out.deadline(time.Time{}) // what the answer before this one on the connection has left
	return out
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes the status.
func (w *writer) WriteHeader(status int) {
	if status >= http.StatusOK && w.info.Status == 0 {
		w.info.Status = status
		w.deadlines()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends p.
func (w *writer) Write(p []byte) (int, error) {
	w.begin()
	n, err := w.ResponseWriter.Write(p)
	w.info.Sent += int64(n)
	return n, err
}

// ReadFrom sends what src has, by sendfile where that is possible.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	w.begin()
	n, err := io.Copy(w.ResponseWriter, src)
	w.info.Sent += n
	return n, err
}

func (w *writer) begin() {
	if w.info.Status == 0 {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.deadlines()
}

// unaskedTime is how long net/http may wait for the rest of a body that nobody has asked for, before it answers.
const unaskedTime = time.Second

// deadlines bounds the next write. An answer that leaves the body unread ends the connection too: net/http would go on
// reading it, without a deadline and before it answers.
func (w *writer) deadlines() {
	if w.stall > 0 {
		w.deadline(time.Now().Add(w.stall))
	}
	if w.info.BodyPending() && w.Header().Get("Connection") == "" {
		w.Header().Set("Connection", "close")
		_ = w.control.SetReadDeadline(time.Now().Add(unaskedTime)) // a connection without deadlines has none
	}
}

// deadline sets the deadline of writes. A writer without deadlines has none: a write cannot be taken back, so there the
// host has to end connections that stand still, as operator/fcgi does.
func (w *writer) deadline(t time.Time) {
	_ = w.control.SetWriteDeadline(t)
}
