package uwsgi

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// packet builds what a front end sends, of names and values in turn.
func packet(vars ...string) []byte {
	var body []byte
	for _, text := range vars {
		body = binary.LittleEndian.AppendUint16(body, uint16(len(text)))
		body = append(body, text...)
	}
	head := binary.LittleEndian.AppendUint16([]byte{0}, uint16(len(body)))
	return append(append(head, 0), body...)
}

// answer is what a front end receives.
type answer struct {
	code         int
	last, chunks bool // the connection ends; the body has chunks
	text         string
}

// serve runs a server and returns what sends it bytes and reads its answer.
func serve(t *testing.T, h http.Handler) func(...[]byte) (answer, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: Handler(h), ConnContext: ConnContext, ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(Listener{ln}) }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return func(parts ...[]byte) (answer, error) {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // the answer is there
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			if _, err := c.Write(p); err != nil {
				return answer{}, err
			}
			time.Sleep(5 * time.Millisecond) // in packets of their own
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return answer{}, err
		}
		defer resp.Body.Close() //nolint:errcheck // only read
		text, err := io.ReadAll(resp.Body)
		return answer{resp.StatusCode, resp.Close, len(resp.TransferEncoding) > 0, string(text)}, err
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	send := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s %s %d %s %v %v|%v %v %q %v", r.Method, r.URL.Path, r.URL.RawQuery, r.Host, r.ContentLength, r.RemoteAddr,
			r.TLS != nil, r.Header["X-Many"], r.Header.Get("Content-Type"), r.Header.Get("Connection"), body, err)
	}))
	common := []string{
		"REQUEST_METHOD", "PUT", "REQUEST_URI", "/image/v2/a%2Fb?x=y", "SCRIPT_NAME", "/image", "PATH_INFO", "/v2/a/b",
		"HTTP_HOST", "cloud.example", "REMOTE_ADDR", "fd00::7", "REMOTE_PORT", "99", "HTTPS", "on", "HTTP_X_MANY", "1", "HTTP_X_MANY", "2",
		"HTTP_CONNECTION", "keep-alive", "HTTP_EXPECT", "100-continue", "CONTENT_TYPE", "text/x", "CONTENT_LENGTH", "5",
	}
	whole := append(packet(common...), "hello, and more"...)
	got, err := send(whole[:3], whole[3:9], whole[9:])
	const want = `PUT /image/v2/a/b x=y cloud.example 5 [fd00::7]:99 true [1 2]|text/x  "hello" <nil>`
	if err != nil || got != (answer{http.StatusOK, true, false, want}) {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = send(packet("REQUEST_METHOD", "GET", "SCRIPT_NAME", "/image", "PATH_INFO", "/v2/x y", "QUERY_STRING", "q=1"))
	if err != nil || !strings.HasPrefix(got.text, "GET /image/v2/x y q=1  0 ") {
		t.Errorf("without REQUEST_URI: %q, %v", got.text, err)
	}
}

// TestRefused: what is no request, or could be taken for two, is refused before anybody sees it.
func TestRefused(t *testing.T) {
	t.Parallel()
	send := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("served: %v", r) }))
	put := func(more ...string) []byte {
		return packet(append([]string{"REQUEST_METHOD", "PUT", "REQUEST_URI", "/", "HTTP_HOST", "a"}, more...)...)
	}
	for name, c := range map[string]struct {
		bytes []byte
		code  int
	}{
		"modifier":        {append([]byte{5}, put()[1:]...), http.StatusBadRequest},
		"line break":      {put("HTTP_X", "a\r\nX-Roles: admin"), http.StatusBadRequest},
		"break in a name": {put("HTTP_X\r\nX_ROLES", "admin"), http.StatusBadRequest},
		"colon in a name": {put("HTTP_X:Y", "z"), http.StatusBadRequest},
		"two lines":       {packet("REQUEST_METHOD", "GET", "REQUEST_URI", "/ HTTP/1.0\r\nA: b"), http.StatusBadRequest},
		"blank":           {packet("REQUEST_METHOD", "GET", "REQUEST_URI", "/a b"), http.StatusBadRequest},
		"no method":       {packet("REQUEST_URI", "/"), http.StatusBadRequest},
		"length +5":       {append(put("CONTENT_LENGTH", "+5"), "hello"...), http.StatusBadRequest},
		"length -5":       {put("CONTENT_LENGTH", "-5"), http.StatusBadRequest},
		"two hosts":       {put("HTTP_HOST", "b"), http.StatusBadRequest},
		"no length":       {append(put("HTTP_TRANSFER_ENCODING", "chunked"), "5\r\nhello\r\n0\r\n\r\n"...), http.StatusLengthRequired},
		"short variable":  {[]byte{0, 3, 0, 0, 9, 0, 'a'}, http.StatusBadRequest},
	} {
		got, err := send(c.bytes)
		if got.code != c.code { // what is not read of the request may reset the connection after the answer
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func FuzzPacket(f *testing.F) {
	f.Add(packet("REQUEST_METHOD", "GET", "REQUEST_URI", "/", "HTTP_X", "y"))
	f.Add(packet("REQUEST_METHOD", "PUT", "PATH_INFO", "/a\x00b", "CONTENT_LENGTH", "1_0"))
	f.Add([]byte{0, 3, 0, 0, 9, 0, 'a'})
	f.Fuzz(func(t *testing.T, text []byte) {
		vars, err := readPacket(bytes.NewReader(text))
		if err != nil {
			return
		}
		var flat []string
		for _, v := range vars {
			flat = append(flat, v.name, v.value)
		}
		again, err := readPacket(bytes.NewReader(packet(flat...)))
		if diff := cmp.Diff(vars, again, cmp.AllowUnexported(pair{})); diff != "" || err != nil {
			t.Fatalf("%s %v", diff, err)
		}
		r, err := newRequest(vars)
		if err != nil {
			return
		}
		head, err := r.head()
		if err != nil {
			return
		}
		most := len(r.headers) + 4 // first line, type, length, the empty line
		if lines := bytes.Count(head, []byte("\n")); lines > most || !bytes.HasSuffix(head, []byte("\r\n\r\n")) || bytes.Count(head, []byte("\r\n\r\n")) != 1 {
			t.Fatalf("a head of %d lines: %q", lines, head)
		}
	})
}
