package glance_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// resource is a path and what its 405 says, by spec images-api 2.1 as far as it is built.
type resource struct {
	path, allow string
}

func resources(id string) []resource {
	return []resource{
		{"/v2/images", "GET, POST"},
		{"/v2/images/" + id, "GET, PATCH, DELETE"},
		{"/v2/images/" + id + "/file", "GET, PUT"},
		{"/v2/images/" + id + "/actions/deactivate", "POST"},
		{"/v2/images/" + id + "/actions/reactivate", "POST"},
		{"/v2/images/" + id + "/members", "GET, POST"},
		{"/v2/images/" + id + "/members/x", "GET, PUT, DELETE"},
		{"/v2/images/" + id + "/tags/x", "PUT, DELETE"},
	}
}

func ordinaryVerbs() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch,
	}
}

// oddVerbs are methods that the API does not know. Of OPTIONS it never hears: the filter cors answers it.
func oddVerbs() []string {
	return []string{http.MethodTrace, "FOO", "get", "PROPFIND"}
}

// Spec images-api 0.5: a known path takes its own methods only, and says which these are.
func TestWrongMethods(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	id := c.create("")
	for _, rt := range resources(id) {
		for _, verb := range append(ordinaryVerbs(), oddVerbs()...) {
			if slices.Contains(strings.Split(rt.allow, ", "), verb) {
				continue
			}
			a := c.ask(verb+" "+rt.path, "").want(http.StatusMethodNotAllowed).wantHeader("Allow", rt.allow)
			if a.header.Get("X-Openstack-Request-Id") == "" {
				t.Errorf("%s: no request id", a.line)
			}
			if verb == http.MethodHead {
				a.wantBody("").wantHeader("Content-Length", "0")
			}
		}
	}
	c.get("/v2/images/" + id).want(http.StatusOK)
}

// Spec images-api 0.5.
func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	id := c.create("")
	paths := []string{
		"/v2/", "/v2/nope", "/v2/images/", "/v2/images/" + id + "/", "/v2/images/" + id + "/file/",
		"/v2/images/" + id + "/nope", "/v2/images/" + id + "/tags", "/v2/images/" + id + "/tags/", "/v2/images/" + id + "/tags/a%2Fb",
		"/v2/images/" + id + "/locations", "/v2/images/" + id + "/actions", "/v2/images/" + id + "/actions/delete",
		"/v2/images/" + id + "/members/", "/v2/images/" + id + "/members/a%2Fb", "/v2/images/" + id + "/members/x/y",
		"/v2/images/detail/x", "/v2/images//" + id, "/v2/images//", "/v2/Images", "/v2/images/a%2Fb", "/v2/info/nope",
	}
	for _, path := range paths {
		for _, verb := range ordinaryVerbs() {
			c.ask(verb+" "+path, "").want(http.StatusNotFound).wantHeader("Allow", "").wantHeader("Location", "")
		}
		for _, verb := range oddVerbs() {
			c.ask(verb+" "+path, "").want(http.StatusNotImplemented)
		}
	}
}

// Spec images-api 0.5: what is tolerated.
func TestPathSpellings(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	id := c.create("")
	rows := []struct {
		path string
		code int
	}{
		{"//v2/images", http.StatusOK},
		{"///v2/images", http.StatusOK},
		{"/v2//images", http.StatusOK},
		{"//v2///images", http.StatusOK},
		{"/v2%2Fimages", http.StatusOK},
		{"/v2/images%2F" + id, http.StatusOK},
		{"/v2/images/" + id + "%2Ffile", http.StatusNoContent},
		{"/v2/images/" + id + "?nonsense", http.StatusOK},
		{"/v2/images/" + strings.ToUpper(id[:30]) + "x", http.StatusNotFound},
	}
	for _, row := range rows {
		c.get(row.path).want(row.code).wantHeader("Location", "")
	}
	for _, path := range []string{"/v2", "//v2", "/v2.3"} {
		c.get(path).want(http.StatusFound).wantHeader("Location", c.url+"/v2/").wantBody("")
	}
}

// Spec images-api 0.2: what has a body, and where none may be.
func TestBodyWhereNoneIsAllowed(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	id := c.store("", "data")
	for _, line := range []string{"GET /v2/images/" + id, "DELETE /v2/images/" + id, "GET /v2/images/" + id + "/file", "GET /v2/images/nope"} {
		c.ask(line, "x").want(http.StatusBadRequest)
		c.ask(line, "{}").want(http.StatusBadRequest)
		c.send(line, chunked("x")).want(http.StatusBadRequest)
	}
	c.ask("GET /v2/images", "ignored").want(http.StatusOK)
	c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
	c.as(anonymous).ask("DELETE /v2/images/"+id, "x").want(http.StatusBadRequest)
}

// Spec images-api 2.2.
func TestImageIDInPath(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	upper := "ABCDEF00-0000-4000-8000-00000000ABCD"
	c.create(`"id": "` + upper + `"`)
	for _, line := range []string{"GET %s", "DELETE %s", "GET %s/file", "PUT %s/file"} {
		for _, id := range []string{strings.ToLower(upper), upper + "0", upper[1:], strings.Repeat("x", 5000), "%00", "%20", "..", "%E2%82%AC", "*"} {
			path := "/v2/images/" + id
			c.ask(strings.Replace(line, "%s", path, 1), "", octets).want(http.StatusNotFound)
		}
	}
	c.get("/v2/images/" + upper).want(http.StatusOK)
}

// Spec security S46: no path is cleaned, none redirects elsewhere, none breaks the server.
func TestSecPathTricks(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(admin).create("")
	targets := []string{
		"//evil.test/..", "//evil.test/%2e%2e", "/v2/../v2/images", "/v2/./images", "/v2/%2e%2e%2fv2/images",
		"/v2/images/../images",
		"/v2/images/%2e%2e/" + id, "/v2/images/..%2f" + id, "/v2/images/%5c", "/v2/images;x", "/v2/images/" + id + ";x",
		"/v2/images/%00", "/v2/images/%ff", "/%ff", "/v2/%c0%af", "/v2/images/%c0%ae%c0%ae", "/v2/images/%ed%a0%80",
		"/v2/images/../" + id + "/file",
		"/v2/images/%0d%0aX-Evil:%201", "/v2/images/%zz", "/v2/images/%", "/..", "/../..//v2", "v2/images",
		"/v2/images/" + id + "%23", "/v2\\images",
	}
	for _, target := range targets {
		a := f.one("GET "+target+" HTTP/1.1", wire(admin))
		if a.code != http.StatusBadRequest && a.code != http.StatusNotFound && a.code != http.StatusMultipleChoices {
			t.Errorf("%q: %d %q", target, a.code, shortened(a.body))
		}
		if a.header.Get("Location") != "" || a.header.Get("X-Evil") != "" {
			t.Errorf("%q: %v", target, a.header)
		}
	}
	for _, target := range []string{"/v2/images/%ff", "/%ff", "/v2/%c0%af", "/v2/images/%ed%a0%80"} {
		f.as(admin).get(target).want(http.StatusBadRequest)
	}
}

// Spec security S47.
func TestSecMethodTricks(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(admin).create("")
	before := f.state()
	for _, h := range []string{"X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE", "X-HTTP-Method: DELETE"} {
		f.as(admin).ask("GET /v2/images/"+id, "", h).want(http.StatusOK)
		f.as(admin).ask("POST /v2/images/"+id, "_method=DELETE", h).want(http.StatusMethodNotAllowed)
	}
	f.as(admin).get("/v2/images/" + id + "?_method=DELETE").want(http.StatusOK)
	trace := f.as(admin).ask("TRACE /v2/images/"+id, "", "X-Canary: c4n4ry").want(http.StatusMethodNotAllowed)
	if strings.Contains(trace.body, "c4n4ry") {
		t.Error("TRACE echoes the request")
	}
	for _, line := range []string{"CONNECT evil.test:80", "CONNECT /v2/images", "delete /v2/images/" + id, "FOO\t/v2/images", "OPTIONS *"} {
		if a := f.one(line+" HTTP/1.1", wire(admin)); a.code == http.StatusInternalServerError || a.code == http.StatusNoContent {
			t.Errorf("%s: %d", line, a.code)
		}
	}
	if f.state() != before {
		t.Error("something has changed")
	}
}

// Spec security S165, P13: nothing else listens here.
func TestSecNoDebugHandlers(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	for _, path := range []string{"/debug/pprof/", "/debug/vars", "/metrics", "/debug/pprof/goroutine?debug=2"} {
		c.get(path).want(http.StatusMultipleChoices)
	}
}

func TestSecNoArtifactsAPI(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	for _, path := range []string{"/v3/artifacts", "/v3", "/v0.1/artifacts", "/v3.0/artifacts/images"} {
		c.get(path).want(http.StatusMultipleChoices)
	}
}
