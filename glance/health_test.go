package glance_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goglance/glance"
	"goglance/glance/filter"
	"goglance/glance/settings"
)

// Spec operations 2.1; security S57: the path is exact, nobody is asked who he is, and details are for nobody.
func TestSecHealthcheckPath(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.AllowAnonymous = false })
	for _, path := range []string{"/healthcheck", "/healthcheck?detailed=true", "/%68ealthcheck"} {
		f.plain().get(path).want(http.StatusOK).wantBody("OK").wantHeader("Content-Type", "text/plain; charset=UTF-8").
			wantHeader("X-Openstack-Request-Id", "").wantHeader("Content-Length", "2")
	}
	for _, path := range []string{
		"/healthcheck/", "/healthcheck/x", "//healthcheck", "/Healthcheck", "/healthcheckx", "/healthcheck/../v2/images", "/x/../healthcheck",
		"/healthcheck%2F", "/v2/healthcheck/..",
	} {
		if a := f.plain().get(path); a.code == http.StatusOK || strings.Contains(a.body, "OK") {
			t.Errorf("%s: %d %s", path, a.code, a.body)
		}
	}
	f.plain().get("/healthcheck/../v2/images").want(http.StatusMultipleChoices)
	f.plain().ask("HEAD /healthcheck", "").want(http.StatusNoContent).wantBody("").wantHeader("Content-Type", "")
	for _, verb := range []string{"POST", "PUT", "DELETE", "OPTIONS", "FOO"} {
		f.plain().ask(verb+" /healthcheck", "x").want(http.StatusOK).wantBody("OK")
	}
	other := start(t, through(filter.Healthcheck{Path: "/alive"}, filter.Negotiation{}, filter.Identity{}), func(c *glance.Config) { c.Prefix = "/image" })
	for _, path := range []string{"/alive", "/image/alive"} {
		other.plain().get(path).want(http.StatusOK).wantBody("")
	}
	other.plain().get("/healthcheck").want(http.StatusMultipleChoices)
}

// checked is a service with a health check.
func checked(t *testing.T, o filter.Healthcheck) *fixture {
	t.Helper()
	o.Path = "/healthcheck"
	return start(t, through(o, filter.Negotiation{}, filter.Identity{}))
}

// Spec operations 2.1: what is looked at, on this port and others.
func TestHealthcheckBackends(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "off")
	f := checked(t, filter.Healthcheck{Backends: []string{settings.DisableByFile}, Disable: file})
	health := func(f *fixture, code int, body string) {
		t.Helper()
		f.plain().get("/healthcheck").want(code).wantBody(body)
	}
	health(f, http.StatusOK, "OK")
	f.must(os.WriteFile(file, nil, 0o600))
	health(f, http.StatusServiceUnavailable, "DISABLED BY FILE")
	f.plain().ask("HEAD /healthcheck", "").want(http.StatusServiceUnavailable).wantBody("")
	f.as(owner).get("/v2/images").want(http.StatusOK)
	f.must(os.Remove(file))
	health(f, http.StatusOK, "OK")

	f.must(os.WriteFile(file, nil, 0o600))
	both := []string{settings.DisableByFile, settings.DisableByFilesPorts}
	others := []string{"1:" + file, " 2 : " + file + " "}
	health(checked(t, filter.Healthcheck{Backends: both, Disable: "nowhere", Disables: others}), http.StatusOK, "OK\nOK")
	health(checked(t, filter.Healthcheck{Backends: both, Disable: file, Disables: others}), http.StatusServiceUnavailable, "DISABLED BY FILE\nOK")
	health(checked(t, filter.Healthcheck{Backends: both[1:]}), http.StatusOK, "OK")
	health(checked(t, filter.Healthcheck{Disable: file}), http.StatusOK, "")

	ports := checked(t, filter.Healthcheck{Backends: both[1:], Disables: others})
	for addr, want := range map[net.Addr]string{
		&net.TCPAddr{Port: 1}: "DISABLED BY FILE", &net.TCPAddr{Port: 2}: "DISABLED BY FILE", &net.TCPAddr{Port: 3}: "OK",
		&net.UnixAddr{Name: "2"}: "OK",
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://glance:1/healthcheck", nil)
		ports.svc.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr)))
		if w.Body.String() != want {
			t.Errorf("%v: %s, want %s", addr, w.Body, want)
		}
	}
}

// Spec operations 2.1: the form of the answer. Which one a client gets was asked of oslo.middleware.
func TestHealthcheckForms(t *testing.T) {
	t.Parallel()
	f := start(t)
	const text, html, js = "text/plain; charset=UTF-8", "text/html; charset=UTF-8", "application/json"
	for accept, want := range map[string]string{
		"": text, "text/plain": text, "*/*": text, "text/*": text, "image/png": text, "garbage": text, "text/plain;q=0": text,
		"text/html": html, "application/json": js, "application/*": js, "application/json, text/plain": text, "application/json,text/html": html,
		"text/html;q=0.5, application/json;q=0.4": html, "text/html;q=0.4, application/json;q=0.5": js,
	} {
		a := f.plain().ask("GET /healthcheck", "", "Accept: "+accept).want(http.StatusOK).wantHeader("Content-Type", want)
		switch want {
		case js:
			a.wantBody("{\n    \"detailed\": false,\n    \"reasons\": [\n        \"OK\"\n    ]\n}")
		case html:
			if !strings.Contains(a.body, "<li>OK</li>") {
				t.Errorf("%s: %s", accept, a.body)
			}
		default:
			a.wantBody("OK")
		}
	}
	none := checked(t, filter.Healthcheck{})
	none.plain().ask("GET /healthcheck", "", "Accept: application/json").wantBody("{\n    \"detailed\": false,\n    \"reasons\": []\n}")
}

// Spec operations 2.1: what is told to everyone when the operator wants that.
func TestHealthcheckDetails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "<b>")
	f := checked(t, filter.Healthcheck{Detailed: true, Backends: []string{settings.DisableByFile}, Disable: file})
	f.must(os.WriteFile(file, nil, 0o600))
	doc := f.plain().ask("GET /healthcheck", "", "Accept: application/json").want(http.StatusServiceUnavailable).doc()
	for _, key := range []string{"gc", "greenthreads", "now", "platform", "python_version", "threads"} {
		if doc[key] == nil {
			t.Errorf("no %s in %v", key, doc)
		}
	}
	reasons, err := json.Marshal(doc["reasons"])
	if err != nil || !strings.Contains(string(reasons), `"class":"HealthcheckResult"`) || !strings.Contains(string(reasons), `"reason":"DISABLED BY FILE"`) || doc["detailed"] != true {
		t.Errorf("%s, %v", reasons, err)
	}
	page := f.plain().ask("GET /healthcheck", "", "Accept: text/html").body
	if !strings.Contains(page, "DISABLED BY FILE") || !strings.Contains(page, "&lt;b&gt;") || strings.Contains(page, "<b>") {
		t.Error(page)
	}
	f.plain().get("/healthcheck").wantBody("DISABLED BY FILE")
	for _, kind := range []string{"application/json", "text/html"} {
		if text := f.plain().ask("GET /healthcheck", "", "Accept: "+kind).body; strings.Contains(text, "goroutine") || strings.Contains(text, ".go:") {
			t.Errorf("a stack is shown: %s", text)
		}
	}
}
