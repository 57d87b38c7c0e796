package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"testing"
)

// site is a server that remembers what it was asked.
type site struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
}

func newSite(t *testing.T, h http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(s.watch(h))
	t.Cleanup(s.Close)
	return s
}

// watch remembers each request before h answers it.
func (s *site) watch(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, r.Clone(context.Background()))
		s.mu.Unlock()
		h(w, r)
	}
}

func (s *site) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// canary is a server that must not be asked.
func canary(t *testing.T) *site {
	t.Helper()
	s := newSite(t, text("secret"))
	t.Cleanup(func() {
		if n := len(s.requests()); n > 0 {
			t.Errorf("the canary saw %d requests", n)
		}
	})
	return s
}

// text answers every request with a body.
func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, "%s", body) }
}

// reply writes the body of an answer.
func reply(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...) // the other end may have gone
}

// redirect answers every request with a redirect.
func redirect(code int, location ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Location"] = location
		w.WriteHeader(code)
	}
}

// internet puts servers where the filter believes 192.0.2.0/24 to be. All other addresses are what they are.
func internet(f *Filter, servers map[string]*site) {
	f.connect = func(ctx context.Context, d net.Dialer, at netip.AddrPort) (net.Conn, error) {
		s, ok := servers[at.Addr().String()]
		if !ok && netip.MustParsePrefix("192.0.2.0/24").Contains(at.Addr()) {
			return nil, errors.New("connection refused")
		}
		if !ok {
			return connect(ctx, d, at)
		}
		d.Control = nil // it would see where the server really is
		return d.DialContext(ctx, "tcp", s.Listener.Addr().String())
	}
}

// public returns a client, with one server called public.test.
func public(t *testing.T, use Use, h http.HandlerFunc) (*Client, *site) {
	t.Helper()
	f, s := defaults(t, nil), newSite(t, h)
	internet(f, map[string]*site{"192.0.2.1": s})
	return f.Client(ClientOptions{Use: use, Patience: calm}), s
}

// fetch reads a URL to its end.
func fetch(t *testing.T, c *Client, from string) (status int, body string, err error) {
	t.Helper()
	return do(t, c, Request{URL: from})
}

func do(t *testing.T, c *Client, r Request) (status int, body string, err error) {
	t.Helper()
	resp, err := c.Do(t.Context(), r)
	if err != nil {
		return 0, "", err
	}
	defer func() {
		if err := resp.Body.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

func expectText(t *testing.T, c *Client, from, want string) {
	t.Helper()
	if status, got, err := fetch(t, c, from); err != nil || status != http.StatusOK || got != want {
		t.Errorf("%s: %d %q, %v, want %q", from, status, got, err, want)
	}
}

// as returns host:port of the server as another name sees it.
func (s *site) as(name string) string {
	u, err := url.Parse(s.URL)
	if err != nil {
		panic(err) // httptest's own
	}
	return net.JoinHostPort(name, u.Port())
}
