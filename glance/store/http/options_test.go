package httpstore

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus/hooks/test"

	"goglance/glance/egress"
	"goglance/glance/fault"
	"goglance/glance/option"
	"goglance/glance/store"
)

// tlsWeb is an https server whose certificate is for 127.0.0.1 and example.com; its authority is in a file.
func tlsWeb(t *testing.T) (url, authority string) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { everything(w, r, []byte("here")) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	authority = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(authority, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return s.URL, authority
}

// P81: a server is who its certificate says, unless the operator does not want to know.
func TestSecOutboundTLSHostname(t *testing.T) {
	t.Parallel()
	url, authority := tlsWeb(t)
	other := strings.Replace(url, "127.0.0.1", "localhost", 1)
	for _, c := range []struct {
		name, url, authority string
		insecure, good       bool
	}{
		{"the authority", url, authority, false, true},
		{"the authority, insecure ignored", url, authority, true, true},
		{"the wrong name", other, authority, false, false},
		{"the wrong name, insecure ignored", other, authority, true, false},
		{"the system's authorities", url, "", false, false},
		{"insecure", other, "", true, true},
	} {
		d := open(t, func(f *egress.Options, o *Options) {
			f.AllowedHosts = []string{"127.0.0.1", "localhost"}
			o.CACertificates, o.Insecure = c.authority, c.insecure
		})
		got, err := read(t, d, c.url, part{0, -1})
		_, probe := d.Size(t.Context(), c.url)
		if c.good != (err == nil && probe == nil && got == "here") {
			t.Errorf("%s: %q, %v, %v", c.name, got, err, probe)
		}
		if !c.good {
			expect(t, c.name, err, fault.Unavailable)
			expect(t, c.name, probe, fault.Invalid)
		}
	}
}

// P84: who verifies nobody is told at every start.
func TestSecInsecureDefaultWarned(t *testing.T) {
	t.Parallel()
	_, authority := tlsWeb(t)
	for _, c := range []struct {
		change   func(*Options)
		warnings int
	}{
		{func(*Options) {}, 1},
		{func(o *Options) { o.Insecure = false }, 0},
		{func(o *Options) { o.CACertificates = authority }, 0},
	} {
		logger, hook := test.NewNullLogger()
		open(t, func(_ *egress.Options, o *Options) { o.Log = logger; c.change(o) })
		if n := len(hook.AllEntries()); n != c.warnings {
			t.Errorf("%d warnings, want %d", n, c.warnings)
		}
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	proxy := newWeb(t, nil)
	proxy.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { everything(w, r, []byte(r.RequestURI)) })
	d := open(t, func(_ *egress.Options, o *Options) {
		o.Proxies = map[string]string{"http": proxy.Listener.Addr().String(), "https": "http://user:s3cret@127.0.0.1:1"}
	})
	if got, err := read(t, d, "http://127.0.0.1/x", part{0, -1}); got != "http://127.0.0.1/x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	_, err := read(t, d, "https://127.0.0.1/x", part{0, -1})
	expect(t, "no proxy there", err, fault.Unavailable)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	filter, err := egress.New(egress.Options{})
	if err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		"Filter":         {},
		"no certificate": {Filter: filter, CACertificates: empty},
		"no such file":   {Filter: filter, CACertificates: empty + "x"},
		"host:port":      {Filter: filter, Proxies: map[string]string{"http": ""}},
		"not host:port":  {Filter: filter, Proxies: map[string]string{"https": "socks5://s3cret@h:1"}},
		"neither http":   {Filter: filter, Proxies: map[string]string{"ftp": "10.0.0.1:3128"}},
	} {
		d, err := New(o)
		if d != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	var o Options
	if err := option.SetDefaults(&o); err != nil {
		t.Fatal(err)
	}
	count := 0
	err := option.Walk(&o, func(op option.Option) error {
		count++
		if op.Group != "glance_store" || op.Help == "" {
			t.Errorf("option %s: group %q, help %q", op.Name, op.Group, op.Help)
		}
		return nil
	})
	if conf, confErr := o.tls(); err != nil || count != 3 || confErr != nil || !conf.InsecureSkipVerify || conf.MinVersion != tls.VersionTLS12 {
		t.Errorf("%d options, %+v, %v, %v", count, o, err, confErr)
	}
	if _, isWriter := store.Driver(&Driver{}).(store.Writer); isWriter {
		t.Error("the driver is a Writer")
	}
}
