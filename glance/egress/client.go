package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"goglance/glance/fault"
)

const (
	userAgent = "goglance"
	redirects = 5        // most of them for one request (spec storage-db 9.2)
	headMax   = 64 << 10 // most bytes of an answer's header
	patience  = time.Minute
)

// ClientOptions says how a Client reads.
type ClientOptions struct {
	Use Use
	TLS *tls.Config // nil: servers are verified against the system's certificates

	// Proxies to go through, by the scheme of the URL. A proxy resolves the name itself: what it then connects to is
	// for the proxy to judge. The environment has no say.
	Proxies map[string]*url.URL

	// Patience is how long the other end may take to connect, to begin its answer, and for each 64 KiB of it; 0: a
	// minute. Time in which nobody reads the answer does not count.
	Patience time.Duration
}

// Client reads URLs that its Filter lets pass. It is safe for concurrent use. It keeps no connections.
type Client struct {
	filter   *Filter
	use      Use
	patience time.Duration
	direct   *http.Transport
	through  map[string]*http.Transport // by scheme
}

// Request is what a Client is to ask for.
type Request struct {
	Method string // "" means GET
	URL    string
	Header http.Header // sent to every server on the way
	Secret http.Header // sent to the server of URL only, and no more once it has sent us elsewhere
}

// Client returns a client for URLs that f lets pass.
func (f *Filter) Client(o ClientOptions) *Client {
	c := &Client{filter: f, use: o.Use, patience: o.Patience, through: map[string]*http.Transport{}}
	if c.patience <= 0 {
		c.patience = patience
	}
	c.direct = c.transport(o.TLS, c.dial)
	for scheme, proxy := range o.Proxies {
		t := c.transport(o.TLS, (&net.Dialer{Timeout: c.patience}).DialContext)
		t.Proxy = http.ProxyURL(proxy)
		c.through[scheme] = t
	}
	return c
}

// transport returns one that does nothing of its own: no proxies from the environment, no decompression, and no
// connection that outlives its request, so that each is judged when it is made.
func (c *Client) transport(conf *tls.Config, dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Transport{
		DialContext: dial, TLSClientConfig: conf.Clone(), TLSHandshakeTimeout: c.patience, Protocols: http1,
		ResponseHeaderTimeout: c.patience, MaxResponseHeaderBytes: headMax,
		DisableKeepAlives: true, DisableCompression: true, ReadBufferSize: headMax,
	}
}

// dial resolves, judges and connects in one go, to an address that was judged: there is no second lookup that could
// say something else (spec security P77, S151). What the socket is about to connect to is judged once more.
func (c *Client) dial(ctx context.Context, _, address string) (net.Conn, error) {
	t, err := parseURL("http://" + address + "/")
	if err != nil {
		return nil, Refuse("egress.dial", err)
	}
	all, err := c.filter.addresses(ctx, c.use, t.host, t.port)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: c.patience / time.Duration(len(all))}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return c.filter.judge(c.use, t.host.name, at)
	}
	var errs []error
	for _, at := range all {
		conn, err := c.filter.connect(ctx, d, at)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// Do sends a request and follows redirects, each of which must pass like the first URL. The answer may have any status.
// The caller closes its body, whose errors are faults like these: fault.Invalid for a URL that is refused, here or on
// the way, fault.Unavailable for a server that does not answer, answers no HTTP or stops in the middle, and the error
// of ctx when it ends.
func (c *Client) Do(ctx context.Context, r Request) (*http.Response, error) {
	at, err := c.target(ctx, r.URL)
	if err != nil {
		return nil, err
	}
	header := merge(r.Header, r.Secret)
	for hops := 0; ; hops++ {
		resp, err := c.send(ctx, r.Method, at, header)
		if err != nil {
			return nil, failure(ctx, err)
		}
		if !c.follows(resp.StatusCode) {
			return resp, nil
		}
		_ = resp.Body.Close() // nothing of it is wanted
		if hops == redirects {
			return nil, Refuse("egress.Do", fmt.Errorf("host %s: more than %d redirects", at.host.name, redirects))
		}
		next, err := c.next(ctx, at, resp.Header.Values("Location"))
		if err != nil {
			return nil, err
		}
		if next.user = at.user; next.origin() != at.origin() { // who sent us there must not get others our secrets
			next.user, header = nil, merge(r.Header, nil)
		}
		at = next
	}
}

// merge returns a copy of a with what is in b.
func merge(a, b http.Header) http.Header {
	all := http.Header{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// follows reports whether a status is a redirect to follow. For locations these are fewer (spec storage-db 9.2).
func (c *Client) follows(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound:
		return true
	case http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return c.use == Import
	}
	return false
}

// next returns where a redirect leads.
func (c *Client) next(ctx context.Context, from *target, location []string) (*target, error) {
	refuse := func(why string) error {
		return Refuse("egress.Do", fmt.Errorf("redirect by host %s: %s", from.host.name, why))
	}
	if len(location) != 1 || location[0] == "" || len(location[0]) > maxURL || !graphic(location[0]) {
		return nil, refuse("no usable Location")
	}
	ref, err := from.url.Parse(location[0])
	if err != nil {
		return nil, refuse("Location does not parse") // the cause quotes it
	}
	if ref.User != nil {
		return nil, refuse("Location has a user in it")
	}
	to, err := c.target(ctx, ref.String())
	if err == nil && from.url.Scheme == "https" && to.url.Scheme != "https" {
		err = refuse("from https to http")
	}
	return to, err
}

// target judges a URL. Who connects to it himself resolves the host when he does; a proxy would not judge.
func (c *Client) target(ctx context.Context, rawURL string) (*target, error) {
	t, err := c.filter.target(c.use, rawURL)
	if err == nil && c.through[t.url.Scheme] != nil {
		err = c.filter.Check(ctx, c.use, rawURL)
	}
	return t, err
}

// send asks one server.
func (c *Client) send(ctx context.Context, method string, t *target, header http.Header) (*http.Response, error) {
	inner, cancel := context.WithCancelCause(ctx)
	req := (&http.Request{Method: method, URL: t.url, Host: t.url.Host, Header: header.Clone()}).WithContext(inner)
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept-Encoding", "identity")
	if t.user != nil {
		password, _ := t.user.Password()
		req.SetBasicAuth(t.user.Username(), password)
	}
	transport := c.direct
	if proxied := c.through[t.url.Scheme]; proxied != nil {
		transport = proxied
	}
	resp, err := transport.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols { // its body is the connection, with no end
		err = errors.Join(errors.New("the server changes the protocol"), resp.Body.Close())
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	resp.Body = newBody(ctx, resp.Body, cancel, c.patience)
	return resp, nil
}

// failure says what an error on the way to an answer, or in it, means.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if fault.Is(err, fault.Invalid) { // of dial
		return err
	}
	return &fault.Error{Kind: fault.Unavailable, Op: "egress.Do", Msg: "the server of the data does not answer", Err: err}
}
