package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// kind is a front end with a protocol, and the configuration that we ship for the two.
type kind struct {
	front    string // nginx, apache2, haproxy
	protocol string
	file     string
}

func (k kind) String() string { return k.front + " " + k.protocol }

func kinds() []kind {
	return []kind{
		{"nginx", "http", "nginx.conf"}, {"nginx", "fcgi", "nginx-fcgi.conf"}, {"nginx", "uwsgi", "nginx-uwsgi.conf"},
		{"apache2", "http", "apache.conf"}, {"apache2", "fcgi", "apache-fcgi.conf"}, {"apache2", "uwsgi", "apache-uwsgi.conf"},
		{"haproxy", "http", "haproxy.cfg"},
	}
}

// streamsChunked reports whether an upload without a length reaches the service as it comes. The uwsgi protocol has no
// frame for it.
func (k kind) streamsChunked() bool { return k.protocol != "uwsgi" }

// takesChunked reports whether an upload without a length gets through at all.
func (k kind) takesChunked() bool { return k != kind{"apache2", "uwsgi", "apache-uwsgi.conf"} }

// everywhere runs a test behind every front end that is installed, over every protocol.
func everywhere(t *testing.T, options []option, test func(*testing.T, *site)) {
	t.Helper()
	for _, k := range kinds() {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			test(t, newSite(t, k, options...))
		})
	}
}

// site is a front end with the service behind it, both running.
type site struct {
	t    *testing.T
	kind kind
	dir  string // everything is below it
	url  string // of the API, with the prefix
	addr string // of the front end
	temp string // where the front end keeps what it does not pass on
	tls  *tls.Config

	env   []string
	flags []string
	edits []string // of the configuration: old, new, old, new
	back  *process
	front *process
}

// option changes a site before it starts.
type option func(*site)

// stalls lowers client_socket_timeout of the service.
func stalls(seconds int) option {
	return func(s *site) {
		s.env = append(s.env, fmt.Sprintf("OS_DEFAULT__CLIENT_SOCKET_TIMEOUT=%d", seconds))
	}
}

// secure leaves TLS as it is in the configuration. The other tests do without, to see more.
func secure(s *site) { s.tls = &tls.Config{} }

// edit changes the configuration of the front end, if the text is there.
func edit(old, text string) option {
	return func(s *site) { s.edits = append(s.edits, old, text) }
}

func newSite(t *testing.T, k kind, options ...option) *site {
	t.Helper()
	need(t, k.front)
	dir, err := os.MkdirTemp("", "glance-httpd") // not t.TempDir: the front end's user must get in
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if log, err := os.ReadFile(filepath.Join(dir, "error.log")); t.Failed() && err == nil {
			t.Logf("error.log: %s", tail(string(log)))
		}
		os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	})
	s := &site{t: t, kind: k, dir: dir, temp: filepath.Join(dir, "temp")}
	for _, o := range options {
		o(s)
	}
	for _, path := range []string{dir, s.temp, s.data()} {
		s.must(os.MkdirAll(path, 0o777))
		s.must(os.Chmod(path, 0o777))
	}
	s.startBack()
	s.startFront()
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) data() string   { return filepath.Join(s.dir, "data") }
func (s *site) socket() string { return filepath.Join(s.dir, "httpd.sock") }

// startBack runs httpd and waits until it listens.
func (s *site) startBack() {
	s.t.Helper()
	args := append([]string{
		"--socket", s.socket(), "--socket-mode", "666", "--protocol", s.kind.protocol, "--data-dir", s.data(), "--prefix", "/image",
	}, s.flags...)
	s.back = spawn(s.t, append(os.Environ(), s.env...), "httpd", args...)
	s.await("httpd listens", func() bool { return connects("unix", s.socket()) })
}

// startFront runs the front end with the shipped configuration, but for ports and paths.
func (s *site) startFront() {
	s.t.Helper()
	s.addr = freeAddr(s.t)
	text, err := os.ReadFile(s.kind.file)
	s.must(err)
	images := filepath.Join(s.data(), "images")
	edits := append([]string{
		"/run/glance/httpd.sock", s.socket(), "/etc/glance/tls", s.dir, "*:9292", s.addr, "Listen 9292", "Listen " + s.addr,
		"/var/lib/glance/images", images, "listen 9292", "listen " + s.addr, "bind :9292", "bind " + s.addr,
		"/var/lib/nginx/body", filepath.Join(s.temp, "body"),
	}, s.edits...)
	if s.tls == nil {
		edits = append(edits, s.addr+" ssl;", s.addr+";", "SSLEngine on", "SSLEngine off",
			" ssl crt /etc/glance/tls/both.pem alpn http/1.1", "")
		s.url = "http://" + s.addr + "/image"
	} else {
		s.certificate()
		s.url = "https://" + s.addr + "/image"
	}
	conf := string(text)
	if s.tls == nil { // the order of a Replacer is that of its arguments at one place only
		conf = strings.ReplaceAll(conf, "listen 9292 ssl;", "listen 9292;")
	}
	conf = strings.NewReplacer(edits...).Replace(conf)
	if s.tls == nil {
		conf = strings.ReplaceAll(conf, " ssl crt "+s.dir+"/both.pem alpn http/1.1", "")
		conf = without(conf, "ssl_certificate", "SSLCertificate")
	}
	path := filepath.Join(s.dir, s.kind.file)
	s.must(os.WriteFile(path, []byte(conf), 0o600))
	switch s.kind.front {
	case "nginx":
		s.startNginx(path)
	case "apache2":
		s.startApache(path)
	case "haproxy":
		s.front = spawn(s.t, os.Environ(), "haproxy", "-db", "-f", path)
	}
	s.await("the front end listens", func() bool { return connects("tcp", s.addr) })
}

// without drops lines.
func without(text string, words ...string) string {
	lines := slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) })
	})
	return strings.Join(lines, "")
}

// startNginx runs nginx with as little around the configuration as it needs.
func (s *site) startNginx(path string) {
	s.t.Helper()
	s.must(os.WriteFile(filepath.Join(s.dir, "main.conf"), []byte(fmt.Sprintf(`
daemon off;
%s
worker_processes 1;
pid %[2]s/nginx.pid;
error_log %[2]s/error.log info;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path %[3]s/body;
	proxy_temp_path %[3]s/proxy;
	fastcgi_temp_path %[3]s/fastcgi;
	uwsgi_temp_path %[3]s/uwsgi;
	scgi_temp_path %[3]s/scgi;
	include %[4]s;
}
`, asRoot("user root;"), s.dir, s.temp, path)), 0o600))
	s.front = spawn(s.t, os.Environ(), "nginx", "-c", filepath.Join(s.dir, "main.conf"), "-e", filepath.Join(s.dir, "error.log"))
}

// startApache runs Apache with as little around the configuration as it needs.
func (s *site) startApache(path string) {
	s.t.Helper()
	var load strings.Builder
	for _, name := range []string{"mpm_event", "authz_core", "headers", "reqtimeout", "proxy", "proxy_http", "proxy_fcgi", "proxy_uwsgi", "ssl", "env", "socache_shmcb"} {
		fmt.Fprintf(&load, "LoadModule %s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", name)
	}
	s.must(os.WriteFile(filepath.Join(s.dir, "main.conf"), []byte(fmt.Sprintf(`
ServerRoot %[1]s
ServerName localhost
PidFile %[1]s/apache.pid
DefaultRuntimeDir %[1]s
ErrorLog %[1]s/error.log
LogLevel warn
ServerLimit 2
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 128
%[2]s
%[3]s
Include %[4]s
`, s.dir, &load, asRoot("User www-data\nGroup www-data"), path)), 0o600))
	s.front = spawn(s.t, append(os.Environ(), "TMPDIR="+s.temp), "apache2", "-DFOREGROUND", "-f", filepath.Join(s.dir, "main.conf"))
}

// asRoot returns a line that only root can have in his configuration.
func asRoot(line string) string {
	if os.Getuid() != 0 {
		return ""
	}
	return line
}

// certificate makes a certificate for TLS.
func (s *site) certificate() {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	s.must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	s.must(err)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	for name, text := range map[string][]byte{"cert.pem": cert, "key.pem": private, "both.pem": append(slices.Clone(cert), private...)} {
		s.must(os.WriteFile(filepath.Join(s.dir, name), text, 0o600))
	}
	s.tls.RootCAs = x509.NewCertPool()
	s.tls.RootCAs.AppendCertsFromPEM(cert)
}

// process is a program that a test runs.
type process struct {
	cmd  *exec.Cmd
	out  *buffer
	done chan struct{}
	err  error // when done is closed
}

// spawn runs a program and ends it with the test.
func spawn(t *testing.T, env []string, program string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), out: new(buffer), done: make(chan struct{})} // ended below
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s: %s", program, tail(p.out.String()))
		}
	})
	return p
}

// tail returns the end of a log.
func tail(log string) string {
	const most = 1500
	return log[max(0, len(log)-most):]
}

// kill ends the program, and what it has started, at once.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may have ended
	<-p.done
}

func connects(network, addr string) bool {
	c, err := net.Dial(network, addr)
	return err == nil && c.Close() == nil
}

// freeAddr returns an address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // it was only to be seen
	return ln.Addr().String()
}

// await waits for what should be true soon.
func (s *site) await(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("it is not so that %s", what)
		}
	}
}

// client returns a client of the front end, with connections of its own.
func (s *site) client() *http.Client {
	tr := &http.Transport{TLSClientConfig: s.tls}
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 4 * time.Minute}
}

// answer is what a call has brought.
type answer struct {
	code   int
	header http.Header
	body   string
}

// call sends a request. A body of unknown length goes in chunks.
func (s *site) call(method, path string, body io.Reader, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	s.must(err)
	if strings.HasSuffix(path, "/file") && body != nil {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Content-Length" {
			_, err := fmt.Sscan(headers[i+1], &r.ContentLength)
			s.must(err)
		}
	}
	resp, err := s.client().Do(r)
	s.must(err)
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	s.must(err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// create makes a queued image.
func (s *site) create() (id string) {
	s.t.Helper()
	got := s.call("POST", "/v2/images", strings.NewReader(`{"disk_format": "raw", "container_format": "bare"}`))
	if got.code != http.StatusCreated {
		s.t.Fatalf("create: %d %s", got.code, got.body)
	}
	var img struct{ ID string }
	s.must(json.Unmarshal([]byte(got.body), &img))
	return img.ID
}

// image is what the service says of an image.
type image struct {
	Status   string
	Size     int64
	Checksum string
}

func (s *site) show(id string) (img image) {
	s.t.Helper()
	got := s.call("GET", "/v2/images/"+id, nil)
	if got.code != http.StatusOK {
		s.t.Fatalf("show: %d %s", got.code, got.body)
	}
	s.must(json.Unmarshal([]byte(got.body), &img))
	return img
}

// stored returns the names in the store, unfinished ones too, and how many bytes they have.
func (s *site) stored() (names []string, bytes int64) {
	s.t.Helper()
	found, err := os.ReadDir(filepath.Join(s.data(), "images"))
	s.must(err)
	for _, f := range found {
		info, err := f.Info()
		if err != nil {
			continue // gone meanwhile
		}
		names = append(names, f.Name())
		bytes += info.Size()
	}
	return names, bytes
}

// expectUntouched asserts that an image waits for its data and that nothing is left of an upload.
func (s *site) expectUntouched(id string) {
	s.t.Helper()
	s.await("the image is queued and the store empty", func() bool {
		names, _ := s.stored()
		return s.show(id).Status == "queued" && len(names) == 0
	})
}

// kept returns how many bytes the front end keeps in its temporary folder. The files may have no name any more, so the
// descriptors of its processes say.
func (s *site) kept() (bytes int64) {
	s.t.Helper()
	open, err := filepath.Glob("/proc/[0-9]*/fd/*")
	s.must(err)
	for _, link := range open {
		var pid, fd int
		if _, err := fmt.Sscanf(link, "/proc/%d/fd/%d", &pid, &fd); err != nil {
			continue
		}
		if group, err := syscall.Getpgid(pid); err != nil || group != s.front.cmd.Process.Pid {
			continue
		}
		if to, err := os.Readlink(link); err != nil || !strings.HasPrefix(to, s.temp) {
			continue
		}
		if info, err := os.Stat(link); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
	}
	return bytes
}
