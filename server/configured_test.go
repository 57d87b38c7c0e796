package main_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func port(a net.Addr) int {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

// TestConfigured: the files of an operator, in INI and in TOML, under the name of the reference and as a flag of server.
func TestConfigured(t *testing.T) {
	t.Parallel()
	ini := newSite(t, "bind_port = "+freePort(t), "workers = 4", "image_size_cap = 1000")
	d := ini.start()
	d.roundTrip()
	if code, _ := d.call(http.MethodPut, "/v2/images/"+d.create(rawImage)+"/file", strings.NewReader(strings.Repeat("x", 1001))); code != http.StatusRequestEntityTooLarge {
		t.Errorf("more than image_size_cap: %d", code)
	}
	if n := strings.Count(ini.log(), "[DEFAULT] workers ("); n != 1 {
		t.Errorf("workers is named %d times: %s", n, ini.log())
	}
	d.stop()

	toml := newSite(t)
	path := toml.file("glance.toml", strings.ReplaceAll(`
bind_host = "127.0.0.1"
bind_port = 0
log_file = "DIR/api.log"
state_dir = "DIR/journal"
[database]
connection = "sqlite:///DIR/glance.sqlite"
[glance_store]
filesystem_store_datadir = "DIR/images"
[paste_deploy]
config_file = "DIR/paste.ini"
`, "DIR", toml.dir))
	toml.run(exec.Command("server", "--config-file", path)).roundTrip()                                // ended by the site
	toml.run(exec.Command("server", "api", "--config-file", path, "--nodebug", "--debug")).roundTrip() // ended by the site
	if !strings.Contains(toml.log(), " DEBUG glance.common.config [-] Loading glance-api from "+toml.dir+"/paste.ini") {
		t.Errorf("the log does not tell the pipeline: %s", toml.log())
	}
	if !strings.Contains(toml.log(), "DEBUG glance.api.middleware.version_negotiation [-] Request: POST /v2/images Accept: ") {
		t.Errorf("the log does not tell of requests: %s", toml.log())
	}
}

// TestDebianFiles: the files that Debian's glance-api installs are taken as they are; only places and identity, which is
// Keystone's there, come from the environment.
func TestDebianFiles(t *testing.T) {
	t.Parallel()
	const conf = "/etc/glance/glance-api.conf"
	if _, err := os.Stat(conf); err != nil {
		missing(t, conf+" of Debian's glance-api")
	}
	s := newSite(t)
	s.env = []string{
		"OS_DEFAULT__BIND_HOST=127.0.0.1", "OS_DEFAULT__BIND_PORT=0", "OS_DEFAULT__STATE_DIR=" + s.dir + "/journal",
		"OS_DATABASE__CONNECTION=sqlite:///" + s.dir + "/glance.sqlite", "OS_PASTE_DEPLOY__FLAVOR=",
		"OS_GLANCE_STORE__FILESYSTEM_STORE_DATADIR=" + s.dir + "/images", "OS_DEFAULT__LOG_FILE=" + s.dir + "/api.log",
	}
	s.run(exec.Command("glance-api", "--config-file", conf)).roundTrip() // ended by the site
}

// TestRefusesToStart: what cannot be done is named, with the exit code of the reference.
func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	busy := listen(t)
	defer busy.Close() //nolint:errcheck // it was only in the way
	rows := []struct {
		option string
		want   string
		code   int
	}{
		{"[glance_store]\nstores = nonsense", "nonsense", 3},
		{"cert_file = /nowhere", "needs both", 1},
		{"cert_file = /nowhere\nkey_file = /nowhere", "[DEFAULT] cert_file, key_file", 1},
		{"log_file = /proc/nowhere/log", "log file", 1},
		{"bind_port = many", "[DEFAULT] bind_port", 1},
		{"[paste_deploy]\nflavor = none", "glance-api-none", 1},
		{"bind_host = 192.0.2.1", "192.0.2.1", 1},
		{"[metrics]\nbind_port = " + busy.Addr().String()[len("127.0.0.1:"):], "[metrics] bind_host, bind_port", 1},
		{"logging_default_format_string = 100% sure", "logging_default_format_string", 1},
	}
	for _, row := range rows {
		text, code := newSite(t, row.option).refused()
		if !strings.Contains(text, "ERROR: ") || !strings.Contains(text, row.want) || code != row.code {
			t.Errorf("%q: exit code %d, %s", row.option, code, text)
		}
	}
	if text, code := newSite(t).refused("--nonsense"); code != 2 || !strings.Contains(text, "nonsense") {
		t.Errorf("an unknown flag: exit code %d, %s", code, text)
	}
}

// TestWaitsForPort: an address that another process is about to leave is waited for.
func TestWaitsForPort(t *testing.T) {
	t.Parallel()
	busy := listen(t)
	s := newSite(t, "bind_port = "+busy.Addr().String()[len("127.0.0.1:"):])
	time.AfterFunc(300*time.Millisecond, func() { busy.Close() }) //nolint:errcheck // the test would fail
	s.start().roundTrip()
}

// TestReload: a new configuration takes effect; one that does not load leaves the one before in effect, and says why.
func TestReload(t *testing.T) {
	t.Parallel()
	s := newSite(t, "image_size_cap = 5")
	d := s.start()
	upload := func() int {
		code, _ := d.call(http.MethodPut, "/v2/images/"+d.create(rawImage)+"/file", strings.NewReader("0123456789"))
		return code
	}
	if got := upload(); got != http.StatusRequestEntityTooLarge {
		t.Errorf("before: %d", got)
	}
	for _, broken := range []string{"image_size_cap = none", "[paste_deploy]\nflavor = none", "[database]\nconnection = nosuch://", "cert_file = /nowhere"} {
		s.write(broken)
		s.reload(d, notReloaded)
		if got := upload(); got != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", broken, got)
		}
	}
	s.write("image_size_cap = 500")
	s.reload(d, reloaded)
	if got := upload(); got != http.StatusNoContent {
		t.Errorf("after: %d", got)
	}
	old := d.url
	other := freePort(t)
	s.write("bind_port = " + other)
	s.reload(d, reloaded)
	d.url = "http://127.0.0.1:" + other
	d.roundTrip()
	await(t, "nobody listens at the old address", func() bool {
		resp, err := http.Get(old) // a probe
		if err == nil {
			resp.Body.Close() //nolint:errcheck // a probe
		}
		return err != nil
	})
	d.stop()
}

// TestLogRotation: a log file that is moved is made anew, with no signal and with one.
func TestLogRotation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.start()
	for i, sig := range []os.Signal{nil, syscall.SIGHUP} {
		moved := filepath.Join(s.dir, "moved")
		if err := os.Rename(filepath.Join(s.dir, "api.log"), moved); err != nil {
			t.Fatal(err)
		}
		if sig != nil {
			s.reload(d, reloaded)
		}
		d.call(http.MethodGet, "/v2/images", nil)
		await(t, "the request is in the new file", func() bool { return strings.Contains(s.log(), `"GET /v2/images HTTP/1.1" 200`) })
		if text, err := os.ReadFile(moved); err != nil || strings.Count(string(text), "GET /v2/images ") != i {
			t.Errorf("the old file: %v, %s", err, text)
		}
	}
}

// TestAccessLog: a line for every request, that says who wanted what, and what came of it.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, "[paste_deploy]\nflavor = trusted-auth")
	d := s.start()
	d.header = http.Header{
		"X-Identity-Status": {"Confirmed"}, "X-User-Id": {"u1"}, "X-Project-Id": {"p1"}, "X-Roles": {"member"},
		"X-Openstack-Request-Id": {"req-mine"},
	}
	d.call(http.MethodGet, "/v2/images?limit=3", nil)
	line := regexp.MustCompile(`(?m)^\S+ \S+ \d+ INFO eventlet\.wsgi\.server \[req-mine u1 p1 - - -\] 127\.0\.0\.1 - - \[\S+ \S+\] "GET /v2/images\?limit=3 HTTP/1\.1" 200 \d\d \d+\.\d{6}$`)
	await(t, "the request is in the log", func() bool { return line.MatchString(s.log()) })

	s.write("use_json = true", "[paste_deploy]\nflavor = trusted-auth")
	s.reload(d, reloaded)
	d.call(http.MethodGet, "/v2/images", nil)
	for _, want := range []string{
		`"name":"eventlet.wsgi.server"`, `"request_id":"req-mine"`, `"user":"u1"`, `"project":"p1"`, `"method":"GET"`,
		`"path":"/v2/images"`, `"status":200`, `"client":"127.0.0.1"`, `"route":"images"`, `"seconds":`, `"bytes":`,
	} {
		await(t, want+" is in the log", func() bool { return strings.Contains(s.log(), want) })
	}
	s.write("default_log_levels = eventlet.wsgi.server=WARN", "[paste_deploy]\nflavor = trusted-auth")
	s.reload(d, reloaded)
	before := len(s.log())
	d.call(http.MethodGet, "/v2/images", nil)
	d.stop()
	if strings.Contains(s.log()[before:], "GET") {
		t.Error("the access log is written though its level is WARN")
	}
}

// TestStopAtOnce: the first SIGTERM lets requests under way finish, a second one does not wait.
func TestStopAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.start()
	u := d.begin([]byte("half"))
	d.signal(syscall.SIGTERM)
	await(t, "the daemon is stopping", func() bool { return strings.Contains(s.log(), "[-] stopping") })
	pause()
	d.signal(syscall.SIGTERM)
	await(t, "the daemon ends", d.ended)
	u.feed.Close() //nolint:errcheck // never fails
	<-u.code
}

// TestHelp: every command tells what it does, under its names.
func TestHelp(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"server --help": "--config-file", "glance-api --help": "--nouse-syslog", "glance-api --version": "15.0.1",
		"server --version": "Glance 15.0.1", "glance-control --help": "force-reload", "server control --help": "glance-control",
		"server api --version": "15.0.1", "httpd --version": "Glance 15.0.1", "server completion bash": "bash completion",
		"server config sample": "#bind_port = 9292\n", "server config sample --format toml": "#bind_host = \"0.0.0.0\"\n",
	}
	for line, want := range rows {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		words := strings.Fields(line)
		out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput() // a row
		cancel()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v %s", line, err, out)
		}
	}
}

// TestCommandLine: the options of the reference's command line, in all their spellings, are stronger than the files.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	s := newSite(t, "use_json = false", "debug = false")
	d := s.launch(exec.Command("glance-api", "--config-file", s.conf, "--config-dir", t.TempDir(), "-d", "--logfile=other.log",
		"--log_dir", s.dir, "--use-json", "--nouse-syslog", "--nowatch-log-file", "--syslog-log-facility", "LOG_LOCAL0",
		"--log-config-append", "logging.conf", "--log-date-format", "%Y")) // ended by the site
	var text string
	await(t, "the daemon serves", func() bool {
		log, _ := os.ReadFile(filepath.Join(s.dir, "other.log")) // it may not be there yet
		text = string(log)
		return strings.Contains(text, "listening on ") || d.ended()
	})
	year := `"asctime":"` + time.Now().Format("2006") + `"`
	for _, want := range []string{`"levelname":"DEBUG"`, year, "[DEFAULT] log_config_append (command line) has no effect"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %s: %s %s", want, text, d.log)
		}
	}
	if s.log() != "" {
		t.Errorf("the log of the file is written: %s", s.log())
	}
	d.stop()
}
