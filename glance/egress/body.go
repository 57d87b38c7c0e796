package egress

import (
	"context"
	"errors"
	"io"
	"time"
)

// portion is how many bytes must come within the patience of a Client. A server that sends one byte a minute is no
// better than one that sends none (spec security S152).
const portion = 64 << 10

var errStalled = errors.New("the server sends too slowly")

// body is the body of an answer. A connection that stalls is cut, and what is cut is never the end of the data.
type body struct {
	io.ReadCloser
	ctx    context.Context // the caller's
	cancel context.CancelCauseFunc
	timer  *time.Timer

	patience time.Duration
	left     time.Duration // of it for this portion
	got      int           // bytes of this portion
}

func newBody(ctx context.Context, r io.ReadCloser, cancel context.CancelCauseFunc, patience time.Duration) *body {
	b := &body{ReadCloser: r, ctx: ctx, cancel: cancel, patience: patience, left: patience}
	b.timer = time.AfterFunc(patience, func() { cancel(errStalled) })
	b.timer.Stop()
	return b
}

// Read reads on. Only the time spent in here counts, so a caller may take his time.
func (b *body) Read(p []byte) (int, error) {
	begin := time.Now()
	b.timer.Reset(b.left)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	b.left = max(b.left-time.Since(begin), 0)
	if b.got += n; b.got >= portion {
		b.got, b.left = 0, b.patience
	}
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, failure(b.ctx, err)
}

// Close ends the connection.
func (b *body) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}
