package glance_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// act deactivates or reactivates an image.
func (c client) act(action, id string) answer {
	c.t.Helper()
	return c.ask("POST /v2/images/"+id+"/actions/"+action, "")
}

// Spec images-api 6.3, 7.4: the data is withheld and given free again; a change that is none changes nothing.
func TestDeactivate(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	id := c.store(`"visibility": "community"`, "data")
	shows := func(status string, data int) {
		t.Helper()
		for _, who := range everybody() {
			if got := f.as(who).get("/v2/images/" + id).want(http.StatusOK).doc()["status"]; got != status {
				t.Errorf("%s sees status %v", who, got)
			}
			want := data
			if who == admin {
				want = http.StatusOK
			}
			f.as(who).get("/v2/images/" + id + "/file").want(want)
		}
	}
	still := f.state()
	c.act("reactivate", id).want(http.StatusNoContent).wantBody("").wantHeader("Content-Type", "")
	f.unchanged(still)
	f.clock.add(time.Hour)
	c.act("deactivate", id).want(http.StatusNoContent).wantBody("")
	shows("deactivated", http.StatusForbidden)
	if got := c.get("/v2/images/" + id).doc()["updated_at"]; got != "2017-08-01T11:00:00Z" {
		t.Errorf("updated at %v", got)
	}
	f.clock.add(time.Hour)
	still = f.state()
	c.act("deactivate", id).want(http.StatusNoContent)
	f.unchanged(still)
	c.act("reactivate", id).want(http.StatusNoContent)
	shows("active", http.StatusOK)
}

// Spec images-api 4.5, 12: what a caller does not see of an image he changes stays.
func TestChangesOfDeactivated(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	id := c.store(`"k": "v"`, "data")
	c.act("deactivate", id).want(http.StatusNoContent)
	c.patch(v21, id, v21.op("replace", "/name", `"x"`), v21.op("remove", "/k", ""), v21.op("replace", "/protected", "true")).want(http.StatusOK)
	c.ask("PUT /v2/images/"+id+"/tags/a", "").want(http.StatusNoContent)
	c.patch(v21, id, v21.op("replace", "/disk_format", `"iso"`)).want(http.StatusForbidden)
	c.put(id, "other").want(http.StatusConflict)
	c.act("reactivate", id).want(http.StatusNoContent)
	c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
	c.patch(v21, id, v21.op("replace", "/protected", "false")).want(http.StatusOK)
	c.act("deactivate", id).want(http.StatusNoContent)
	c.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	if files := f.files(); len(files) != 0 {
		t.Errorf("the store has %v", files)
	}
}

// TestActionCallers: who may, whatever the visibility (spec images-api 6.3).
func TestActionCallers(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, row := range sights() {
		id := f.make(row)
		for _, who := range everybody() {
			mine := who == admin || who == owner && !strings.Contains(row.attrs, `"owner"`)
			code := http.StatusNoContent
			switch {
			case who == anonymous:
				code = http.StatusForbidden
			case !slices.Contains(strings.Fields(row.seen), string(who)):
				code = http.StatusNotFound
			case !mine:
				code = http.StatusForbidden
			}
			for _, action := range []string{"deactivate", "reactivate"} {
				before := f.rows(id)
				f.as(who).ask("POST /v2/images/"+id+"/actions/"+action, "{}").want(http.StatusBadRequest)
				if code != http.StatusNoContent {
					f.as(who).act(action, id).want(code)
				}
				if f.rows(id) != before {
					t.Errorf("%s, %s: something has changed", row.attrs, who)
				}
				if code == http.StatusNoContent {
					f.as(who).act(action, id).want(code)
				}
			}
			if got := f.status(id); got != "active" {
				t.Errorf("%s, %s: the image is %s", row.attrs, who, got)
			}
		}
	}
}

// Spec images-api 6.3, 13: the order of rules and status.
func TestActionPolicies(t *testing.T) {
	t.Parallel()
	rows := []struct {
		rule, action, status string
		code                 int
	}{
		{"deactivate", "deactivate", "active", 403}, {"deactivate", "deactivate", "deactivated", 403}, {"deactivate", "reactivate", "deactivated", 204},
		{"reactivate", "reactivate", "deactivated", 403}, {"reactivate", "reactivate", "active", 403}, {"reactivate", "deactivate", "active", 204},
		{"get_image", "deactivate", "active", 403}, {"get_image", "reactivate", "active", 403},
		{"modify_image", "deactivate", "active", 403}, {"modify_image", "reactivate", "deactivated", 403},
		{"modify_image", "deactivate", "deactivated", 204}, {"modify_image", "reactivate", "active", 204}, {"", "deactivate", "queued", 403},
	}
	for _, r := range rows {
		for _, who := range []caller{owner, admin} {
			f := start(t, rules(r.rule, "!"))
			f.fill("")
			id := numbered(900)
			f.setStatus(id, r.status)
			before := f.state()
			f.as(who).act(r.action, id).want(r.code)
			if r.code == http.StatusForbidden || strings.HasPrefix(r.status, strings.TrimSuffix(r.action, "ate")) {
				f.unchanged(before)
			}
		}
	}
}

// Both at once end in one of the two states, and nobody is told that it is a failure of the server.
func TestActionRace(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store("", "data")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if a := f.as(owner).act([]string{"deactivate", "reactivate"}[i%2], id); a.code != http.StatusNoContent && a.code != http.StatusConflict {
				a.want(http.StatusNoContent)
			}
		})
	}
	all.Wait()
	if got := f.status(id); got != "active" && got != "deactivated" {
		t.Errorf("the image is %s", got)
	}
	f.as(owner).act("reactivate", id).want(http.StatusNoContent)
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
}
