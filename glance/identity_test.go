package glance_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/auth/trusted"
	"goglance/glance/policy"
)

// witness is a policy that remembers who asked last.
type witness struct {
	policy.Enforcer
	mu   sync.Mutex
	seen *auth.Identity
}

func (w *witness) Enforce(ctx context.Context, rule string, who *auth.Identity, target policy.Target) error {
	if rule == "get_images" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = who
	}
	return w.Enforcer.Enforce(ctx, rule, who, target)
}

// identify sends identity headers and returns who the service takes that for.
func identify(t *testing.T, headers []string, changes ...func(*glance.Config)) *auth.Identity {
	t.Helper()
	w := &witness{}
	f := start(t, append(changes, func(c *glance.Config) {
		if w.Enforcer = c.Policy; c.Policy == nil {
			w.Enforcer = policy.Pike()
		}
		c.Policy = w
	})...)
	f.plain().ask("GET /v2/images", "", headers...).want(http.StatusOK)
	return w.seen
}

// Spec images-api 14.1: what each header says.
func TestIdentityHeaders(t *testing.T) {
	t.Parallel()
	const confirmed = "X-Identity-Status: Confirmed"
	rows := []struct {
		headers []string
		want    auth.Identity
	}{
		{[]string{confirmed}, auth.Identity{}},
		{[]string{confirmed, "X-User-Id: u", "X-User: v"}, auth.Identity{UserID: "u"}},
		{[]string{confirmed, "X-User: v"}, auth.Identity{UserID: "v"}},
		{[]string{confirmed, "X-User-Id:", "X-User: v"}, auth.Identity{UserID: "v"}},
		{[]string{confirmed, "X-Project-Id: p", "X-Tenant-Id: q", "X-Tenant: r"}, auth.Identity{ProjectID: "p"}},
		{[]string{confirmed, "X-Tenant-Id: q", "X-Tenant: r"}, auth.Identity{ProjectID: "q"}},
		{[]string{confirmed, "X-Tenant: r"}, auth.Identity{ProjectID: "r"}},
		{[]string{confirmed, "X-Project-Id:  p%20 "}, auth.Identity{ProjectID: "p%20"}},
		{[]string{confirmed, "X-Roles: Member, reader ,,\tCREATOR"},
			auth.Identity{Roles: []string{"member", "reader", "creator"}}},
		{[]string{confirmed, "X-Roles:"}, auth.Identity{}},
		{[]string{confirmed, "X-Roles: member,Admin"}, auth.Identity{Roles: []string{"member", "admin"}, Admin: true}},
		{[]string{confirmed, "X-Auth-Token: t", "X-Storage-Token: s"}, auth.Identity{Token: "t"}},
		{[]string{confirmed, "X-Storage-Token: s"}, auth.Identity{Token: "s"}},
		{[]string{confirmed, "X-User-Domain-Id: d", "X-Project-Domain-Id: e"},
			auth.Identity{UserDomainID: "d", ProjectDomainID: "e"}},
		{[]string{confirmed, `X-Service-Catalog: [{"type": "image"}]`},
			auth.Identity{Catalog: []byte(`[{"type": "image"}]`)}},
		{[]string{confirmed, "X-Is-Admin: True", "X-Is-Admin-Project: True", "X-Role: admin"}, auth.Identity{}},
		{[]string{"X-User-Id: u", "X-Roles: admin"}, auth.Identity{ReadOnly: true}},
		{[]string{"X-Identity-Status: Invalid", "X-User-Id: u", "X-Roles: admin"}, auth.Identity{ReadOnly: true}},
		{[]string{"X-Identity-Status: confirmed", "X-Roles: admin"}, auth.Identity{ReadOnly: true}},
		{[]string{"X-Identity-Status: Confirmed,Confirmed", "X-Roles: admin"}, auth.Identity{ReadOnly: true}},
	}
	for _, row := range rows {
		if diff := cmp.Diff(&row.want, identify(t, row.headers)); diff != "" {
			t.Errorf("%q: %s", row.headers, diff)
		}
	}
}

// Spec images-api 14.2: who is an administrator.
func TestAdminByPolicy(t *testing.T) {
	t.Parallel()
	headers := []string{"X-Identity-Status: Confirmed", "X-User-Id: u", "X-Project-Id: p", "X-Roles: boss"}
	role := func(name string) func(*glance.Config) {
		return func(c *glance.Config) { c.Options.AdminRole = name }
	}
	rows := []struct {
		change []func(*glance.Config)
		want   bool
	}{
		{nil, false},
		{[]func(*glance.Config){role("boss")}, true},
		{[]func(*glance.Config){role(" BOSS ")}, true},
		{[]func(*glance.Config){role("bos")}, false},
		{[]func(*glance.Config){rules("context_is_admin", "role:boss")}, true},
		{[]func(*glance.Config){rules("context_is_admin", "project_id:p")}, true},
		{[]func(*glance.Config){rules("context_is_admin", "project_id:%(owner)s")}, false},
		{[]func(*glance.Config){rules("context_is_admin", "!"), role("boss")}, true},
		{[]func(*glance.Config){rules("context_is_admin", "!")}, false},
	}
	for i, row := range rows {
		if got := identify(t, headers, row.change...).Admin; got != row.want {
			t.Errorf("row %d: admin is %v", i, got)
		}
	}
	anyone := identify(t, nil, rules("context_is_admin", "@"))
	if !anyone.ReadOnly || anyone.Admin {
		t.Errorf("the anonymous caller is %+v", anyone)
	}
}

// Spec images-api 14.2: without anonymous access every path below the versions asks for an identity.
func TestUnauthorized(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.AllowAnonymous = false })
	id := f.as(owner).store(`"visibility": "community"`, "data")
	before := f.state()
	lines := []string{"GET /v2/nope", "FOO /v2/nope", "GET /v2", "GET /v2/", "HEAD /v2/images"}
	for _, rt := range resources(id) {
		for _, verb := range ordinaryVerbs() {
			lines = append(lines, verb+" "+rt.path)
		}
	}
	for _, line := range lines {
		f.as(anonymous).ask(line, "", "Accept: application/json").want(http.StatusUnauthorized).wantHeader("WWW-Authenticate", "")
	}
	if f.state() != before {
		t.Error("something has changed")
	}
	f.plain().get("/").want(http.StatusMultipleChoices)
	f.plain().get("/versions").want(http.StatusOK)
}

// Spec security S02: identity headers count for nothing unless the front end says Confirmed.
func TestSecConfirmedWithoutToken(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) {
		c.Options.AllowAnonymous = false
		c.Auth = trusted.Headers{Peers: peers(t, "192.0.2.0/24")}
	})
	f.as(admin).get("/v2/images").want(http.StatusUnauthorized)
	for _, line := range append(admin.identity(), "X-Is-Admin-Project: True", "X-Service-Identity-Status: Confirmed", "X-Auth-Token: t") {
		f.plain().ask("GET /v2/images", "", line).want(http.StatusUnauthorized)
	}
	near := start(t, func(c *glance.Config) { c.Auth = trusted.Headers{Peers: peers(t, "127.0.0.0/8")} })
	near.as(admin).ask("POST /v2/images", "{}").want(http.StatusCreated)
}

// Spec security S01, S03: other spellings are other headers.
func TestSecIdentityHeaderSpellings(t *testing.T) {
	t.Parallel()
	f := start(t)
	secret := f.as(owner).create(`"visibility": "private"`)
	who := "X-Identity-Status: Confirmed\r\nX-Project-Id: p\r\nX-Roles: member\r\n"
	for _, line := range []string{
		"X_Roles: admin", "X-Roles_: admin", "X_ROLES: admin", "HTTP_X_ROLES: admin", "X-Role: admin",
		"X_Project_Id: project-owner",
		"X-Tenant-Id: project-owner", "X-Tenant: project-owner", "X-Owner: project-owner", "X-Service-Roles: admin",
		"X-Is-Admin-Project: True", "X-System-Scope: all", "X-Domain-Id: default", "X-Trust-Id: t",
	} {
		if a := f.one("GET /v2/images/"+secret+" HTTP/1.1", who+line+"\r\n"); a.code != http.StatusNotFound {
			t.Errorf("%s: %d", line, a.code)
		}
	}
	for _, line := range []string{"X-Roles : admin", " X-Roles: admin", "X-Roles\x00: admin", "X-R\xf6les: admin"} {
		if a := f.one("GET /v2/images/"+secret+" HTTP/1.1", "X-Identity-Status: Confirmed\r\n"+line+"\r\n"); a.code < 400 || a.code >= 500 {
			t.Errorf("%q: %d", line, a.code)
		}
	}
	lower := strings.ToLower("x-identity-status: Confirmed\r\nX-PROJECT-ID: project-owner\r\n")
	lower = strings.Replace(lower, "confirmed", "Confirmed", 1)
	if a := f.one("GET /v2/images/"+secret+" HTTP/1.1", lower); a.code != http.StatusOK {
		t.Errorf("header names in lower case: %d", a.code)
	}
	trailer := "POST /v2/images HTTP/1.1\r\nHost: glance\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Roles\r\n" + who +
		"\r\n17\r\n{\"visibility\":\"public\"}\r\n0\r\nX-Roles: admin\r\n\r\n"
	if a := f.raw(trailer); len(a) != 1 || a[0].code != http.StatusForbidden {
		t.Errorf("a role in the trailer: %v", a)
	}
}

// Spec security S05.
func TestSecDuplicateIdentityHeader(t *testing.T) {
	t.Parallel()
	f := start(t)
	before := f.state()
	for _, line := range []string{
		"X-Roles: member", "X-Roles:", "X-Project-Id: project-owner", "X-User-Id: other", "X-Identity-Status: Confirmed",
	} {
		f.as(admin).ask("POST /v2/images", "{}", line).want(http.StatusBadRequest)
	}
	for _, name := range []string{
		"X-User", "X-Tenant-Id", "X-Tenant", "X-User-Domain-Id", "X-Project-Domain-Id", "X-Auth-Token", "X-Storage-Token",
		"X-Service-Catalog",
	} {
		f.as(admin).ask("POST /v2/images", "{}", name+": 1", name+": 2").want(http.StatusBadRequest)
	}
	f.plain().ask("GET /v2/images", "", "X-Identity-Status: Invalid", "X-Identity-Status: Confirmed").want(http.StatusBadRequest)
	if f.state() != before {
		t.Error("something has changed")
	}
}
