package sendfile

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// TestHandler: a client that takes its time gets the whole file, over unix sockets and TCP, and between its reads the
// service waits outside of net/http.
func TestHandler(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"unix", "tcp"} {
		addr := "127.0.0.1:0"
		if network == "unix" {
			addr = filepath.Join(t.TempDir(), "s")
		}
		ln, err := net.Listen(network, addr)
		if err != nil {
			t.Fatal(err)
		}
		const size = 24 << 20
		f, text := file(t, size)
		watch := &counted{}
		files := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "25165824")
			if n, err := io.CopyN(w, f, size); n != size || err != nil {
				t.Errorf("%s: %d bytes are sent, %v", network, n, err)
			}
		})
		srv := &http.Server{Handler: watch.below(Handler(files)), ReadHeaderTimeout: time.Minute}
		go srv.Serve(Listener{ln}) //nolint:errcheck // it is closed
		dial := func() (net.Conn, error) { return net.Dial(network, ln.Addr().String()) }
		if got := slowly(t, dial); !bytes.Equal(got, text) {
			t.Errorf("%s: %d other bytes arrive", network, len(got))
		}
		if watch.full.Load() == 0 {
			t.Errorf("%s: it has waited in net/http", network)
		}
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// slowly gets a body, with waits at its beginning.
func slowly(t *testing.T, dial func() (net.Conn, error)) []byte {
	t.Helper()
	c, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // only read
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for range 5 {
		time.Sleep(20 * time.Millisecond)
		if _, err := io.CopyN(&all, c, 64<<10); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := all.ReadFrom(c); err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(all.Bytes(), []byte("\r\n\r\n"))
	return body
}

// counted counts how often what is below Handler says that the client takes no more.
type counted struct{ full atomic.Int64 }

func (c *counted) below(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&counting{w, c}, r) })
}

type counting struct {
	http.ResponseWriter
	*counted
}

// ReadFrom looks at the error.
func (c *counting) ReadFrom(src io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseWriter, src)
	var to full
	if errors.As(err, &to) {
		c.full.Add(1)
	}
	return n, err
}
