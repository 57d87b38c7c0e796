package httpstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"goglance/glance/egress"
	"goglance/glance/fault"
	"goglance/glance/option"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// web is a web server whose way of answering can be chosen.
type web struct {
	*httptest.Server
	mu   sync.Mutex
	data map[string][]byte
	seen []*http.Request
}

// answer serves data in one of the ways that servers have.
type answer func(w http.ResponseWriter, r *http.Request, data []byte)

func newWeb(t *testing.T, how answer) *web {
	t.Helper()
	s := &web{data: map[string][]byte{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		data, ok := s.data[r.URL.Path]
		s.seen = append(s.seen, r.Clone(context.Background()))
		s.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		how(w, r, data)
	}))
	t.Cleanup(s.Close)
	return s
}

// plant puts data on the server and returns its URL.
func (s *web) plant(data []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := "/" + strconv.Itoa(len(s.data))
	s.data[path] = data
	return s.URL + path
}

func (s *web) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// parts sends parts, as most servers can.
func parts(w http.ResponseWriter, r *http.Request, data []byte) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// everything knows nothing of parts.
func everything(w http.ResponseWriter, r *http.Request, data []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // the client may have enough
	}
}

// with sends parts but changes what the header of an answer to a Range says.
func with(status int, contentRange string) answer {
	return func(w http.ResponseWriter, r *http.Request, data []byte) {
		if r.Header.Get("Range") == "" {
			everything(w, r, data)
			return
		}
		if contentRange != "" {
			w.Header().Set("Content-Range", contentRange)
		}
		w.WriteHeader(status)
		_, _ = w.Write(data[:min(10, len(data))])
	}
}

// open returns a driver that may read from this machine.
func open(t testing.TB, change func(*egress.Options, *Options)) *Driver {
	t.Helper()
	var f egress.Options
	var o Options
	if err := errors.Join(option.SetDefaults(&f), option.SetDefaults(&o)); err != nil {
		t.Fatal(err)
	}
	f.AllowedHosts = []string{"127.0.0.1"}
	if change != nil {
		change(&f, &o)
	}
	filter, err := egress.New(f)
	if err != nil {
		t.Fatal(err)
	}
	o.Filter = filter
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func expect(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: error is %v (%v), want kind %q", what, err, fault.KindOf(err), kind)
	}
	if err != nil && strings.Contains(err.Error()+fault.Message(err), "s3cret") {
		t.Errorf("%s: the error tells a secret: %v", what, err)
	}
}

// part is n bytes from off.
type part struct{ off, n int64 }

// read opens and reads what is meant for the caller.
func read(t *testing.T, d *Driver, url string, p part) (string, error) {
	t.Helper()
	b, err := d.Open(t.Context(), url, p.off, p.n)
	if err != nil {
		if b.ReadCloser != nil {
			t.Errorf("a body beside %v", err)
		}
		return "", err
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	got, err := io.ReadAll(b)
	if err == nil && int64(len(got)) != b.N {
		t.Errorf("%s: %d bytes and no error, N is %d", url, len(got), b.N)
	}
	return string(got), err
}
