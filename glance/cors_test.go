package glance_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/filter"
)

// Spec images-api 0.1: OPTIONS is answered on any path; without the filter it is a method that nobody knows.
func TestOptions(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.AllowAnonymous = false })
	for _, path := range []string{"/", "/v2/images", "/v2/images/x/file", "/v2/nope", "/nope", "/v9"} {
		for _, c := range []client{f.plain(), f.as(admin)} {
			c.ask("OPTIONS "+path, "").want(http.StatusOK).wantBody("").wantHeader("Content-Length", "0").wantHeader("Allow", "").
				wantHeader("X-Openstack-Request-Id", "").wantHeader("Content-Type", "").wantHeader("Vary", "")
		}
	}
	if f.plain().ask("OPTIONS /versions", "").want(http.StatusOK).body != f.plain().get("/versions").body {
		t.Error("a success is not passed on")
	}
	f.plain().ask("OPTIONS /v2/images", "body").want(http.StatusOK).wantBody("")
	bare := start(t, through(filter.Negotiation{}, filter.Identity{})).as(admin)
	bare.ask("OPTIONS /v2/images", "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "GET, POST")
	bare.ask("OPTIONS /v2/nope", "").want(http.StatusNotImplemented)
	bare.ask("OPTIONS /", "").want(http.StatusMultipleChoices)
}

// web is a service for pages of two origins.
func web() filter.CORS {
	return filter.CORS{
		{
			AllowedOrigin: []string{"https://good.test", "https://other.test:8443", ""}, AllowCredentials: true, MaxAge: 10 * time.Minute,
			ExposeHeaders: []string{"X-A", "X-B"}, AllowMethods: []string{"GET", "PUT", ""}, AllowHeaders: []string{"X-Auth-Token"},
		},
		{AllowedOrigin: []string{"https://good.test", "https://plain.test"}, AllowMethods: []string{"PATCH"}},
	}
}

func behindCORS(rules filter.CORS) func(*glance.Config) {
	return through(rules, filter.Healthcheck{Path: "/healthcheck"}, filter.Negotiation{}, filter.Identity{})
}

// corsHeaders returns the headers of an answer that CORS is about.
func corsHeaders(a answer) string {
	var found []string
	for name, values := range a.header {
		if rest, ok := strings.CutPrefix(name, "Access-Control-"); ok || name == "Vary" {
			found = append(found, rest+"="+strings.Join(values, "|"))
		}
	}
	slices.Sort(found)
	return strings.Join(found, " ")
}

// Spec operations 2.2.
func TestCORS(t *testing.T) {
	t.Parallel()
	f := start(t, behindCORS(web()))
	good := "Allow-Credentials=true Allow-Origin=https://good.test Expose-Headers=X-A,X-B Vary=Origin"
	for _, line := range []string{"GET /v2/images", "GET /healthcheck", "GET /", "GET /v2/images/nope", "DELETE /v2/images", "HEAD /v2/images"} {
		for origin, want := range map[string]string{
			"https://good.test": good, "https://plain.test": "Allow-Origin=https://plain.test Vary=Origin", "https://bad.test": "", "": "",
		} {
			if got := corsHeaders(f.as(member).ask(line, "", "Origin: "+origin)); got != want {
				t.Errorf("%s from %q: %s, want %s", line, origin, got, want)
			}
		}
	}
	const yes = "Allow-Credentials=true Allow-Methods=PUT Allow-Origin=https://good.test Max-Age=600 Vary=Origin"
	rows := []struct{ origin, method, headers, want string }{
		{"https://good.test", "PUT", "", yes},
		{"https://good.test", "PUT", "x-auth-token", "Allow-Credentials=true Allow-Headers=x-auth-token" + yes[len("Allow-Credentials=true"):]},
		{"https://good.test", "PUT", "pragma, X-AUTH-TOKEN ,,Content-type", "Allow-Credentials=true Allow-Headers=pragma,X-AUTH-TOKEN,Content-type" + yes[len("Allow-Credentials=true"):]},
		{"https://good.test", "PUT", "X-Auth-Token, X-Other", ""},
		{"https://good.test", "PUT", "X-Auth-To\u212Aen", ""},
		{"https://good.test", "PUT", "X-Auth-Token X-Other", ""},
		{"https://good.test", "put", "", ""},
		{"https://good.test", "DELETE", "", ""},
		{"https://good.test", "PATCH", "", ""}, // the first rule that names it
		{"https://good.test", "", "", ""},
		{"https://plain.test", "PATCH", "Accept", "Allow-Headers=Accept Allow-Methods=PATCH Allow-Origin=https://plain.test Vary=Origin"},
		{"https://plain.test", "PATCH", "X-Auth-Token", ""},
		{"https://bad.test", "PUT", "", ""},
		{"", "PUT", "", ""},
	}
	for _, row := range rows {
		asked := []string{"Origin: " + row.origin, "Access-Control-Request-Headers: " + row.headers}
		if row.method != "" {
			asked = append(asked, "Access-Control-Request-Method: "+row.method)
		}
		a := f.plain().ask("OPTIONS /v2/images/x/file", "", asked...).want(http.StatusOK).wantBody("")
		if got := corsHeaders(a); got != row.want {
			t.Errorf("%v: %s, want %s", row, got, row.want)
		}
	}
}

// Spec security S56: an origin is what it is, not what it looks like; what is for everyone is for nobody's cookies; and
// whoever asks for options changes nothing.
func TestSecCORSOrigins(t *testing.T) {
	t.Parallel()
	everyone := filter.CORS{
		{AllowedOrigin: []string{"https://good.test"}, AllowCredentials: true, AllowMethods: []string{"DELETE"}},
		{AllowedOrigin: []string{"*"}, AllowCredentials: true, AllowMethods: []string{"DELETE"}},
	}
	few, all := start(t, behindCORS(web())), start(t, behindCORS(everyone))
	for _, origin := range []string{
		"https://good.test.evil", "https://evil-good.test", "https://good.test:443", "https://good.test/", "http://good.test", "null", "*",
		"HTTPS://good.test", "https://GOOD.test", "good.test", "https://good.tes", "https://good.test, https://evil.test", "https://sub.good.test",
	} {
		asked := []string{"Origin: " + origin, "Access-Control-Request-Method: DELETE"}
		for _, line := range []string{"GET /v2/images", "OPTIONS /v2/images"} {
			few.as(admin).ask(line, "", asked...).wantHeader("Access-Control-Allow-Origin", "").wantHeader("Access-Control-Allow-Credentials", "")
			all.as(admin).ask(line, "", asked...).wantHeader("Access-Control-Allow-Origin", "*").wantHeader("Access-Control-Allow-Credentials", "")
		}
	}
	a := few.as(admin).ask("GET /v2/images", "", "Origin: https://good.test", "Origin: https://plain.test")
	a.wantHeader("Access-Control-Allow-Origin", "")
	all.as(admin).ask("GET /v2/images", "", "Origin: https://good.test").wantHeader("Access-Control-Allow-Origin", "https://good.test").
		wantHeader("Access-Control-Allow-Credentials", "true")
	closed := start(t).as(admin)
	closed.ask("GET /v2/images", "", "Origin: https://good.test").wantHeader("Access-Control-Allow-Origin", "").wantHeader("Vary", "")

	id := all.as(owner).store("", "data")
	before := all.state()
	for _, path := range []string{"/v2/images/" + id, "/v2/images/" + id + "/file", "/v2/images/" + id + "/members/x", "/v2/images"} {
		asked := []string{"Origin: https://good.test", "Access-Control-Request-Method: DELETE", "X-HTTP-Method-Override: DELETE"}
		all.as(admin).ask("OPTIONS "+path, "{}", asked...).want(http.StatusOK).wantBody("")
	}
	if all.state() != before {
		t.Error("something has changed")
	}
}

// A filter further out has the last word.
func TestTwoCORS(t *testing.T) {
	t.Parallel()
	outer := filter.CORS{{AllowedOrigin: []string{"https://good.test"}, AllowMethods: []string{"GET"}}}
	f := start(t, through(outer, web(), filter.Negotiation{}, filter.Identity{}))
	if got := corsHeaders(f.as(admin).ask("GET /v2/images", "", "Origin: https://good.test")); got != "Allow-Origin=https://good.test Vary=Origin" {
		t.Error(got)
	}
	if got := corsHeaders(f.as(admin).ask("GET /v2/images", "", "Origin: https://plain.test")); got != "Allow-Origin=https://plain.test Vary=Origin" {
		t.Error(got)
	}
}
