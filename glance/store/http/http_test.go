package httpstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/store/storetest"
)

func TestConformance(t *testing.T) {
	for name, how := range map[string]answer{
		"parts": parts, "everything": everything,
		"416 without size":     with(http.StatusRequestedRangeNotSatisfiable, ""),
		"416 with wrong size":  with(http.StatusRequestedRangeNotSatisfiable, "bytes */100000000000000"),
		"206 without range":    with(http.StatusPartialContent, ""),
		"206 of another part":  with(http.StatusPartialContent, "bytes 7-16/1000"),
		"206 shorter":          with(http.StatusPartialContent, "bytes 1-1/1000"),
		"206 multipart":        with(http.StatusPartialContent, "multipart/byteranges"),
		"206 nonsense":         with(http.StatusPartialContent, "bytes 5-1/1000"),
		"206 size is too less": with(http.StatusPartialContent, "bytes 0-9/5"),
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Subject {
				s := newWeb(t, how)
				return storetest.Subject{Driver: open(t, nil), Plant: s.plant, Absent: s.URL + "/none"}
			})
		})
	}
}

func TestAsksForParts(t *testing.T) {
	t.Parallel()
	s := newWeb(t, parts)
	d, url := open(t, nil), s.plant([]byte("0123456789"))
	for _, c := range []struct {
		off, n      int64
		header, got string
	}{
		{0, -1, "", "0123456789"}, {0, 0, "", ""}, {3, 0, "", ""}, {0, 4, "bytes=0-3", "0123"}, {4, -1, "bytes=4-", "456789"}, {2, 3, "bytes=2-4", "234"},
		{8, 1<<63 - 1, "bytes=8-", "89"}, {10, -1, "bytes=10-", ""},
	} {
		before := len(s.requests())
		got, err := read(t, d, url, part{c.off, c.n})
		seen := s.requests()[before:]
		if err != nil || got != c.got || len(seen) != 1 || seen[0].Header.Get("Range") != c.header {
			t.Errorf("%d, %d: %q, %v, %d requests, want %q by %q", c.off, c.n, got, err, len(seen), c.got, c.header)
		}
	}
	_, err := read(t, d, url, part{-1, -1})
	expect(t, "a negative offset", err, fault.BadRange)
}

// A part that has not the length it should have is not taken, however its place is called.
func TestPartOfWrongLength(t *testing.T) {
	t.Parallel()
	for place, length := range map[string]string{"bytes 2-5/10": "2", "bytes 2-3/10": "", "bytes 2-4/5": ""} {
		s := newWeb(t, func(w http.ResponseWriter, r *http.Request, data []byte) {
			if r.Header.Get("Range") == "" {
				everything(w, r, data)
				return
			}
			w.Header().Set("Content-Range", place)
			if length != "" {
				w.Header().Set("Content-Length", length)
			}
			w.WriteHeader(http.StatusPartialContent)
			_ = http.NewResponseController(w).Flush() // now it is chunked, if it has no length
			_, _ = w.Write([]byte("??"))
		})
		d, url := open(t, nil), s.plant([]byte("0123456789"))
		got, err := read(t, d, url, part{2, 4})
		if place == "bytes 2-4/5" { // all that there is; it ends early
			expect(t, place, err, fault.Unavailable)
		} else if got != "2345" || err != nil {
			t.Errorf("%s: %q, %v", place, got, err)
		}
	}
}

// chunked does not say how much there is.
func chunked(w http.ResponseWriter, _ *http.Request, data []byte) {
	_ = http.NewResponseController(w).Flush() // a server's own writer can
	_, _ = w.Write(data)
}

func TestUnknownSize(t *testing.T) {
	t.Parallel()
	s := newWeb(t, chunked)
	d, url := open(t, nil), s.plant([]byte("0123456789"))
	for _, c := range []struct {
		off, n int64
		got    string
	}{{0, 10, "0123456789"}, {0, 3, "012"}, {4, 2, "45"}, {4, 6, "456789"}, {4, 0, ""}} {
		if got, err := read(t, d, url, part{c.off, c.n}); err != nil || got != c.got {
			t.Errorf("%d, %d: %q, %v", c.off, c.n, got, err)
		}
	}
	for what, c := range map[string]struct {
		off, n int64
		kind   fault.Kind
	}{
		"to the end": {0, -1, fault.Unavailable}, "rest": {3, -1, fault.Unavailable}, "more than is there": {0, 11, fault.Unavailable},
		"beyond": {11, 1, fault.BadRange},
	} {
		_, err := read(t, d, url, part{c.off, c.n})
		expect(t, what, err, c.kind)
	}
	if size, err := d.Size(t.Context(), url); size != 0 || err != nil {
		t.Errorf("Size = %d, %v, want 0", size, err)
	}
	some := newWeb(t, with(http.StatusPartialContent, "bytes 0-9/*"))
	url = some.plant([]byte("0123456789abc"))
	if got, err := read(t, d, url, part{0, 10}); err != nil || got != "0123456789" {
		t.Errorf("a part of an unknown whole: %q, %v", got, err)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for code, kind := range map[int]fault.Kind{
		201: fault.Invalid, 202: fault.Invalid, 204: fault.Invalid, 205: fault.Invalid, 206: fault.Invalid, 226: fault.Invalid, 300: fault.Invalid,
		301: fault.Invalid, 303: fault.Invalid, 304: fault.Invalid, 307: fault.Invalid, 308: fault.Invalid, 400: fault.Invalid, 401: fault.Invalid,
		403: fault.Invalid, 404: fault.NotFound, 405: fault.Invalid, 410: fault.Invalid, 416: fault.Invalid, 500: fault.Invalid, 503: fault.Invalid, 599: fault.Invalid,
	} {
		s := newWeb(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.Header().Set("Location", "/1?s3cret")
			w.WriteHeader(code)
		})
		d, url := open(t, nil), s.plant([]byte("x"))+"?s3cret"
		for _, p := range []part{{0, -1}, {5, 7}} {
			_, err := read(t, d, url, p)
			if code == 301 { // it leads to nothing
				kind = fault.NotFound
			}
			expect(t, fmt.Sprint("Open: ", code), err, kind)
		}
		_, err := d.Size(t.Context(), url)
		expect(t, fmt.Sprint("Size: ", code), err, kind)
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://user:s3cret@" + ln.Addr().String() + "/x?s3cret"
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	d := open(t, nil)
	_, err = read(t, d, url, part{0, -1})
	expect(t, "Open", err, fault.Unavailable)
	_, err = d.Size(t.Context(), url)
	expect(t, "Size", err, fault.Invalid)
}

func TestRedirected(t *testing.T) {
	t.Parallel()
	s := newWeb(t, func(w http.ResponseWriter, r *http.Request, data []byte) {
		if r.URL.Path == "/0" {
			http.Redirect(w, r, "1?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return
		}
		parts(w, r, data)
	})
	d, url := open(t, nil), s.plant(nil)+"?a=b"
	s.plant([]byte("0123456789"))
	if got, err := read(t, d, url, part{3, 4}); got != "3456" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if size, err := d.Size(t.Context(), url); size != 10 || err != nil {
		t.Errorf("Size = %d, %v", size, err)
	}
	for _, r := range s.requests() {
		if r.URL.RawQuery != "a=b" {
			t.Errorf("asked for %s", r.URL)
		}
	}
}

// S152: an answer that is cut is an error wherever it is cut, and never the end.
func TestSecHostileOrigin(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 10000)
	for name, head := range map[string]string{
		"length":         "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
		"part":           "HTTP/1.1 206 Partial Content\r\nContent-Length: 99990\r\nContent-Range: bytes 10-99999/100000\r\n\r\n",
		"part unlengthy": "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 10-99999/100000\r\n\r\n",
	} {
		for _, sent := range []int{0, 1, 9, 10, 11, 5000, 99980} {
			s := newWeb(t, func(w http.ResponseWriter, _ *http.Request, data []byte) {
				conn, out, err := http.NewResponseController(w).Hijack()
				if err == nil {
					_, _ = out.WriteString(head)
					_, _ = out.Write(data[:sent])
					_ = out.Flush()
					_ = conn.Close()
				}
			})
			got, err := read(t, open(t, nil), s.plant(data), part{10, -1})
			expect(t, fmt.Sprintf("%s, %d bytes", name, sent), err, fault.Unavailable)
			if errors.Is(err, io.EOF) || len(got) > sent {
				t.Errorf("%s, %d bytes: %d bytes, %v", name, sent, len(got), err)
			}
		}
	}
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newWeb(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) {
		cancel()
		<-r.Context().Done()
	})
	d, url := open(t, nil), s.plant(nil)
	if _, err := d.Open(ctx, url, 0, -1); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
	if _, err := d.Size(ctx, url); !errors.Is(err, context.Canceled) || fault.Is(err, fault.Invalid) {
		t.Errorf("Size: %v", err)
	}
}
