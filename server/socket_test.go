package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// passed runs glance-api with a socket as descriptor 3, and a shell before it that says whose it is.
func (s *site) passed(f *os.File, env string) *daemon {
	s.t.Helper()
	cmd := exec.Command("sh", "-c", env+` exec glance-api --config-file "$0"`, s.conf) // ended by the site
	cmd.ExtraFiles = []*os.File{f}
	return s.run(cmd)
}

// TestSocketActivation: the socket that systemd has made is served, and stays the same over reloads, whatever the
// configuration says of addresses.
func TestSocketActivation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ln, ok := listen(t).(*net.TCPListener)
	if !ok {
		t.Fatal("no TCP socket")
	}
	f, err := ln.File()
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	d := s.passed(f, "LISTEN_FDS=1 LISTEN_PID=$$")
	f.Close()  //nolint:errcheck // the daemon has it
	ln.Close() //nolint:errcheck // likewise
	if d.url != "http://"+addr {
		t.Fatalf("the daemon serves on %s, not on %s", d.url, addr)
	}
	d.roundTrip()
	s.write("bind_port = " + freePort(t))
	s.reload(d, reloaded)
	d.roundTrip()
	d.stop()
}

// TestInheritedSocket: a bound socket of a supervisor in the way of the reference, which does not listen yet.
func TestInheritedSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "bound")
	defer f.Close() //nolint:errcheck // the daemon has it
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	inet, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		t.Fatal("no IPv4 socket")
	}
	s.write(fmt.Sprintf("bind_port = %d", inet.Port))
	d := s.passed(f, "GLANCE_TEST_SOCKET_FD=3")
	if !strings.HasSuffix(d.url, fmt.Sprintf(":%d", inet.Port)) {
		t.Fatalf("the daemon serves on %s, not on %d", d.url, inet.Port)
	}
	s.reload(d, reloaded)
	d.roundTrip()
	for _, bad := range []string{"GLANCE_TEST_SOCKET_FD=x", "GLANCE_TEST_SOCKET_FD=99"} {
		s.env = []string{bad}
		if text, code := s.refused(); code != 1 || !strings.Contains(text, "GLANCE_TEST_SOCKET_FD") {
			t.Errorf("%s: %d %s", bad, code, text)
		}
	}
}

// TestNotify: systemd is told when the daemon is ready, reloads, lives and stops.
func TestNotify(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "notify") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	path := filepath.Join(dir, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // only read
	expect := func(want string) {
		t.Helper()
		text := make([]byte, 4096)
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := conn.Read(text)
			if err != nil {
				t.Fatalf("waiting for %s: %v", want, err)
			}
			if regexp.MustCompile(want).Match(text[:n]) {
				return
			}
			if string(text[:n]) != "WATCHDOG=1" {
				t.Errorf("told %q, not %s", text[:n], want)
			}
		}
	}
	s := newSite(t)
	s.env = []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=200000"}
	d := s.start()
	expect("^READY=1\n")
	expect("^WATCHDOG=1$")
	d.signal(syscall.SIGHUP)
	expect(`^RELOADING=1\nMONOTONIC_USEC=\d+$`)
	expect("^READY=1$")
	d.signal(syscall.SIGTERM)
	expect("^STOPPING=1$")
	<-d.done
}

// raw opens a connection to a daemon.
func (d *daemon) raw() net.Conn {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() }) //nolint:errcheck // the end
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		d.t.Fatal(err)
	}
	return conn
}

// reply is what is of interest of an answer.
type reply struct {
	code   int
	closes bool // the connection
}

// ask sends text over a connection and returns the answer.
func ask(t *testing.T, conn net.Conn, text string) reply {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body) // only its end is of interest
	resp.Body.Close()                     //nolint:errcheck // only read
	return reply{resp.StatusCode, resp.Close}
}

// TestMaxHeaderLine: a line of a header that is longer than max_header_line is refused, however it comes; so is a header
// that is too long as a whole.
func TestMaxHeaderLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.start()
	get := func(target string, headers ...string) int {
		text := "GET " + target + " HTTP/1.1\r\nHost: x\r\n"
		for _, h := range headers {
			text += h + "\r\n"
		}
		return ask(t, d.raw(), text+"\r\n").code
	}
	long := func(n int) string { return strings.Repeat("a", n) }
	check := func(want int, target string, headers ...string) {
		t.Helper()
		if got := get(target, headers...); got != want {
			t.Errorf("a header with lines of %d and %d bytes: %d, want %d", len(target), len(strings.Join(headers, "")), got, want)
		}
	}
	check(200, "/v2/images", "X-Auth-Token: "+long(16000), "X-Other: "+long(16000))
	check(400, "/v2/images", "X-Auth-Token: "+long(17000))
	check(400, "/v2/images?name="+long(17000))
	check(431, "/v2/images", "A: "+long(15000), "B: "+long(15000), "C: "+long(15000), "D: "+long(15000), "E: "+long(15000), "F: "+long(15000))
	s.write("max_header_line = 40000")
	s.reload(d, reloaded)
	check(200, "/v2/images", "X-Auth-Token: "+long(30000))
	check(400, "/v2/images", "X-Auth-Token: "+long(41000))
}

// TestKeepAlive: with http_keepalive off a connection has one request; a reload changes that, and the connections with it.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	const get = "GET /v2/images HTTP/1.1\r\nHost: x\r\n\r\n"
	s := newSite(t)
	d := s.start()
	conn := d.raw()
	for range 3 {
		if resp := ask(t, conn, get); resp.code != http.StatusOK || resp.closes {
			t.Fatalf("%d, closes: %v", resp.code, resp.closes)
		}
		s.reload(d, reloaded) // the connection stays
	}
	s.write("http_keepalive = false")
	s.reload(d, reloaded)
	if resp := ask(t, conn, get); resp.code != http.StatusOK || !resp.closes {
		t.Errorf("the old connection: %d, closes: %v", resp.code, resp.closes)
	}
	if resp := ask(t, d.raw(), get); resp.code != http.StatusOK || !resp.closes {
		t.Errorf("a new connection: %d, closes: %v", resp.code, resp.closes)
	}
	d.stop()
}

// TestKeepIdle: the kernel asks after a silent client when tcp_keepidle says.
func TestKeepIdle(t *testing.T) {
	t.Parallel()
	s := newSite(t, "tcp_keepidle = 77")
	d := s.start()
	check := func(seconds int) {
		t.Helper()
		conn := d.raw()
		ask(t, conn, "GET /v2/images HTTP/1.1\r\nHost: x\r\n\r\n")
		table, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			missing(t, "/proc/net/tcp")
		}
		// The server's end: its port, then ours; the timer 02 is the one of keepalive, with its time in hundredths.
		row := regexp.MustCompile(fmt.Sprintf(`:%04X \w+:%04X 01 \w+:\w+ (\w+):(\w+)`, port(conn.RemoteAddr()), port(conn.LocalAddr())))
		m := row.FindStringSubmatch(string(table))
		if m == nil {
			missing(t, "connections in /proc/net/tcp")
		}
		ticks, err := strconv.ParseInt(m[2], 16, 64)
		if err != nil || m[1] != "02" || ticks > int64(seconds)*100 || ticks < int64(seconds-20)*100 {
			t.Errorf("timer %s ends in %d hundredths, want %d s: %v", m[1], ticks, seconds, err)
		}
	}
	check(77)
	s.write("tcp_keepidle = 200")
	s.reload(d, reloaded)
	check(200)
}

// TestBacklog: so many connections wait while the daemon cannot accept them, and a reload changes how many.
func TestBacklog(t *testing.T) {
	t.Parallel()
	s := newSite(t, "backlog = 1")
	d := s.start()
	waiting := func() (n int) {
		d.signal(syscall.SIGSTOP)
		defer d.signal(syscall.SIGCONT)
		pause()
		for ; n < 20; n++ {
			conn, err := net.DialTimeout("tcp", strings.TrimPrefix(d.url, "http://"), 500*time.Millisecond)
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				return n
			}
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() //nolint:errcheck // the end
		}
		return n
	}
	if n := waiting(); n > 4 {
		t.Errorf("with a backlog of 1 %d connections wait", n)
	}
	s.write("backlog = 100")
	s.reload(d, reloaded)
	if n := waiting(); n != 20 {
		t.Errorf("with a backlog of 100 only %d connections wait", n)
	}
}
