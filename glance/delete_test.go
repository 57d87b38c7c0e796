package glance_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"goglance/glance"
	"goglance/glance/fault"
	"goglance/glance/store"
)

// Spec images-api 10 check 11: what is gone, and what stays.
func TestDelete(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store(`"name": "n", "k": "v", "tags": ["a"]`, "data")
	f.share(id, "accepted")
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent).wantBody("").wantHeader("Content-Type", "")
	if files := f.files(); len(files) != 0 {
		t.Errorf("the store still has %v", files)
	}
	for _, table := range []string{"image_properties", "image_tags", "image_members", "image_locations"} {
		if got := f.text("SELECT COUNT(*) FROM "+table+" WHERE image_id = ? AND deleted AND deleted_at IS NOT NULL", id); got != "1" {
			t.Errorf("%s has %s deleted rows", table, got)
		}
	}
	if got := f.text("SELECT status FROM images WHERE id = ? AND deleted AND deleted_at = '2017-08-01 10:00:00.000000'", id); got != "deleted" {
		t.Errorf("the image is %q", got)
	}
	for _, c := range everybody() {
		for _, line := range []string{"GET /v2/images/" + id, "GET /v2/images/" + id + "/file", "DELETE /v2/images/" + id} {
			code := http.StatusNotFound
			if c == anonymous && strings.HasPrefix(line, "DELETE") {
				code = http.StatusForbidden
			}
			f.as(c).ask(line, "").want(code)
		}
	}
	f.as(owner).put(id, "again").want(http.StatusNotFound)
}

// Spec images-api 10, 6.2: from which state, with and without data.
func TestDeleteByStatus(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, status := range []string{"queued", "saving", "uploading", "importing", "active", "killed", "deactivated"} {
		for _, c := range []caller{admin, owner} {
			full, empty := f.as(owner).store("", "data"), f.as(owner).create("")
			f.setStatus(full, status)
			f.setStatus(empty, status)
			for _, id := range []string{full, empty} {
				f.as(c).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
				f.as(c).get("/v2/images/" + id).want(http.StatusNotFound)
				if got := f.status(id); got != "deleted" {
					t.Errorf("from %s: the status is %s", status, got)
				}
			}
			if files := f.files(); len(files) != 0 {
				t.Errorf("from %s: the store still has %v", status, files)
			}
		}
	}
	for _, status := range []string{"pending_delete", "deleted"} {
		id := f.as(owner).store("", "data")
		f.exec("UPDATE images SET status = ?, deleted = ? WHERE id = ?", status, status == "deleted", id)
		f.as(admin).ask("DELETE /v2/images/"+id, "").want(http.StatusNotFound)
		f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNotFound)
	}
	if files := f.files(); len(files) != 2 {
		t.Errorf("data of images that were not found is gone: %v", files)
	}
}

// Spec images-api 10 checks 1 to 7: a refusal changes nothing.
func TestDeleteRefused(t *testing.T) {
	t.Parallel()
	rows := []struct {
		attrs   string // of owner's image
		rule    string // of the policy that is "!"
		by      caller
		body    string
		code    int
		missing int // the code for an id that is not there
	}{
		{`"visibility": "public"`, "", owner, "x", 400, 404},
		{`"visibility": "public"`, "", anonymous, "x", 400, 403},
		{`"visibility": "public"`, "", anonymous, "", 403, 403},
		{`"visibility": "private"`, "", anonymous, "", 403, 403},
		{`"visibility": "private"`, "", stranger, "", 404, 404},
		{`"visibility": "shared"`, "", stranger, "", 404, 404},
		{`"visibility": "shared", "protected": true`, "", stranger, "", 404, 404},
		{`"visibility": "shared"`, "get_image", owner, "", 403, 403},
		{`"visibility": "shared"`, "get_image", stranger, "", 403, 403},
		{`"visibility": "shared"`, "", member, "", 403, 404},
		{`"visibility": "public"`, "", stranger, "", 403, 404},
		{`"visibility": "community"`, "", stranger, "", 403, 404},
		{`"visibility": "private"`, "delete_image", owner, "", 403, 404},
		{`"visibility": "private"`, "delete_image", admin, "", 403, 404},
		{`"visibility": "private", "protected": true`, "", owner, "", 403, 404},
		{`"visibility": "private", "protected": true`, "", admin, "", 403, 404},
	}
	for _, r := range rows {
		f := start(t, rules(r.rule, "!"))
		id := f.as(admin).create(r.attrs + `, "owner": "project-owner"`)
		f.setStatus(id, "active")
		f.share(id, "accepted")
		before := f.state()
		f.as(r.by).ask("DELETE /v2/images/"+id, r.body).want(r.code)
		f.as(r.by).ask("DELETE /v2/images/missing", "").want(r.missing)
		if f.state() != before {
			t.Errorf("%s, %s: something has changed", r.attrs, r.by)
		}
	}
}

// Spec security P02: nobody deletes what is another's, whether he sees it or not.
func TestSecDeleteV2ForeignImageKeepsData(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, visibility := range []string{"public", "community", "shared", "private"} {
		id := f.as(admin).store(`"owner": "project-owner", "visibility": "`+visibility+`"`, "data")
		f.share(id, "accepted")
		before := f.state()
		for _, c := range []caller{member, stranger, anonymous} {
			code := http.StatusForbidden
			if c != anonymous && (visibility == "private" || visibility == "shared" && c == stranger) {
				code = http.StatusNotFound
			}
			f.as(c).ask("DELETE /v2/images/"+id, "").want(code)
		}
		if f.state() != before {
			t.Errorf("%s: something has changed", visibility)
		}
		f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
	}
}

// Spec images-api 10 checks 9 and 10: when the store does not let go, the image stays as it was.
func TestDeleteRefusedByStore(t *testing.T) {
	t.Parallel()
	rows := []struct {
		err  error
		code int
	}{
		{fault.New(fault.Forbidden, "locked"), 403}, {fault.New(fault.Conflict, "in use"), 409},
		{fault.New(fault.Unavailable, "away"), 503},
		{errors.New("broken"), 500}, {fault.New(fault.NotFound, "gone"), 204},
	}
	for _, r := range rows {
		b := &broken{}
		f := start(t, breakable(b))
		id := f.as(owner).store(`"k": "v"`, "data")
		before := f.state()
		b.remove = r.err
		f.as(owner).ask("DELETE /v2/images/"+id, "").want(r.code)
		if r.code == http.StatusNoContent {
			f.as(owner).get("/v2/images/" + id).want(http.StatusNotFound)
			continue
		}
		if after := f.state(); after != before {
			t.Errorf("%v: before %s\nafter %s", r.err, before, after)
		}
		f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
		b.remove = nil
		f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
		if files := f.files(); len(files) != 0 {
			t.Errorf("the store still has %v", files)
		}
	}
}

// Spec images-api 10: data that is gone already, and a store that cannot delete.
func TestDeleteWithoutStore(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store("", "data")
	f.must(os.Remove(f.object(id)))
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	if got := f.status(id); got != "deleted" {
		t.Errorf("the status is %s", got)
	}
	g := start(t, func(c *glance.Config) { only(c, struct{ store.Driver }{c.Stores.Default().Driver}) })
	id = g.as(owner).create(formats)
	g.exec(`INSERT INTO image_locations (image_id, value, created_at, deleted, status)
		VALUES (?, 'file:///nowhere', '2017-08-01 10:00:00.000000', FALSE, 'active')`, id)
	g.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	if got := g.status(id); got != "deleted" || !strings.Contains(g.logged(), "cannot delete") {
		t.Errorf("the status is %s, the log %s", got, g.logged())
	}
}
