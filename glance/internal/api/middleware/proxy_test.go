package middleware

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"goglance/glance/auth"
)

// seen is what a request behind Mount looks like.
type seen struct{ Scheme, Host, Prefix, Client, Path string }

func mounted(t *testing.T, m Middleware, path string, headers ...string) seen {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://glance.test"+path, nil)
	r.RemoteAddr = "192.0.2.1:1234"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	var got seen
	begin(t, r, func(w http.ResponseWriter, r *http.Request) {
		m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			info := From(r.Context())
			got = seen{info.Scheme, info.Host, info.Prefix, info.Client, r.URL.Path}
		})).ServeHTTP(w, r)
		if r.URL.Path != path {
			t.Errorf("the path of the outer request has become %s", r.URL.Path)
		}
	})
	return got
}

func TestMountPrefix(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/image/v2/images": "/v2/images", "/image": "/", "/image/": "/", "/image//x": "//x", "/imagex/v2": "/imagex/v2",
		"/v2/images": "/v2/images", "/image/image/x": "/image/x",
	} {
		if got := mounted(t, Mount{Prefix: "/image"}.At, path); got.Path != want || got.Prefix != "/image" {
			t.Errorf("%s: %+v, want %s", path, got, want)
		}
		if got := mounted(t, Mount{}.At, path); got.Path != path || got.Prefix != "" {
			t.Errorf("%s without a prefix: %+v", path, got)
		}
	}
}

// Spec operations 2.3: who the client is, too.
func TestForwardedClient(t *testing.T) {
	t.Parallel()
	const peer = "192.0.2.1:1234"
	rows := []struct{ name, value, want string }{
		{"X-Forwarded-For", "198.51.100.7", "198.51.100.7"}, {"X-Forwarded-For", "198.51.100.7, 203.0.113.1",
			"198.51.100.7"}, {"X-Forwarded-For", "2001:db8::1", "2001:db8::1"},
		{"X-Forwarded-For", "", peer}, {"X-Forwarded-For", "a b", peer}, {"X-Forwarded-For", "a\x1b[31m", peer},
		{"X-Forwarded-For", ", 198.51.100.7", peer},
		{"Forwarded", "for=198.51.100.7", "198.51.100.7"}, {"Forwarded", `For="[2001:db8::1]:4711"`, "[2001:db8::1]:4711"},
		{"Forwarded", "for=unknown;by=x, for=z", "unknown"},
		{"Forwarded", "proto=https", peer}, {"Forwarded", `for="a b"`, peer}, {"Forwarded", ";;=;for", peer},
	}
	for _, row := range rows {
		if got := mounted(t, Forwarded(nil), "/", row.name, row.value); got.Client != row.want {
			t.Errorf("%s: %q: %s, want %s", row.name, row.value, got.Client, row.want)
		}
		far := Forwarded(peersOf(t, "198.51.100.0/24"))
		if got := mounted(t, far, "/", row.name, row.value); got.Client != peer {
			t.Errorf("%s of an unknown peer: %s", row.name, got.Client)
		}
	}
	both := func(next http.Handler) http.Handler { return Mount{Prefix: "/image"}.At(Forwarded(nil)(next)) }
	got := mounted(t, both, "/image/x",
		"X-Forwarded-Prefix", "/cloud/", "X-Forwarded-Proto", "HTTPS", "X-Forwarded-Host", "front.test")
	if diff := cmp.Diff(seen{"https", "front.test", "/cloud/image", peer, "/x"}, got); diff != "" {
		t.Error(diff)
	}
}

func peersOf(t *testing.T, networks ...string) auth.Peers {
	t.Helper()
	peers, err := auth.ParsePeers(networks)
	if err != nil {
		t.Fatal(err)
	}
	return peers
}

// WithPath leaves the request alone that it is given.
func TestWithPath(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/a%2Fb?q=1", nil)
	to := WithPath(r, "/x y")
	if r.URL.Path != "/a/b" || r.URL.RawPath != "/a%2Fb" || to.URL.Path != "/x y" || to.URL.RawPath != "" {
		t.Errorf("%v has become %v", r.URL, to.URL)
	}
	if diff := cmp.Diff(r.Header, to.Header, cmpopts.EquateEmpty()); diff != "" || to.URL.RawQuery != "q=1" {
		t.Errorf("the rest has changed: %s", diff)
	}
}

func TestInfoOutsideBegin(t *testing.T) {
	t.Parallel()
	if info := From(t.Context()); info == nil || info.Identity != nil {
		t.Errorf("%+v", info)
	}
	info := Info{Scheme: "https", Host: "a:1", Prefix: "/image"}
	if got := info.BaseURL(); got != "https://a:1/image" {
		t.Error(got)
	}
}
