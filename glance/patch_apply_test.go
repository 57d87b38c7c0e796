package glance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance"
)

// Spec images-api 4.2, 16.1: an empty patch reads, any other one moves updated_at.
func TestPatchUpdatedAt(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create(`"visibility": "community", "k": "v"`)
	image := f.as(owner).get("/v2/images/" + id).body
	before := f.state()
	f.clock.add(time.Hour)
	for _, who := range everybody() {
		for _, d := range dialects() {
			if who == anonymous {
				f.as(who).patch(d, id).want(http.StatusForbidden)
				continue
			}
			f.as(who).patch(d, id).want(http.StatusOK).wantBody(image).wantHeader("Content-Type", "application/json")
			f.as(who).ask("PATCH /v2/images/missing", " [\n] ", string(d)).want(http.StatusNotFound)
		}
	}
	f.unchanged(before)
	for _, op := range []string{v21.op("replace", "/k", `"v"`), v21.op("replace", "/name", "null"), v21.op("add", "/tags", "[]"), v21.op("add", "/x", `"y"`)} {
		f.clock.add(time.Hour)
		doc := f.as(owner).patch(v21, id, op).want(http.StatusOK).doc()
		if doc["updated_at"] != f.clock.read().Format("2006-01-02T15:04:05Z") || doc["created_at"] != "2017-08-01T10:00:00Z" {
			t.Errorf("%s: created at %v, updated at %v", op, doc["created_at"], doc["updated_at"])
		}
	}
}

// Spec images-api 4.4: operations apply in order, and all of them or none.
func TestPatchOrderAndAbort(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	id := c.create(`"k": "v", "tags": ["a"]`)
	doc := c.patch(v21, id, v21.op("add", "/m", `"1"`), v21.op("replace", "/m", `"2"`), v21.op("remove", "/k", ""), v21.op("add", "/k", `"3"`),
		v21.op("add", "/gone", `"x"`), v21.op("remove", "/gone", ""), v21.op("replace", "/name", `"first"`), v21.op("add", "/name", `"second"`),
		v21.op("replace", "/tags", `["x"]`), v21.op("replace", "/tags", `["y", "y"]`)).want(http.StatusOK).doc()
	if doc["m"] != "2" || doc["k"] != "3" || doc["gone"] != nil || doc["name"] != "second" || fmt.Sprint(doc["tags"]) != "[y]" {
		t.Errorf("the image is %v", doc)
	}
	before := f.state()
	good := []string{v21.op("replace", "/container_format", `"bare"`), v21.op("add", "/n", `"1"`), v21.op("remove", "/k", ""), v21.op("replace", "/m", `"x"`)}
	bad := map[string]int{
		v21.op("replace", "/none", `"x"`): 409, v21.op("remove", "/none", ""): 409, v21.op("remove", "/name", ""): 403, v21.op("remove", "/n2", ""): 409,
		v21.op("replace", "/visibility", `"public"`): 403, v21.op("replace", "/owner", `"x"`): 403, v21.op("replace", "/min_disk", "-1"): 400,
		v21.op("replace", "/min_ram", "2147483648"): 400, v21.op("replace", "/locations", "[]"): 403, v21.op("add", "/", `"x"`): 400,
		v21.op("add", "/"+strings.Repeat("k", 256), `"x"`): 400, v21.op("add", "/e", `"`+"\U0001f600"+`"`): 400, v21.op("add", "/z", `"a\u0000b"`): 400,
		v21.op("add", "/\U0001f600", `"x"`): 400, v21.op("add", "/a\x00b", `"x"`): 400, v21.op("replace", "/name", `"`+"\U0001f600"+`"`): 400,
		v21.op("replace", "/name", `"a\u0000"`): 400, v21.op("replace", "/tags", `["`+"\U0001f600"+`"]`): 400, v21.op("replace", "/tags", `["\u0000"]`): 400,
	}
	for op, code := range bad {
		c.patch(v21, id, append(slices.Clone(good), op)...).want(code)
		c.patch(v21, id, append([]string{op}, good...)...).want(code)
		c.patch(v21, id, op).want(code)
	}
	c.patch(v20, id, v20.op("add", "/w", `"1"`), v20.op("add", "/w", `"2"`)).want(http.StatusConflict)
	f.unchanged(before)
}

// Spec images-api 4.4: what somebody may do who sees an image and does not own it. What would change nothing is said
// first.
func TestPatchCallers(t *testing.T) {
	t.Parallel()
	f := start(t)
	ops := map[string]int{ // the code for one who sees only
		v21.op("replace", "/name", `"x"`): 403, v21.op("replace", "/k", `"x"`): 403, v21.op("add", "/k", `"x"`): 403, v21.op("add", "/m", `"x"`): 403,
		v21.op("remove", "/k", ""): 403, v21.op("remove", "/name", ""): 403, v21.op("replace", "/m", `"x"`): 409, v21.op("remove", "/m", ""): 409,
		v21.op("replace", "/tags", `["x"]`): 403, v21.op("replace", "/visibility", `"private"`): 403, v21.op("replace", "/owner", `"project-stranger"`): 403,
		v21.op("replace", "/protected", "true"): 403, v21.op("replace", "/disk_format", "null"): 403, v21.op("replace", "/min_disk", "1"): 403,
		v21.op("replace", "/locations", "[]"): 403, v21.op("remove", "/locations/0", ""): 403,
	}
	for _, row := range sights() {
		id := f.make(row)
		f.exec("UPDATE images SET status = 'queued' WHERE id = ?", id)
		f.exec(`INSERT INTO image_properties (image_id, name, value, created_at, deleted)
			VALUES (?, 'k', 'v', '2017-08-01 10:00:00.000000', FALSE)`, id)
		before := f.rows(id)
		for _, who := range everybody() {
			if who == admin || who == owner && !strings.Contains(row.attrs, `"owner"`) {
				f.as(who).patch(v21, id).want(http.StatusOK)
				continue
			}
			for op, code := range ops {
				switch {
				case who == anonymous:
					code = http.StatusForbidden
				case !slices.Contains(strings.Fields(row.seen), string(who)):
					code = http.StatusNotFound
				}
				f.as(who).patch(v21, id, op).want(code)
				f.as(who).patch(v21, id, op, op).want(code)
			}
		}
		if f.rows(id) != before {
			t.Errorf("%s: something has changed", row.attrs)
		}
	}
}

// Spec images-api 4.4, 19: nobody but an admin gives an image away, in either dialect.
func TestPatchOwner(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create("")
	before := f.state()
	for _, value := range []string{`"project-stranger"`, `"project-owner"`, "null", `""`} {
		f.as(owner).patch(v21, id, v21.op("add", "/owner", value)).want(http.StatusForbidden)
		f.as(owner).patch(v21, id, v21.op("replace", "/owner", value)).want(http.StatusForbidden)
		f.as(owner).patch(v20, id, v20.op("replace", "/owner", value)).want(http.StatusForbidden)
		f.as(owner).patch(v20, id, v20.op("add", "/owner", value)).want(http.StatusConflict)
	}
	f.unchanged(before)
	for value, want := range map[string]any{`"project-stranger"`: "project-stranger", "null": nil, `""`: nil, `"x"`: "x"} {
		for _, op := range []string{"add", "replace"} {
			doc := f.as(admin).patch(v21, id, v21.op(op, "/owner", value)).want(http.StatusOK).doc()
			if doc["owner"] != want || f.text("SELECT COUNT(*) FROM images WHERE owner = ''") != "0" {
				t.Errorf("%s: the owner is %v", value, doc["owner"])
			}
		}
	}
	f.as(admin).patch(v21, id, v21.op("replace", "/owner", `"x"`)).want(http.StatusOK)
	f.as(owner).get("/v2/images/" + id).want(http.StatusNotFound)
}

// Spec images-api 4.4, 6.2: formats belong to images without data; every other attribute can be changed at any time.
func TestPatchByStatus(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, status := range states() {
		id := f.as(owner).create(formats + `, "k": "v"`)
		f.setStatus(id, status)
		code := http.StatusForbidden
		if status == "queued" {
			code = http.StatusOK
		}
		for _, op := range []string{"add", "replace"} {
			for _, name := range []string{"/disk_format", "/container_format"} {
				for _, value := range []string{"null", map[string]string{"/disk_format": `"raw"`, "/container_format": `"bare"`}[name]} {
					f.as(owner).patch(v21, id, v21.op(op, name, value)).want(code)
				}
			}
		}
		f.as(admin).patch(v21, id, v21.op("replace", "/name", `"x"`), v21.op("replace", "/visibility", `"private"`), v21.op("remove", "/k", ""),
			v21.op("replace", "/min_disk", "1"), v21.op("replace", "/protected", "true"), v21.op("replace", "/tags", `["x"]`)).want(http.StatusOK)
		if got := f.status(id); got != status {
			t.Errorf("%s has become %s", status, got)
		}
	}
}

// Spec images-api 4.4: what shows an image to everybody asks the policy; the target is the image as it stands.
func TestPatchVisibility(t *testing.T) {
	t.Parallel()
	set := func(v string) string { return v21.op("replace", "/visibility", `"`+v+`"`) }
	f := start(t)
	id := f.as(owner).create("")
	for _, v := range []string{"private", "community", "shared", "community"} {
		if doc := f.as(owner).patch(v21, id, set(v)).want(http.StatusOK).doc(); doc["visibility"] != v {
			t.Errorf("the visibility is %v", doc["visibility"])
		}
	}
	f.as(owner).patch(v21, id, set("public")).want(http.StatusForbidden)
	f.as(owner).patch(v21, id, set("public"), set("private")).want(http.StatusForbidden)
	f.as(admin).patch(v21, id, set("public")).want(http.StatusOK)
	f.as(owner).patch(v21, id, v21.op("replace", "/name", `"x"`)).want(http.StatusOK) // it stays public
	f.as(owner).patch(v21, id, set("private")).want(http.StatusOK)
	g := start(t, rules("publicize_image", "project_id:%(owner)s", "communitize_image", "'x':%(name)s"))
	id = g.as(owner).create(`"visibility": "private"`)
	g.as(owner).ask("POST /v2/images", `{"visibility": "public"}`).want(http.StatusForbidden)
	g.as(admin).patch(v21, id, set("public")).want(http.StatusForbidden)
	g.as(owner).patch(v21, id, set("community")).want(http.StatusForbidden)
	g.as(owner).patch(v21, id, v21.op("replace", "/name", `"x"`), set("community")).want(http.StatusForbidden)
	g.as(owner).patch(v21, id, set("public"), v21.op("replace", "/name", `"x"`)).want(http.StatusOK)
	g.as(owner).patch(v21, id, set("community")).want(http.StatusOK)
}

// Spec images-api 13: modify_image is asked when there is something to save.
func TestPatchPolicies(t *testing.T) {
	t.Parallel()
	f := start(t, rules("modify_image", "role:admin"))
	id := f.as(owner).create(`"k": "v"`)
	before := f.state()
	for _, op := range []string{v21.op("replace", "/name", `"x"`), v21.op("replace", "/k", `"v"`), v21.op("add", "/m", `"x"`), v21.op("remove", "/k", "")} {
		f.as(owner).patch(v21, id, op).want(http.StatusForbidden)
	}
	f.as(owner).patch(v21, id).want(http.StatusOK)
	f.as(owner).patch(v21, id, v21.op("replace", "/m", `"x"`)).want(http.StatusConflict)
	f.unchanged(before)
	f.as(admin).patch(v21, id, v21.op("replace", "/name", `"x"`)).want(http.StatusOK)
	closed := start(t, rules("get_image", "!")).as(owner)
	id = closed.create("")
	for _, target := range []string{id, "missing"} {
		closed.patch(v21, target).want(http.StatusForbidden)
		closed.patch(v21, target, v21.op("replace", "/m", `"x"`)).want(http.StatusForbidden)
		closed.patch(v21, target, v21.op("replace", "/name", "5")).want(http.StatusBadRequest)
	}
}

// Spec images-api 4.4, 11: new names count, and only they.
func TestPatchPropertyQuota(t *testing.T) {
	t.Parallel()
	quota := func(n int) func(*glance.Config) { return func(c *glance.Config) { c.Options.PropertyQuota = n } }
	add := func(name string) string { return v21.op("add", "/"+name, `"x"`) }
	remove := func(name string) string { return v21.op("remove", "/"+name, "") }
	f := start(t, quota(2))
	c := f.as(owner)
	id := c.create(`"a": "1", "b": "2"`)
	before := f.state()
	c.patch(v21, id, add("c")).want(http.StatusRequestEntityTooLarge)
	c.patch(v21, id, remove("a"), add("c"), add("d")).want(http.StatusRequestEntityTooLarge)
	f.as(admin).patch(v21, id, add("c")).want(http.StatusRequestEntityTooLarge)
	f.unchanged(before)
	c.patch(v21, id, add("c"), remove("a")).want(http.StatusOK)
	c.patch(v21, id, add("b"), v21.op("replace", "/c", `"y"`)).want(http.StatusOK)
	// Over the quota already, as after it was lowered.
	for _, name := range []string{"d", "e"} {
		f.exec(`INSERT INTO image_properties (image_id, name, value, created_at, deleted)
			VALUES (?, ?, 'v', '2017-08-01 10:00:00.000000', FALSE)`, id, name)
	}
	c.patch(v21, id, add("d"), v21.op("replace", "/name", `"x"`)).want(http.StatusOK)
	c.patch(v21, id, add("f"), remove("d")).want(http.StatusRequestEntityTooLarge)
	c.patch(v21, id, remove("d")).want(http.StatusOK)
	none := start(t, quota(0)).as(owner)
	id = none.create("")
	none.patch(v21, id, add("a")).want(http.StatusRequestEntityTooLarge)
	none.patch(v21, id, v21.op("replace", "/name", `"x"`)).want(http.StatusOK)
	many := start(t, quota(-1)).as(owner)
	id = many.create("")
	var ops []string
	for i := range 500 {
		ops = append(ops, add(fmt.Sprint("p", i)))
	}
	many.patch(v21, id, ops...).want(http.StatusOK)
}

// Spec images-api 4.4, 11: tags are counted as they are sent.
func TestPatchTagQuota(t *testing.T) {
	t.Parallel()
	f := start(t, tagQuota(2))
	c := f.as(owner)
	id := c.create("")
	set := func(value string) string { return v21.op("replace", "/tags", value) }
	c.patch(v21, id, set(`["a", "b"]`)).want(http.StatusOK)
	before := f.state()
	c.patch(v21, id, set(`["a", "b", "c"]`)).want(http.StatusRequestEntityTooLarge)
	c.patch(v21, id, set(`["a", "a", "a"]`)).want(http.StatusRequestEntityTooLarge)
	f.unchanged(before)
	c.patch(v21, id, set(`["c", "c"]`)).want(http.StatusOK)
	c.wantTags(id, "c")
	c.patch(v21, id, set(`[]`)).want(http.StatusOK)
	c.wantTags(id)
	many := start(t, tagQuota(-1)).as(owner)
	many.patch(v21, many.create(""), set("["+strings.Repeat(`"x", `, 999)+`"x"]`)).want(http.StatusOK)
}

// Spec security S17: changes of different things that come at once all survive.
func TestSecPatchRace(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create("")
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			f.as(owner).patch(v21, id, v21.op("add", fmt.Sprint("/p", i), `"x"`)).want(http.StatusOK)
		})
		all.Go(func() {
			f.as(owner).ask(fmt.Sprintf("PUT /v2/images/%s/tags/t%d", id, i), "").want(http.StatusNoContent)
		})
	}
	all.Wait()
	doc := f.as(owner).get("/v2/images/" + id).doc()
	for i := range 10 {
		if doc[fmt.Sprint("p", i)] != "x" {
			t.Errorf("p%d is lost", i)
		}
	}
	if got := len(f.as(owner).tags(id)); got != 10 {
		t.Errorf("%d tags", got)
	}
}
