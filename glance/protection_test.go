package glance_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"goglance/glance"
	"goglance/glance/protect"
)

// guarded lets owner do to a property what its name says, and admin everything.
const guarded = `
[^x_none]
create = admin
read = admin
update = admin
delete = admin
[^x_read]
create = admin
read = admin, member
update = admin
delete = admin
[^x_update]
create = admin
read = admin, member
update = admin, member
delete = admin
[^x_delete]
create = admin
read = admin, member
update = admin
delete = admin, member
[^x_blind]
create = admin, member
read = admin
update = admin
delete = admin
[^free]
create = @
read = @
update = @
delete = @
`

// protecting puts the rules before properties.
func protecting(c *glance.Config) {
	rules, err := protect.Parse(strings.NewReader(guarded), protect.Roles)
	if err != nil {
		panic(err) // a mistake in the test
	}
	c.Protect = rules
}

func guardedProperties() string {
	return `"x_none": "0", "x_read": "1", "x_update": "2", "x_delete": "3", "x_blind": "4", "free": "5"`
}

// Spec images-api 12.2, row by row: what is not allowed is refused, and what cannot be read looks absent.
func TestPropertyProtections(t *testing.T) {
	t.Parallel()
	f := start(t, protecting)
	id := f.as(admin).create(`"owner": "project-owner", ` + guardedProperties())
	rows := []struct {
		op, name string
		code     int
	}{
		{"replace", "x_none", http.StatusConflict}, {"remove", "x_none", http.StatusConflict}, {"add", "x_none", http.StatusForbidden},
		{"replace", "x_read", http.StatusForbidden}, {"remove", "x_read", http.StatusForbidden}, {"add", "x_read", http.StatusForbidden},
		{"replace", "x_blind", http.StatusConflict}, {"remove", "x_blind", http.StatusConflict},
		{"remove", "x_update", http.StatusForbidden}, {"replace", "x_delete", http.StatusForbidden}, {"add", "x_delete", http.StatusForbidden},
		{"add", "x_read_new", http.StatusForbidden}, {"add", "unmatched", http.StatusForbidden}, {"replace", "unmatched", http.StatusConflict},
	}
	before := f.state()
	for _, row := range rows {
		value := `"new"`
		if row.op == "remove" {
			value = ""
		}
		f.as(owner).patch(v21, id, v21.op(row.op, "/"+row.name, value)).want(row.code)
	}
	// The old dialect's add says that what can be read is there.
	f.as(owner).patch(v20, id, v20.op("add", "/x_read", `"new"`)).want(http.StatusConflict)
	for _, name := range []string{"x_none", "x_read", "x_update", "unmatched"} {
		f.as(owner).ask("POST /v2/images", `{"`+name+`": "v"}`).want(http.StatusForbidden)
	}
	f.as(admin).ask("POST /v2/images", `{"unmatched": "v"}`).want(http.StatusForbidden)
	f.unchanged(before)
	doc := f.as(owner).patch(v21, id, v21.op("add", "/x_update", `"new"`), v21.op("remove", "/x_delete", ""), v21.op("add", "/x_blind_too", `"v"`),
		v21.op("replace", "/free", `"new"`)).want(http.StatusOK).doc()
	for name, want := range map[string]any{
		"x_none": nil, "x_read": "1", "x_update": "new", "x_delete": nil, "x_blind": nil, "x_blind_too": nil, "free": "new",
	} {
		if doc[name] != want {
			t.Errorf("%s is %v, want %v", name, doc[name], want)
		}
	}
	if seen := f.as(admin).get("/v2/images/" + id).doc(); seen["x_none"] != "0" || seen["x_blind_too"] != "v" || seen["x_blind"] != "4" {
		t.Errorf("the administrator sees %v", seen)
	}
}

// Spec security S24: what a caller cannot read survives whatever he does.
func TestSecHiddenPropertySurvivesUpdate(t *testing.T) {
	t.Parallel()
	f := start(t, protecting)
	id := f.as(admin).create(`"owner": "project-owner", ` + guardedProperties() + ", " + formats)
	o := f.as(owner)
	o.patch(v21, id, v21.op("replace", "/name", `"new"`)).want(http.StatusOK)
	o.ask("PUT /v2/images/"+id+"/tags/new", "").want(http.StatusNoContent)
	o.put(id, "data").want(http.StatusNoContent)
	o.ask("POST /v2/images/"+id+"/actions/deactivate", "").want(http.StatusNoContent)
	o.ask("DELETE /v2/images/"+id+"/tags/new", "").want(http.StatusNoContent)
	if seen := f.as(admin).get("/v2/images/" + id).doc(); seen["x_none"] != "0" || seen["x_blind"] != "4" {
		t.Errorf("left is %v", seen)
	}
}

// Spec security P66: a property that some may not read is missing from what they see and spoils no list.
func TestSecListSurvivesHiddenAttribute(t *testing.T) {
	t.Parallel()
	f := start(t, protecting)
	for _, name := range []string{"x_none", "free"} {
		f.as(admin).create(`"visibility": "public", "` + name + `": "value"`)
	}
	for _, who := range everybody() {
		list := f.as(who).get("/v2/images")
		if n := len(list.ids()); n != 2 || strings.Contains(list.body, "x_none") != (who == admin) || !strings.Contains(list.body, `"free": "value"`) {
			t.Errorf("%s sees %d images: %s", who, n, list.body)
		}
	}
}

// Spec security S23: a list does not tell the value of what cannot be read.
func TestSecProtectedPropertyFilterOracle(t *testing.T) {
	t.Parallel()
	f := start(t, protecting)
	f.as(admin).create(`"visibility": "public", "x_none": "secret", "x_read": "open"`)
	for filter, want := range map[string]int{"x_none=secret": 0, "x_none=wrong": 0, "x_read=open": 1, "unmatched=x": 0} {
		if n := len(f.as(owner).get("/v2/images?" + filter).ids()); n != want {
			t.Errorf("%s lists %d images to the owner", filter, n)
		}
	}
	if n := len(f.as(admin).get("/v2/images?x_none=secret").ids()); n != 1 {
		t.Errorf("the administrator finds %d images", n)
	}
}

// Two patches at once on different properties both survive, and the tag quota holds (spec security S71).
func TestPatchesAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create(formats)
	const n = 8
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			f.as(owner).patch(v21, id, v21.op("add", fmt.Sprintf("/p%d", i), `"v"`)).want(http.StatusOK)
		})
	}
	wg.Wait()
	doc := f.as(owner).get("/v2/images/" + id).doc()
	for i := range n {
		if doc[fmt.Sprintf("p%d", i)] != "v" {
			t.Errorf("p%d is lost", i)
		}
	}
}
