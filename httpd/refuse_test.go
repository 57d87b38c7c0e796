package main_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Scripts that send 64 MB chunked and without Expect, again and again, and print the status of each answer.
const (
	withRequests = `
import requests, sys
def body():
    for _ in range(1024): yield b"x" * 65536
for _ in range(int(sys.argv[2])):
    r = requests.put(sys.argv[1], data=body(), headers={"Content-Type": "application/octet-stream"})
    print(r.status_code)
`
	withHTTPClient = `
import http.client, sys, urllib.parse
u = urllib.parse.urlparse(sys.argv[1])
def body():
    for _ in range(1024): yield b"x" * 65536
for _ in range(int(sys.argv[2])):
    c = http.client.HTTPConnection(u.hostname, u.port)
    c.request("PUT", u.path, body(), {"Content-Type": "application/octet-stream"}, encode_chunked=True)
    print(c.getresponse().status)
`
	withCurl = `
i=0; while [ $i -lt "$2" ]; do
  curl -sS -o /dev/null -w '%{http_code}\n' -T "$0" -H 'Transfer-Encoding: chunked' -H 'Expect:' -H 'Content-Type: application/octet-stream' "$1"
  i=$((i+1))
done
`
)

// python is Debian's, which python3-requests is installed for.
const python = "/usr/bin/python3"

// TestRefusalReachesClients: a client that sends 64 MB without asking first still reads its refusal, every time.
func TestRefusalReachesClients(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	if err := exec.CommandContext(t.Context(), python, "-c", "import requests").Run(); err != nil {
		missing(t, "python3-requests")
	}
	zeros := filepath.Join(t.TempDir(), "zeros")
	if err := os.WriteFile(zeros, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(zeros, 64<<20); err != nil {
		t.Fatal(err)
	}
	everywhere(t, nil, func(t *testing.T, s *site) {
		times, want := 20, "404\n"
		if !s.takesChunked() {
			want = "411\n"
		}
		url := s.url + "/v2/images/11111111-2222-3333-4444-555555555555/file"
		for name, args := range map[string][]string{
			"requests": {python, "-c", withRequests}, "http.client": {python, "-c", withHTTPClient}, "curl": {"sh", "-c", withCurl, zeros},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			out, err := exec.CommandContext(ctx, args[0], append(args[1:], url, fmt.Sprint(times))...).CombinedOutput() // our own script
			cancel()
			if got := string(out); err != nil || got != strings.Repeat(want, times) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if names, _ := s.stored(); len(names) > 0 {
			t.Errorf("the store has %v", names)
		}
	})
}

// TestSecExpectContinueRefused is spec security S37 behind a front end: who asks before he sends hears a refusal. nginx,
// and Apache over other protocols than HTTP, say 100 by themselves; then he hears it after that.
func TestSecExpectContinueRefused(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		w := s.dial()
		w.put("11111111-2222-3333-4444-555555555555", "Content-Length: 5000000", "Expect: 100-continue")
		got := w.receive()
		if (got.code == http.StatusContinue) == s.Asks {
			t.Errorf("asked, it says %d", got.code)
		}
		if got.code == http.StatusContinue {
			w.send(strings.Repeat("x", 5000000)) // this front end has said so by itself; it drains what nobody wants
			got = w.receive()
		}
		if got.code != http.StatusNotFound {
			t.Errorf("answered %d %s", got.code, got.body)
		}
		id, w := s.create(), s.dial()
		w.put(id, "Content-Length: 5", "Expect: 100-continue")
		if got := w.receive(); got.code != http.StatusContinue {
			t.Fatalf("not to go on: %d %s", got.code, got.body)
		}
		w.send("hello")
		if got := w.receive(); got.code != http.StatusNoContent {
			t.Errorf("then: %d %s", got.code, got.body)
		}
	})
}

// TestKeepAliveAfterRefusal: after a refusal the connection is closed, or the next request on it is answered as it should
// be: nothing of the body is taken for a request.
func TestKeepAliveAfterRefusal(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		const inner = "GET /image/v2/nothing HTTP/1.1\r\nHost: a\r\n\r\n"
		for _, line := range []string{fmt.Sprintf("Content-Length: %d", len(inner)), chunked} {
			w := s.dial()
			w.put("11111111-2222-3333-4444-555555555555", line)
			if line == chunked {
				w.send(chunk(inner) + "0\r\n\r\n")
			} else {
				w.send(inner)
			}
			want := http.StatusNotFound
			if line == chunked && !s.takesChunked() {
				want = http.StatusLengthRequired
			}
			if got := w.receive(); got.code != want {
				t.Errorf("%s: refused with %d %s", line, got.code, got.body)
			}
			_, _ = fmt.Fprintf(w, "GET /image/versions HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", s.Addr) // it may be closed
			if got, err := w.tryReceive(); err == nil && got.code != http.StatusOK {
				t.Errorf("%s: the next answer is %d %s", line, got.code, got.body)
			} else if err == nil {
				t.Logf("%s: the connection lives on", line)
			}
			if !w.ended() {
				t.Errorf("%s: the connection does not end", line)
			}
		}
	})
}

// silence is how long a test waits for an answer that need not come.
const silence = 3 * time.Second

// hostile are framings that no two parsers agree on (spec security S31 to S34). Each is the end of a head and a body.
func hostile() map[string]string {
	const next = "GET /image/v2/schemas HTTP/1.1\r\nHost: inner\r\n\r\n"
	return map[string]string{
		"two lengths":        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"list of lengths":    "Content-Length: 5, 6\r\n\r\nhello!",
		"plus":               "Content-Length: +5\r\n\r\nhello",
		"hex length":         "Content-Length: 0x5\r\n\r\nhello",
		"negative":           "Content-Length: -5\r\n\r\nhello",
		"underscore":         "Content-Length: 1_8\r\n\r\n" + strings.Repeat("h", 18),
		"20 digits":          "Content-Length: 99999999999999999999\r\n\r\nhello",
		"xchunked":           "Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"identity last":      "Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"space before colon": "Transfer-Encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"hex chunk":          "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n" + next,
		"plus chunk":         "Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n" + next,
		"minus chunk":        "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n" + next,
		"overflowing chunk":  "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n" + next,
		"empty chunk size":   "Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n" + next,
		"no end of chunk":    "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n0\r\n\r\n" + next,
	}
}

// TestSecFramings: what is framed so that front end and service could disagree is refused, or stored as exactly the one
// body that it can be; nothing in it is answered as a request of its own.
func TestSecFramings(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		for name, text := range hostile() {
			id, w := s.create(), s.dial()
			s.must(w.SetDeadline(time.Now().Add(silence)))
			w.send(fmt.Sprintf("PUT /image/v2/images/%s/file HTTP/1.1\r\nHost: %s\r\nContent-Type: application/octet-stream\r\n", id, s.Addr))
			w.send(text)
			got, err := w.tryReceive()
			if err == nil && (got.code < http.StatusBadRequest || got.code == http.StatusNotFound) {
				t.Errorf("%s: answered %d %s", name, got.code, got.body)
			}
			for err == nil { // a second answer is only ever to nonsense
				if got, err = w.tryReceive(); err == nil && got.code != http.StatusBadRequest {
					t.Errorf("%s: a second answer, %d %s", name, got.code, got.body)
				}
			}
			s.must(w.Close())
			s.expectUntouched(id)
		}
	})
}

// TestSecCLPlusTE is spec security S31 behind a front end: with both, chunks win and the connection ends, or it is a 400.
func TestSecCLPlusTE(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		id, w := s.create(), s.dial()
		w.put(id, "Content-Length: 6", chunked)
		w.send("5\r\nhello\r\n0\r\n\r\nGET /image/v2/schemas HTTP/1.1\r\nHost: inner\r\n\r\n")
		got := w.receive()
		switch {
		case got.code == http.StatusNoContent:
			if got := s.call("GET", "/v2/images/"+id+"/file", nil); got.body != "hello" {
				t.Errorf("stored is %q", got.body)
			}
		case got.code >= http.StatusBadRequest && got.code < http.StatusInternalServerError:
			s.expectUntouched(id)
		default:
			t.Errorf("answered %d %s", got.code, got.body)
		}
		s.must(w.SetDeadline(time.Now().Add(silence)))
		if second, err := w.tryReceive(); err == nil {
			t.Errorf("what is behind the chunks is answered: %d", second.code)
		}
	})
}

// TestBareLF: line feeds alone between chunks are no line ends: the upload is refused, or it is the one body that both
// sides see.
func TestBareLF(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		id, w := s.create(), s.dial()
		w.put(id, chunked)
		w.send("5\nhello\n0\n\n")
		s.must(w.SetDeadline(time.Now().Add(silence)))
		got, err := w.tryReceive()
		switch {
		case err != nil || got.code >= http.StatusBadRequest:
			s.expectUntouched(id)
		default:
			if got := s.call("GET", "/v2/images/"+id+"/file", nil); got.body != "hello" {
				t.Errorf("stored is %q", got.body)
			}
			t.Log("the front end takes bare line feeds, and passes clean chunks on")
		}
	})
}
