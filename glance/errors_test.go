package glance_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/policy"
)

// Spec images-api 0.3: the three forms of an error body, to the byte.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	var all strings.Builder
	for _, line := range []string{
		"GET /v2/images?sort_key=%3Ci%20a=%22b%22%3E%26%27", "GET /v2/images/x", "PUT /v2/images", "FOO /v2/nope",
		"HEAD /v2/images", "HEAD /v2/images/x/y",
	} {
		for _, accept := range []string{"Accept: text/html", "Accept: application/json", "Accept: text/plain"} {
			a := c.ask(line, "", accept)
			fmt.Fprintf(&all, "=== %s, %s\n%d\n", line, accept, a.code)
			for _, name := range []string{"Content-Type", "Content-Length", "X-Content-Type-Options"} {
				fmt.Fprintf(&all, "%s: %s\n", name, a.header.Get(name))
			}
			fmt.Fprintf(&all, "\n%s\n", a.body)
		}
	}
	golden(t, "errors.golden", all.String())
}

// Spec images-api 0.3: which form an Accept header asks for.
func TestErrorForms(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	const html, json, text = "text/html; charset=UTF-8", "application/json", "text/plain; charset=UTF-8"
	rows := []struct{ accept, form string }{
		{"", text}, {"text/plain", text}, {"image/png", text}, {"application/octet-stream", text},
		{"application/json;q=0", text},
		{"*/*;q=0", text}, {",", text}, {"text/html", html}, {"*/*", html}, {"text/*", html}, {"TEXT/HTML", html},
		{"text/html, application/json", html}, {"application/json, text/html", html}, {"application/json;q=0, */*", html},
		{"text/plain, */*;q=0.1", html}, {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", html},
		{"application/json", json}, {"application/*", json}, {"Application/JSON", json},
		{"application/json, text/html;q=0.9", json},
		{"text/html;q=0.8, application/json;q=0.9", json}, {"text/html;q=0, */*", json},
		{"*/*;q=0.1, application/json;q=0.2", json},
		{"application/json, */*", html}, {"application/json, */*;q=0.5", json},
	}
	for _, row := range rows {
		headers := []string{}
		if row.accept != "" {
			headers = append(headers, "Accept: "+row.accept)
		}
		a := c.ask("GET /v2/images/nope", "", headers...).want(http.StatusNotFound)
		if got := a.header.Get("Content-Type"); got != row.form {
			t.Errorf("Accept: %s gives %s, want %s", row.accept, got, row.form)
		}
	}
	// Before anybody has been identified the form is the same.
	c.as(stranger).with("X-Roles: a").ask("GET /v2/images", "", "Accept: application/json").want(http.StatusBadRequest).doc()
}

// Spec security S54: what is shown of the request is escaped.
func TestSecErrorHTMLEscaped(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	const evil, coded = "<img src=x onerror=alert(1)>", "%3Cimg%20src=x%20onerror=alert(1)%3E"
	refusals := []answer{
		c.ask("GET /v2/images/"+coded, "", "Accept: text/html"),
		c.ask("GET /v2/"+coded, "", "Accept: text/html"),
		c.ask("GET /v2/images?sort_key="+coded, "", "Accept: text/html"),
		c.ask("GET /v2/images?sort_dir="+coded, "", "Accept: text/html"),
		c.ask("GET /v2/images?visibility="+coded, "", "Accept: text/html"),
		c.ask("POST /v2/images", `{"`+evil+`": 1}`, "Accept: text/html"),
		c.ask("POST /v2/images", `{"disk_format": "`+evil+`"}`, "Accept: text/html"),
		c.ask("POST /v2/images", `{"os_glance_`+evil+`": "1"}`, "Accept: text/html"),
	}
	for _, a := range refusals {
		if a.code < 400 || a.code >= 500 || strings.Contains(a.body, "<img") {
			t.Errorf("%s: %d %s", a.line, a.code, a.body)
		}
		a.wantHeader("Content-Type", "text/html; charset=UTF-8").wantHeader("X-Content-Type-Options", "nosniff")
	}
}

// Spec security P64: reading Accept takes time in proportion to its length.
func TestSecAcceptParserLinear(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	const size = 8 << 10
	for _, part := range []string{"1", ",", "text/html,", `"`, `"\`, "text/html;q=0.1;", ";q=", " ", "\t", "*/*;", "a/b;c=\"d,", "(((", ";=;="} {
		accept := "Accept: text/html;q=" + strings.Repeat(part, size/len(part))
		begin := time.Now()
		c.ask("GET /v2/images/nope", "", accept).want(http.StatusNotFound)
		if took := time.Since(begin); took > time.Second { // the first quadratic reader takes minutes
			t.Errorf("%q takes %v", part, took)
		}
	}
}

// panicking is a policy that fails in the midst of a request.
type panicking struct{ policy.Enforcer }

func (p panicking) Enforce(ctx context.Context, rule string, who *auth.Identity, target policy.Target) error {
	if rule == "get_images" {
		panic("the policy is broken")
	}
	return p.Enforcer.Enforce(ctx, rule, who, target)
}

// Spec security P25: the log of a panic has the stack, and nothing of the request's headers.
func TestSecPanicDumpMasksHeaders(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Policy = panicking{policy.Pike()} })
	secrets := []string{
		"X-Auth-Token: TOKVALUE", "X-Service-Token: TOKVALUE", "X-Subject-Token: TOKVALUE", "Authorization: TOKVALUE",
		"Cookie: TOKVALUE", "X-Trace-HMAC: TOKVALUE", "Accept: application/json",
	}
	a := f.as(admin).ask("GET /v2/images", "", secrets...).want(http.StatusInternalServerError)
	if message, _ := a.doc()["message"].(string); strings.Contains(message, "broken") || !strings.Contains(message, "server failed") {
		t.Errorf("the client is told %q", message)
	}
	if a.header.Get("X-Openstack-Request-Id") == "" {
		t.Error("no request id")
	}
	log := f.logged()
	if strings.Contains(log, "TOKVALUE") || strings.Contains(a.body, "TOKVALUE") {
		t.Error("a token leaks")
	}
	if !strings.Contains(log, "the policy is broken") || !strings.Contains(log, "goroutine") || !strings.Contains(log, "images.(*Images).List") {
		t.Errorf("no stack in the log: %s", log)
	}
	f.as(admin).ask("POST /v2/images", "{}").want(http.StatusCreated)
}

// failing is an authenticator that cannot reach whoever knows the callers.
type failing struct{ err error }

func (f failing) Authenticate(*http.Request) (*auth.Identity, error) { return nil, f.err }

// An error that nobody classified is ours, and its text is not for the client.
func TestUnclassifiedError(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Auth = failing{fmt.Errorf("dial 192.0.2.1: secret")} })
	a := f.plain().get("/v2/images").want(http.StatusInternalServerError)
	if strings.Contains(a.body, "secret") {
		t.Errorf("the client is told %q", a.body)
	}
	if !strings.Contains(f.logged(), "secret") {
		t.Error("the reason is not in the log")
	}
}
