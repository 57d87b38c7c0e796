package main_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

// atOnce is how many tests run at once on each processor: they mostly wait.
const atOnce = 3

// TestMain builds the program; every test here runs it as a user would.
func TestMain(m *testing.M) {
	if dir := os.Getenv(bareEnv); dir != "" {
		fmt.Fprintln(os.Stderr, bare(dir))
		os.Exit(1)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == fmt.Sprint(runtime.GOMAXPROCS(0)) {
		flag.Set("test.parallel", fmt.Sprint(atOnce*runtime.GOMAXPROCS(0))) //nolint:errcheck // a number
	}
	dir, err := os.MkdirTemp("", "glance-httpd")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)                                                                   //nolint:errcheck // a temporary folder
	if out, err := exec.Command("go", "build", "-o", dir, ".").CombinedOutput(); err != nil { // the test framework bounds it
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		return 1
	}
	if err := os.Symlink("httpd", filepath.Join(dir, "glance-wsgi-api")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")+":/usr/sbin") //nolint:errcheck // the name is good
	return m.Run()
}

// buffer takes what a program prints.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write takes some of it.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns what there is so far.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// need returns where a program is. Where it is missing the test is skipped, or fails if nothing may be missing.
func need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, program)
	}
	return path
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
		t.Fatalf("%s is missing", what)
	}
	t.Skipf("%s is missing", what)
}

// start runs the program and waits until it listens on the socket.
func start(t *testing.T, program, socket string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "--socket", socket, "--data-dir", t.TempDir(), "--prefix", "/image") // built above
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			return cmd
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// get sends a request as a front end would.
func get(t *testing.T, socket, path string) string {
	t.Helper()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://backend"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"cloud.example"}}
	resp, err := (&http.Transport{DialContext: dial, DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSocket: the front end on the socket is believed, links are as the client needs them whether or not the front end
// strips the prefix, and only a dead process's socket is replaced.
func TestSocket(t *testing.T) {
	program, socket := "httpd", filepath.Join(t.TempDir(), "glance.sock")
	first := start(t, program, socket)
	for _, path := range []string{"/image/versions", "/versions"} {
		if text := get(t, socket, path); !strings.Contains(text, `"href": "https://cloud.example/image/v2/"`) {
			t.Errorf("%s: %s", path, text)
		}
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket: %v, %v", info, err)
	}
	rival := exec.CommandContext(t.Context(), program, "--socket", socket, "--data-dir", t.TempDir()) // built above
	if out, err := rival.CombinedOutput(); err == nil || !strings.Contains(string(out), "another process") {
		t.Errorf("a second process on the socket: %v, %s", err, out)
	}

	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // it was killed
	second := start(t, program, socket)
	if err := second.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("the end: %v", err)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// TestSocketIsNoFile: what is in the way and is not a socket stays.
func TestSocketIsNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "httpd", "--socket", path, "--data-dir", t.TempDir()).CombinedOutput() // built above
	if err == nil || !strings.Contains(string(out), "not a socket") {
		t.Errorf("%v, %s", err, out)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "content" {
		t.Errorf("the file: %q, %v", text, err)
	}
}
