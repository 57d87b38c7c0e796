package httpstore

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/egress"
	"goglance/glance/fault"
)

// P78, S154, S155: what is refused is neither asked for its size nor read, also when it was stored before.
func TestSecHTTPLocationFiltered(t *testing.T) {
	t.Parallel()
	canary := newWeb(t, everything)
	canary.plant([]byte("secret"))
	_, port, err := net.SplitHostPort(canary.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, func(f *egress.Options, _ *Options) { f.AllowedHosts = nil })
	for _, host := range []string{"127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0", "user:s3cret@127.0.0.1"} {
		expectRefused(t, d, "http://"+host+":"+port+"/0")
		expectRefused(t, d, "https://"+host+":"+port+"/0")
	}
	for _, url := range []string{"file:///etc/passwd", "http://a@b:s3cret@127.0.0.1/", "http:///x", "http://127.0.0.1:x/", "http://a:b:c@127.0.0.1/"} {
		expectRefused(t, d, url)
		expectRefused(t, open(t, nil), url)
	}
	if n := len(canary.requests()); n > 0 {
		t.Errorf("the canary saw %d requests", n)
	}
}

func expectRefused(t *testing.T, d *Driver, url string) {
	t.Helper()
	_, open := read(t, d, url, part{0, -1})
	_, some := read(t, d, url, part{1, 1})
	_, size := d.Size(t.Context(), url)
	for what, err := range map[string]error{"Open": open, "part": some, "Size": size, "Judge": d.Judge(t.Context(), url)} {
		expect(t, what+" "+url, err, fault.Invalid)
		if got := fault.Message(err); got != "the URL cannot be used" {
			t.Errorf("%s %s: the client sees %q", what, url, got)
		}
	}
}

// one is a resolver for a single name.
type one struct{ addr string }

func (o *one) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr(o.addr)}, nil
}

// S154: the size is asked for under the same rules. S155: so is every read of what passed when it was stored.
func TestSecFilterAtRead(t *testing.T) {
	t.Parallel()
	canary := newWeb(t, parts)
	planted := canary.plant([]byte("secret"))
	names := &one{"192.0.2.1"}
	d := open(t, func(f *egress.Options, _ *Options) { f.AllowedHosts, f.Resolver = nil, names })
	url := strings.Replace(planted, "127.0.0.1", "images.test", 1)
	if err := d.Judge(t.Context(), url); err != nil {
		t.Fatalf("Judge: %v", err)
	}
	names.addr = "127.0.0.1"
	expectRefused(t, d, url)
	if n := len(canary.requests()); n > 0 {
		t.Errorf("the canary saw %d requests", n)
	}
	before := open(t, nil)
	if got, err := read(t, before, planted, part{0, -1}); got != "secret" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	after := open(t, func(f *egress.Options, _ *Options) { f.DisallowedHosts = []string{"127.0.0.1"} })
	expectRefused(t, after, planted)
}

// S154: a redirect of the probe is judged as well.
func TestSecLocationProbeFiltered(t *testing.T) {
	t.Parallel()
	canary := newWeb(t, parts)
	to := strings.Replace(canary.plant([]byte("secret")), "127.0.0.1", "localhost", 1)
	s := newWeb(t, func(w http.ResponseWriter, r *http.Request, _ []byte) { http.Redirect(w, r, to, http.StatusFound) })
	d, url := open(t, nil), s.plant(nil)
	if err := d.Judge(t.Context(), url); err != nil {
		t.Errorf("Judge: %v", err)
	}
	if n := len(s.requests()); n > 0 {
		t.Errorf("the server was asked %d times by Judge", n)
	}
	_, err := d.Size(t.Context(), url)
	expect(t, "Size", err, fault.Invalid)
	_, err = read(t, d, url, part{0, -1})
	expect(t, "Open", err, fault.Invalid)
	if n := len(canary.requests()); n > 0 {
		t.Errorf("the canary saw %d requests", n)
	}
}

// P79: what a server is sent is made of the location alone; there is no way in for a header of our client.
func TestSecHeadersDoNotSteerOutbound(t *testing.T) {
	t.Parallel()
	s := newWeb(t, parts)
	url := s.plant([]byte("0123456789"))
	d := open(t, nil)
	if _, err := read(t, d, strings.Replace(url, "//", "//user:s3cret@", 1), part{2, 3}); err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"User-Agent": {"goglance"}, "Accept-Encoding": {"identity"}, "Connection": {"close"}, "Range": {"bytes=2-4"},
		"Authorization": {"Basic dXNlcjpzM2NyZXQ="},
	}
	if diff := cmp.Diff(want, s.requests()[0].Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}
