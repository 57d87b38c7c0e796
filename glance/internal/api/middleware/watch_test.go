package middleware

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"goglance/glance/fault"
)

// serveBody has a request answered by a writer without deadlines, and returns what the handler read.
func serveBody(src io.Reader, stall time.Duration) (got []byte, err error) {
	h := Begin(stall, func() string { return "id" }, func(Access) {})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, err = io.ReadAll(r.Body)
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPut, "/", src))
	return got, err
}

// A body comes through the watch as it is, however it is cut.
func TestWatchedBody(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789abcdef", 3*watchSize/16) + "end"
	for name, src := range map[string]io.Reader{
		"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text[:999])),
		"with the error": iotest.DataErrReader(strings.NewReader(text)),
	} {
		want := text
		if name == "bytes" {
			want = text[:999]
		}
		if got, err := serveBody(src, time.Minute); err != nil || !bytes.Equal(got, []byte(want)) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	broken := errors.New("broken")
	got, err := serveBody(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), time.Minute)
	if string(got) != "abc" || !fault.Is(err, fault.Invalid) || !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}

// A client that stands still is given up although the connection has no deadlines; one that is slow is not.
func TestWatchedStall(t *testing.T) {
	t.Parallel()
	const stall = 200 * time.Millisecond
	r, w := io.Pipe()
	go func() {
		for range 4 {
			time.Sleep(stall / 2)
			_, _ = io.WriteString(w, "drip ") // the other end reads
		}
	}()
	start := time.Now()
	got, err := serveBody(r, stall)
	if string(got) != "drip drip drip drip " || !fault.Is(err, fault.Timeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q, %v", got, err)
	}
	if took := time.Since(start); took < 3*stall {
		t.Errorf("it was over after %v", took)
	}
	if _, err := w.Write(nil); !errors.Is(err, io.ErrClosedPipe) {
		for end := time.Now().Add(10 * time.Second); !errors.Is(err, io.ErrClosedPipe) && time.Now().Before(end); time.Sleep(time.Millisecond) {
			_, err = w.Write([]byte("x"))
		}
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the body is not closed: %v", err)
		}
	}
}
