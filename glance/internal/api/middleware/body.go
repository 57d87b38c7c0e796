package middleware

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"goglance/glance/fault"
)

// body is a request's body. Every read has its own deadline, so a body may take days as long as it moves; errors say
// whose fault they are.
type body struct {
	io.ReadCloser
	info        *Info
	stall       time.Duration
	setDeadline func(time.Time) error
	ended       bool // all of it has been read
	broken      bool // it ended before its time, and the connection with it
}

// Read reads from the client. Besides io.EOF its errors are fault.Timeout, when no byte came for the stall time, and
// fault.Invalid, when the body broke off or is malformed.
func (b *body) Read(p []byte) (int, error) {
	if b.stall > 0 {
		b.deadline(time.Now().Add(b.stall))
	}
	n, err := b.ReadCloser.Read(p)
	b.info.Received += int64(n)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		b.ended = true
		b.deadline(time.Time{}) // the server goes on watching the connection
		return n, err
	}
	b.broken = true
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return n, &fault.Error{Kind: fault.Timeout, Msg: "the client has stopped sending", Err: err}
	}
	return n, &fault.Error{Kind: fault.Invalid, Msg: "the body broke off", Err: err}
}

// deadline sets the deadline of reads.
func (b *body) deadline(t time.Time) {
	_ = b.setDeadline(t) // on a connection that is closed already Read will say so
}

// The bounds of Drain.
const (
	drainBytes  = 1 << 30
	drainTime   = 30 * time.Second
	drainExpect = time.Second
)

// BeforeRefusal prepares an answer that may be given before the body has been read, and reports whether the rest is to
// be drained after it. Without it net/http would swallow some of the body first, or reset the connection while the
// client is sending, and the answer would be lost.
func BeforeRefusal(w http.ResponseWriter, r *http.Request) (drain bool) {
	info := From(r.Context())
	if info.body != nil && !info.body.ended {
		w.Header().Set("Connection", "close")
	}
	if !info.BodyPending() {
		return false
	}
	_ = http.NewResponseController(w).EnableFullDuplex() // where it is not to be had, neither is the problem
	return true
}

// Drain sends the answer off and reads the rest of the body, within bounds, until the client has seen that nobody wants
// it. Clients exist that read no answer before their last byte is sent. One that was waiting for 100 Continue is not
// going to send.
func Drain(w http.ResponseWriter, r *http.Request) {
	b := From(r.Context()).body
	control := http.NewResponseController(w)
	if err := control.Flush(); err != nil {
		return
	}
	patience := drainTime
	if r.Header.Get("Expect") != "" {
		patience = drainExpect
	}
	b.deadline(time.Now().Add(patience))
	_, _ = io.CopyN(io.Discard, b.ReadCloser, drainBytes) // it ends as it ends
}
