package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

// TestMain builds the programs; every test here runs them as a user would.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "glance-server")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)                                                                               //nolint:errcheck // a temporary folder
	if out, err := exec.Command("go", "build", "-o", dir, ".", "../httpd").CombinedOutput(); err != nil { // the test framework bounds it
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		return 1
	}
	for _, name := range []string{"glance-api", "glance-control", "glance-manage"} {
		if err := os.Symlink("server", filepath.Join(dir, name)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")) //nolint:errcheck // the name is good
	return m.Run()
}

// daemon is a running server.
type daemon struct {
	t   *testing.T
	cmd *exec.Cmd
	dir string // of its data
	url string
	// header is sent with every call.
	header http.Header
	log    *buffer
	done   chan struct{} // closed when it has ended
	err    error         // then: how
}

// start runs the server on a free port, with its data in dir, and waits until it listens. wrapper is put before the
// command.
func start(t *testing.T, dir string, wrapper ...string) *daemon {
	t.Helper()
	args := append(wrapper, "server", "--bind-port", "0", "--data-dir", dir)
	d := &daemon{t: t, dir: dir, log: new(buffer), done: make(chan struct{})}
	d.cmd = exec.Command(args[0], args[1:]...) // a program of ours, ended below
	d.cmd.Stderr = d.log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the wrapper and the server end together
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "Serving on "); ok {
			d.url, _, _ = strings.Cut(rest, " ")
			break
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	t.Cleanup(d.kill)
	if d.url == "" {
		t.Fatalf("the server does not start: %s", d.log)
	}
	return d
}

// kill ends the server as a power cut would, if it still runs.
func (d *daemon) kill() {
	_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL) // it may have ended
	<-d.done
}

// stop ends the server with SIGTERM and asserts that it goes quietly.
func (d *daemon) stop() {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	select {
	case <-d.done:
		if d.err != nil {
			d.t.Errorf("the server ended with %v: %s", d.err, d.log)
		}
	case <-time.After(patience):
		d.t.Fatal("the server does not stop")
	}
}

// call sends a request and returns status and body.
func (d *daemon) call(method, path string, body io.Reader) (int, string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, body)
	if err != nil {
		d.t.Fatal(err)
	}
	if d.header != nil {
		req.Header = d.header.Clone()
	}
	if strings.HasSuffix(path, "/file") {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// create makes a queued image and returns its id.
func (d *daemon) create(attrs string) string {
	d.t.Helper()
	code, text := d.call(http.MethodPost, "/v2/images", strings.NewReader(attrs))
	if code != http.StatusCreated {
		d.t.Fatalf("create: %d %s", code, text)
	}
	_, rest, _ := strings.Cut(text, `"id": "`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

const rawImage = `{"name": "a test", "disk_format": "raw", "container_format": "bare"}`

// status returns the status of an image.
func (d *daemon) status(id string) string {
	d.t.Helper()
	_, text := d.call(http.MethodGet, "/v2/images/"+id, nil)
	_, rest, _ := strings.Cut(text, `"status": "`)
	status, _, _ := strings.Cut(rest, `"`)
	return status
}

// await waits until the condition holds.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// stored returns the names in the image store.
func stored(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(dir, "images"))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name()
	}
	return names
}

// missing skips a test for want of something, or fails it where everything must be there.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
		t.Fatal("missing: " + what)
	}
	t.Skip("missing: " + what)
}

// need asserts that a program is installed and returns its path.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, program)
	}
	return path
}
