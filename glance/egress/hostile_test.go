package egress

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"goglance/glance/fault"
)

// raw is a server that sends chunks, those of one byte slowly, and closes. "hang" waits for the client to go.
func raw(t *testing.T, chunks ...string) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, out, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		for _, chunk := range chunks {
			if chunk == "hang" {
				_, _ = io.Copy(io.Discard, conn) // until the client has gone
				return
			}
			if _, err := out.WriteString(chunk); err != nil || out.Flush() != nil {
				return
			}
			if len(chunk) == 1 {
				time.Sleep(50 * time.Millisecond)
			}
		}
	}))
	t.Cleanup(s.Close)
	return s
}

const (
	impatient = 300 * time.Millisecond // for what fails
	calm      = 3 * time.Second        // for what does not, on a busy machine
)

func rawClient(t *testing.T, s *site, patience time.Duration) *Client {
	t.Helper()
	f := defaults(t, nil)
	internet(f, map[string]*site{"192.0.2.1": s})
	return f.Client(ClientOptions{Use: Location, Patience: patience})
}

// S152: what is not a whole answer is an error, in a bounded time and memory.
func TestSecHostileOrigin(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	slow := []string{ok + "Content-Length: 100\r\n\r\n"}
	for range 100 {
		slow = append(slow, "x")
	}
	drip := []string{"HTTP/1.1 200 OK\r\nX: "}
	drip = append(drip, strings.Split(strings.Repeat("y", 100), "")...)
	for name, chunks := range map[string][]string{
		"short body":         {ok + "Content-Length: 10\r\n\r\nabc"},
		"short chunk":        {ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"},
		"no last chunk":      {ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
		"two lengths":        {ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
		"negative length":    {ok + "Content-Length: -3\r\n\r\nabcd"},
		"bad chunk":          {ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"},
		"huge header":        {ok + "X: " + strings.Repeat("y", 1<<20) + "\r\n\r\n"},
		"many headers":       {ok + strings.Repeat("X: y\r\n", 200000) + "\r\n"},
		"endless 100":        {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100000), "hang"},
		"endless 103":        {strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 100000), "hang"},
		"silence":            {"hang"},
		"half a header":      {"HTTP/1.1 200 OK\r\nContent-", "hang"},
		"dripping header":    drip,
		"stalled body":       {ok + "Content-Length: 10\r\n\r\nabc", "hang"},
		"one byte at a time": slow,
		"no HTTP":            {"SSH-2.0-OpenSSH\r\n"},
		"nothing":            {},
		"switching":          {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "hang"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := raw(t, chunks...)
			begin := time.Now()
			_, body, err := fetch(t, rawClient(t, s, impatient), "http://public.test/x?s3cret")
			if !fault.Is(err, fault.Unavailable) || time.Since(begin) > 30*time.Second {
				t.Errorf("%d bytes, %v, after %s", len(body), err, time.Since(begin))
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the log would get %v", err)
			}
		})
	}
}

// S152: what is encoded stays so, and bytes beyond the length are nobody's.
func TestNoDecompression(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(bytes.Repeat([]byte("bomb"), 10000)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	s := raw(t, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", zipped.Len(), &zipped))
	expectText(t, rawClient(t, s, calm), "http://public.test/", zipped.String())
	long := raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef")
	expectText(t, rawClient(t, long, calm), "http://public.test/", "abc")
}

// A slow reader is no stalled server.
func TestPatienceIsForTheServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, text(strings.Repeat("x", 200000)))
	resp, err := rawClient(t, s, calm).Do(t.Context(), Request{URL: "http://public.test/"})
	if err != nil {
		t.Fatal(err)
	}
	total, p := 0, make([]byte, 50000)
	for err == nil {
		var n int
		n, err = resp.Body.Read(p)
		if total += n; total < 200000 {
			time.Sleep(calm / 3)
		}
	}
	if total != 200000 {
		t.Errorf("%d bytes, %v", total, err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
}

// S153: of the causes why a URL cannot be used an import learns nothing but that. A fetch that is under way says no
// more than that the server does not answer.
func TestSecNoSSRFOracle(t *testing.T) {
	t.Parallel()
	f := defaults(t, nil)
	internet(f, nil)
	for _, url := range []string{"http://127.0.0.1/", "http://nowhere.test/", "http://public.test:22/", "x", "http://u:s3cret@public.test/"} {
		err := f.Check(t.Context(), Import, url)
		expectRefused(t, url, err)
	}
	hang := raw(t, "hang")
	garbage := raw(t, "SSH-2.0\r\n")
	plain := newSite(t, text("no TLS"))
	texts := map[string]bool{}
	for url, s := range map[string]*site{"http://public.test/a": hang, "http://public.test/b": garbage, "http://public.test/c": nil, "https://public.test/": plain} {
		f := defaults(t, nil)
		if s == nil {
			internet(f, nil)
		} else {
			internet(f, map[string]*site{"192.0.2.1": s})
		}
		_, _, err := fetch(t, f.Client(ClientOptions{Patience: impatient}), url)
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", url, err)
		}
		texts[fault.Message(err)] = true
	}
	if len(texts) != 1 {
		t.Errorf("the client can tell them apart: %v", texts)
	}
}

// P81: the certificate must be for the host of the URL.
func TestSecOutboundTLSHostname(t *testing.T) {
	t.Parallel()
	s := &site{Server: httptest.NewUnstartedServer(text("here"))}
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS() // its certificate is for example.com and 127.0.0.1
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	f := defaults(t, func(o *Options) { o.Resolver = names{"example.com": {"192.0.2.1"}, "public.test": {"192.0.2.1"}} })
	internet(f, map[string]*site{"192.0.2.1": s})
	verified := f.Client(ClientOptions{TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	expectText(t, verified, "https://example.com/", "here")
	for name, c := range map[string]*Client{"the wrong name": verified, "an unknown authority": f.Client(ClientOptions{})} {
		if _, _, err := fetch(t, c, "https://public.test/"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	insecure := f.Client(ClientOptions{TLS: &tls.Config{InsecureSkipVerify: true}}) //nolint:gosec // what an operator may choose
	expectText(t, insecure, "https://public.test/", "here")
}

// S150: from https a redirect to http is refused, the other way it is followed.
func TestRedirectToHTTP(t *testing.T) {
	t.Parallel()
	secure := &site{Server: httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			redirect(http.StatusFound, to)(w, r)
		}
	}))}
	t.Cleanup(secure.Close)
	plain := newSite(t, redirect(http.StatusFound, "https://public.test/x"))
	f := defaults(t, nil)
	internet(f, map[string]*site{"192.0.2.1": secure, "192.0.2.2": plain, "2001:db8::2": plain})
	c := f.Client(ClientOptions{TLS: &tls.Config{InsecureSkipVerify: true}}) //nolint:gosec // what an operator may choose
	for _, to := range []string{"http://public.test/x", "http://other.test/"} {
		_, _, err := fetch(t, c, "https://public.test/?to="+to)
		expectRefused(t, to, err)
	}
	if n := len(plain.requests()); n > 0 {
		t.Errorf("%d requests without TLS", n)
	}
	expectText(t, c, "https://public.test/?to=/x", "")
	expectText(t, c, "http://other.test/", "")
}

// A server that takes connections and says nothing, not even TLS.
func TestDeafServer(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	s := &site{Server: &httptest.Server{Listener: ln}}
	for _, url := range []string{"http://public.test/", "https://public.test/"} {
		if _, _, err := fetch(t, rawClient(t, s, impatient), url); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v", url, err)
		}
	}
}
