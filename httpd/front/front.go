package front

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Site is a front end on this machine: where it finds what.
type Site struct {
	Kind
	Shipped string   // folder of the shipped configurations
	Dir     string   // its own folder, which other users can enter: configuration, log, temporary files, certificates
	Addr    string   // host:port where clients come
	Socket  string   // of httpd
	Images  string   // folder of the images, for [sendfile]
	TLS     bool     // Dir has cert.pem, key.pem and both.pem. Without it clients speak plain HTTP
	Edits   []string // further changes of the configuration: old, new, old, new
}

// Temp returns the folder where the front end keeps what it does not pass on.
func (s Site) Temp() string { return filepath.Join(s.Dir, "temp") }

// Log returns where the front end says what is wrong. HAProxy prints it.
func (s Site) Log() string { return filepath.Join(s.Dir, "error.log") }

// open is the mode of folders that the front end's own user writes to.
const open = 0o777

// endTime is how long a front end may take to end.
const endTime = 10 * time.Second

// Command writes the configuration and returns the front end, to be started. It stays in the foreground, prints nothing
// but what is wrong, and ends with ctx.
func (s Site) Command(ctx context.Context) (*exec.Cmd, error) {
	for _, dir := range []string{s.Dir, s.Temp()} {
		if err := os.MkdirAll(dir, open); err != nil {
			return nil, fmt.Errorf("front: %w", err)
		}
		if err := os.Chmod(dir, open); err != nil { // the umask may have had a say
			return nil, fmt.Errorf("front: %w", err)
		}
	}
	path, err := s.configure()
	if err != nil {
		return nil, err
	}
	around := filepath.Join(s.Dir, "main.conf")
	text, args := "", []string{"-db", "-f", path}
	switch s.Program {
	case "nginx":
		text, args = s.nginx(path), []string{"-c", around, "-e", s.Log()}
	case "apache2":
		text, args = s.apache(path), []string{"-DFOREGROUND", "-f", around}
	}
	if err := os.WriteFile(around, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("front: %w", err)
	}
	cmd := exec.CommandContext(ctx, s.Program, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+s.Temp())
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, endTime
	return cmd, nil
}

// configure writes the shipped configuration with our ports and paths, and returns where it is.
func (s Site) configure() (string, error) {
	shipped, err := os.ReadFile(filepath.Join(s.Shipped, s.File))
	if err != nil {
		return "", fmt.Errorf("front: %w", err)
	}
	conf := string(shipped)
	if !s.TLS {
		conf = strings.NewReplacer(
			"listen 9292 ssl;", "listen 9292;", "SSLEngine on", "SSLEngine off", " ssl crt /etc/glance/tls/both.pem alpn http/1.1", "",
		).Replace(without(conf, "ssl_certificate", "SSLCertificate"))
	}
	conf = strings.NewReplacer(append([]string{
		"/run/glance/httpd.sock", s.Socket, "/etc/glance/tls", s.Dir, "/var/lib/glance/images", s.Images,
		"/var/lib/nginx/body", filepath.Join(s.Temp(), "body"),
		"*:9292", s.Addr, "Listen 9292", "Listen " + s.Addr, "listen 9292", "listen " + s.Addr, "bind :9292", "bind " + s.Addr,
	}, s.Edits...)...).Replace(conf)
	path := filepath.Join(s.Dir, s.File)
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		return "", fmt.Errorf("front: %w", err)
	}
	return path, nil
}

// without drops lines.
func without(text string, words ...string) string {
	lines := slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) })
	})
	return strings.Join(lines, "")
}

// nginx returns as little around the configuration as nginx needs.
func (s Site) nginx(path string) string {
	return fmt.Sprintf(`daemon off;
%s
worker_processes 1;
pid %[2]s/nginx.pid;
error_log %[3]s info;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path %[4]s/body;
	proxy_temp_path %[4]s/proxy;
	fastcgi_temp_path %[4]s/fastcgi;
	uwsgi_temp_path %[4]s/uwsgi;
	scgi_temp_path %[4]s/scgi;
	include %[5]s;
}
`, asRoot("user root;"), s.Dir, s.Log(), s.Temp(), path)
}

// apache returns as little around the configuration as Apache needs.
func (s Site) apache(path string) string {
	var load strings.Builder
	for _, name := range []string{
		"mpm_event", "authz_core", "headers", "reqtimeout", "proxy", "proxy_http", "proxy_fcgi", "proxy_uwsgi", "ssl", "env", "socache_shmcb",
	} {
		fmt.Fprintf(&load, "LoadModule %s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", name)
	}
	return fmt.Sprintf(`ServerRoot %[1]s
ServerName localhost
PidFile %[1]s/apache.pid
DefaultRuntimeDir %[1]s
ErrorLog %[2]s
LogLevel warn
ServerLimit 20
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 1280
%[3]s
%[4]s
Include %[5]s
`, s.Dir, s.Log(), &load, asRoot("User www-data\nGroup www-data"), path)
}

// asRoot returns a line that only root can have in his configuration.
func asRoot(line string) string {
	if os.Getuid() != 0 {
		return ""
	}
	return line
}
