package fcgi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// record builds a record of FastCGI for request 1.
func record(kind byte, content string) []byte {
	head := []byte{1, kind, 0, 1}
	head = binary.BigEndian.AppendUint16(head, uint16(len(content)))
	return append(append(head, 0, 0), content...)
}

const (
	beginKind, paramsKind, stdinKind, stdoutKind = 1, 4, 5, 6
)

// request builds the records of a request up to its body.
func request(keep bool, vars ...string) []byte {
	role := "\x00\x01\x00\x00\x00\x00\x00\x00"
	if keep {
		role = "\x00\x01\x01\x00\x00\x00\x00\x00"
	}
	var text strings.Builder
	vars = append(vars, "SERVER_PROTOCOL", "HTTP/1.1", "REMOTE_ADDR", "192.0.2.7")
	for i := 0; i < len(vars); i += 2 {
		text.WriteByte(byte(len(vars[i])))
		text.WriteByte(byte(len(vars[i+1])))
		text.WriteString(vars[i] + vars[i+1])
	}
	return bytes.Join([][]byte{record(beginKind, role), record(paramsKind, text.String()), record(paramsKind, "")}, nil)
}

// front is a front end's connection.
type front struct {
	net.Conn
	t *testing.T
}

func (f front) send(records ...[]byte) {
	f.t.Helper()
	if _, err := f.Write(bytes.Join(records, nil)); err != nil {
		f.t.Fatal(err)
	}
}

// receive reads an answer. One that has no end is an error.
func (f front) receive() (string, error) {
	var out strings.Builder
	for {
		var head [8]byte
		if _, err := io.ReadFull(f, head[:]); err != nil {
			return out.String(), err
		}
		content := make([]byte, int(binary.BigEndian.Uint16(head[4:]))+int(head[6]))
		if _, err := io.ReadFull(f, content); err != nil {
			return out.String(), err
		}
		switch head[1] {
		case stdoutKind:
			out.Write(content[:binary.BigEndian.Uint16(head[4:])])
		case endRequest:
			return out.String(), nil
		}
	}
}

// serve runs a server, and returns it and what connects to it.
func serve(t *testing.T, s *Server) func() front {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return func() front {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() }) //nolint:errcheck // it may be closed
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return front{c, t}
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	dial := serve(t, &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		body, err := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %d %s %q %v", r.Method, r.URL.Path, r.ContentLength, r.RemoteAddr, body, err)
	})})
	c := dial()
	for _, turn := range []struct {
		vars []string
		body string
		want string
	}{
		{[]string{"REQUEST_METHOD", "PUT", "REQUEST_URI", "/a", "CONTENT_LENGTH", "5"}, "hello", `PUT /a 5 192.0.2.7:0 "hello" <nil>`},
		{[]string{"REQUEST_METHOD", "PUT", "REQUEST_URI", "/b", "HTTP_TRANSFER_ENCODING", "chunked"}, "hello", `PUT /b -1 192.0.2.7:0 "hello" <nil>`},
		{[]string{"REQUEST_METHOD", "GET", "REQUEST_URI", "/c", "CONTENT_LENGTH", ""}, "", `GET /c 0 192.0.2.7:0 "" <nil>`},
		{[]string{"REQUEST_METHOD", "DELETE", "REQUEST_URI", "/d"}, "", "Status: 204 No Content"},
	} {
		c.send(request(true, turn.vars...))
		if turn.body != "" {
			c.send(record(stdinKind, turn.body))
		}
		c.send(record(stdinKind, ""))
		got, err := c.receive()
		if err != nil || !strings.Contains(got, turn.want) {
			t.Errorf("%v: %q, %v", turn.vars, got, err)
		}
		if strings.HasPrefix(turn.want, "Status") && strings.Contains(got, "Content-Type") {
			t.Errorf("a type of nothing: %q", got)
		}
	}
}

// TestAbort: a handler that aborts cuts its connection, and nothing else.
func TestAbort(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	dial := serve(t, &Server{ErrorLog: stdlog.New(&log, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half of ")
		_ = http.NewResponseController(w).Flush()
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/panic":
			panic("oh")
		}
	})})
	for path, whole := range map[string]bool{"/abort": false, "/panic": false, "/": true} {
		c := dial()
		c.send(request(true, "REQUEST_METHOD", "GET", "REQUEST_URI", path), record(stdinKind, ""))
		if got, err := c.receive(); (err == nil) != whole || !strings.Contains(got, "half of") {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

// TestRefusal: an answer ends although the front end sends no more of the body, as those do that have an answer, and
// the connection takes the next request when it has sent the rest.
func TestRefusal(t *testing.T) {
	t.Parallel()
	dial := serve(t, &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "2")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, "no")
		_ = http.NewResponseController(w).Flush()
		if _, err := io.Copy(io.Discard, r.Body); r.URL.Path == "/put" && !errors.Is(err, http.ErrBodyReadAfterClose) {
			t.Errorf("behind the answer the body is %v", err)
		}
	})})
	for _, keep := range []bool{true, false} {
		c := dial()
		c.send(request(keep, "REQUEST_METHOD", "PUT", "REQUEST_URI", "/put"), record(stdinKind, "some of it"))
		if got, err := c.receive(); err != nil || !strings.HasSuffix(got, "\r\n\r\nno") {
			t.Fatalf("%q, %v", got, err)
		}
		for range 100 {
			c.send(record(stdinKind, strings.Repeat("x", 60000)))
		}
		c.send(record(stdinKind, ""))
		if !keep {
			if _, err := c.receive(); !errors.Is(err, io.EOF) {
				t.Errorf("the connection stays: %v", err)
			}
			continue
		}
		c.send(request(true, "REQUEST_METHOD", "GET", "REQUEST_URI", "/get"), record(stdinKind, ""))
		if got, err := c.receive(); err != nil || !strings.HasSuffix(got, "no") {
			t.Errorf("the next request: %q, %v", got, err)
		}
	}
}

// TestDeadlines: a front end that takes nothing, or sends half of a request, is cut; one that is slow is not.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	const stall = 300 * time.Millisecond
	var ended atomic.Int32
	dial := serve(t, &Server{Stall: stall, HeaderTime: stall, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer ended.Add(1)
		block := make([]byte, 64<<10)
		for range 64 {
			if _, err := w.Write(block); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
	})})
	ask := request(false, "REQUEST_METHOD", "GET", "REQUEST_URI", "/")
	half := dial()
	half.send(ask[:20])
	if _, err := half.receive(); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("half of a request: %v", err)
	}
	stalled := dial()
	stalled.send(ask, record(stdinKind, ""))
	for end := time.Now().Add(10 * time.Second); ended.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the handler still waits")
		}
	}
	slow := dial()
	slow.send(ask, record(stdinKind, ""))
	for range 8 {
		time.Sleep(stall / 4)
		if _, err := io.CopyN(io.Discard, slow, 256<<10); err != nil {
			t.Fatalf("a slow one is cut: %v", err)
		}
	}
	if n, err := io.Copy(io.Discard, slow); err != nil || n < 2<<20 {
		t.Errorf("the rest is %d bytes, %v", n, err)
	}
}

// TestShutdown: what is under way is finished, idle connections are closed at once.
func TestShutdown(t *testing.T) {
	t.Parallel()
	begun, release := make(chan bool), make(chan bool)
	s := &Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/quick" {
			return
		}
		close(begun)
		<-release
		_, _ = io.WriteString(w, "whole")
	})}
	dial := serve(t, s)
	idle, busy := dial(), dial()
	idle.send(request(true, "REQUEST_METHOD", "GET", "REQUEST_URI", "/quick"), record(stdinKind, ""))
	if _, err := idle.receive(); err != nil {
		t.Fatal(err)
	}
	busy.send(request(true, "REQUEST_METHOD", "GET", "REQUEST_URI", "/"), record(stdinKind, ""))
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it did not wait: %v", err)
	}
	if _, err := idle.receive(); !errors.Is(err, io.EOF) {
		t.Errorf("the idle connection: %v", err)
	}
	close(release)
	if got, err := busy.receive(); err != nil || !strings.HasSuffix(got, "whole") {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := busy.receive(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection stays: %v", err)
	}
}
