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
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"goglance/httpd/front"
)

// overHTTP returns the front end that speaks HTTP with the service.
func overHTTP(program string) front.Kind {
	kinds := front.Kinds()
	return kinds[slices.IndexFunc(kinds, func(k front.Kind) bool { return k.Program == program && k.Protocol == "http" })]
}

// everywhere runs a test behind every front end that is installed, over every protocol.
func everywhere(t *testing.T, options []option, test func(*testing.T, *site)) {
	t.Helper()
	for _, k := range front.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			test(t, newSite(t, k, options...))
		})
	}
}

// site is a front end with the service behind it, both running.
type site struct {
	front.Site
	t   testing.TB
	url string // of the API, with the prefix
	tls *tls.Config

	env   []string
	bare  bool // the handler that httpd is measured against is there instead
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
func secure(s *site) { s.TLS = true }

// sendfile has the service leave whole images to nginx.
func sendfile(s *site) {
	s.env = append(s.env, "OS_SENDFILE__HEADER=X-Accel-Redirect", "OS_SENDFILE__ROOT="+s.Images)
}

// withoutService has a bare handler where the service would be.
func withoutService(s *site) { s.bare = true }

// edit changes the configuration of the front end, if the text is there.
func edit(old, text string) option {
	return func(s *site) { s.Edits = append(s.Edits, old, text) }
}

func newSite(t testing.TB, k front.Kind, options ...option) *site {
	t.Helper()
	need(t, k.Program)
	dir, err := os.MkdirTemp("", "glance-httpd") // not t.TempDir: the front end's user must get in
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, Site: front.Site{Kind: k, Shipped: ".", Dir: dir, Socket: filepath.Join(dir, "httpd.sock")}}
	s.Images = filepath.Join(s.data(), "images")
	t.Cleanup(func() {
		if log, err := os.ReadFile(s.Log()); t.Failed() && err == nil {
			t.Logf("error.log: %s", tail(string(log)))
		}
		os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	})
	for _, o := range options {
		o(s)
	}
	for _, path := range []string{dir, s.data()} {
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

func (s *site) data() string { return filepath.Join(s.Dir, "data") }

// startBack runs httpd and waits until it listens.
func (s *site) startBack() {
	s.t.Helper()
	if s.bare {
		s.back = spawn(s.t, append(os.Environ(), bareEnv+"="+s.Dir), os.Args[0])
		s.await("the bare handler listens", func() bool { return connects("unix", s.Socket) })
		return
	}
	s.back = spawn(s.t, append(os.Environ(), s.env...), "httpd",
		"--socket", s.Socket, "--socket-mode", "666", "--protocol", s.Protocol, "--data-dir", s.data(), "--prefix", "/image")
	s.await("httpd listens", func() bool { return connects("unix", s.Socket) })
}

// startFront runs the front end.
func (s *site) startFront() {
	s.t.Helper()
	s.Addr = freeAddr(s.t)
	s.url = "http://" + s.Addr + "/image"
	if s.TLS {
		s.url = "https://" + s.Addr + "/image"
		s.certificate()
	}
	cmd, err := s.Command(s.t.Context())
	s.must(err)
	s.front = launch(s.t, cmd)
	s.await("the front end listens", func() bool { return connects("tcp", s.Addr) })
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
		s.must(os.WriteFile(filepath.Join(s.Dir, name), text, 0o600))
	}
	s.tls = &tls.Config{RootCAs: x509.NewCertPool()}
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
func spawn(t testing.TB, env []string, program string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(program, args...) // ended below
	cmd.Env = env
	return launch(t, cmd)
}

// launch starts a program and ends it with the test.
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, out: new(buffer), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
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
			t.Logf("%s: %s", filepath.Base(cmd.Path), tail(p.out.String()))
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
func freeAddr(t testing.TB) string {
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
	const buffer = 64 << 10
	tr := &http.Transport{TLSClientConfig: s.tls, ReadBufferSize: buffer, WriteBufferSize: buffer}
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
	got, err := s.try(method, path, body, headers...)
	s.must(err)
	return got
}

// try is call for goroutines.
func (s *site) try(method, path string, body io.Reader, headers ...string) (answer, error) {
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	if err != nil {
		return answer{}, err
	}
	if strings.HasSuffix(path, "/file") && body != nil {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Content-Length" {
			if r.ContentLength, err = strconv.ParseInt(headers[i+1], 10, 64); err != nil {
				return answer{}, err
			}
		}
	}
	resp, err := s.client().Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// create makes a queued image.
func (s *site) create() (id string) {
	s.t.Helper()
	id, err := s.tryCreate()
	s.must(err)
	return id
}

func (s *site) tryCreate() (id string, err error) {
	got, err := s.try("POST", "/v2/images", strings.NewReader(`{"disk_format": "raw", "container_format": "bare"}`))
	if err == nil && got.code != http.StatusCreated {
		err = fmt.Errorf("create: %d %s", got.code, got.body)
	}
	var img struct{ ID string }
	if err == nil {
		err = json.Unmarshal([]byte(got.body), &img)
	}
	return img.ID, err
}

// image is what the service says of an image.
type image struct {
	Status   string
	Size     int64
	Checksum string
}

func (s *site) show(id string) image {
	s.t.Helper()
	img, err := s.ask(id)
	s.must(err)
	return img
}

// ask is show for goroutines.
func (s *site) ask(id string) (img image, err error) {
	got, err := s.try("GET", "/v2/images/"+id, nil)
	if err == nil && got.code != http.StatusOK {
		err = fmt.Errorf("show: %d %s", got.code, got.body)
	}
	if err == nil {
		err = json.Unmarshal([]byte(got.body), &img)
	}
	return img, err
}

// stored returns the names in the store, unfinished ones too, and how many bytes they have.
func (s *site) stored() (names []string, bytes int64) {
	s.t.Helper()
	found, err := os.ReadDir(s.Images)
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
		if to, err := os.Readlink(link); err != nil || !strings.HasPrefix(to, s.Temp()) {
			continue
		}
		if info, err := os.Stat(link); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
	}
	return bytes
}

// takesChunked reports whether an upload without a length gets through.
func (s *site) takesChunked() bool { return s.Chunked != front.Refused }

// streamsChunked reports whether it reaches the service as it comes.
func (s *site) streamsChunked() bool { return s.Chunked == front.Streams }
