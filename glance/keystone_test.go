package glance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"goglance/glance"
	"goglance/glance/auth/keystone"
	"goglance/glance/auth/keystone/keystonetest"
)

// behind starts a service behind a Keystone.
func behind(t *testing.T, changes ...func(*keystone.Options)) (*fixture, *keystonetest.Server) {
	t.Helper()
	k := keystonetest.Start(t)
	a := k.New(changes...)
	return start(t, func(c *glance.Config) { c.Auth, c.Options.AllowAnonymous = a, false }), k
}

// bearer returns a client with a token like one of the callers would have.
func (f *fixture) bearer(k *keystonetest.Server, who caller) client {
	return client{f, []string{"X-Auth-Token: " + k.Issue(keystonetest.Token{
		User: "user-" + string(who), UserDomain: "default", Project: who.project(), ProjectDomain: "default", Roles: []string{who.role()},
	})}}
}

// claims are the headers by which somebody could say that he is an administrator (spec security S01).
func claims() []string {
	var headers []string
	for name, value := range map[string]string{
		"X-Roles": "admin", "X-Role": "admin", "X-User-Id": "user-admin", "X-User": "user-admin", "X-Project-Id": "project-stranger",
		"X-Tenant-Id": "project-stranger", "X-Tenant": "project-stranger", "X-Identity-Status": "Confirmed", "X-Is-Admin-Project": "True",
		"X-Service-Roles": "admin", "X-Service-Identity-Status": "Confirmed", "X-Domain-Id": "d", "X-Trust-Id": "t", "X-System-Scope": "all",
		"OpenStack-System-Scope": "all", "X-Service-Catalog": "{",
	} {
		headers = append(headers, name+": "+value, strings.ReplaceAll(name, "-", "_")+": "+value)
	}
	return headers
}

// Spec security S01: who has a token is whom the token says.
func TestSecIdentityHeadersWithToken(t *testing.T) {
	t.Parallel()
	f, k := behind(t)
	private := f.bearer(k, stranger).create(`"visibility": "private"`)
	mine := f.bearer(k, owner)
	for _, header := range append(claims(), "") {
		c := mine
		if header != "" {
			c = mine.with(header, header)
		}
		if got := c.ask("POST /v2/images", "{}").want(http.StatusCreated).doc()["owner"]; got != owner.project() {
			t.Errorf("%s: the owner is %v", header, got)
		}
		c.get("/v2/images/" + private).want(http.StatusNotFound)
		c.ask("POST /v2/images", `{"visibility": "public"}`).want(http.StatusForbidden)
	}
	f.bearer(k, admin).get("/v2/images/" + private).want(http.StatusOK)
}

// Spec security S02, images-api 14.2: without a token nobody is anybody, on any path, and is told where to get one.
func TestSecConfirmedWithoutTokenAtKeystone(t *testing.T) {
	t.Parallel()
	f, k := behind(t)
	for _, header := range append(claims(), "X-Auth-Token: unknown", "X-Auth-Token: ", "X-Service-Token: x") {
		for _, line := range []string{"GET /v2/images", "POST /v2/images", "GET /v2/nowhere"} {
			a := f.plain().ask(line, "{}", header, "X-Identity-Status: Confirmed").want(http.StatusUnauthorized)
			if got := a.header.Get("WWW-Authenticate"); got != `Keystone uri="http://public.example:5000"` {
				t.Errorf("%s: WWW-Authenticate: %s", header, got)
			}
		}
	}
	f.plain().get("/versions").want(http.StatusOK)
	k.Down()
	a := f.plain().ask("GET /v2/images", "", "X-Auth-Token: new").want(http.StatusServiceUnavailable)
	if !strings.Contains(a.body, "The Keystone service is temporarily unavailable.") || strings.Contains(a.body, "127.0.0.1") {
		t.Errorf("%s", a.body)
	}
}

// Spec operations 7.4: allow_anonymous_access counts where the decision is left to the service.
func TestAnonymousBehindKeystone(t *testing.T) {
	t.Parallel()
	for delay, code := range map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized} {
		k := keystonetest.Start(t)
		a := k.New(func(o *keystone.Options) { o.Delay = delay })
		f := start(t, func(c *glance.Config) { c.Auth, c.Options.AllowAnonymous = a, true })
		f.plain().get("/v2/images").want(code)
		f.bearer(k, owner).get("/v2/images").want(http.StatusOK)
	}
}

// Spec security S03: a trailer, or a name that is spelled oddly, says nothing of anybody.
func TestSecIdentityTrailerIgnored(t *testing.T) {
	t.Parallel()
	f, k := behind(t)
	token := strings.TrimPrefix(f.bearer(k, owner).headers[0], "X-Auth-Token: ")
	for request, code := range map[string]int{
		"X-Auth-Token: %[1]s\r\nTrailer: X-Roles\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n{\"visibility\": \"public\"}\r\n0\r\nX-Roles: admin\r\n\r\n": 403,
		"Trailer: X-Auth-Token\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Auth-Token: %[1]s\r\n\r\n":                                         401,
		"X_Auth_Token: %[1]s\r\nContent-Length: 2\r\n\r\n{}":                                                                                             401,
		"X-Auth-Token : %[1]s\r\nContent-Length: 2\r\n\r\n{}":                                                                                            400,
		"x-AUTH-token: %[1]s\r\nContent-Length: 2\r\n\r\n{}":                                                                                             201,
		"X-Auth-Token: a\x00b\r\nContent-Length: 2\r\n\r\n{}":                                                                                            400,
	} {
		text := request
		if strings.Contains(request, "%") {
			text = fmt.Sprintf(request, token)
		}
		if got := f.raw("POST /v2/images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"+text, http.MethodPost)[0].code; got != code {
			t.Errorf("%q: %d, want %d", request, got, code)
		}
	}
}
