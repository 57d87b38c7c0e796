package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"goglance/httpd/front"
)

// TestLinks: links are as the client needs them, over TLS, also when he claims to be somebody else; and when the front
// end strips the prefix.
func TestLinks(t *testing.T) {
	t.Parallel()
	forged := []string{
		"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "gopher", "X-Forwarded-Prefix", "/evil",
		"Forwarded", "host=evil.example;proto=http;for=6.6.6.6", "X-Forwarded-For", "6.6.6.6",
	}
	check := func(t *testing.T, s *site) {
		got := s.call("GET", "/versions", nil, forged...)
		if want := fmt.Sprintf(`"href": "https://%s/image/v2/"`, s.Addr); !strings.Contains(got.body, want) {
			t.Errorf("there is no %s in %d %s", want, got.code, got.body)
		}
		s.await("the log has the client", func() bool { return strings.Contains(s.back.out.String(), `127.0.0.1 - - [`) })
		if log := s.back.out.String(); strings.Contains(log, "6.6.6.6") {
			t.Errorf("the log believes him: %s", tail(log))
		}
	}
	everywhere(t, []option{secure}, check)
	for _, c := range []struct {
		front.Kind
		strip option
	}{
		{overHTTP("nginx"), edit("httpd.sock;  # no path", "httpd.sock:/;  # no path")},
		{overHTTP("apache2"), edit("http://glance/image", "http://glance")},
		{overHTTP("haproxy"), edit("http-reuse never", "http-request replace-path /image(/.*) \\1\n    http-reuse never")},
	} {
		t.Run(c.Program+" strips", func(t *testing.T) {
			t.Parallel()
			check(t, newSite(t, c.Kind, secure, c.strip))
		})
	}
}

// TestBrokenDownload: a download that the service breaks off never looks whole to the client.
func TestBrokenDownload(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		const size = 64 << 20
		id := s.upload(size)
		w := s.dial()
		w.send(fmt.Sprintf("GET /image/v2/images/%s/file HTTP/1.1\r\nHost: %s\r\n\r\n", id, s.Addr))
		resp, err := http.ReadResponse(w.in, nil)
		s.must(err)
		defer resp.Body.Close() //nolint:errcheck // it is cut
		_, err = io.CopyN(io.Discard, resp.Body, 1<<20)
		s.must(err)
		s.back.kill()
		if n, err := io.Copy(io.Discard, resp.Body); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d bytes of %d look whole, or the client waits for more: %v", n+1<<20, size, err)
		}
	})
}

// TestHugeUpload: 5 GiB, with and without a length, where there is time and room for it.
func TestHugeUpload(t *testing.T) {
	const size = 5 << 30
	if os.Getenv("GLANCE_TEST_HUGE") == "" {
		t.Skip("GLANCE_TEST_HUGE is not set: 5 GiB, twice for each front end and protocol, take a while")
	}
	checksum := digest(io.LimitReader(zeros{}, size))
	for _, k := range front.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			s := newSite(t, k)
			for _, headers := range [][]string{{"Content-Length", fmt.Sprint(size)}, nil} {
				if headers == nil && !s.takesChunked() {
					continue
				}
				id := s.create()
				began := time.Now()
				got := s.call("PUT", "/v2/images/"+id+"/file", io.LimitReader(zeros{}, size), headers...)
				if got.code != http.StatusNoContent {
					t.Fatalf("%d %s", got.code, got.body)
				}
				if img := s.show(id); img != (image{"active", size, checksum}) {
					t.Errorf("%+v", img)
				}
				t.Logf("%v: %.0f MiB/s", headers, size/time.Since(began).Seconds()/(1<<20))
				s.call("DELETE", "/v2/images/"+id, nil)
			}
		})
	}
}

type zeros struct{}

// Read gives zeros.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestAddress: on a TCP address the headers of this machine's front end are believed, or of the peers that the
// configuration names.
func TestAddress(t *testing.T) {
	t.Parallel()
	for peers, believed := range map[string]bool{"": true, "127.0.0.1": true, "192.0.2.1": false} {
		addr := freeAddr(t)
		env := os.Environ()
		if peers != "" {
			env = append(env, "OS_DEFAULT__TRUSTED_PEERS="+peers)
		}
		p := spawn(t, env, "httpd", "--address", addr, "--data-dir", t.TempDir())
		text := eventually(t, func() (string, error) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/versions", nil)
			if err != nil {
				return "", err
			}
			r.Header.Set("X-Forwarded-Host", "cloud.example")
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close() //nolint:errcheck // only read
			text, err := io.ReadAll(resp.Body)
			return string(text), err
		})
		if strings.Contains(text, "cloud.example") != believed {
			t.Errorf("peers %q: %s", peers, text)
		}
		p.kill()
	}
}

func eventually(t *testing.T, try func() (string, error)) string {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		text, err := try()
		if err == nil {
			return text
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// TestWSGIName: under the name of the reference's script the program reads the files that the script would.
func TestWSGIName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := fmt.Sprintf("[DEFAULT]\nstate_dir = %[1]s/state\ncert_file = /the/front/end/has/it\n[database]\nconnection = sqlite:///%[1]s/glance.sqlite\n"+
		"[glance_store]\nfilesystem_store_datadir = %[1]s/images\n[paste_deploy]\nflavor = trusted-auth\n", dir)
	paste, err := os.ReadFile("../testdata/config/pike/glance-api-paste.ini")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"glance-api.conf": conf, "glance-api-paste.ini": string(paste)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "s")
	spawn(t, append(os.Environ(), "OS_GLANCE_CONFIG_DIR="+dir), "glance-wsgi-api", "--socket", socket, "--socket-mode", "600")
	eventually(t, func() (string, error) {
		c, err := net.Dial("unix", socket)
		if err != nil {
			return "", err
		}
		return "", c.Close()
	})
	if text := get(t, socket, "/v2/images"); !strings.Contains(text, "401") {
		t.Errorf("the flavor of the file does not count: %s", text)
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", info, err)
	}
}

// TestSocketOwner: the socket belongs to whom the command line names.
func TestSocketOwner(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give a socket away")
	}
	socket := filepath.Join(t.TempDir(), "s")
	spawn(t, os.Environ(), "httpd", "--socket", socket, "--socket-owner", "www-data:daemon", "--data-dir", t.TempDir())
	eventually(t, func() (string, error) {
		c, err := net.Dial("unix", socket)
		if err != nil {
			return "", err
		}
		return "", c.Close()
	})
	out, err := exec.CommandContext(t.Context(), "stat", "-c", "%U:%G %a", socket).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "www-data:daemon 660" {
		t.Errorf("%s %v", out, err)
	}
	for _, flags := range [][]string{{"--socket-owner", "nobody-at-all"}, {"--socket-mode", "rw"}, {"--protocol", "gopher"}, {}} {
		args := append([]string{"--data-dir", t.TempDir()}, flags...)
		if len(flags) > 0 {
			args = append(args, "--socket", filepath.Join(t.TempDir(), "s"))
		}
		if out, err := exec.CommandContext(t.Context(), "httpd", args...).CombinedOutput(); err == nil {
			t.Errorf("%v: %s", args, out)
		}
	}
}

// activated runs httpd on a socket that somebody else holds, as systemd would.
func activated(t *testing.T, socket *os.File, dir string) *process {
	t.Helper()
	p := &process{out: new(buffer), done: make(chan struct{})}
	// The variable names the process that is meant, which only that process knows.
	p.cmd = exec.Command("sh", "-c", `LISTEN_PID=$$ exec httpd --data-dir "$0"`, dir) // ended by the test
	p.cmd.Env = append(os.Environ(), "LISTEN_FDS=1")
	p.cmd.ExtraFiles = []*os.File{socket}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

// socketClient calls httpd on its socket as a front end would, one request a connection.
type socketClient struct {
	t *testing.T
	http.Client
}

func newSocketClient(t *testing.T, path string) *socketClient {
	return &socketClient{t, http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}}
}

func (c *socketClient) call(method, url string, body io.Reader) (int, string, error) {
	r, err := http.NewRequestWithContext(c.t.Context(), method, "http://httpd"+url, body)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	resp, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func (c *socketClient) create() (id string) {
	c.t.Helper()
	_, text, err := c.call("POST", "/v2/images", strings.NewReader(`{"disk_format": "raw", "container_format": "bare"}`))
	_, id, _ = strings.Cut(text, `"id": "`)
	if id, _, _ = strings.Cut(id, `"`); err != nil || id == "" {
		c.t.Fatal(text, err)
	}
	return id
}

// load calls until it is stopped, and counts. A call that fails fails the test.
type load struct {
	stop    atomic.Bool
	served  atomic.Int64
	callers sync.WaitGroup
}

func (l *load) start(c *socketClient) {
	for range 4 {
		l.callers.Go(func() {
			for ; !l.stop.Load(); time.Sleep(5 * time.Millisecond) {
				if code, text, err := c.call("GET", "/v2/images", nil); err != nil || code != http.StatusOK {
					c.t.Errorf("a request is refused: %d %s %v", code, text, err)
					return
				}
				l.served.Add(1)
			}
		})
	}
}

// more waits for n further calls.
func (l *load) more(t *testing.T, n int64) {
	t.Helper()
	before := l.served.Load()
	eventually(t, func() (string, error) {
		if l.served.Load() < before+n {
			return "", errors.New("nobody is served")
		}
		return "", nil
	})
}

// TestRestartUnderLoad: with a socket of systemd a restart refuses nobody, and an upload that is under way finishes.
func TestRestartUnderLoad(t *testing.T) {
	t.Parallel()
	path, dir := filepath.Join(t.TempDir(), "s"), t.TempDir()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	socket, err := ln.File()
	if err != nil {
		t.Fatal(err)
	}
	first, c := activated(t, socket, dir), newSocketClient(t, path)
	id := c.create()
	body, feed := io.Pipe()
	uploaded := make(chan string, 1)
	go func() {
		code, text, err := c.call("PUT", "/v2/images/"+id+"/file", body)
		uploaded <- fmt.Sprint(code, text, err)
	}()
	if _, err := feed.Write(bytes.Repeat([]byte("a"), 1<<20)); err != nil {
		t.Fatal(err)
	}
	var l load
	l.start(c)
	l.more(t, 20)
	if err := first.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	activated(t, socket, dir)
	l.more(t, 20)
	_ = feed.Close() // which has no error
	if got := <-uploaded; !strings.HasPrefix(got, "204") {
		t.Errorf("the upload: %s", got)
	}
	if <-first.done; first.err != nil {
		t.Errorf("the first ended with %v: %s", first.err, tail(first.out.String()))
	}
	l.more(t, 20)
	l.stop.Store(true)
	l.callers.Wait()
	if _, text, err := c.call("GET", "/v2/images/"+id, nil); err != nil || !strings.Contains(text, `"status": "active"`) {
		t.Errorf("%s, %v", text, err)
	}
}
