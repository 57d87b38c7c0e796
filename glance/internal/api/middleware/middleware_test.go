package middleware

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"go.uber.org/goleak"

	"goglance/glance/auth"
	"goglance/glance/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// begin runs a handler behind Begin and returns what was logged.
func begin(t *testing.T, r *http.Request, h http.HandlerFunc) *logrus.Entry {
	t.Helper()
	log, hook := logtest.NewNullLogger()
	Begin(time.Minute, func() string { return "1" }, LogAccess(log))(h).ServeHTTP(httptest.NewRecorder(), r)
	if len(hook.AllEntries()) != 1 {
		t.Fatalf("the access log has %d lines", len(hook.AllEntries()))
	}
	return hook.LastEntry()
}

// The access log says what the inner layers have learned.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPut, "/image/v2/x?y", strings.NewReader("0123456789"))
	line := begin(t, r, func(w http.ResponseWriter, r *http.Request) {
		info := From(r.Context())
		info.Identity, info.Route, info.Client = &auth.Identity{ProjectID: "p"}, "image", "192.0.2.7"
		if n, err := io.Copy(io.Discard, r.Body); n != 10 || err != nil {
			t.Errorf("the body has %d bytes, %v", n, err)
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("abc"))
		_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("defg")) //nolint:errcheck // the writer has it
		WithPath(r, "/elsewhere")
	})
	want := logrus.Fields{
		"request": "req-1", "client": "192.0.2.7", "project": "p", "route": "image", "status": 201, "received": int64(10),
		"sent": int64(7),
	}
	for name, value := range want {
		if line.Data[name] != value {
			t.Errorf("%s is %v, want %v", name, line.Data[name], value)
		}
	}
	if line.Message != "PUT /image/v2/x?y" {
		t.Errorf("the line is %q", line.Message)
	}
}

// A handler that says nothing of the status means 200; one that dies is logged all the same.
func TestAccessLogEnds(t *testing.T) {
	t.Parallel()
	line := begin(t, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(nil) })
	if line.Data["status"] != 200 || line.Data["project"] != "" {
		t.Errorf("the line has %v", line.Data)
	}
	log, hook := logtest.NewNullLogger()
	func() {
		defer func() { _ = recover() }()
		h := Begin(0, func() string { return "1" }, LogAccess(log))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	if len(hook.AllEntries()) != 1 || hook.LastEntry().Data["status"] != 0 {
		t.Errorf("the log has %v", hook.AllEntries())
	}
}

// The errors of a body say whose fault they are.
func TestBodyErrors(t *testing.T) {
	t.Parallel()
	rows := map[error]fault.Kind{
		os.ErrDeadlineExceeded: fault.Timeout, io.ErrUnexpectedEOF: fault.Invalid, errors.New("malformed chunk"): fault.Invalid,
	}
	for cause, kind := range rows {
		r := httptest.NewRequest(http.MethodPut, "/", io.MultiReader(strings.NewReader("x"), iotest.ErrReader(cause)))
		begin(t, r, func(_ http.ResponseWriter, r *http.Request) {
			info := From(r.Context())
			before := info.BodyPending()
			_, err := io.ReadAll(r.Body)
			if !fault.Is(err, kind) || !errors.Is(err, cause) || fault.Message(err) == "" {
				t.Errorf("%v: %v", cause, err)
			}
			if !before || info.BodyPending() {
				t.Errorf("%v: pending is %v before, %v after", cause, before, info.BodyPending())
			}
		})
	}
}

// What must be there for the kernel to copy files, and for deadlines.
func TestWriterKeepsWhatIsBelow(t *testing.T) {
	t.Parallel()
	below, info := httptest.NewRecorder(), &Info{}
	w := newWriter(below, info, 0)
	if w.WriteHeader(http.StatusEarlyHints); info.Status != 0 {
		t.Errorf("an early hint is taken for the status %d", info.Status)
	}
	if w.Unwrap() != http.ResponseWriter(below) {
		t.Error("Unwrap gives another writer")
	}
	if err := http.NewResponseController(w).Flush(); err != nil || !below.Flushed {
		t.Errorf("no flush: %v", err)
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	log, hook := logtest.NewNullLogger()
	var failed error
	serve := func(v any) {
		h := Recover(func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err }, log)(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				if v != nil {
					panic(v)
				}
			}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
	if serve(nil); failed != nil {
		t.Errorf("no panic is %v", failed)
	}
	serve("oh")
	line := hook.LastEntry()
	if failed == nil || !fault.Is(failed, fault.Internal) || line.Message != "panic: oh" || !strings.HasPrefix(fmt.Sprint(line.Data["stack"]), "goroutine") {
		t.Errorf("the panic is %v, the line %v", failed, line)
	}
	failed = nil
	defer func() {
		if v := recover(); v != http.ErrAbortHandler || failed != nil { //nolint:errorlint // the value itself is the signal
			t.Errorf("the signal has become %v, %v", v, failed)
		}
	}()
	serve(http.ErrAbortHandler)
}

// dated is a writer with deadlines.
type dated struct {
	*httptest.ResponseRecorder
	write, read time.Time
}

func (d *dated) SetWriteDeadline(t time.Time) error { d.write = t; return nil }
func (d *dated) SetReadDeadline(t time.Time) error  { d.read = t; return nil }

// An answer without a body has its deadline too; one that leaves the request's body unread also bounds that.
func TestDeadlinesOfEmptyAnswer(t *testing.T) {
	t.Parallel()
	for _, pending := range []bool{false, true} {
		below, info := &dated{ResponseRecorder: httptest.NewRecorder()}, &Info{}
		if pending {
			info.body = &body{}
		}
		newWriter(below, info, time.Hour).WriteHeader(http.StatusNoContent)
		if below.write.IsZero() || below.read.IsZero() == pending {
			t.Errorf("pending %v: write by %v, read by %v", pending, below.write, below.read)
		}
		if got := below.Header().Get("Connection"); (got == "close") != pending {
			t.Errorf("pending %v: Connection %q", pending, got)
		}
	}
}

// copied notes what is read from below it without passing through it.
type copied struct {
	*httptest.ResponseRecorder
	from int64
}

func (c *copied) ReadFrom(src io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseRecorder, src)
	c.from += n
	return n, err
}

// zipped serves a request of a client that takes gzip.
func zipped(h http.HandlerFunc) (below *copied) {
	below = &copied{ResponseRecorder: httptest.NewRecorder()}
	defer func() { _ = recover() }()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	Gzip(h).ServeHTTP(below, r)
	return below
}

// Image data passes the compression by, on the way that the kernel can take; a document waits until it is whole.
func TestGzipKeepsWhatIsBelow(t *testing.T) {
	t.Parallel()
	data := zipped(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if n, err := io.Copy(w, io.LimitReader(strings.NewReader("0123456789"), 5)); n != 5 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	})
	if data.from != 5 || data.Body.String() != "01234" || !data.Flushed {
		t.Errorf("%d bytes went straight: %q", data.from, data.Body)
	}
	flushed := zipped(func(w http.ResponseWriter, _ *http.Request) {
		if n, err := io.Copy(w, strings.NewReader("lost")); n != 4 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		w.WriteHeader(http.StatusNotFound) // nothing is out yet
		_, _ = w.Write([]byte("said"))
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	})
	text, err := gzip.NewReader(flushed.Body)
	if err != nil || flushed.Code != http.StatusNotFound || !flushed.Flushed {
		t.Fatalf("%d, %v", flushed.Code, err)
	}
	if said, err := io.ReadAll(text); string(said) != "said" || err != nil {
		t.Errorf("%q, %v", said, err)
	}
	given := zipped(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic(http.ErrAbortHandler)
	})
	if given.Body.Len() > 0 {
		t.Errorf("an answer that was given up is sent: %q", given.Body)
	}
}
