package main_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// python starts a Python Glance on the database and the store of the site, and returns its URL. Our programs have its
// names, so it is called by its path.
func (s *site) python() string {
	s.t.Helper()
	const folder = "/usr/bin/"
	for _, name := range []string{"glance-api", "glance-manage"} {
		if _, err := os.Stat(folder + name); err != nil {
			missing(s.t, folder+name)
		}
	}
	port := freePort(s.t)
	conf := s.pythonConf(port)
	if out, err := exec.CommandContext(s.t.Context(), folder+"glance-manage", "--config-file", conf, "db_sync").CombinedOutput(); err != nil {
		s.t.Fatalf("glance-manage: %v\n%s", err, out)
	}
	cmd := exec.Command(folder+"glance-api", "--config-file", conf) // ended below
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log := new(buffer)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it is no matter how it ends
		_ = cmd.Wait()
		if text := log.String(); s.t.Failed() {
			s.t.Logf("the end of the log of Python's:\n%s", text[max(0, len(text)-20_000):])
		}
	})
	url := "http://127.0.0.1:" + port
	for end := time.Now().Add(3 * patience); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(url + "/versions") // a probe
		if err == nil {
			resp.Body.Close() //nolint:errcheck // a probe
			return url
		}
		if time.Now().After(end) {
			s.t.Fatalf("the Python Glance does not answer: %v", err)
		}
	}
}

// pythonConf writes the configuration of a Python Glance, and makes the folders that it names.
func (s *site) pythonConf(port string) string {
	s.t.Helper()
	for _, name := range []string{"lock", "staging", "tasks"} {
		if err := os.MkdirAll(filepath.Join(s.dir, name), 0o750); err != nil {
			s.t.Fatal(err)
		}
	}
	return s.file("python.conf", strings.ReplaceAll(fmt.Sprintf(`[DEFAULT]
bind_host = 127.0.0.1
bind_port = %s
workers = 0
node_staging_uri = file://DIR/staging/
[database]
connection = sqlite:///DIR/glance.sqlite?timeout=60
[glance_store]
stores = file,http
default_store = file
filesystem_store_datadir = DIR/images
[task]
work_dir = DIR/tasks
[oslo_concurrency]
lock_path = DIR/lock
[paste_deploy]
config_file = DIR/paste.ini
`, port), "DIR", s.dir))
}
