package storetest

import (
	"bytes"
	"io"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for something that should come at once.
const patience = time.Minute

// onlyReader hides everything but Read.
type onlyReader struct{ io.Reader }

// selfWriter is a body that is an io.WriterTo as well, as the service's own is.
type selfWriter struct{ io.Reader }

// WriteTo copies the body in blocks.
func (b selfWriter) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, onlyReader(b)) }

// closeWatch is a body that must not be closed.
type closeWatch struct {
	io.Reader
	closed bool
}

// Close notes that it was called.
func (b *closeWatch) Close() error {
	b.closed = true
	return nil
}

// plain is a body with nothing but Read.
func plain(data []byte) io.Reader { return onlyReader{bytes.NewReader(data)} }

// gate is a point in a body where the reader waits until release is closed. Then it goes on with err, io.EOF
// meaning what follows.
type gate struct {
	reached, release chan struct{}
	once             sync.Once
	err              error
}

func newGate(err error) *gate {
	return &gate{reached: make(chan struct{}), release: make(chan struct{}), err: err}
}

// Read waits.
func (g *gate) Read([]byte) (int, error) {
	g.once.Do(func() { close(g.reached) })
	<-g.release
	return 0, g.err
}

// await returns when the reader has come to the gate.
func (g *gate) await(t *testing.T) {
	t.Helper()
	select {
	case <-g.reached:
	case <-time.After(patience):
		t.Fatal("Put does not read on")
	}
}

// call is a point in a body where something is done.
type call func()

// Read does it.
func (c call) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}

// sequence is a body of several parts.
func sequence(parts ...io.Reader) io.Reader { return onlyReader{io.MultiReader(parts...)} }

// shapes are the two ways to read a body.
func shapes() map[string]func(io.Reader) io.Reader {
	return map[string]func(io.Reader) io.Reader{
		"Reader":   func(r io.Reader) io.Reader { return onlyReader{r} },
		"WriterTo": func(r io.Reader) io.Reader { return selfWriter{r} },
	}
}

// eachShape runs a test with both.
func eachShape(t *testing.T, run func(t *testing.T, shape func(io.Reader) io.Reader)) {
	t.Helper()
	for name, shape := range shapes() {
		t.Run(name, func(t *testing.T) { run(t, shape) })
	}
}
