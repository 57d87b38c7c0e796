package glance_test

import (
	"net/http"
	"strings"
	"testing"
)

// Spec images-api 13: every rule that these calls ask, when it refuses. Nothing else refuses the call.
func TestPolicies(t *testing.T) {
	t.Parallel()
	const create, list = "POST /v2/images", "GET /v2/images"
	rows := []struct {
		rule, line, body string // % is the id of an active image, # that of a queued one, both owner's
	}{
		{"add_image", create, "{}"},
		{"publicize_image", create, `{"visibility": "public"}`},
		{"communitize_image", create, `{"visibility": "community"}`},
		{"get_images", list, ""},
		{"get_images", list + "?limit=0", ""},
		{"get_images", list + "?marker=missing", ""},
		{"get_image", "GET /v2/images/%", ""},
		{"get_image", "GET /v2/images/missing", ""},
		{"get_image", "GET /v2/images/%/file", ""},
		{"get_image", "PUT /v2/images/#/file", "data"},
		{"get_image", "PUT /v2/images/missing/file", "data"},
		{"get_image", "DELETE /v2/images/%", ""},
		{"get_image", "DELETE /v2/images/missing", ""},
		{"download_image", "GET /v2/images/%/file", ""},
		{"download_image", "GET /v2/images/#/file", ""},
		{"modify_image", "PUT /v2/images/#/file", "data"},
		{"upload_image", "PUT /v2/images/#/file", "data"},
		{"delete_image", "DELETE /v2/images/%", ""},
		{"delete_image", "DELETE /v2/images/#", ""},
	}
	for _, r := range rows {
		f := start(t, rules("publicize_image", "", r.rule, ""))
		if a := f.as(admin).ask(f.fill(r.line), r.body, octets); a.code == http.StatusForbidden {
			t.Errorf("%s is refused although %s allows it", r.line, r.rule)
		}
		for _, refusal := range []string{"!", "project_id:%(missing)s"} {
			f := start(t, rules(r.rule, refusal))
			line := f.fill(r.line)
			before := f.state()
			f.as(admin).ask(line, r.body, octets).want(http.StatusForbidden)
			if f.state() != before {
				t.Errorf("%s: something has changed", r.line)
			}
		}
	}
}

// fill makes the images that a line of TestPolicies names, past every policy.
func (f *fixture) fill(line string) string {
	f.t.Helper()
	active, queued := numbered(900), numbered(901)
	for id, status := range map[string]string{active: "active", queued: "queued"} {
		f.exec(`INSERT INTO images (id, status, visibility, owner, disk_format, container_format, min_disk, min_ram, created_at, updated_at, deleted)
			VALUES (?, ?, 'private', 'project-owner', 'raw', 'bare', 0, 0, '2017-08-01 10:00:00.000000', '2017-08-01 10:00:00.000000', FALSE)`, id, status)
	}
	return strings.NewReplacer("%", active, "#", queued).Replace(line)
}

// Spec images-api 13: a get_image rule that needs the image tells strangers nothing.
func TestGetImageRuleWithAttributes(t *testing.T) {
	t.Parallel()
	f := start(t, rules("get_image", "project_id:%(owner)s"))
	private, public := f.as(owner).store(`"visibility": "private"`, "data"), f.as(owner).store(`"visibility": "community"`, "data")
	f.as(owner).get("/v2/images/" + private).want(http.StatusOK)
	for _, c := range []caller{stranger, member} {
		for _, id := range []string{private, public, "missing", numbered(999)} {
			f.as(c).get("/v2/images/" + id).want(http.StatusForbidden)
			f.as(c).get("/v2/images/" + id + "/file").want(http.StatusForbidden)
			f.as(c).put(id, "x").want(http.StatusForbidden)
			f.as(c).ask("DELETE /v2/images/"+id, "").want(http.StatusForbidden)
		}
	}
	f.as(owner).get("/v2/images/missing").want(http.StatusForbidden)
	// Lists do not ask it (spec images-api 13).
	if ids := f.as(owner).get("/v2/images").ids(); len(ids) != 2 {
		t.Errorf("%v are listed", ids)
	}
	// An administrator has no rule of his own.
	f.as(admin).get("/v2/images/" + private).want(http.StatusForbidden)
}

// Spec images-api 13: a target that no rule names falls to the default.
func TestPolicyDefault(t *testing.T) {
	t.Parallel()
	f := start(t, onlyRule("default", "role:admin"))
	f.as(admin).ask("POST /v2/images", `{"visibility": "public"}`).want(http.StatusCreated)
	f.as(owner).ask("POST /v2/images", "{}").want(http.StatusForbidden)
	f.as(owner).get("/v2/images").want(http.StatusForbidden)
	closed := start(t, onlyRule("context_is_admin", "role:admin"))
	closed.as(admin).get("/v2/images").want(http.StatusForbidden)
}

// Spec security P94: what no rule decides is denied.
func TestSecUnknownRuleDenied(t *testing.T) {
	t.Parallel()
	f := start(t, onlyRule("default", "!"))
	id := f.fill("%")
	for _, c := range everybody() {
		f.as(c).ask("POST /v2/images", "{}").want(http.StatusForbidden)
		f.as(c).put(id, "data").want(http.StatusForbidden)
		for _, line := range []string{
			"GET /v2/images", "GET /v2/images/" + id, "GET /v2/images/" + id + "/file", "DELETE /v2/images/" + id,
		} {
			f.as(c).ask(line, "").want(http.StatusForbidden)
		}
	}
}

// Spec security P15: rules see what is stored, and no property stands in for an attribute or a credential.
func TestSecPolicyTargetNotFromBody(t *testing.T) {
	t.Parallel()
	f := start(t, rules("download_image", "project_id:%(owner)s", "delete_image", "'private':%(visibility)s", "upload_image", "False:%(protected)s",
		"add_image", "project_id:%(owner)s"))
	claims := `"project_id": "project-stranger", "tenant": "project-stranger", "user_id": "user-stranger", "is_admin": "True",
		"roles": "admin", "Owner": "project-stranger"`
	if f.mariadb() { // it cannot hold the property owner, which is added below, beside Owner
		claims = strings.Replace(claims, `"Owner"`, `"Owner_"`, 1)
	}
	id := f.as(owner).store(`"visibility": "community", `+claims, "data")
	protected := f.as(owner).create(`"protected": true, ` + formats)
	for _, image := range []string{id, protected} {
		for name, value := range map[string]string{"owner": "project-stranger", "visibility": "private", "protected": "False", "status": "queued"} {
			f.exec(`INSERT INTO image_properties (image_id, name, value, created_at, deleted)
				VALUES (?, ?, ?, '2017-08-01 10:00:00.000000', FALSE)`, image, name, value)
		}
	}
	before := f.state()
	f.as(stranger).get("/v2/images/" + id + "/file").want(http.StatusForbidden)
	f.as(stranger).ask("GET /v2/images/"+id+"/file?owner=project-stranger", "", "X-Owner: project-stranger").want(http.StatusForbidden)
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusForbidden)
	f.as(owner).put(protected, "data").want(http.StatusForbidden)
	f.as(owner).put(id, "data").want(http.StatusConflict)
	f.as(admin).ask("POST /v2/images", `{"owner": "project-x", "project_id": "project-admin"}`).want(http.StatusForbidden)
	if f.state() != before {
		t.Error("something has changed")
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK)
}
