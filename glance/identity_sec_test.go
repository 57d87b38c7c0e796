package glance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"goglance/glance"
)

// Spec security S06, images-api 14.2.
func TestSecNoAuthIgnoresIdentity(t *testing.T) {
	t.Parallel()
	f := start(t, unauthenticated)
	for _, c := range everybody() {
		doc := f.as(c).ask("POST /v2/images", "{}").want(http.StatusCreated).doc()
		if doc["owner"] != nil {
			t.Errorf("%s owns %v", c, doc["owner"])
		}
		f.as(c).ask("POST /v2/images", `{"visibility": "public"}`).want(http.StatusForbidden) // no roles, so no policy lets him
		f.as(c).ask("POST /v2/images", `{"owner": "someone", "visibility": "private"}`).want(http.StatusCreated)
		f.as(c).ask("GET /v2/images", "", "X-Roles: a", "X-Roles: b").want(http.StatusOK)
	}
	f.plain().ask("GET /v2/images", "", "X-Service-Catalog: {").want(http.StatusOK)
	f.plain().create(`"visibility": "community"`)
	if got := len(f.plain().get("/v2/images").ids()); got != 2*len(everybody()) {
		t.Errorf("%d images are listed", got) // all but the community's
	}
}

// Spec security S07.
func TestSecRoleCaseFoldingASCII(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.AdminRole = "keeper" }, rules("context_is_admin", "!"))
	id := f.as(owner).create(`"visibility": "private"`)
	rows := []struct {
		roles string
		code  int
	}{
		{"keeper", 200}, {"KEEPER", 200}, {"Keeper ", 200}, {"member,keeper", 200}, {",,keeper", 200},
		{"member,\tkeeper\t,x", 200},
		{"", 404}, {",", 404}, {"keepers", 404}, {"keep er", 404}, {"\u212aeeper", 404}, {"keeper\u0301", 404},
		{"k\u00e9\u00e9per", 404},
		{"\u00a0keeper", 404}, {"keeper\u2003", 404}, {"member;keeper", 404}, {"\ufeffkeeper", 404},
	}
	for _, row := range rows {
		f.plain().ask("GET /v2/images/"+id, "", "X-Identity-Status: Confirmed", "X-Project-Id: p", "X-Roles: "+row.roles).want(row.code)
	}
}

// Spec security S08.
func TestSecEmptyAdminRole(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"", " ", "\t"} {
		f := start(t, func(c *glance.Config) { c.Options.AdminRole = role })
		id := f.as(owner).create(`"visibility": "private"`)
		for _, roles := range []string{"X-Roles:", "X-Roles: ,", "X-Roles: member", "X-Roles: , ,"} {
			f.plain().ask("GET /v2/images/"+id, "", "X-Identity-Status: Confirmed", "X-Project-Id: p", roles).want(http.StatusNotFound)
		}
		f.as(admin).get("/v2/images/" + id).want(http.StatusOK) // by the policy
	}
}

// Spec security S09, images-api 14.1.
func TestSecServiceCatalogBounded(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, catalog := range []string{"{", "x", "[]]", "[1,]", strings.Repeat("[", 20000) + strings.Repeat("]", 20000), strings.Repeat("[", 20000)} {
		f.as(owner).ask("POST /v2/images", "{}", "X-Service-Catalog: "+catalog).want(http.StatusBadRequest)
	}
	f.as(owner).ask("GET /v2/images", "", "X-Service-Catalog: []").want(http.StatusOK)
	f.plain().ask("GET /v2/images", "", "X-Service-Catalog: {").want(http.StatusOK) // nobody is confirmed, so nobody has one
	huge := `["` + strings.Repeat("a", 10<<20) + `"]`
	if a := f.one("GET /v2/images HTTP/1.1", wire(owner)+"X-Service-Catalog: "+huge+"\r\n"); a.code != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("10 MiB: %d", a.code)
	}
	if f.text("SELECT COUNT(*) FROM images") != "0" {
		t.Error("an image was made")
	}
}

// unscoped is a caller without a project.
func unscoped() []string {
	return []string{"X-Identity-Status: Confirmed", "X-User-Id: user-unscoped", "X-Roles: member"}
}

// Spec security S10, S11: no project is never equal to no owner, nor to the owner "".
func TestSecNullOwnerNeverMatches(t *testing.T) {
	t.Parallel()
	f := start(t)
	open := f.as(admin).store(`"owner": null, "visibility": "private"`, "data")
	empty := f.as(admin).store(`"visibility": "private"`, "data")
	f.exec("UPDATE images SET owner = '' WHERE id = ?", empty)
	shared := f.as(owner).store("", "data")
	f.exec(`INSERT INTO image_members (image_id, member, can_share, created_at, deleted, status)
		VALUES (?, '', FALSE, '2017-08-01 10:00:00.000000', FALSE, 'accepted')`, shared)
	f.share(shared, "accepted")
	before := f.state()
	for _, c := range []client{f.as(anonymous), f.plain().with(unscoped()...), f.plain().with(unscoped()...).with("X-Project-Id:")} {
		c.get("/v2/images/" + open).want(http.StatusOK)
		c.get("/v2/images/" + open + "/file").want(http.StatusOK)
		c.ask("DELETE /v2/images/"+open, "").want(http.StatusForbidden)
		c.put(open, "other").want(http.StatusForbidden)
		for _, id := range []string{empty, shared} {
			c.get("/v2/images/" + id).want(http.StatusNotFound)
			c.get("/v2/images/" + id + "/file").want(http.StatusNotFound)
		}
		c.with("X-Roles-Are: irrelevant").ask("POST /v2/images", "{}").want(http.StatusForbidden)
		if ids := c.get("/v2/images").ids(); len(ids) != 0 {
			t.Errorf("%v are listed", ids)
		}
	}
	if f.state() != before {
		t.Error("something has changed")
	}
}

// Spec security S11: a project is compared as it is.
func TestSecEmptyProjectID(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.plain().with(unscoped()...).ask("POST /v2/images", `{"owner": ""}`).want(http.StatusForbidden)
	f.plain().with(unscoped()...).ask("POST /v2/images", `{"owner": null}`).want(http.StatusForbidden)
	as := func(project string) client {
		return f.plain().with("X-Identity-Status: Confirmed", "X-Roles: member", "X-Project-Id: "+project)
	}
	for _, project := range []string{"%", "_", "p%", "p", "P", "p p", "caf\u00e9", "cafe\u0301", "p'--", "None", "null"} {
		id := as(project).create(`"visibility": "private"`)
		as(" " + project + " ").get("/v2/images/" + id).want(http.StatusOK) // white space around a value is none of it
		for _, other := range []string{"%", "_", "p%", "p", "P", "p p", "caf\u00e9", "cafe\u0301", "p'--", "None", "null", "%25"} {
			if other != project {
				as(other).get("/v2/images/" + id).want(http.StatusNotFound)
			}
		}
	}
}

// Spec security S12, images-api 14.2: the anonymous may look, and is told no before anything is looked up.
func TestSecReadOnlyContextRoutes(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(anonymous)
	public := f.as(admin).store(`"visibility": "public"`, "data")
	queued := f.as(admin).create(`"visibility": "public"`)
	private := f.as(owner).store(`"visibility": "private"`, "data")
	before := f.state()
	c.ask("POST /v2/images", "").want(http.StatusBadRequest)
	c.ask("POST /v2/images", "[").want(http.StatusBadRequest)
	c.ask("POST /v2/images", `{"status": "x"}`).want(http.StatusBadRequest)
	c.ask("POST /v2/images", "{}").want(http.StatusForbidden)
	c.ask("POST /v2/images", `{"id": "`+public+`"}`).want(http.StatusForbidden)
	for _, id := range []string{public, queued, private, "missing"} {
		for _, call := range calls() { // of all routes, see TestMatrixIsComplete
			want := http.StatusForbidden
			switch {
			case strings.HasPrefix(call.line, "GET"):
				continue
			case call.name == "stage", call.name == "import":
				want = forImport(anonymous, "", call.name, importsOn())
			}
			c.ask(fmt.Sprintf(call.line, id), call.body, call.headers...).want(want)
		}
		for _, line := range []string{
			"PATCH /v2/images/%s", "POST /v2/images/%s/members", "PUT /v2/images/%s/members/x", "POST /v2/images/%s/actions/deactivate",
			"POST /v2/images/%s/actions/reactivate", "PUT /v2/images/%s/tags/x", "DELETE /v2/images/%s/tags/x", "DELETE /v2/images/%s/members/x",
		} {
			c.ask(fmt.Sprintf(line, id), "5", patch21).want(http.StatusBadRequest)
		}
		c.ask("PUT /v2/images/"+id+"/file", "x").want(http.StatusUnsupportedMediaType)
		c.put(id, "x").want(http.StatusForbidden)
		c.ask("DELETE /v2/images/"+id, "x").want(http.StatusBadRequest)
		c.ask("DELETE /v2/images/"+id, "").want(http.StatusForbidden)
	}
	c.get("/v2/images/" + public).want(http.StatusOK)
	c.get("/v2/images/" + public + "/file").want(http.StatusOK).wantBody("data")
	c.get("/v2/images/" + queued + "/file").want(http.StatusNoContent)
	if f.state() != before {
		t.Error("something has changed")
	}
}

// Spec security S13, images-api 14.3.
func TestSecOwnerIsTenantFalse(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.OwnerIsTenant = false })
	mine := f.as(owner).ask("POST /v2/images", "{"+formats+"}").want(http.StatusCreated).doc()
	if mine["owner"] != "user-owner" {
		t.Fatalf("the owner is %v", mine["owner"])
	}
	id, _ := mine["id"].(string)
	colleague := f.plain().with("X-Identity-Status: Confirmed", "X-User-Id: user-other", "X-Project-Id: project-owner")
	impostor := f.plain().with("X-Identity-Status: Confirmed", "X-User-Id: user-other", "X-Project-Id: user-owner")
	f.share(id, "accepted") // the project, which means nobody here
	for _, c := range []client{colleague, impostor, f.as(member)} {
		c.get("/v2/images/" + id).want(http.StatusNotFound)
		c.ask("DELETE /v2/images/"+id, "").want(http.StatusNotFound)
		c.put(id, "x").want(http.StatusNotFound)
		if ids := c.get("/v2/images").ids(); len(ids) != 0 {
			t.Errorf("%v are listed", ids)
		}
	}
	f.exec("UPDATE image_members SET member = 'user-member'")
	f.as(member).get("/v2/images/" + id).want(http.StatusOK)
	moved := f.plain().with("X-Identity-Status: Confirmed", "X-User-Id: user-owner", "X-Project-Id: elsewhere")
	moved.ask("POST /v2/images", `{"owner": "elsewhere"}`).want(http.StatusForbidden)
	moved.ask("POST /v2/images", `{"owner": "user-owner"}`).want(http.StatusCreated)
	moved.put(id, "x").want(http.StatusNoContent)
	moved.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
}

// Spec security S49: Connection does not take headers away from us.
func TestSecHopByHopAbuse(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create(`"visibility": "private"`)
	connection := "X-Identity-Status, X-Project-Id, X-Roles, X-Auth-Token"
	for _, c := range everybody() {
		plain := f.one("GET /v2/images/"+id+" HTTP/1.1", wire(c))
		abused := f.raw("GET /v2/images/" + id + " HTTP/1.1\r\nHost: glance\r\nConnection: close, " + connection + "\r\n" + wire(c) + "\r\n")
		if len(abused) != 1 || abused[0].code != plain.code || abused[0].body != plain.body {
			t.Errorf("%s: %v instead of %v", c, abused, plain)
		}
		for name := range abused[0].header {
			if strings.HasPrefix(name, "X-Roles") || strings.HasPrefix(name, "X-Identity") {
				t.Errorf("%s is echoed", name)
			}
		}
	}
}
