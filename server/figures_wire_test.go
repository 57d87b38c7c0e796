package main_test

import (
	"bufio"
	"bytes"
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
)

// who is a caller in the figures: his project, and his role.
type who string

const (
	own   who = "member"
	admin who = "admin"
)

// lines are his identity headers.
func (w who) lines() string {
	return fmt.Sprintf("X-Identity-Status: Confirmed\r\nX-User-Id: u\r\nX-Project-Id: %[1]s\r\nX-Roles: %[1]s\r\n", w)
}

func (w who) header() http.Header {
	return http.Header{"X-Identity-Status": {"Confirmed"}, "X-User-Id": {"u"}, "X-Project-Id": {string(w)}, "X-Roles": {string(w)}}
}

// wire is a connection of a client that costs next to nothing, as it shares the processors with what it measures.
type wire struct {
	testing.TB
	net.Conn
	in   *bufio.Reader
	sink []byte
	who  who
}

// dial opens a connection to a URL.
func dial(t testing.TB, url string, as who) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() }) //nolint:errcheck // it may be closed
	return &wire{t, conn, bufio.NewReaderSize(conn, 16<<10), nil, as}
}

// head is a request without its body.
func (w *wire) head(verb, path string, headers ...string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n", verb, path, w.who.lines(), strings.Join(append(headers, ""), "\r\n"))
}

// ask sends a request and reads the answer, of which it returns the number of bytes in the body. Any other code than
// the wanted one is the end of the test.
func (w *wire) ask(request []byte, want int) int64 {
	if _, err := w.Write(request); err != nil {
		w.Error(err)
		return 0
	}
	return w.answer(want)
}

// answer reads an answer.
func (w *wire) answer(want int) int64 {
	code, length := 0, int64(-1)
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			w.Errorf("no answer: %v", err)
			return 0
		}
		if code == 0 {
			code, _ = strconv.Atoi(string(line[9:12]))
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
		}
		if len(line) <= 2 {
			break
		}
	}
	if code == http.StatusNoContent {
		length = 0
	}
	if length < 0 || code != want {
		w.Errorf("answer %d, Content-Length %d, want %d", code, length, want)
		return 0
	}
	w.drop(length)
	return length
}

// drop reads n bytes and forgets them.
func (w *wire) drop(n int64) {
	for left := n; left > 0; {
		if w.in.Buffered() > 0 {
			k, _ := w.in.Discard(int(min(left, int64(w.in.Buffered()))))
			left -= int64(k)
			continue
		}
		if w.sink == nil {
			w.sink = make([]byte, 256<<10)
		}
		k, err := w.Read(w.sink[:min(left, int64(len(w.sink)))])
		if left -= int64(k); err != nil && left > 0 {
			w.Errorf("%d bytes are missing: %v", left, err)
			return
		}
	}
}

// encoding is how an upload tells its length.
type encoding bool

const (
	sized   encoding = false
	chunked encoding = true
)

const chunkSize = 1 << 20

// send uploads n bytes of the source, which it repeats, by sendfile.
func (w *wire) send(id string, n int64, how encoding, source string) {
	f, err := os.Open(source)
	if err != nil {
		w.Error(err)
		return
	}
	defer f.Close() //nolint:errcheck // only read
	size := "Content-Length: " + strconv.FormatInt(n, 10)
	if how == chunked {
		size = "Transfer-Encoding: chunked"
	}
	_, err = w.Write(w.head(http.MethodPut, "/v2/images/"+id+"/file", "Content-Type: application/octet-stream", size))
	for left := n; left > 0 && err == nil; {
		part := min(left, chunkSize)
		if how == chunked {
			_, err = fmt.Fprintf(w, "%x\r\n", part)
		}
		if err == nil {
			err = w.piece(f, part)
		}
		if how == chunked && err == nil {
			_, err = io.WriteString(w, "\r\n")
		}
		left -= part
	}
	if how == chunked && err == nil {
		_, err = io.WriteString(w, "0\r\n\r\n")
	}
	if err != nil {
		w.Errorf("upload: %v", err)
		return
	}
	w.answer(http.StatusNoContent)
}

// piece sends n bytes of f, from its beginning when it ends.
func (w *wire) piece(f *os.File, n int64) error {
	for n > 0 {
		k, err := io.CopyN(w.Conn, f, n)
		n -= k
		if err == io.EOF { //nolint:errorlint // of io.CopyN itself
			_, err = f.Seek(0, io.SeekStart)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// create makes a queued image and returns its id.
func (w *wire) create(id string) string {
	body := fmt.Sprintf(`{"id": %q, "name": "an image", "disk_format": "raw", "container_format": "bare"}`, id)
	w.ask(append(w.head(http.MethodPost, "/v2/images", "Content-Type: application/json", "Content-Length: "+strconv.Itoa(len(body))), body...), http.StatusCreated)
	return id
}

// achieved is what many clients at once have achieved.
type achieved struct {
	rate float64 // requests a second
	p99  time.Duration
	size int64 // of the last answer
}

// manyClients is how many make requests at once.
const manyClients = 8

// hammer lets some clients make requests for some time: step does one thing, with the number of the client and of the turn.
func (b *bench) hammer(url string, as who, step func(w *wire, client, turn int) int64) achieved {
	b.Helper()
	wires := make([]*wire, manyClients)
	for i := range wires {
		wires[i] = dial(b, url, as)
	}
	took := make([][]time.Duration, manyClients)
	var size int64
	var clients sync.WaitGroup
	begin := time.Now()
	end := begin.Add(b.turn)
	for i, w := range wires {
		clients.Go(func() {
			for turn := 0; !b.Failed(); turn++ {
				start := time.Now()
				if turn > 0 && start.After(end) {
					break
				}
				answer := step(w, i, turn)
				took[i] = append(took[i], time.Since(start))
				if i == 0 {
					size = answer
				}
			}
			w.Close() //nolint:errcheck // it has been read
		})
	}
	clients.Wait()
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	if b.Failed() || len(all) == 0 {
		b.FailNow()
	}
	return achieved{float64(len(all)) / time.Since(begin).Seconds(), all[len(all)*99/100], size}
}
