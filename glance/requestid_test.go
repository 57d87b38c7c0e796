package glance_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"goglance/glance"
)

const requestID = "X-Openstack-Request-Id"

// fresh is what the fixture's ids look like.
func isFresh(id string) bool {
	return regexp.MustCompile(`^req-00000000-0000-4000-8000-\d{12}$`).MatchString(id)
}

// Spec images-api 0.4: every answer behind the identity has one, versions and a 401 have none.
func TestRequestIDPresence(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.AllowAnonymous = false })
	id := f.as(admin).create("")
	rows := []struct {
		line string
		code int
	}{
		{"GET /v2/images", 200}, {"POST /v2/images", 400}, {"GET /v2/nope", 404}, {"PUT /v2/images", 405},
		{"FOO /v2/nope", 501},
		{"GET /v2", 302}, {"GET /v2/images/" + id + "/file", 204}, {"HEAD /v2/images", 405},
		{"DELETE /v2/images/" + id, 204},
	}
	seen := map[string]bool{}
	for _, row := range rows {
		got := f.as(admin).ask(row.line, "").want(row.code).header.Values(requestID)
		if len(got) != 1 || !isFresh(got[0]) || seen[got[0]] {
			t.Errorf("%s: request id %q", row.line, got)
		}
		seen[strings.Join(got, ",")] = true
	}
	for _, line := range []string{"GET /", "GET /versions", "GET /v9/images"} {
		f.as(admin).ask(line, "", requestID+": req-mine").wantHeader(requestID, "")
	}
	for _, line := range []string{"GET /v2/images", "GET /v2/nope", "PUT /v2/images", "FOO /v2/nope", "GET /v2", "POST /v2/images"} {
		f.as(anonymous).ask(line, "", requestID+": req-mine").want(http.StatusUnauthorized).wantHeader(requestID, "")
	}
}

// Spec images-api 14.1, security S53.
func TestSecRequestIDInjection(t *testing.T) {
	t.Parallel()
	f := start(t)
	adopted := map[string]string{
		"req-mine": "req-mine", "mine": "req-mine", "req-": "req-", "req-req-x": "req-req-x", "REQ-x": "req-REQ-x",
		"A.b_c-9":               "req-A.b_c-9",
		strings.Repeat("a", 64): "req-" + strings.Repeat("a", 64),
	}
	for sent, want := range adopted {
		f.as(owner).ask("GET /v2/images", "", requestID+": "+sent).want(http.StatusOK).wantHeader(requestID, want)
		if !strings.Contains(f.logged(), "request="+want) {
			t.Errorf("%s is not in the log", want)
		}
	}
	for _, sent := range []string{"", "<script>", "a b", "a\tb", "a;b", "a,b", `a"b`, "caf\u00e9", "a\xffb", "a%0d%0aX-Evil:1", "req-a/b", "a=b"} {
		got := f.as(owner).ask("GET /v2/images", "", requestID+": "+sent).want(http.StatusOK).header.Values(requestID)
		if len(got) != 1 || !isFresh(got[0]) {
			t.Errorf("%q: request id %q", sent, got)
		}
		if sent != "" && strings.Contains(f.logged(), "request="+sent) {
			t.Errorf("%q is in the log", sent)
		}
	}
	twice := f.as(owner).ask("GET /v2/images", "", requestID+": one", requestID+": two").header.Values(requestID)
	if len(twice) != 1 {
		t.Errorf("two request ids are answered with %q", twice)
	}
}

// Spec images-api 14.1, security P60.
func TestSecRequestIDLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 65)
	f := start(t)
	f.as(owner).ask("GET /v2/images", "", requestID+": "+long).want(http.StatusRequestHeaderFieldsTooLarge).wantHeader(requestID, "")
	f.as(owner).ask("POST /v2/images", "{}", requestID+": "+long).want(http.StatusRequestHeaderFieldsTooLarge)
	f.as(owner).ask("GET /v2/nope", "", requestID+": "+strings.Repeat("<", 65)).want(http.StatusRequestHeaderFieldsTooLarge)
	f.as(owner).ask("GET /versions", "", requestID+": "+long).want(http.StatusOK)
	if got := f.text("SELECT COUNT(*) FROM images"); got != "0" {
		t.Errorf("%s images were made", got)
	}
	unlimited := start(t, func(c *glance.Config) { c.Options.MaxRequestIDLength = 0 }).as(owner)
	unlimited.ask("GET /v2/images", "", requestID+": "+long).want(http.StatusOK).wantHeader(requestID, "req-"+long)
	short := start(t, func(c *glance.Config) { c.Options.MaxRequestIDLength = 3 }).as(owner)
	short.ask("GET /v2/images", "", requestID+": abc").want(http.StatusOK).wantHeader(requestID, "req-abc")
	short.ask("GET /v2/images", "", requestID+": abcd").want(http.StatusRequestHeaderFieldsTooLarge)
}

// Spec images-api 14.2: nobody who is not known names his requests.
func TestRequestIDOfUnknownCallers(t *testing.T) {
	t.Parallel()
	open := start(t, unauthenticated).plain()
	known := start(t).as(anonymous)
	for _, c := range []client{open, known} {
		for _, sent := range []string{"req-mine", strings.Repeat("a", 65)} {
			if got := c.ask("GET /v2/images", "", requestID+": "+sent).want(http.StatusOK).header.Get(requestID); !isFresh(got) {
				t.Errorf("request id %q", got)
			}
		}
	}
}
