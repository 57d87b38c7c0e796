package glance_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/filter"
	"goglance/glance/settings"
)

// through sets what requests pass through.
func through(filters ...filter.Filter) func(*glance.Config) {
	return func(c *glance.Config) { c.Filters = filters }
}

// Spec operations 1: the filters act in their order, and only those that are there.
func TestFilterOrder(t *testing.T) {
	t.Parallel()
	health := filter.Healthcheck{Path: "/healthcheck", Backends: []string{settings.DisableByFile}}
	strict := func(c *glance.Config) { c.Options.AllowAnonymous = false }
	rows := map[string]struct {
		filters         []filter.Filter
		health, options int // to the anonymous; to one with an identity
		known           int
	}{
		"standard":         {filter.Standard(), 200, 200, 200},
		"neither of them":  {[]filter.Filter{filter.Negotiation{}, filter.Identity{}}, 300, 401, 300},
		"no negotiation":   {[]filter.Filter{filter.Identity{}, health}, 401, 401, 200},
		"cors behind":      {[]filter.Filter{filter.Identity{}, filter.CORS{}, health, filter.Negotiation{}}, 401, 401, 200},
		"never reached":    {[]filter.Filter{filter.Negotiation{}, health, filter.Identity{}}, 300, 401, 300},
		"health then cors": {[]filter.Filter{health, filter.CORS{}, filter.Negotiation{}, filter.Identity{}}, 200, 200, 200},
	}
	for name, row := range rows {
		f := start(t, strict, through(row.filters...))
		got := []int{
			f.plain().get("/healthcheck").code, f.plain().ask("OPTIONS /v2/images", "").code, f.as(member).get("/healthcheck").code,
		}
		if want := []int{row.health, row.options, row.known}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		f.as(member).get("/v2/images").want(http.StatusOK)
		f.plain().get("/v2/images").want(http.StatusUnauthorized)
	}
}

// A list that makes no sense is refused.
func TestFilterErrors(t *testing.T) {
	t.Parallel()
	id := filter.Identity{}
	for want, list := range map[string][]filter.Filter{
		"0 times": {filter.Negotiation{}}, "2 times": {id, id}, "is no filter": {id, nil}, "*filter.CORS": {id, &filter.CORS{}},
		"nope": {id, filter.Healthcheck{Backends: []string{"nope"}}}, "[cors] max_age": {id, filter.CORS{{}, {MaxAge: -time.Second}}},
		"port:path": {id, filter.Healthcheck{Backends: []string{settings.DisableByFilesPorts}, Disables: []string{"x:/y"}}},
	} {
		c := start(t).made
		c.StateDir = t.TempDir()
		c.Filters = list
		if _, err := glance.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", list, err, want)
		}
	}
}

// Where nothing negotiates, a version has one name, and the list is for callers with an identity.
func TestWithoutNegotiation(t *testing.T) {
	t.Parallel()
	f := start(t, through(filter.Identity{}))
	id := f.as(owner).create("")
	f.as(owner).get("/v2/images/" + id).want(http.StatusOK)
	f.as(owner).get("/v2/nope").want(http.StatusNotFound)
	f.as(owner).get("/v2").want(http.StatusFound)
	for _, path := range []string{"/", "/versions", "/v2.3/images", "/v1/images", "/v2x", "/v22/images", "/V2/images"} {
		a := f.as(owner).ask("GET "+path, "", vendor+"v2").want(http.StatusMultipleChoices)
		if len(a.doc()) == 0 {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	f = start(t, through(filter.Identity{}), func(c *glance.Config) { c.Options.AllowAnonymous = false })
	f.plain().get("/").want(http.StatusUnauthorized)
	f = start(t, through(filter.Identity{}), func(c *glance.Config) { c.Options.EnableV2 = false })
	f.as(owner).get("/v2/images").want(http.StatusMultipleChoices)
}

// unzip returns what was compressed.
func unzip(a answer) string {
	a.t.Helper()
	r, err := gzip.NewReader(strings.NewReader(a.body))
	if err != nil {
		a.t.Fatalf("%s: %v", a.line, err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		a.t.Fatalf("%s: %v", a.line, err)
	}
	return string(text)
}

// Spec operations 2.7, security S58: documents are compressed where the pipeline says so, image data never.
func TestGzip(t *testing.T) {
	t.Parallel()
	f := start(t, through(filter.Gzip{}, filter.Healthcheck{Path: "/healthcheck"}, filter.Negotiation{}, filter.Identity{}))
	data := strings.Repeat("a", 10000)
	c := f.as(owner)
	id := c.store("", data)
	for _, line := range []string{"GET /v2/images", "GET /v2/images/" + id, "GET /versions", "GET /", "GET /v2/nope", "POST /v2/schemas/image"} {
		plain := c.ask(line, "").wantHeader("Content-Encoding", "").wantHeader("Vary", "Accept-Encoding")
		for _, accept := range []string{"gzip", "deflate, GZIP;q=0.1", "br,gzip;q=0"} {
			a := c.ask(line, "", "Accept-Encoding: "+accept).want(plain.code).wantHeader("Content-Encoding", "gzip").
				wantHeader("Content-Type", plain.header.Get("Content-Type"))
			a.wantHeader("Content-Length", fmt.Sprint(len(a.body)))
			if text := unzip(a); text != plain.body {
				t.Errorf("%s: %q, want %q", line, text, plain.body)
			}
		}
		for _, accept := range []string{"", "br", "gzipped", "identity", "*"} {
			c.ask(line, "", "Accept-Encoding: "+accept).wantHeader("Content-Encoding", "").wantBody(plain.body)
		}
	}
	const takes = "Accept-Encoding: gzip"
	a := c.ask("GET /v2/images/"+id+"/file", "", takes).want(http.StatusOK).wantBody(data)
	a.wantHeader("Content-Encoding", "").wantHeader("Content-Length", "10000")
	c.ask("GET /v2/images/"+id+"/file", "", takes, "Range: bytes=1-3").want(http.StatusPartialContent).wantBody("aaa").wantHeader("Content-Encoding", "")
	c.ask("HEAD /v2/images", "", takes).want(http.StatusMethodNotAllowed).wantHeader("Content-Encoding", "").wantBody("")
	c.ask("GET /healthcheck", "", takes).want(http.StatusOK).wantHeader("Content-Encoding", "").wantBody("")
	c.ask("DELETE /v2/images/"+id, "", takes).want(http.StatusNoContent).wantHeader("Content-Encoding", "").wantBody("")
	empty := c.create(formats)
	c.ask("GET /v2/images/"+empty+"/file", "", takes).want(http.StatusNoContent).wantHeader("Content-Encoding", "")
}

// A compressed refusal reaches a client that is still sending, as a plain one does.
func TestGzipRefusal(t *testing.T) {
	t.Parallel()
	f := start(t, through(filter.Gzip{}, filter.Negotiation{}, filter.Identity{}))
	a := f.as(owner).send("PUT /v2/images/nope/file", chunked(strings.Repeat("a", 4<<20)), octets, "Accept-Encoding: gzip", "Accept: application/json")
	a.want(http.StatusNotFound).wantHeader("Content-Encoding", "gzip")
	if text := unzip(a); !strings.Contains(text, "404 Not Found") {
		t.Error(text)
	}
}

// A body over the limit is refused, whoever's it is, and nothing is left of it.
func TestSizeLimit(t *testing.T) {
	t.Parallel()
	size := filter.SizeLimit{BodyMax: 100}
	f := start(t, through(size, filter.Negotiation{}, filter.Identity{}))
	c := f.as(owner)
	id := c.create(formats)
	before := f.state()
	long := strings.Repeat("a", 101)
	for _, line := range []string{"PUT /v2/images/" + id + "/file", "POST /v2/images", "GET /versions"} {
		c.ask(line, long, octets).want(http.StatusRequestEntityTooLarge)
	}
	c.send("PUT /v2/images/"+id+"/file", chunked(long), octets).want(http.StatusRequestEntityTooLarge)
	c.send("POST /v2/images", chunked(`{"name": "`+long+`"}`)).want(http.StatusRequestEntityTooLarge)
	f.plain().ask("POST /v2/images", long).want(http.StatusRequestEntityTooLarge)
	if after := f.state(); f.status(id) != "queued" || len(f.files()) != 0 {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
	c.send("PUT /v2/images/"+id+"/file", chunked(long[:100]), octets).want(http.StatusNoContent)
	c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody(long[:100])
}

// The request id is on every answer that passes the filter, and one per answer.
func TestRequestIDFilter(t *testing.T) {
	t.Parallel()
	health := filter.Healthcheck{Path: "/healthcheck"}
	f := start(t, through(health, filter.RequestID{}, filter.Negotiation{}, filter.Identity{}), func(c *glance.Config) { c.Options.AllowAnonymous = false })
	f.plain().get("/healthcheck").wantHeader("X-Openstack-Request-Id", "")
	for _, path := range []string{"/versions", "/v2/images"} {
		if ids := f.plain().get(path).header.Values("X-Openstack-Request-Id"); len(ids) != 1 || !strings.HasPrefix(ids[0], "req-") {
			t.Errorf("%s: %v", path, ids)
		}
	}
	f.as(owner).ask("GET /v2/images", "", "X-Openstack-Request-Id: req-mine").want(http.StatusOK).wantHeader("X-Openstack-Request-Id", "req-mine")
}

// Spec security S51: of the header that a front end says the scheme in, only http and https count.
func TestSecSSLHeaderValues(t *testing.T) {
	t.Parallel()
	named := func(name string) func(*glance.Config) { return func(c *glance.Config) { c.Options.SSLHeader = name } }
	f := start(t, named("HTTP_X_FORWARDED_PROTO"))
	secure := "https" + strings.TrimPrefix(f.url, "http")
	for value, want := range map[string]string{
		"https": secure, "HTTPS": secure, "http": f.url, "javascript": f.url, "https://evil.test": f.url, "": f.url, "https, http": f.url,
		"https\"><script>": f.url,
	} {
		checkBase(f, want, "X-Forwarded-Proto: "+value)
	}
	checkBase(f, f.url, "X-Forwarded-Host: evil.test", "Forwarded: proto=https;host=evil.test", "X-Forwarded-Ssl: https")
	for _, name := range []string{"", "X_FORWARDED_PROTO", "X-Forwarded-Proto", "HTTP_", "wsgi.url_scheme"} {
		other := start(t, named(name))
		checkBase(other, other.url, "X-Forwarded-Proto: https")
	}
	far := start(t, named("HTTP_X_FORWARDED_PROTO"), func(c *glance.Config) { c.TrustedPeers = peers(t, "192.0.2.0/24") })
	checkBase(far, far.url, "X-Forwarded-Proto: https")
}
