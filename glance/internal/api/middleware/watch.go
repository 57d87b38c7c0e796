package middleware

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// watched is a body with deadlines, for connections that have none of their own: those of FastCGI, or behind an
// embedder's own ResponseWriter. Somebody else reads for it, so that a client who stands still frees whoever waits for
// him, and the image. One goroutine uses it.
type watched struct {
	io.ReadCloser
	deadline time.Time
	buf      []byte
	got      chan result // nil: no read is under way
	rest     []byte      // of buf, not yet given out
	err      error       // after rest
}

type result struct {
	n   int
	err error
}

// watchSize is how much is read at once.
const watchSize = 64 << 10

// deadlines returns the body and what sets the deadline of reads from it: the connection, or where that cannot a
// watched body.
func deadlines(w http.ResponseWriter, src io.ReadCloser) (body io.ReadCloser, set func(time.Time) error) {
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Time{}); !errors.Is(err, http.ErrNotSupported) {
		return src, control.SetReadDeadline
	}
	watch := &watched{ReadCloser: src}
	return watch, watch.setDeadline
}

func (w *watched) setDeadline(t time.Time) error {
	w.deadline = t
	return nil
}

// Read waits for bytes until the deadline, and is os.ErrDeadlineExceeded from then on.
func (w *watched) Read(p []byte) (int, error) {
	if len(w.rest) == 0 && w.err == nil {
		w.fill()
	}
	n := copy(p, w.rest)
	if w.rest = w.rest[n:]; len(w.rest) > 0 {
		return n, nil
	}
	return n, w.err
}

func (w *watched) fill() {
	if w.got == nil {
		if w.buf == nil {
			w.buf = make([]byte, watchSize)
		}
		w.got = make(chan result, 1)
		go func(got chan<- result, buf []byte) {
			n, err := w.ReadCloser.Read(buf)
			got <- result{n, err}
		}(w.got, w.buf)
	}
	var late <-chan time.Time
	if !w.deadline.IsZero() {
		timer := time.NewTimer(time.Until(w.deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case r := <-w.got:
		w.rest, w.err, w.got = w.buf[:r.n], r.err, nil
	case <-late:
		w.err = os.ErrDeadlineExceeded
		go w.Close() //nolint:errcheck // ends the read, where a body can be closed during one; elsewhere the host does
	}
}
