// Package reference starts a Python Glance, as Debian packages it, for a test to compare with or to share a database
// with. It is a later release than the one this service keeps to.
package reference

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Config says how to start it. The zero value is a Glance on its own, where nobody is asked who he is.
type Config struct {
	Database string // a SQLAlchemy URL; "": an SQLite file of its own. Tables are made when they are not there
	Images   string // folder of the file store; "": one of its own
	Identity bool   // callers are taken from identity headers
	Default  string // further lines of the section DEFAULT
	Sections string // further sections
}

const (
	startTime = time.Minute // for tables and for the first answer
	stopTime  = 10 * time.Second
)

// Start starts a Glance and returns its URL, without a slash at the end. It ends with the test, which is skipped if
// there is no Glance, or fails if the environment has GLANCE_TEST_REQUIRE.
func Start(t testing.TB, c Config) string {
	t.Helper()
	for _, program := range []string{"glance-api", "glance-manage"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
			t.Fatalf("%s (Debian: glance-api) is missing", program)
		}
		t.Skipf("%s (Debian: glance-api) is missing", program)
	}
	dir := t.TempDir()
	port := freePort(t)
	conf := c.write(t, dir, port)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTime)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "glance-manage", "--config-file", conf, "db_sync").CombinedOutput(); err != nil {
		t.Fatalf("glance-manage: %v\n%s", err, out)
	}
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	run(t, conf, filepath.Join(dir, "glance-api.log"))
	await(ctx, t, url)
	return url
}

// run starts the daemon and stops it at the end of the test.
func run(t testing.TB, conf, logFile string) {
	t.Helper()
	out, err := os.Create(logFile)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("glance-api", "--config-file", conf)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is ended by a signal
		close(ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(stopTime):
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		_ = out.Close()
		if text, err := os.ReadFile(logFile); err == nil && t.Failed() {
			t.Logf("the end of its log:\n%s", text[max(0, len(text)-5000):])
		}
	})
}

// write writes configuration and pipeline.
func (c Config) write(t testing.TB, dir string, port int) string {
	t.Helper()
	if c.Database == "" {
		c.Database = "sqlite:///" + filepath.Join(dir, "glance.sqlite") + "?timeout=60"
	}
	if c.Images == "" {
		c.Images = filepath.Join(dir, "images")
	}
	for _, folder := range []string{c.Images, filepath.Join(dir, "lock"), filepath.Join(dir, "staging"), filepath.Join(dir, "tasks")} {
		if err := os.MkdirAll(folder, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	who := "unauthenticated"
	if c.Identity {
		who = "context"
	}
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	paste := file("paste.ini", fmt.Sprintf(pipeline, who))
	return file("glance-api.conf", fmt.Sprintf(options, port, dir, c.Default, c.Database, c.Images, dir, dir, paste, c.Sections))
}

const options = `[DEFAULT]
bind_host = 127.0.0.1
bind_port = %d
workers = 0
node_staging_uri = file://%s/staging/
%s
[database]
connection = %s
[glance_store]
stores = file,http
default_store = file
filesystem_store_datadir = %s
[task]
work_dir = %s/tasks
[oslo_concurrency]
lock_path = %s/lock
[paste_deploy]
config_file = %s
%s
`

const pipeline = `[pipeline:glance-api]
pipeline = versionnegotiation %s rootapp
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
[filter:unauthenticated]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
`

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing was sent
	addr, _ := l.Addr().(*net.TCPAddr)
	return addr.Port
}

func await(ctx context.Context, t testing.TB, url string) {
	t.Helper()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/versions", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = resp.Body.Close()
			http.DefaultClient.CloseIdleConnections()
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the Python Glance does not answer: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
