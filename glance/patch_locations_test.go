package glance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/fault"
)

// badLocations are values that the schema does not take for a location (spec images-api 3.1).
func badLocations() []string {
	return []string{
		"null", "5", `"x"`, "true", "[]", "{}", `{"url": "x"}`, `{"metadata": {}}`, `{"url": 5, "metadata": {}}`, `{"url": null, "metadata": {}}`,
		`{"url": "x", "metadata": null}`, `{"url": "x", "metadata": []}`, `{"url": "x", "metadata": "y"}`, `{"URL": "x", "metadata": {}}`,
		`{"url": "` + strings.Repeat("x", 256) + `", "metadata": {}}`, `[{"url": "x", "metadata": {}}]`,
	}
}

// Spec images-api 4.2 check 11: what is no location is refused before the image is looked up, and before the option.
func TestPatchLocationValues(t *testing.T) {
	t.Parallel()
	for _, shown := range []bool{false, true} {
		f := start(t, func(c *glance.Config) { c.Options.ShowLocations = shown })
		id := f.as(owner).store("", "data")
		before := f.state()
		for _, d := range dialects() {
			for _, value := range badLocations() {
				for _, target := range []string{id, "missing"} {
					for _, position := range []string{"-", "0", "x"} {
						f.as(owner).patch(d, target, d.op("add", "/locations/"+position, value)).want(http.StatusBadRequest)
					}
					f.as(anonymous).patch(d, target, d.op("replace", "/locations", "["+value+"]")).want(http.StatusBadRequest)
					if value != "[]" && !strings.HasPrefix(value, "[{") {
						f.as(owner).patch(d, target, d.op("replace", "/locations", value)).want(http.StatusBadRequest)
					}
				}
			}
		}
		f.unchanged(before)
	}
}

// Spec images-api 4.5: the order of option, status, last location and position.
func TestPatchLocationPositions(t *testing.T) {
	t.Parallel()
	const location = `{"url": "http://127.0.0.1:1/x", "metadata": {}}`
	bad := []string{"x", "-1", "+1", "1.0", "1e0", "0x1", "--", "~1", "~0", "\uff11", "1_0", "1 0"}
	for _, shown := range []bool{false, true} {
		f := start(t, func(c *glance.Config) { c.Options.ShowLocations = shown })
		choose := func(code int) int {
			if !shown {
				return http.StatusForbidden
			}
			return code
		}
		queued, active, saving := f.as(owner).create(formats), f.as(owner).store("", "data"), f.as(owner).create(formats)
		f.setStatus(saving, "saving")
		two := f.as(owner).store("", "data")
		f.exec(`INSERT INTO image_locations (image_id, value, meta_data, created_at, deleted, status)
			VALUES (?, 'http://127.0.0.1:1/y', '{}', '2017-08-01 10:00:00.000000', FALSE, 'active')`, two)
		before := f.state()
		for _, d := range dialects() {
			for _, position := range append(bad, "2", "99999999999", "99999999999999999999999999") {
				add, remove := d.op("add", "/locations/"+position, location), d.op("remove", "/locations/"+position, "")
				f.as(owner).patch(d, queued, add).want(choose(400)) // for the position, or for the host
				f.as(owner).patch(d, active, add).want(choose(400))
				f.as(owner).patch(d, saving, add).want(choose(409))
				f.as(owner).patch(d, "missing", add).want(404)
				f.as(owner).patch(d, queued, remove).want(choose(409))
				f.as(owner).patch(d, active, remove).want(choose(403))
				f.as(owner).patch(d, two, remove).want(choose(400))
				f.as(owner).patch(d, "missing", remove).want(404)
				f.as(anonymous).patch(d, two, remove).want(403)
				f.as(stranger).patch(d, two, remove).want(404)
			}
			for _, id := range []string{queued, active, two, saving} {
				f.as(owner).patch(d, id, d.op("replace", "/locations", "[]")).want(http.StatusForbidden)
			}
			f.as(owner).patch(d, "missing", d.op("replace", "/locations", "[]")).want(http.StatusNotFound)
		}
		f.unchanged(before)
	}
}

// Spec images-api 4.5: of several mistakes the earlier check answers. Every row puts one mistake right that the rows
// before it still make.
func TestPatchLocationOrder(t *testing.T) {
	t.Parallel()
	m := &memory{}
	hidden := start(t, withMemory(m, "a", "data"), func(c *glance.Config) { c.Options.ShowLocations = false })
	with := func(locations int, storage string, rule ...string) *fixture {
		return hidden.second(rules(rule...), func(c *glance.Config) {
			c.Options.ShowLocations, c.Options.LocationQuota, c.Options.UserStorageQuota = true, locations, storage
		})
	}
	denied := with(0, "10", "set_image_location", "!")
	few, small, open := with(0, "10"), with(-1, "10"), with(-1, "0")
	id := hidden.as(admin).create(`"owner": "project-owner", "visibility": "community"`)
	hidden.exec("UPDATE images SET size = 100 WHERE id = ?", id)
	add := func(at, url string) string {
		return v21.op("add", "/locations/"+at, `{"url": "`+url+`", "metadata": {}}`)
	}
	replace := func(urls string) string { return v21.op("replace", "/locations", urls) }
	const bad, good = `[{"url": "x", "metadata": {}}]`, `[{"url": "mem://a", "metadata": {}}]`
	rows := []struct {
		by     client
		status string
		op     string
		code   int
	}{
		{hidden.as(stranger), "killed", add("x", "x"), 403}, {denied.as(stranger), "killed", add("x", "x"), 409},
		{denied.as(stranger), "queued", add("x", "x"), 400}, {denied.as(owner), "queued", add("-", "x"), 403},
		{few.as(stranger), "queued", add("-", "x"), 403}, {few.as(owner), "queued", add("-", "x"), 413}, {small.as(owner), "queued", add("-", "x"), 413},
		{open.as(owner), "queued", add("-", "x"), 400}, {open.as(owner), "queued", add("-", "mem://a"), 400}, // it has no formats
		{hidden.as(stranger), "killed", replace("[]"), 403}, {hidden.as(stranger), "killed", replace(bad), 403}, {denied.as(stranger), "killed", replace(bad), 409},
		{denied.as(owner), "queued", replace(bad), 403}, {few.as(stranger), "queued", replace(bad), 403}, {few.as(owner), "queued", replace(bad), 413},
		{small.as(owner), "queued", replace(bad), 413}, {open.as(owner), "queued", replace(bad), 400}, {open.as(owner), "queued", replace(good), 200},
		{small.as(owner), "queued", replace(bad), 413}, {open.as(owner), "queued", replace(bad), 400}, // now the URLs differ
		{hidden.as(stranger), "queued", v21.op("remove", "/locations/x", ""), 403}, {open.as(stranger), "queued", v21.op("remove", "/locations/x", ""), 409},
		{open.as(stranger), "active", v21.op("remove", "/locations/x", ""), 403}, // it is the last one
	}
	for _, row := range rows {
		hidden.setStatus(id, row.status)
		before := hidden.rows(id)
		row.by.patch(v21, id, row.op).want(row.code)
		if row.code >= 300 && hidden.rows(id) != before {
			t.Errorf("%s is refused and changes the image", row.op)
		}
	}
}

// Metadata comes back as it was sent, in the form of all JSON of this API (spec operations 2.9).
func TestLocationMetadataForm(t *testing.T) {
	t.Parallel()
	m := &memory{}
	c := start(t, withMemory(m, "a", "data")).as(owner)
	id := c.create(formats)
	const metadata = `{"a": "<&>", "b": ["\u00fc", {"c": {}}], "d": []}`
	a := c.patch(v21, id, located("mem://a", metadata)).want(http.StatusOK)
	if want := `"metadata": {"a": "<&>", "b": ["ü", {"c": {}}], "d": []}`; !strings.Contains(a.body, want) {
		t.Errorf("%s is not in %s", want, a.body)
	}
}

// Of a patch that fails at its end nothing is left, wherever it put a location (spec images-api 4.4).
func TestPatchLocationAbort(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "data"))
	queued, active := f.as(owner).create(formats), f.as(owner).store("", "data")
	f.as(owner).patch(v21, active, located("mem://b", "{}")).want(http.StatusOK)
	before := f.state()
	for _, id := range []string{queued, active} {
		for op, code := range map[string]int{
			v21.op("replace", "/visibility", `"public"`): 403, v21.op("replace", "/none", `"x"`): 409, v21.op("add", "/e", `"a\u0000"`): 400,
			v21.op("replace", "/owner", "null"): 403, located("mem://missing", "{}"): 400, located("mem://a", "{}"): 400, v21.op("replace", "/locations", "[]"): 403,
		} {
			f.as(owner).patch(v21, id, located("mem://a", "{}"), op).want(code)
			if id == active {
				f.as(owner).patch(v21, id, located("mem://a", "{}"), v21.op("remove", "/locations/0", ""), v21.op("remove", "/locations/0", ""), op).want(code)
			}
		}
	}
	f.unchanged(before)
	if !m.has("a") || !m.has("b") {
		t.Errorf("left are %v", m.objects)
	}
}

// Spec images-api 4.4, 4.5: a store that does not let go of the data of a removed location undoes all of the patch, but not
// what somebody else has changed meanwhile.
func TestPatchUndoneByStore(t *testing.T) {
	t.Parallel()
	for reason, code := range map[fault.Kind]int{fault.Internal: 500, fault.Conflict: 409, fault.Forbidden: 403} {
		m := &memory{}
		f := start(t, withMemory(m, "a", "data", "b", "data", "c", "data"))
		c := f.as(owner)
		id := c.create(formats + `, "k": "v", "gone": "v", "tags": ["a"]`)
		c.patch(v21, id, located("mem://a", "{}"), located("mem://b", `{"x": "y"}`)).want(http.StatusOK)
		before := c.get("/v2/images/" + id).body
		f.clock.add(time.Hour)
		m.refuse = fault.New(reason, "out of order")
		all := []string{
			v21.op("replace", "/name", `"n"`), v21.op("replace", "/k", `"w"`), v21.op("add", "/new", `"x"`), v21.op("remove", "/gone", ""),
			v21.op("replace", "/tags", `["b"]`), v21.op("replace", "/min_disk", "5"), v21.op("replace", "/visibility", `"private"`),
			located("mem://c", "{}"), v21.op("remove", "/locations/0", ""),
		}
		c.patch(v21, id, all...).want(code)
		c.get("/v2/images/" + id).wantBody(before)
		m.during = func() {
			m.during = nil
			c.ask("PUT /v2/images/"+id+"/tags/late", "").want(http.StatusNoContent)
		}
		c.patch(v21, id, all...).want(code)
		if tags := c.get("/v2/images/" + id).doc()["tags"]; !strings.Contains(fmt.Sprint(tags), "late") {
			t.Errorf("somebody else's tag is lost: %v", tags)
		}
		m.refuse = nil
		c.patch(v21, id, v21.op("remove", "/locations/0", "")).want(http.StatusOK)
	}
}
