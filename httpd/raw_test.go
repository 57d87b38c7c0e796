package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// wire is a connection to a front end, byte by byte.
type wire struct {
	net.Conn
	s  *site
	in *bufio.Reader
}

func (s *site) dial() *wire {
	s.t.Helper()
	c, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.Addr)
	s.must(err)
	s.t.Cleanup(func() { c.Close() }) //nolint:errcheck // it may be closed already
	s.must(c.SetDeadline(time.Now().Add(4 * patience)))
	return &wire{c, s, bufio.NewReader(c)}
}

func (w *wire) send(text string) {
	w.s.t.Helper()
	_, err := io.WriteString(w, text)
	w.s.must(err)
}

// put sends the head of an upload.
func (w *wire) put(id string, lines ...string) {
	w.s.t.Helper()
	w.send(fmt.Sprintf("PUT /image/v2/images/%s/file HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\n%s\r\n",
		id, w.s.Addr, strings.Join(append(lines, ""), "\r\n")))
}

// receive reads an answer.
func (w *wire) receive() answer {
	w.s.t.Helper()
	got, err := w.tryReceive()
	w.s.must(err)
	return got
}

func (w *wire) tryReceive() (answer, error) {
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// ended reports whether the other side closes, in time.
func (w *wire) ended() bool {
	_, err := io.Copy(io.Discard, w.in)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

const chunked = "Transfer-Encoding: chunked"

// TestStreams: the store's file grows while the client still sends, and the front end keeps nothing on its disk. Where
// the protocol cannot, it is so that the front end waits for the end.
func TestStreams(t *testing.T) {
	t.Parallel()
	piece := strings.Repeat("stream", 1<<20/6)
	everywhere(t, nil, func(t *testing.T, s *site) {
		for _, encoding := range []string{"length", "chunked"} {
			if encoding == "chunked" && !s.takesChunked() {
				continue
			}
			const pieces = 12
			streams := encoding == "length" || s.streamsChunked()
			id, w := s.create(), s.dial()
			if encoding == "length" {
				w.put(id, fmt.Sprintf("Content-Length: %d", pieces*len(piece)))
			} else {
				w.put(id, chunked)
			}
			for i := range pieces {
				if encoding == "length" {
					w.send(piece)
				} else {
					w.send(chunk(piece))
				}
				if i != pieces-2 {
					continue
				}
				if streams {
					s.await("half of it is in the store", func() bool { _, n := s.stored(); return n >= pieces/2*int64(len(piece)) })
				}
				if streams && s.kept() > 0 {
					t.Errorf("%s: the front end keeps %d bytes", encoding, s.kept())
				}
				if !streams {
					s.await("the front end keeps the upload on its disk", func() bool { return s.kept() > 0 })
				}
			}
			if encoding == "chunked" {
				w.send("0\r\n\r\n")
			}
			if got := w.receive(); got.code != http.StatusNoContent {
				t.Errorf("%s: %d %s", encoding, got.code, got.body)
			}
			if img := s.show(id); img.Status != "active" || img.Size != pieces*int64(len(piece)) {
				t.Errorf("%s: %+v", encoding, img)
			}
			s.call("DELETE", "/v2/images/"+id, nil)
		}
	})
}

// TestChunks: chunks of any size, with extensions and trailers, are the bytes in them and nothing else.
func TestChunks(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		if !s.takesChunked() {
			t.Skip("mod_proxy_uwsgi takes no chunked body")
		}
		id, w := s.create(), s.dial()
		w.put(id, chunked, "Trailer: X-Roles")
		for _, text := range []string{"1;a=b\r\nA\r\n", "3\r\nBCD\r\n", "0005\r\nEFGHI\r\n", `a;name="quoted"` + "\r\n0123456789\r\n", "00000000000002\r\n\r\n\r\n", "0\r\n"} {
			w.send(text)
			time.Sleep(20 * time.Millisecond) // each alone in a packet
		}
		w.send("X-Roles: admin\r\n\r\n")
		if got := w.receive(); got.code != http.StatusNoContent {
			t.Fatalf("%d %s", got.code, got.body)
		}
		if got := s.call("GET", "/v2/images/"+id+"/file", nil); got.body != "ABCDEFGHI0123456789\r\n" {
			t.Errorf("stored is %q", got.body)
		}
	})
}

// TestOddChunks: sizes beside those of everybody's buffers.
func TestOddChunks(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		if !s.takesChunked() {
			t.Skip("mod_proxy_uwsgi takes no chunked body")
		}
		sizes := []int64{1, 7, 4093, 65537, 1048583, 3, 16383, 2, 2097151, 32769}
		var size int64
		for _, n := range sizes {
			size += n
		}
		source := bytesOf(size)
		id, w := s.create(), s.dial()
		w.put(id, chunked)
		for _, n := range sizes {
			text, _ := io.ReadAll(io.LimitReader(source, n)) // a reader of ours
			w.send(chunk(string(text)))
		}
		w.send("0\r\n\r\n")
		if got := w.receive(); got.code != http.StatusNoContent {
			t.Fatalf("%d %s", got.code, got.body)
		}
		if img := s.show(id); img != (image{"active", size, digest(bytesOf(size))}) {
			t.Errorf("%+v", img)
		}
	})
}

// TestSecTruncatedUpload is spec security S35 behind a front end: what a client has not sent to the end is no image.
func TestSecTruncatedUpload(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(_ *testing.T, s *site) {
		for _, line := range []string{"Content-Length: 3000000", chunked} {
			if line == chunked && !s.takesChunked() {
				continue
			}
			id, w := s.create(), s.dial()
			w.put(id, line)
			text := strings.Repeat("x", 1<<20)
			if line == chunked {
				text = chunk(text)
			}
			w.send(text)
			if line != chunked || s.streamsChunked() {
				s.await("the upload has begun", func() bool { _, n := s.stored(); return n > 0 })
			}
			s.must(w.Close())
			s.expectUntouched(id)
		}
	})
}

// TestSlowClient: 1 KiB/s for longer than any timeout is an upload as any other.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	const seconds = 5
	everywhere(t, []option{stalls(2), edit("900s", "2s"), edit("Timeout 900", "Timeout 2"), edit("15m", "2s")}, func(t *testing.T, s *site) {
		var clients sync.WaitGroup
		defer clients.Wait()
		for _, line := range []string{fmt.Sprintf("Content-Length: %d", seconds<<10), chunked} {
			if line == chunked && !s.takesChunked() {
				continue
			}
			id, w := s.create(), s.dial()
			w.put(id, line)
			clients.Go(func() {
				for range seconds * 2 {
					time.Sleep(time.Second / 2)
					text := strings.Repeat("s", 512)
					if line == chunked {
						text = chunk(text)
					}
					_, _ = io.WriteString(w, text) // the answer says whether it went well
				}
				if line == chunked {
					_, _ = io.WriteString(w, "0\r\n\r\n")
				}
				if got, err := w.tryReceive(); err != nil || got.code != http.StatusNoContent {
					t.Errorf("%s: %d %s %v", line, got.code, got.body, err)
					return
				}
				if img, err := s.ask(id); err != nil || img.Status != "active" || img.Size != seconds<<10 {
					t.Errorf("%s: %+v, %v", line, img, err)
				}
			})
		}
	})
}

// TestStalledClient: the service gives up a client that stands still, whatever the front end does, and the image waits
// for the next one.
func TestStalledClient(t *testing.T) {
	t.Parallel()
	everywhere(t, []option{stalls(1)}, func(t *testing.T, s *site) {
		for _, line := range []string{"Content-Length: 3000000", chunked} {
			if line == chunked && !s.streamsChunked() {
				continue
			}
			id, w := s.create(), s.dial()
			w.put(id, line)
			w.send("100000\r\n" + strings.Repeat("x", 100000)) // more than a front end waits for before it passes any of it on
			s.await("the upload has begun", func() bool { return s.show(id).Status == "saving" })
			s.expectUntouched(id)
			s.must(w.SetDeadline(time.Now().Add(2 * time.Second))) // Apache itself waits for the client for as long as its Timeout
			if got, err := w.tryReceive(); err == nil && got.code != http.StatusRequestTimeout {
				t.Errorf("%s: %d", line, got.code)
			} else {
				t.Logf("%s: %d, %v", line, got.code, err)
			}
		}
	})
}

// TestBackEndDies: who was uploading learns it, and after the restart the image waits for the next upload.
func TestBackEndDies(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		for _, line := range []string{"Content-Length: 3000000", chunked} {
			if line == chunked && !s.streamsChunked() {
				continue
			}
			id, w := s.create(), s.dial()
			begin, rest := strings.Repeat("x", 1<<20), strings.Repeat("x", 3000000-1<<20)
			if line == chunked {
				begin, rest = chunk(begin), chunk(rest)+"0\r\n\r\n"
			}
			w.put(id, line)
			w.send(begin)
			s.await("the upload has begun", func() bool { _, n := s.stored(); return n > 0 })
			s.back.kill()
			_, _ = io.WriteString(w, rest) // it may be cut already
			if got, err := w.tryReceive(); err == nil && got.code < http.StatusInternalServerError {
				t.Errorf("%s: answered %d", line, got.code)
			}
			s.startBack()
			s.expectUntouched(id)
			if got := s.call("PUT", "/v2/images/"+id+"/file", strings.NewReader("again")); got.code != http.StatusNoContent {
				t.Errorf("%s: the next upload: %d %s", line, got.code, got.body)
			}
			s.call("DELETE", "/v2/images/"+id, nil)
		}
	})
}
