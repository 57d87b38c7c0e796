package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"goglance/glance/egress"
	"goglance/glance/fault"
	"goglance/glance/settings"
)

// reader is an Importer that may read from this machine.
func reader(t testing.TB, patience time.Duration, hosts ...string) *Importer {
	t.Helper()
	filter, err := egress.New(egress.Options{AllowedHosts: hosts})
	if err != nil {
		t.Fatal(err)
	}
	log, _ := logtest.NewNullLogger()
	im, err := New(Config{
		API:    settings.API{DiskFormats: []string{"raw", "qcow2"}, ContainerFormats: []string{"bare", "ova"}, CustomProperties: true},
		Egress: filter, Patience: patience, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// raw is a server that says exactly what it is told to, and then what more does with the connection.
func raw(t testing.TB, answer string, more func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() }) //nolint:errcheck // a test's
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close() //nolint:errcheck // a test's
				_, _ = conn.Read(make([]byte, 4096))
				_, _ = io.WriteString(conn, answer)
				if more != nil {
					more(conn)
				}
			}()
		}
	}()
	return "http://" + ln.Addr().String() + "/x"
}

// fetched reads a URL to its end.
func fetched(ctx context.Context, im *Importer, url string) (string, error) {
	d, err := im.open(ctx, url)
	if err != nil {
		return "", err
	}
	defer d.Close() //nolint:errcheck // a test's
	text, err := io.ReadAll(d)
	return string(text), err
}

const (
	head = "HTTP/1.1 200 OK\r\n"
	want = "the URL cannot be used"
	cut  = "stopped sending"
)

// origin is a server of data that goes wrong in some way.
type origin struct {
	name, answer string
	more         func(net.Conn)
	msg          string // "": the data is "12345"
}

func origins() []origin {
	hang := func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) } // until the client has gone
	drip := func(c net.Conn) {
		for _, err := io.WriteString(c, "x"); err == nil; _, err = io.WriteString(c, "x") {
			time.Sleep(20 * time.Millisecond)
		}
	}
	return []origin{
		{"good", head + "Content-Length: 5\r\n\r\n12345", nil, ""},
		{"without a length", head + "\r\n12345", nil, ""},
		{"chunked", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n", nil, ""},
		{"more than announced", head + "Content-Length: 5\r\n\r\n12345and more", nil, ""}, // RFC 9112 6.3: no part of the answer
		{"less than announced", head + "Content-Length: 9\r\n\r\n12345", nil, cut},
		{"chunks cut", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", nil, cut},
		{"a chunk cut", head + "Transfer-Encoding: chunked\r\n\r\n9\r\n12345", nil, cut},
		{"chunks of garbage", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\nzz\r\n", nil, cut},
		{"hangs at once", "", hang, want},
		{"hangs in the header", head + "Content-", hang, want},
		{"hangs in the data", head + "Content-Length: 9\r\n\r\n12345", hang, cut},
		{"drips", head + "Content-Length: 999999\r\n\r\n", drip, cut},
		{"garbage", "SSH-2.0-OpenSSH_9\r\n", nil, want},
		{"nothing", "", nil, want},
		{"a header without end", head + strings.Repeat("X: y\r\n", 1<<15), hang, want},
		{"two lengths", head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345", nil, want},
		{"a negative length", head + "Content-Length: -5\r\n\r\n12345", nil, want},
		{"encoded", head + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n12345", nil, want},
		{"a part", "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nContent-Range: bytes 0-4/9\r\n\r\n12345", nil, want},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", nil, want},
		{"not found", "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n12345", nil, want},
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", nil, want},
		{"an early hint", "HTTP/1.1 103 Early Hints\r\n\r\n" + head + "Content-Length: 5\r\n\r\n12345", nil, ""},
	}
}

// Spec security S152: a server that hangs, lies or breaks off gives no data, and a clear error.
func TestSecHostileOrigin(t *testing.T) {
	t.Parallel()
	for _, row := range origins() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			patience := time.Minute
			if row.more != nil {
				patience = 300 * time.Millisecond
			}
			text, err := fetched(t.Context(), reader(t, patience, "127.0.0.1"), raw(t, row.answer, row.more))
			switch {
			case row.msg == "" && (err != nil || text != "12345"):
				t.Errorf("%q, %v", text, err)
			case row.msg != "" && (!fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), row.msg)):
				t.Errorf("%q, %v", text, err)
			case row.msg == cut && errors.Is(err, io.EOF):
				t.Errorf("somebody could take it for whole: %v", err)
			}
		})
	}
}

// Spec security S150, P71: a redirect is followed to where the filter lets it, and five times.
func TestSecRedirectChains(t *testing.T) {
	t.Parallel()
	var visits atomic.Int32
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/data", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "12345") })
	mux.HandleFunc("/to/{code}", func(w http.ResponseWriter, r *http.Request) {
		code := http.StatusNotFound
		_, _ = fmt.Sscan(r.PathValue("code"), &code)
		w.Header().Set("Location", r.URL.Query().Get("at"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.PathValue("n"), &n)
		next := fmt.Sprintf("/hop/%d", n-1)
		if n == 1 {
			next = "/data"
		}
		http.Redirect(w, r, next, http.StatusFound)
	})
	mux.HandleFunc("/refresh", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Refresh", "0; url=/data") })
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	t.Cleanup(canary.Close)
	denied := strings.Replace(canary.URL, "127.0.0.1", "localhost", 1)
	rows := map[string]bool{
		"/to/301?at=/data": true, "/to/302?at=/data": true, "/to/303?at=data": false, "/to/307?at=/data": true,
		"/to/308?at=" + server.URL + "/data": true, "/hop/5": true, "/hop/6": false, "/to/302?at=/to/404": false,
		"/to/302?at=file:///etc/hosts": false, "/to/302?at=gopher://127.0.0.1/": false, "/to/302?at=": false,
		"/to/302?at=http://user:pw@" + strings.TrimPrefix(server.URL, "http://") + "/data": false,
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		rows[fmt.Sprintf("/to/%d?at=%s/data", code, denied)] = false
	}
	im := reader(t, 0, "127.0.0.1")
	for path, good := range rows {
		text, err := fetched(t.Context(), im, server.URL+path)
		if good != (err == nil && text == "12345") || err != nil && !strings.Contains(fault.Message(err), "the URL cannot be used") {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	if text, err := fetched(t.Context(), im, server.URL+"/refresh"); err != nil || text != "" {
		t.Errorf("a Refresh header is followed: %q, %v", text, err)
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("the canary was visited %d times", n)
	}
}

// Spec security S153: until data comes, whatever is wrong is told in the same words; the log has the reason.
func TestSecNoSSRFOracle(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close() //nolint:errcheck // so nobody listens there
	open, shut := reader(t, 300*time.Millisecond, "127.0.0.1"), reader(t, 0)
	texts := map[string]string{}
	for name, u := range map[string]string{
		"nobody listens": "http://" + closed.Addr().String() + "/", "an error": raw(t, "HTTP/1.1 500 No\r\n\r\n", nil),
		"no HTTP": raw(t, "220 mail\r\n", nil), "silence": raw(t, "", func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }),
		"not allowed": "http://127.0.0.2/", "no such name": "http://does-not-exist.invalid/", "no URL": "http:///x",
		"a password": "http://user:secret@127.0.0.1/",
	} {
		_, err := fetched(t.Context(), open, u)
		texts[fault.Message(err)] = name
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = fetched(t.Context(), shut, raw(t, head+"\r\n12345", nil))
	texts[fault.Message(err)] = "loopback"
	if len(texts) != 1 {
		t.Errorf("texts differ: %v", texts)
	}
}

// A cancelled download ends with the reason of its context.
func TestDownloadIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	im := reader(t, time.Minute, "127.0.0.1")
	url := raw(t, head+"Content-Length: 9\r\n\r\n12345", func(c net.Conn) {
		cancel()
		_, _ = c.Read(make([]byte, 1))
	})
	if _, err := fetched(ctx, im, url); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What cannot be used is said at the start.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		o    settings.Tasks
		want string
	}{
		"no folder":          {settings.Tasks{ConversionFormat: "raw"}, "no effect without"},
		"a folder in a file": {settings.Tasks{WorkDir: "/dev/null/x"}, "straight into the store"},
		"nothing":            {settings.Tasks{}, ""},
	} {
		log, hook := logtest.NewNullLogger()
		im, err := New(Config{Options: row.o, Log: log})
		if err != nil || im.local {
			t.Errorf("%s: %v", name, err)
		}
		said := ""
		for _, e := range hook.AllEntries() {
			if e.Level <= logrus.WarnLevel {
				said += e.Message
			}
		}
		if (said == "") != (row.want == "") || !strings.Contains(said, row.want) {
			t.Errorf("%s: %q", name, said)
		}
	}
}
