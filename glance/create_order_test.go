package glance_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"goglance/glance"
)

// mistake is something wrong with a request, in its place among the checks of spec images-api 3.6.
type mistake struct {
	check int
	attrs string
	code  int
}

func mistakes(taken string) []mistake {
	return []mistake{
		{3, `"self": 1`, http.StatusForbidden},
		{4, `"protected": "x"`, http.StatusBadRequest},
		{6, `"owner": "other"`, http.StatusForbidden},
		{8, `"visibility": "public"`, http.StatusForbidden},
		{9, tags(129, "%d"), http.StatusRequestEntityTooLarge},
		{10, `"checksum": null`, http.StatusForbidden},
		{11, `"deleted": "x"`, http.StatusForbidden},
		{12, `"min_ram": -1`, http.StatusBadRequest},
		{14, many(129), http.StatusRequestEntityTooLarge},
		{15, `"name": "\ud83d\ude00"`, http.StatusBadRequest},
		{16, `"id": "` + taken + `"`, http.StatusConflict},
	}
}

// Of two mistakes the earlier check answers (spec images-api 3.6).
func TestCreateOrderOfChecks(t *testing.T) {
	t.Parallel()
	f := start(t)
	list := mistakes(f.as(owner).create(""))
	var rows []attempt
	for i, first := range list {
		rows = append(rows, attempt{first.attrs, first.code})
		for _, second := range list[i+1:] {
			rows = append(rows, attempt{second.attrs + ", " + first.attrs, first.code})
		}
	}
	f.as(owner).tryAll(rows)
}

// The two checks that depend on who asks and on the policy, among the others.
func TestCreateOrderOfCallerAndPolicy(t *testing.T) {
	t.Parallel()
	f := start(t, rules("add_image", "!"))
	f.as(owner).ask("POST /v2/images", "{").want(http.StatusBadRequest)
	var anyone, denied []attempt
	for _, m := range mistakes(numbered(1)) {
		code := http.StatusForbidden
		if m.check < 5 {
			code = m.code
		}
		anyone = append(anyone, attempt{m.attrs, code})
		if m.check < 13 {
			code = m.code
		}
		denied = append(denied, attempt{m.attrs, code})
	}
	f.as(anonymous).tryAll(append(anyone, attempt{"", http.StatusForbidden}))
	f.as(owner).tryAll(append(denied, attempt{"", http.StatusForbidden}))
}

// Spec images-api 3.6 checks 1 and 2: the body.
func TestCreateBody(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	before := c.state()
	for _, body := range []string{
		"", " ", "x", "{", "}", "[]", "[{}]", `["name"]`, "1", `"x"`, "true", "null", "{}{}", "{} x", `{"name"}`,
		`{"name": }`, "{'name': 'x'}", `{"name": "x",}`,
	} {
		c.ask("POST /v2/images", body).want(http.StatusBadRequest)
	}
	c.send("POST /v2/images", chunked("")).want(http.StatusBadRequest)
	if c.state() != before {
		t.Error("something was stored")
	}
	// The type of the body does not matter (spec images-api 0.2), nor does its length have to be known.
	for _, kind := range []string{"", "Content-Type: text/plain", "Content-Type: application/octet-stream", "Content-Type: x", "Content-Type:"} {
		headers := []string{}
		if kind != "" {
			headers = append(headers, kind)
		}
		c.ask("POST /v2/images", " {}\n", headers...).want(http.StatusCreated)
	}
	c.send("POST /v2/images", chunked("{}")).want(http.StatusCreated)
}

// Spec images-api 16.2: the document, to the byte, as all three calls show it.
func TestImageDocument(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.clock.add(123456789 * time.Nanosecond)
	id := "abcdef00-0000-4000-8000-00000000000F"
	a := f.as(owner).ask("POST /v2/images", `{"id": "`+id+`"}`).want(http.StatusCreated).wantHeader("Content-Type", "application/json")
	a.wantHeader("Location", f.url+"/v2/images/"+id)
	full := f.as(owner).ask("POST /v2/images", `{"name": "caf\u00e9 \u20ac \"q\" \\ <&> \n\u0001\u2028", "tags": ["b", "a", "b", "\u00e9"], "protected": true,
		"min_disk": 1, "min_ram": 2147483647, "visibility": "private", "z": "", "A_key": "value", "is_public": "1", `+formats+`}`)
	full.want(http.StatusCreated)
	golden(t, "image.golden", a.body+"\n"+full.body+"\n")
	for _, made := range []answer{a, full} {
		self, _ := made.doc()["self"].(string)
		got := f.as(owner).get(self).want(http.StatusOK).wantBody(made.body).wantHeader("Content-Type", "application/json")
		got.wantHeader("Location", "").wantHeader("Content-Encoding", "")
		list := f.as(owner).get("/v2/images").want(http.StatusOK).wantHeader("Content-Type", "application/json")
		if !strings.Contains(list.body, made.body) {
			t.Errorf("the list shows something else: %s", list.body)
		}
	}
}

// Spec images-api 16.1: which keys there are, whatever the image.
func TestImageDocumentKeys(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store(`"k": "v"`, "data")
	// What only the old API or another program stores: a value that is NULL, names of base attributes.
	for _, name := range []string{"nothing", "status", "owner", "self", "locations", "direct_url", "checksum"} {
		f.exec(`INSERT INTO image_properties (image_id, name, value, created_at, deleted)
			VALUES (?, ?, 'x', '2017-08-01 10:00:00.000000', FALSE)`, id, name)
	}
	f.exec("UPDATE image_properties SET value = NULL WHERE name = 'nothing'")
	doc := f.as(owner).get("/v2/images/" + id).want(http.StatusOK).doc()
	want := map[string]any{
		"id": id, "name": nil, "status": "active", "visibility": "shared", "protected": false,
		"checksum": "8d777f385d3dfec8815d20f7496026dc",
		"owner":    "project-owner", "size": 4.0, "virtual_size": nil, "container_format": "bare", "disk_format": "raw",
		"created_at": "2017-08-01T10:00:00Z", "updated_at": "2017-08-01T10:00:00Z", "min_ram": 0.0, "min_disk": 0.0,
		"self": "/v2/images/" + id, "file": "/v2/images/" + id + "/file", "schema": "/v2/schemas/image", "k": "v",
		"nothing": "",
	}
	for name, value := range want {
		if got, ok := doc[name]; !ok || got != value {
			t.Errorf("%s is %v, want %v", name, got, value)
		}
	}
	if len(doc) != len(want)+1 || len(doc["tags"].([]any)) != 0 { //nolint:errcheck // it is a list, or the test has found something
		t.Errorf("the document is %v", doc)
	}
}

// Spec images-api 3.6 check 16, 10: an id is used once, whoever used it and whatever became of it.
func TestSecDeletedIDNotReusable(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store(`"k": "v", "tags": ["a"]`, "data")
	body := `{"id": "` + id + `"}`
	for _, c := range []caller{admin, owner, stranger} {
		f.as(c).ask("POST /v2/images", body).want(http.StatusConflict)
	}
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	f.as(owner).ask("POST /v2/images", body).want(http.StatusConflict)
	for _, table := range []string{"image_properties", "image_tags", "image_locations", "image_members"} {
		f.exec("DELETE FROM " + table)
	}
	for _, c := range []caller{admin, owner, stranger} {
		f.as(c).ask("POST /v2/images", body).want(http.StatusConflict)
	}
	f.as(owner).get("/v2/images/" + id).want(http.StatusNotFound)
}

// Spec security P09, as far as there are paths yet.
func TestSecPublicizeFourPaths(t *testing.T) {
	t.Parallel()
	f := start(t)
	before := f.state()
	f.as(owner).ask("POST /v2/images", `{"visibility": "public"}`).want(http.StatusForbidden)
	f.as(owner).ask("POST /v2/images", `{"visibility": "public", "owner": "project-owner"}`).want(http.StatusForbidden)
	f.as(owner).ask("POST /v2/images", `{"visibility": "public"}`, "X-Image-Meta-Is_public: True").want(http.StatusForbidden)
	if f.state() != before {
		t.Error("something was stored")
	}
}

// Spec security S69: an image is stored with all that belongs to it, or not at all.
func TestSecCreateAtomic(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"images", "image_properties", "image_tags"} {
		f := start(t, func(c *glance.Config) { c.Options.TagQuota = 3 })
		repair := f.sabotage(table)
		before := f.state()
		a := f.as(owner).ask("POST /v2/images", `{"k": "v", "tags": ["a", "b"]}`).want(http.StatusInternalServerError)
		if f.state() != before || strings.Contains(a.body, "sabotage") {
			t.Errorf("%s: something was stored, or the client is told too much: %s", table, a.body)
		}
		repair()
		f.as(owner).ask("POST /v2/images", `{"k": "v", "tags": ["a", "b", "\ud83d\ude00"]}`).want(http.StatusBadRequest)
		f.as(owner).ask("POST /v2/images", `{"k": "v", "tags": ["a", "b", "c", "c"]}`).want(http.StatusRequestEntityTooLarge)
		if f.state() != before {
			t.Errorf("%s: something was stored", table)
		}
	}
}
