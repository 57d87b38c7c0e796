package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/fault"
)

func TestDo(t *testing.T) {
	t.Parallel()
	for _, use := range []Use{Import, Location} {
		c, s := public(t, use, func(w http.ResponseWriter, r *http.Request) { reply(w, "%s %s", r.Host, r.RequestURI) })
		expectText(t, c, "HTTP://Public.Test./a%2fb//c?d=%20&e#f", "public.test /a%2fb//c?d=%20&e")
		expectText(t, c, "http://public.test:80", "public.test:80 /")
		want := http.Header{"User-Agent": {"goglance"}, "Accept-Encoding": {"identity"}, "Connection": {"close"}}
		for _, r := range s.requests() {
			if diff := cmp.Diff(want, r.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		}
		status, _, err := do(t, c, Request{Method: http.MethodHead, URL: "http://public.test/", Header: http.Header{"Range": {"bytes=0-1"}}})
		last := s.requests()[2]
		if err != nil || status != 200 || last.Method != http.MethodHead || last.Header.Get("Range") != "bytes=0-1" {
			t.Errorf("HEAD: %d, %v, server saw %s %v", status, err, last.Method, last.Header)
		}
	}
}

// P72, P76, S140-S149: nothing that the filter refuses is asked, by whatever spelling.
func TestSecLoopbackDeniedByDefault(t *testing.T) {
	t.Parallel()
	s := canary(t)
	for _, use := range []Use{Import, Location} {
		c := defaults(t, func(o *Options) { o.AllowedPorts = nil }).Client(ClientOptions{Use: use})
		for _, host := range []string{
			"127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f000001", "127.1", "0", "0.0.0.0", "[::ffff:127.0.0.1]", "[::127.0.0.1]",
			"mixed.test", "%3127.0.0.1", "１２７.0.0.1", "127.0.0.1.",
		} {
			_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
			_, _, err := fetch(t, c, "http://"+host+":"+port+"/")
			expectRefused(t, host, err)
		}
		for _, r := range never() {
			_, err := c.Do(t.Context(), Request{URL: r.url}) //nolint:bodyclose // an error
			if err == nil || fault.KindOf(err) != fault.Invalid && !strings.Contains(r.url, "nowhere") && !strings.Contains(r.url, "empty") {
				t.Errorf("%q: %v", r.url, err)
			}
		}
	}
}

// S150: a redirect must pass like any other URL.
func TestSecRedirectChains(t *testing.T) {
	t.Parallel()
	s := canary(t)
	for _, use := range []Use{Import, Location} {
		for _, location := range []string{
			s.URL, "http://" + s.as("localhost"), "http://" + s.as("2130706433"), "//" + s.as("127.0.0.1") + "/x", "http://" + s.as("mixed.test"),
			"file:///etc/passwd", "gopher://public.test/", "http://user:s3cret@public.test/ok", "http://public.test\\@127.0.0.1/", "\\\\127.0.0.1/", "/\t/x",
			"http://127.0.0.1%00.public.test/", "", " ", "/a b", "http://", "http:/", "/" + strings.Repeat("x", 2048), "/%", "/\x80", "/a\\b", "HTTP:ok", "//",
		} {
			expectRefused(t, fmt.Sprintf("%q", location), redirected(t, use, location))
		}
		if err := redirected(t, use, "http://nowhere.test/"); !fault.Is(err, fault.Unavailable) { // a question of time
			t.Errorf("a name that does not resolve: %v", err)
		}
		expectRefused(t, "no Location", redirected(t, use))
		expectRefused(t, "two Locations", redirected(t, use, "/a", "/b"))
		if err := redirected(t, use, "ok"); err != nil {
			t.Error(err)
		}
	}
}

// redirected asks a server that redirects once.
func redirected(t *testing.T, use Use, location ...string) error {
	t.Helper()
	c, _ := public(t, use, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			redirect(http.StatusFound, location...)(w, r)
		}
	})
	_, _, err := fetch(t, c, "http://public.test/")
	return err
}

// S150: up to 5 redirects are followed, relative ones too, and no Refresh header.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, use := range []Use{Import, Location} {
		c, s := public(t, use, func(w http.ResponseWriter, r *http.Request) {
			left := strings.TrimPrefix(r.URL.Path, "/")
			w.Header().Set("Refresh", "0; url=http://other.test/")
			if left == "" {
				reply(w, "here")
				return
			}
			http.Redirect(w, r, left[1:]+"?x", http.StatusFound)
		})
		expectText(t, c, "http://public.test/xxxxx", "here")
		_, _, err := fetch(t, c, "http://public.test/xxxxxx")
		expectRefused(t, "6 redirects", err)
		if n := len(s.requests()); n != 12 {
			t.Errorf("%d requests, want 6 each", n)
		}
		c, _ = public(t, use, redirect(http.StatusFound, "/loop"))
		_, _, err = fetch(t, c, "http://public.test/loop")
		expectRefused(t, "a loop", err)
	}
}

// The statuses that are followed (spec storage-db 9.2); the others are for the caller.
func TestRedirectStatus(t *testing.T) {
	t.Parallel()
	follows := map[Use][]int{Location: {301, 302}, Import: {301, 302, 303, 307, 308}}
	for use, followed := range follows {
		for _, code := range []int{300, 301, 302, 303, 304, 305, 306, 307, 308, 399, 201} {
			c, _ := public(t, use, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/there" {
					reply(w, "there")
					return
				}
				redirect(code, "/there")(w, r)
			})
			want := code
			if slices.Contains(followed, code) {
				want = http.StatusOK
			}
			if status, _, err := fetch(t, c, "http://public.test/"); err != nil || status != want {
				t.Errorf("use %d, %d: status %d, %v, want %d", use, code, status, err, want)
			}
		}
	}
}

// S161: what is for one server goes to no other, and does not come back once it was left.
func TestSecClientHeaderLeak(t *testing.T) {
	t.Parallel()
	f := defaults(t, nil)
	first, second := newSite(t, nil), newSite(t, redirect(http.StatusFound, "http://public.test/back"))
	hops := map[string]string{"/": "/same", "/same": "http://other.test/"}
	first.Config.Handler = first.watch(func(w http.ResponseWriter, r *http.Request) {
		if to, ok := hops[r.URL.Path]; ok {
			redirect(http.StatusFound, to)(w, r)
		}
	})
	internet(f, map[string]*site{"192.0.2.1": first, "192.0.2.2": second, "2001:db8::2": second})
	r := Request{Header: http.Header{"X-Part": {"1"}}, Secret: http.Header{"X-Auth-Token": {"t0k"}}}
	for to, use := range map[string]Use{"http://public.test/": Import, "http://u:s3cret@public.test/": Location} {
		r.URL = to
		if status, _, err := do(t, f.Client(ClientOptions{Use: use}), r); err != nil || status != http.StatusOK {
			t.Fatalf("%d, %v", status, err)
		}
	}
	for _, r := range append(first.requests(), second.requests()...) {
		trusted := r.Host == "public.test" && r.URL.Path != "/back"
		if got := r.Header.Get("X-Auth-Token"); (got == "t0k") != trusted || (got == "") == trusted {
			t.Errorf("%s%s: token %q", r.Host, r.URL, got)
		}
		if !trusted && r.Header.Get("Authorization") != "" || r.Header.Get("X-Part") != "1" || r.Header.Get("Referer") != "" {
			t.Errorf("%s%s: header %v", r.Host, r.URL, r.Header)
		}
	}
	if user, password, ok := first.requests()[4].BasicAuth(); len(r.Header) != 1 || len(first.requests()) != 6 || ok && (user != "u" || password != "s3cret") {
		t.Errorf("%d requests, user %q", len(first.requests()), user)
	}
}

func TestUserOfLocation(t *testing.T) {
	t.Parallel()
	c, _ := public(t, Location, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		reply(w, "%s|%s|%s", user, password, r.Host)
	})
	expectText(t, c, "http://me%40here:s3%3acret@public.test/", "me@here|s3:cret|public.test")
	expectText(t, c, "http://me:@public.test/", "me||public.test")
	expectText(t, c, "http://public.test/", "||public.test")
}

// turning is a resolver whose answer changes.
type turning struct {
	asked   atomic.Int32
	answers [][]netip.Addr
}

func (r *turning) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	n := int(r.asked.Add(1)) - 1
	return r.answers[min(n, len(r.answers)-1)], nil
}

// P77, S151: a name that changes its address between check and connection.
func TestSecRebindingPinned(t *testing.T) {
	t.Parallel()
	s := canary(t)
	good, bad := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("127.0.0.1")
	for _, answers := range [][][]netip.Addr{{{good}, {bad}}, {{good}, {good, bad}}, {{good}, {netip.AddrFrom16(bad.As16())}}} {
		f := defaults(t, func(o *Options) { o.Resolver = &turning{answers: answers} })
		turning := "http://" + s.as("turning.test")
		if err := f.Check(t.Context(), Location, turning); err != nil {
			t.Fatalf("Check: %v", err)
		}
		_, _, err := fetch(t, f.Client(ClientOptions{Use: Location}), turning)
		expectRefused(t, "fetch", err)
	}
}

// S151: the connection goes to the address that was judged, by a single lookup.
func TestOneLookup(t *testing.T) {
	t.Parallel()
	r := &turning{answers: [][]netip.Addr{{netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("192.0.2.1")}, {netip.MustParseAddr("127.0.0.1")}}}
	f := defaults(t, func(o *Options) { o.Resolver = r })
	internet(f, map[string]*site{"192.0.2.1": newSite(t, text("here"))})
	expectText(t, f.Client(ClientOptions{}), "http://turning.test/", "here") // the first address does not answer
	if n := r.asked.Load(); n != 1 {
		t.Errorf("%d lookups", n)
	}
}

// S151: the address of the socket is judged whatever came before, and the environment's proxies are not used.
func TestSecDialHookAndProxyEnv(t *testing.T) {
	s := canary(t)
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"} {
		t.Setenv(name, s.URL)
	}
	f := defaults(t, nil)
	f.connect = func(ctx context.Context, d net.Dialer, _ netip.AddrPort) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", s.Listener.Addr().String())
	}
	_, _, err := fetch(t, f.Client(ClientOptions{}), "http://public.test/")
	expectRefused(t, "another address", err)
	c, _ := public(t, Import, text("here"))
	expectText(t, c, "http://public.test/", "here")
}

func TestProxy(t *testing.T) {
	t.Parallel()
	s, other := canary(t), newSite(t, text("direct"))
	proxy := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			redirect(http.StatusFound, s.URL)(w, r)
			return
		}
		reply(w, "proxied %s", r.RequestURI)
	})
	f := defaults(t, nil)
	internet(f, map[string]*site{"192.0.2.1": other})
	proxyURL, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := f.Client(ClientOptions{Use: Location, Proxies: map[string]*url.URL{"http": proxyURL}})
	expectText(t, c, "http://public.test/x", "proxied http://public.test/x")
	n := len(proxy.requests())
	for _, to := range []string{s.URL, "http://" + s.as("mixed.test"), proxy.URL, "http://nowhere.test/"} {
		_, _, err := fetch(t, c, to)
		expectRefused(t, to, err)
	}
	if len(proxy.requests()) != n {
		t.Error("the proxy was asked for what is refused")
	}
	_, _, err = fetch(t, c, "http://public.test/away")
	expectRefused(t, "a redirect", err)
	// A URL of a scheme without proxy is not let through to the proxy itself.
	c = f.Client(ClientOptions{Use: Location, Proxies: map[string]*url.URL{"https": proxyURL}})
	n = len(proxy.requests())
	_, _, err = fetch(t, c, proxy.URL)
	expectRefused(t, "the proxy", err)
	expectText(t, c, "http://public.test/x", "direct")
	if len(proxy.requests()) != n {
		t.Error("the proxy was asked")
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := public(t, Import, func(w http.ResponseWriter, r *http.Request) {
		reply(w, "begin")
		w.(http.Flusher).Flush() //nolint:errcheck // a server's writer is one
		cancel()
		<-r.Context().Done()
	})
	resp, err := c.Do(ctx, Request{URL: "http://public.test/"})
	if err == nil {
		_, err = resp.Body.Read(make([]byte, 100))
		for err == nil {
			_, err = resp.Body.Read(make([]byte, 100))
		}
		_ = resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) || fault.Is(err, fault.Unavailable) {
		t.Errorf("%v, want the error of the context", err)
	}
	if _, err := c.Do(ctx, Request{URL: "http://public.test/"}); !errors.Is(err, context.Canceled) { //nolint:bodyclose // an error
		t.Errorf("%v, want the error of the context", err)
	}
}
