package glance_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// sight is an image and who sees it: by its id (spec images-api 5.7) and in lists (5.5).
type sight struct {
	attrs  string // of an image of owner, unless they say something else
	member string // status of member's membership; "": none
	seen   string // callers, separated by blanks
	listed string
}

func sights() []sight {
	const everyone = "admin owner member stranger anonymous"
	return []sight{
		{`"visibility": "private"`, "", "admin owner", "admin owner"},
		{`"visibility": "private"`, "accepted", "admin owner", "admin owner"},
		{`"visibility": "shared"`, "", "admin owner", "admin owner"},
		{`"visibility": "shared"`, "pending", "admin owner member", "admin owner"},
		{`"visibility": "shared"`, "rejected", "admin owner member", "admin owner"},
		{`"visibility": "shared"`, "accepted", "admin owner member", "admin owner member"},
		{`"visibility": "community"`, "", everyone, "owner"},
		{`"visibility": "community"`, "accepted", everyone, "owner"},
		{`"visibility": "public"`, "", everyone, everyone},
		{`"visibility": "public"`, "pending", everyone, everyone},
		{`"visibility": "private", "owner": null`, "", everyone, "admin"},
		{`"visibility": "shared", "owner": null`, "", everyone, "admin"},
		{`"visibility": "shared", "owner": null`, "accepted", everyone, "admin member"},
		{`"visibility": "community", "owner": null`, "", everyone, ""},
		{`"visibility": "public", "owner": null`, "", everyone, everyone},
		{`"visibility": "community", "owner": "project-admin"`, "", everyone, "admin"},
		{`"visibility": "private", "owner": "project-admin"`, "", "admin", "admin"},
	}
}

// make makes the image of a row, with data.
func (f *fixture) make(row sight) string {
	f.t.Helper()
	attrs := row.attrs
	if !strings.Contains(attrs, "owner") {
		attrs += `, "owner": "project-owner"`
	}
	id := f.as(admin).store(attrs, "data")
	if row.member != "" {
		f.share(id, row.member)
	}
	return id
}

// Spec images-api 5.5, 5.7.
func TestVisibility(t *testing.T) {
	t.Parallel()
	f := start(t)
	ids := map[string]sight{}
	for _, row := range sights() {
		ids[f.make(row)] = row
	}
	for _, c := range everybody() {
		listed := f.as(c).get("/v2/images").ids()
		for id, row := range ids {
			code := http.StatusNotFound
			if slices.Contains(strings.Fields(row.seen), string(c)) {
				code = http.StatusOK
			}
			f.as(c).get("/v2/images/" + id).want(code)
			f.as(c).get("/v2/images/" + id + "/file").want(code)
			if want := slices.Contains(strings.Fields(row.listed), string(c)); slices.Contains(listed, id) != want {
				t.Errorf("%s lists %s, membership %q: %v", c, row.attrs, row.member, !want)
			}
		}
	}
}

// Spec images-api 5.5: an administrator without a project sees no community image in lists.
func TestVisibilityUnauthenticated(t *testing.T) {
	t.Parallel()
	f := start(t, unauthenticated)
	want := map[string]bool{}
	for _, visibility := range []string{"private", "shared", "community", "public"} {
		for _, owner := range []string{"null", `"project-owner"`} {
			id := f.plain().create(`"visibility": "private", "owner": ` + owner)
			f.exec("UPDATE images SET visibility = ? WHERE id = ?", visibility, id)
			f.plain().get("/v2/images/" + id).want(http.StatusOK)
			want[id] = visibility != "community"
		}
	}
	listed := f.plain().get("/v2/images").ids()
	for id, seen := range want {
		if slices.Contains(listed, id) != seen {
			t.Errorf("%s listed: %v", f.text("SELECT visibility FROM images WHERE id = ?", id), !seen)
		}
	}
}

// A membership that has ended, or that is somebody else's, shows nothing (spec images-api 5.5, 5.7).
func TestVisibilityOfFormerMember(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.make(sight{attrs: `"visibility": "shared"`, member: "accepted"})
	other := f.make(sight{attrs: `"visibility": "shared"`})
	f.as(member).get("/v2/images/" + id).want(http.StatusOK)
	f.as(member).get("/v2/images/" + other).want(http.StatusNotFound)
	f.exec("UPDATE image_members SET deleted = TRUE, deleted_at = '2017-08-01 10:00:00.000000'")
	f.as(member).get("/v2/images/" + id).want(http.StatusNotFound)
	f.as(member).get("/v2/images/" + id + "/file").want(http.StatusNotFound)
	if ids := f.as(member).get("/v2/images").ids(); len(ids) != 0 {
		t.Errorf("%v are listed", ids)
	}
}

// Spec images-api 2.4, 5.4: which states are shown, and to whom does not matter.
func TestStatusShown(t *testing.T) {
	t.Parallel()
	f := start(t)
	rows := []struct {
		status string
		shown  int
		listed bool
	}{
		{"queued", 200, true}, {"saving", 200, true}, {"uploading", 200, true}, {"importing", 200, true},
		{"active", 200, true},
		{"deactivated", 200, true}, {"killed", 200, false}, {"pending_delete", 404, false},
	}
	for _, row := range rows {
		id := f.as(owner).store("", "data")
		f.setStatus(id, row.status)
		for _, c := range []caller{admin, owner} {
			a := f.as(c).get("/v2/images/" + id).want(row.shown)
			if a.code == http.StatusOK && a.doc()["status"] != row.status {
				t.Errorf("%s is shown as %v", row.status, a.doc()["status"])
			}
			if slices.Contains(f.as(c).get("/v2/images").ids(), id) != row.listed {
				t.Errorf("%s: %s listed: %v", c, row.status, !row.listed)
			}
		}
	}
	gone := f.as(owner).store(`"visibility": "community"`, "data")
	f.as(owner).ask("DELETE /v2/images/"+gone, "").want(http.StatusNoContent)
	for _, c := range everybody() {
		f.as(c).get("/v2/images/" + gone).want(http.StatusNotFound)
		f.as(c).get("/v2/images/" + gone + "/file").want(http.StatusNotFound)
		if slices.Contains(f.as(c).get("/v2/images").ids(), gone) {
			t.Errorf("%s lists a deleted image", c)
		}
	}
}

// Spec security S25: what is not there and what is not shown cannot be told apart.
func TestSecExistenceOracles(t *testing.T) {
	t.Parallel()
	f := start(t)
	hidden := f.make(sight{attrs: `"visibility": "private", "name": "secret", "tags": ["secret"], "k": "secret"`})
	sum := f.text("SELECT checksum FROM images WHERE id = ?", hidden)
	queued := f.as(owner).create(`"visibility": "private", ` + formats)
	deleted := f.make(sight{attrs: `"visibility": "private"`})
	f.as(owner).ask("DELETE /v2/images/"+deleted, "").want(http.StatusNoContent)
	missing := numbered(999999)
	before := f.state()
	for _, c := range []caller{member, stranger, anonymous} {
		for _, line := range []string{
			"GET /v2/images/%", "DELETE /v2/images/%", "GET /v2/images/%/file", "PUT /v2/images/%/file",
			"GET /v2/images?marker=%", "PATCH /v2/images/%",
		} {
			want := f.as(c).ask(strings.Replace(line, "%", missing, 1), "", octets, "Accept: application/json")
			for _, id := range []string{hidden, queued, deleted} {
				got := f.as(c).ask(strings.Replace(line, "%", id, 1), "", octets, "Accept: application/json").want(want.code).wantBody(want.body)
				if len(got.header) != len(want.header) {
					t.Errorf("%s: headers differ: %v", line, got.header)
				}
			}
		}
	}
	for _, c := range []caller{member, stranger, anonymous} {
		for _, q := range []string{"id=%", "id=in:%,x", "id=%&visibility=private", "id=%&status=deleted", "marker=%&id=%", "limit=1&id=%&deleted=true", "sort=id&id=%"} {
			want := f.as(c).get("/v2/images?" + strings.ReplaceAll(q, "%", missing))
			for _, id := range []string{hidden, queued, deleted} {
				got := f.as(c).get("/v2/images?" + strings.ReplaceAll(q, "%", id)).want(want.code)
				got.body = strings.ReplaceAll(got.body, id, missing) // in the links
				got.wantBody(want.body)
			}
		}
		for _, q := range []string{"owner=project-owner", "checksum=" + sum, "size=4", "name=secret", "tag=secret", "k=secret", "member_status=all&visibility=private"} {
			if got := f.as(c).get("/v2/images?" + q).ids(); len(got) != 0 {
				t.Errorf("%s finds %v by %s", c, got, q)
			}
		}
	}
	if f.state() != before {
		t.Error("something has changed")
	}
}
