package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// site is an operator's: a folder with configuration, data and log.
type site struct {
	t    *testing.T
	dir  string
	conf string // path of the configuration file
	env  []string
}

// newSite makes a site with a configuration file that listens on a free port of the loopback. options are lines that
// follow it; those of [DEFAULT] come first.
func newSite(t *testing.T, options ...string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	s.conf = filepath.Join(s.dir, "glance-api.conf")
	s.write(options...)
	return s
}

// write writes the configuration file, with a paste file beside it so that none of this machine is read.
func (s *site) write(options ...string) {
	s.t.Helper()
	text := fmt.Sprintf(`[DEFAULT]
bind_host = 127.0.0.1
bind_port = 0
log_file = %[1]s/api.log
state_dir = %[1]s/journal
[database]
connection = sqlite:///%[1]s/glance.sqlite
[glance_store]
filesystem_store_datadir = %[1]s/images
https_insecure = false
[paste_deploy]
config_file = %[1]s/paste.ini
[DEFAULT]
%[2]s
`, s.dir, strings.Join(options, "\n"))
	s.file("glance-api.conf", text)
	s.file("paste.ini", pasteFile)
}

const pasteFile = `[pipeline:glance-api]
pipeline = versionnegotiation unauthenticated-context rootapp
[pipeline:glance-api-trusted-auth]
pipeline = versionnegotiation context rootapp
[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/: apiversions
/v2: apiv2app
[app:apiversions]
paste.app_factory = glance.api.versions:create_resource
[app:apiv2app]
paste.app_factory = glance.api.v2.router:API.factory
[filter:versionnegotiation]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[filter:unauthenticated-context]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
`

// file writes a file of the site and returns its path.
func (s *site) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// log returns what is in the log file.
func (s *site) log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "api.log")) // it may not be there yet
	return string(text)
}

// start runs glance-api and waits until it serves.
func (s *site) start() *daemon {
	s.t.Helper()
	return s.run(exec.Command("glance-api", "--config-file", s.conf)) // ended below
}

var listening = regexp.MustCompile(`listening on (\S+:\d+)`)

// run runs a command that becomes the daemon, and waits until it serves.
func (s *site) run(cmd *exec.Cmd) *daemon {
	s.t.Helper()
	before := len(s.log())
	d := s.launch(cmd)
	await(s.t, "the daemon serves", func() bool {
		if m := listening.FindStringSubmatch(s.log()[before:] + d.log.String()); m != nil {
			d.url = "http://" + m[1]
		}
		return d.url != "" || d.ended()
	})
	if d.url == "" {
		s.t.Fatalf("the daemon does not start: %s %s", d.log, s.log())
	}
	return d
}

// launch runs a command without waiting for it.
func (s *site) launch(cmd *exec.Cmd) *daemon {
	s.t.Helper()
	d := &daemon{t: s.t, cmd: cmd, dir: s.dir, log: new(buffer), done: make(chan struct{})}
	cmd.Stderr, cmd.Stdout = d.log, d.log
	cmd.Env = append(os.Environ(), s.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { d.err = cmd.Wait(); close(d.done) }()
	s.t.Cleanup(d.kill)
	return d
}

// refused runs glance-api, which must not start, and returns what it says and its exit code.
func (s *site) refused(args ...string) (string, int) {
	s.t.Helper()
	d := s.launch(exec.Command("glance-api", append([]string{"--config-file", s.conf}, args...)...)) // ended below
	await(s.t, "the daemon ends", d.ended)
	code := d.cmd.ProcessState.ExitCode()
	if code == 0 {
		s.t.Errorf("the daemon has served: %s", d.log)
	}
	return d.log.String(), code
}

func (d *daemon) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// reload has the daemon read its configuration again, and waits until the log says how that went.
func (s *site) reload(d *daemon, want string) {
	s.t.Helper()
	before := len(s.log())
	d.signal(syscall.SIGHUP)
	await(s.t, "the log says: "+want, func() bool {
		log := s.log()
		return strings.Contains(log[min(before, len(log)):], want)
	})
}

const (
	reloaded    = "of the configuration is in effect"
	notReloaded = "could not be loaded again"
)

func (d *daemon) signal(sig os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(sig); err != nil {
		d.t.Fatal(err)
	}
}

// metric returns the value of a metric, as it is written; "" if there is none.
func metric(t *testing.T, address, name string) string {
	t.Helper()
	resp, err := http.Get("http://" + address + "/metrics") // a probe
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func number(t *testing.T, address, name string) int {
	t.Helper()
	f, err := strconv.ParseFloat(metric(t, address, name), 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return int(f)
}

// buffer is a buffer for a process and a test at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds text.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns what was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// roundTrip makes an image and reads it back.
func (d *daemon) roundTrip() {
	d.t.Helper()
	id := d.create(rawImage)
	if code, text := d.call(http.MethodPut, "/v2/images/"+id+"/file", strings.NewReader("some bytes")); code != http.StatusNoContent {
		d.t.Errorf("upload: %d %s", code, text)
	}
	if code, text := d.call(http.MethodGet, "/v2/images/"+id+"/file", nil); code != http.StatusOK || text != "some bytes" {
		d.t.Errorf("download: %d %q", code, text)
	}
}

// freePort returns a port of the loopback that nobody has at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	ln := listen(t)
	defer ln.Close() //nolint:errcheck // it was only asked for its port
	return strconv.Itoa(port(ln.Addr()))
}

// pause is for what cannot be waited for.
func pause() { time.Sleep(50 * time.Millisecond) }
