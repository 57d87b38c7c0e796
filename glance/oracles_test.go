package glance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"goglance/glance"
)

// Spec security S25: whatever call it is, with whatever body, nobody can tell an image that is hidden from him, in whatever
// state it is, from one that is not there; also where the policy asks for attributes of the image.
func TestSecExistenceOraclesOfAllCalls(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"", "project_id:%(owner)s", "'private':%(visibility)s or role:admin"} {
		f := start(t, rules("get_image", rule), func(c *glance.Config) {
			c.Options.ShowLocations, c.Options.MemberQuota, c.Options.TagQuota = true, 1, 1
		})
		var hidden []string
		for _, state := range append(states(), "pending_delete") {
			attrs := `"visibility": "private", "tags": ["old"], "protected": true, "owner": "project-owner", "container_format": "bare", "disk_format": "raw"`
			id := f.as(admin).create(attrs)
			f.exec(`INSERT INTO image_locations (image_id, value, created_at, deleted, status)
				VALUES (?, 'file:///nowhere', '2017-08-01 10:00:00.000000', FALSE, 'active')`, id)
			f.share(id, "accepted") // as long as it is private that means nothing
			f.setStatus(id, state)
			hidden = append(hidden, id)
		}
		missing := numbered(999999)
		before := f.state()
		for _, who := range []caller{member, stranger, anonymous} {
			for _, c := range calls() {
				ask := func(id string) answer {
					a := f.as(who).ask(fmt.Sprintf(c.line, id), c.body, append(c.headers, "Accept: application/json")...)
					a.body = strings.ReplaceAll(a.body, id, "ID")
					return a
				}
				want := ask(missing)
				for _, id := range hidden {
					got := ask(id).want(want.code).wantBody(want.body)
					for name := range want.header {
						if name != "X-Openstack-Request-Id" && name != "Date" && got.header.Get(name) != want.header.Get(name) {
							t.Errorf("%s by %s: %s is %q, not %q", c.name, who, name, got.header.Get(name), want.header.Get(name))
						}
					}
				}
			}
		}
		f.unchanged(before)
	}
}

// Spec images-api 3.6 check 16, security S25: that an id is taken is the one thing that is told, and nothing about whose.
func TestSecTakenID(t *testing.T) {
	t.Parallel()
	f := start(t)
	private := f.as(owner).store(`"visibility": "private", "name": "secret"`, "data")
	deleted := f.as(owner).create("")
	f.as(owner).ask("DELETE /v2/images/"+deleted, "").want(http.StatusNoContent)
	mine := f.as(stranger).create("")
	before := f.state()
	var bodies []string
	for _, id := range []string{private, deleted, mine} {
		a := f.as(stranger).ask("POST /v2/images", `{"id": "`+id+`", "name": "x", "tags": ["t"], "k": "v"}`).want(http.StatusConflict)
		bodies = append(bodies, strings.ReplaceAll(a.body, id, "ID"))
	}
	if bodies[0] != bodies[1] || bodies[0] != bodies[2] {
		t.Errorf("the answers differ: %q", bodies)
	}
	f.unchanged(before)
}

// Spec images-api 11: what was within a quota before the operator lowered it stays, can be taken away, and nothing is added.
func TestLoweredQuotas(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "data", "c", "data"))
	id := f.as(owner).create(formats + `, "tags": ["a", "b", "c"], "p": "1", "q": "2", "r": "3"`)
	f.as(owner).patch(v21, id, located("mem://a", "{}"), located("mem://b", "{}")).want(http.StatusOK)
	f.as(owner).invite(id, "x", "y", "z")
	low := f.second(func(c *glance.Config) {
		c.Options.TagQuota, c.Options.MemberQuota, c.Options.PropertyQuota, c.Options.LocationQuota, c.Options.UserStorageQuota = 1, 1, 1, 1, "5"
	})
	c, path := low.as(owner), "/v2/images/"+id
	before := f.state()
	const over = http.StatusRequestEntityTooLarge
	c.ask("PUT "+path+"/tags/d", "").want(over)
	c.ask("POST "+path+"/members", `{"member": "w"}`).want(over)
	c.patch(v21, id, v21.op("add", "/s", `"4"`)).want(over)
	c.patch(v21, id, v21.op("add", "/s", `"4"`), v21.op("remove", "/p", "")).want(over)
	c.patch(v21, id, v21.op("replace", "/tags", `["a", "b"]`)).want(over)
	c.patch(v21, id, located("mem://c", "{}")).want(over)
	c.patch(v21, id, v21.op("remove", "/locations/0", ""), located("mem://c", "{}")).want(over)
	c.patch(v21, id, v21.op("replace", "/locations", `[{"url": "mem://b", "metadata": {}}, {"url": "mem://a", "metadata": {}}]`)).want(over)
	c.put(c.create(formats), "data").want(over)
	c.ask("DELETE /v2/images/"+f.text("SELECT id FROM images WHERE status = 'queued'"), "").want(http.StatusNoContent)
	f.exec("DELETE FROM images WHERE status = 'deleted'")
	f.unchanged(before)
	c.patch(v21, id, v21.op("replace", "/p", `"one"`), v21.op("add", "/q", `"two"`), v21.op("replace", "/name", `"n"`)).want(http.StatusOK)
	c.patch(v21, id, v21.op("remove", "/p", "")).want(http.StatusOK)
	c.ask("DELETE "+path+"/tags/a", "").want(http.StatusNoContent)
	c.ask("DELETE "+path+"/members/x", "").want(http.StatusNoContent)
	low.as(admin).ask("PUT "+path+"/members/y", `{"status": "accepted"}`).want(http.StatusOK)
	c.patch(v21, id, v21.op("remove", "/locations/0", "")).want(http.StatusOK)
	c.ask("POST "+path+"/actions/deactivate", "").want(http.StatusNoContent)
	c.ask("DELETE "+path, "").want(http.StatusNoContent)
}
