package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/httpd/front"
)

// The crowd: clients of 256 KiB/s each, half of them up, half down. There are a thousand for half a minute when the
// environment says so, which is for a machine with nothing else to do.
const (
	crowdEnv  = "GLANCE_TEST_CROWD" // how many
	crowdBeat = time.Second / 2     // between two pieces
	crowdBite = 128 << 10           // bytes a piece
	crowdPart = 95                  // percent of the others that are not delayed
	crowdRSS  = 64 << 20            // bytes that httpd may take, without its program text, which is there once and can go
)

// TestCrowd: many slow uploads and downloads at once cost the service little memory, all of them end well, and who comes
// beside them is served as ever.
func TestCrowd(t *testing.T) {
	t.Parallel()
	n, beats, most := 100, 6, patience
	if text := os.Getenv(crowdEnv); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
		beats, most = 60, time.Second/4
	}
	for _, k := range []front.Kind{overHTTP("nginx"), overHTTP("apache2")} {
		t.Run(k.String(), func(t *testing.T) {
			s := newSite(t, k)
			size := int64(beats) * crowdBite
			source := s.upload(size)
			alone := s.waits(source, 20, nil)
			done := make(chan struct{})
			began := time.Now()
			go func() {
				s.crowd(n, beats, source)
				close(done)
			}()
			taken := s.watch(done)
			beside := s.waits(source, 0, done)
			took := <-taken
			t.Logf("%d clients, %v: httpd takes %d MiB at most, and %d MiB of files; others wait %v, alone %v", n,
				time.Since(began).Round(time.Second), took.anon>>20, took.file>>20, spread(beside), spread(alone))
			if took.anon > crowdRSS {
				t.Errorf("httpd takes %d bytes", took.anon)
			}
			if late := part(beside, crowdPart); late > most {
				t.Errorf("others wait too long: %v", late)
			}
			names, bytes := s.stored()
			if want := 1 + n/2; len(names) != want || bytes != int64(want)*size {
				t.Errorf("%d images with %d bytes are stored, not %d of %d", len(names), bytes, want, size)
			}
		})
	}
}

// crowd runs n slow clients to their end.
func (s *site) crowd(n, beats int, source string) {
	var all sync.WaitGroup
	defer all.Wait()
	piece := []byte(chunk(strings.Repeat("x", crowdBite)))
	for i := range n {
		call := func(c net.Conn) error { return s.slowGet(c, source, beats) }
		if i%2 == 0 {
			call = func(c net.Conn) error { return s.slowPut(c, beats, piece) }
		}
		all.Go(func() {
			time.Sleep(crowdBeat * time.Duration(i) / time.Duration(n)) // not all in one moment
			c, err := net.Dial("tcp", s.Addr)
			if err == nil {
				err = errors.Join(c.SetDeadline(time.Now().Add(4*time.Minute)), call(c), c.Close())
			}
			if err != nil {
				s.t.Errorf("client %d: %v", i, err)
			}
		})
	}
}

// slowPut uploads in chunks.
func (s *site) slowPut(c net.Conn, beats int, piece []byte) error {
	id, err := s.tryCreate()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "PUT /image/v2/images/%s/file HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n%s\r\n\r\n", id, chunked)
	for range beats {
		if err == nil {
			_, err = c.Write(piece)
		}
		time.Sleep(crowdBeat)
	}
	if err == nil {
		_, err = io.WriteString(c, "0\r\n\r\n")
	}
	if err != nil {
		return err
	}
	return expect(c, http.StatusNoContent, 0)
}

// slowGet downloads.
func (s *site) slowGet(c net.Conn, id string, beats int) error {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(crowdBite / 2) // else the kernel takes more than the client wants
	}
	if _, err := fmt.Fprintf(c, "GET /image/v2/images/%s/file HTTP/1.1\r\nHost: a\r\n\r\n", id); err != nil {
		return err
	}
	return expect(&slowly{c, 0}, http.StatusOK, int64(beats)*crowdBite)
}

// slowly takes a piece at a time.
type slowly struct {
	net.Conn
	left int // of this piece
}

// Read waits before each piece.
func (r *slowly) Read(p []byte) (int, error) {
	if r.left == 0 {
		time.Sleep(crowdBeat)
		r.left = crowdBite
	}
	n, err := r.Conn.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// expect reads an answer.
func expect(c io.Reader, code int, size int64) error {
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && (resp.StatusCode != code || n != size) {
		err = fmt.Errorf("answered %d with %d bytes", resp.StatusCode, n)
	}
	return err
}

// waits asks for an image again and again, so often or until done, and returns how long each answer took.
func (s *site) waits(id string, times int, done <-chan struct{}) (waits []time.Duration) {
	s.t.Helper()
	for done != nil || len(waits) < times {
		began := time.Now()
		s.show(id)
		waits = append(waits, time.Since(began))
		select {
		case <-done:
			return waits
		case <-time.After(50 * time.Millisecond):
		}
	}
	return waits
}

// part returns the value below which so many percent of the values are.
func part(values []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)*percent/100]
}

// spread shows how values differ.
func spread(values []time.Duration) string {
	var text []string
	for _, percent := range []int{50, crowdPart, 99, 100} {
		text = append(text, fmt.Sprintf("%d %%: %v", percent, part(values, percent).Round(time.Millisecond/10)))
	}
	return strings.Join(text, ", ")
}

// resident is memory in bytes.
type resident struct{ anon, file int64 }

// watch looks at the memory of httpd until done. The kernel keeps no peak of what is no file.
func (s *site) watch(done <-chan struct{}) <-chan resident {
	most := make(chan resident, 1)
	go func() {
		var peak resident
		for {
			peak = resident{max(peak.anon, s.memory("RssAnon:")), max(peak.file, s.memory("RssFile:"))}
			select {
			case <-done:
				most <- peak
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return most
}

// memory returns a line of the status of httpd in bytes.
func (s *site) memory(line string) (bytes int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.back.cmd.Process.Pid))
	_, rest, found := strings.Cut(string(text), line)
	if _, scan := fmt.Sscan(rest, &bytes); err != nil || !found || scan != nil {
		s.t.Errorf("%s %v, %v", line, err, scan)
	}
	return bytes << 10
}
