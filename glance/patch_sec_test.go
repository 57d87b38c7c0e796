package glance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Spec security S73: patches are bounded, and the longest one is no burden.
func TestSecPatchOpCount(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	id := c.create(`"k": "v"`)
	many := func(op string, n int) []string { return strings.SplitN(strings.Repeat(op+"\n", n-1)+op, "\n", n) }
	const most = 1000
	for _, op := range []string{
		v21.op("replace", "/k", `"x"`), v21.op("add", "/name", `"y"`), v21.op("replace", "/tags", `["a", "b"]`), v21.op("replace", "/min_disk", "5"),
	} {
		begin := time.Now()
		c.patch(v21, id, many(op, most)...).want(http.StatusOK)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%d times %s take %v", most, op, took)
		}
	}
	pairs := many(v21.op("add", "/p", `"x"`)+","+v21.op("remove", "/p", ""), most/2)
	c.patch(v21, id, pairs...).want(http.StatusOK)
	c.patch(v21, id, v21.op("add", "/k", `"`+strings.Repeat(",", 1<<20)+`"`)).want(f.unlessMariaDB(http.StatusOK))
	before := f.state()
	for _, n := range []int{most + 1, 10000, 100000} {
		begin := time.Now()
		for _, element := range []string{v21.op("replace", "/k", `"z"`), "0", "{}", v21.op("remove", "/status", "")} {
			c.patch(v21, id, many(element, n)...).want(http.StatusRequestEntityTooLarge)
			f.as(anonymous).patch(v20, "missing", many(element, n)...).want(http.StatusRequestEntityTooLarge)
		}
		if took := time.Since(begin); took > 10*time.Second { // of eight requests, with the race detector
			t.Errorf("%d operations are refused after %v", n, took)
		}
	}
	for _, values := range []string{"0,", "{},", "[],", `"",`} { // a small body that is large once it is decoded
		body := "[" + strings.Repeat(values, 1<<20) + "0]"
		c.ask("PATCH /v2/images/"+id, body, patch21).want(http.StatusRequestEntityTooLarge)
		c.ask("POST /v2/images", `{"tags": `+body+"}").want(http.StatusRequestEntityTooLarge)
	}
	f.unchanged(before)
}

// Spec security S74, images-api 4.3: whatever a pointer looks like, it reaches nothing that is not to be changed.
func TestSecPointerGames(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(admin).store(`"k": "v"`, "data")
	status := f.text("SELECT CONCAT(status, checksum, size, created_at, id) FROM images")
	const forbidden, bad, fine = http.StatusForbidden, http.StatusBadRequest, http.StatusOK
	rows := map[string]int{
		"/status": forbidden, "//status": forbidden, "/ status": forbidden, "/status\n": forbidden, "//\u2003status\u00a0": forbidden, "/\x1cstatus\x1f": forbidden,
		"///status": bad, "/ /status": bad, "/status/": bad, "/status~": bad, "/status/-": bad, "/status/0": bad, "/a/../../status": bad,
		"/../status": bad, "/./status": bad, "status": bad, " /status": bad, "": bad, "#/status": bad, "/~/status": bad, "/status~2": bad,
		"/tags/0": bad, "/tags/-": bad, "/k/": bad, "/k/x": bad, "/locations": bad, "/locations/0/url": bad, "/locations/~2": bad,
		"/~1status": fine, "/~01status": fine, "/Status": fine, "/%73tatus": fine, "/status\u200b": fine, "/\ufeffstatus": fine, "/st\u0430tus": fine,
		"/status;": fine, "/status?": fine, "/status#": fine, "/..": fine, `/\status`: fine, "/sta tus": fine, "/\u017ftatus": fine,
	}
	for path, code := range rows {
		for _, d := range dialects() {
			for _, op := range []string{"add", "remove"} {
				if a := f.as(admin).patch(d, id, d.op(op, path, `"active"`)).want(code); code == fine && a.doc()["status"] != "active" {
					t.Errorf("%q: the status is shown as %v", path, a.doc()["status"])
				}
			}
			if code != fine {
				f.as(admin).patch(d, id, d.op("replace", path, `"queued"`)).want(code)
			}
		}
	}
	for _, path := range []string{"/locations/-1", "/locations/99999999999", "/locations/18446744073709551616", "/locations/" + strings.Repeat("9", 100000)} {
		for _, op := range []string{"add", "remove"} {
			f.as(admin).patch(v21, id, v21.op(op, path, `{"url": "file:///etc/passwd", "metadata": {}}`)).want(forbidden)
		}
	}
	if got := f.text("SELECT CONCAT(status, checksum, size, created_at, id) FROM images"); got != status {
		t.Errorf("%s has become %s", status, got)
	}
}

// Spec security S30: properties that are the service's cannot be written in any way.
func TestSecHiddenPropsNotWritable(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create("")
	f.exec(`INSERT INTO image_properties (image_id, name, value, created_at, deleted)
		VALUES (?, 'os_glance_stage_host', 'http://other.test', '2017-08-01 10:00:00.000000', FALSE)`, id)
	before := f.state()
	for _, who := range []caller{owner, admin} {
		for _, name := range []string{"os_glance_stage_host", "os_glance_", "os_glance_new", "os_glance_import_task"} {
			for _, d := range dialects() {
				for _, pointer := range []string{"/" + name, "//" + name, "/ " + name + "\t", "/\u3000" + name} {
					for _, op := range []string{"add", "replace", "remove"} {
						f.as(who).patch(d, id, d.op("replace", "/name", `"x"`), d.op(op, pointer, `"http://evil.test"`)).want(http.StatusForbidden)
						f.as(who).patch(d, "missing", d.op(op, pointer, `"http://evil.test"`)).want(http.StatusForbidden)
					}
				}
			}
			f.as(who).ask("POST /v2/images", `{"`+name+`": "http://evil.test"}`).want(http.StatusForbidden)
			f.as(who).ask("POST /v2/images", `{"os\u005f`+strings.TrimPrefix(name, "os_")+`": "http://evil.test"}`).want(http.StatusForbidden)
		}
	}
	f.unchanged(before)
}

// Spec security S62, S63, S64, as for POST: one reading of a document, for every check.
func TestSecPatchJSON(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	id := c.create("")
	before := f.state()
	rows := map[string]int{
		`{"op": "replace", "path": "/visibility", "value": "private", "value": "public"}`:                     403,
		`{"op": "add", "path": "/name", "path": "/status", "value": "x"}`:                                     403,
		`{"op": "add", "path": "/name", "p\u0061th": "/status", "value": "x"}`:                                403,
		`{"op": "add", "path": "/status", "value": "x", "op": "test"}`:                                        400,
		`{"op": "replace", "path": "/\u0073tatus", "value": "x"}`:                                             403,
		`{"op": "replace", "path": "\/status", "value": "x"}`:                                                 403,
		`{"OP": "replace", "path": "/name", "value": "x"}`:                                                    400,
		`{"op": "replace", "Path": "/name", "value": "x"}`:                                                    400,
		`{"op": "replace", "path": "/name", "Value": "x"}`:                                                    400,
		`{"op": "add", "path": "/k", "value": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}": 400,
		`{"op": "add", "path": "/k", "value": ` + strings.Repeat("7", 2<<20) + "}":                            400,
	}
	for _, number := range []string{"1e400", "1e999999999", "1.5", "-1", "2147483648", "9223372036854775808", "NaN", "01", "0x10", strings.Repeat("7", 2<<20)} {
		rows[`{"op": "replace", "path": "/min_disk", "value": `+number+"}"] = 400
		rows[`{"op": "add", "path": "/min_ram", "value": `+number+"}"] = 400
	}
	for op, code := range rows {
		begin := time.Now()
		c.patch(v21, id, op).want(code)
		if took := time.Since(begin); took > 3*time.Second { // what this guards against takes many
			t.Errorf("%s takes %v", shortened(op), took)
		}
	}
	f.unchanged(before)
	doc := c.patch(v21, id, `{"op": "add", "path": "/status", "path": "/name", "value": 5, "value": "last"}`, v21.op("add", "/Visibility", `"public"`)).
		want(http.StatusOK).doc()
	if doc["name"] != "last" || doc["visibility"] != "shared" || doc["Visibility"] != "public" {
		t.Errorf("the image is %v", doc)
	}
}

// Spec security S66: what a patch stores comes back as it was, and stands in no header.
func TestSecPatchControlCharacters(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	id := c.create("")
	all := "x"
	for r := rune(1); r < ' '; r++ {
		all += string(r)
	}
	all += "\x7f\u0080\u009f\u2028\u2029\ufeff\r\nX-Evil: 1"
	text := string(mustJSON(t, all))
	a := c.patch(v21, id, v21.op("replace", "/name", text), v21.op("add", "/"+all, text), v21.op("replace", "/tags", "["+text+"]")).
		want(http.StatusOK).wantHeader("X-Evil", "")
	doc := a.doc()
	if doc["name"] != all || doc[all] != all || fmt.Sprint(doc["tags"]) != fmt.Sprint([]string{all}) {
		t.Errorf("the image is %q", a.body)
	}
	c.patch(v21, id, v21.op("remove", "/"+all, "")).want(http.StatusOK)
}

// Spec security S82: what belongs to a deleted image is gone with it, whatever the query says.
func TestSecDeletedChildren(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store(`"visibility": "shared", "tags": ["old"], "k": "v"`, "data")
	f.share(id, "accepted")
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	before := f.state()
	for _, who := range []caller{admin, owner, member, stranger} {
		for _, query := range []string{"", "?deleted=true", "?deleted=1&status=deleted", "?force_show_deleted=true"} {
			for _, call := range calls() {
				f.as(who).ask(fmt.Sprintf(call.line, id)+query, call.body, call.headers...).want(http.StatusNotFound)
			}
		}
		for _, query := range []string{"", "?deleted=true", "?tag=old", "?k=v", "?member_status=all"} {
			if ids := f.as(who).get("/v2/images" + query).ids(); len(ids) != 0 {
				t.Errorf("%s lists %v with %s", who, ids, query)
			}
		}
	}
	f.unchanged(before)
}

// Names that are near those of attributes, or of what an implementation has inside, are names like any other (spec
// images-api 4.3, 4.4, security S63, S67). Only the pointer of a patch is stripped of blanks.
func TestSecPropertyNamesLikeInternals(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	plain := []string{
		"image_id", "context", "base", "image", "helper", "extra_properties", "delete", "get_data", "__class__", "is_public", "tenant", "project_id",
		"Name", "STATUS", "Owner", "Locations", "LOCATION", "Direct_URL", "Self", "ID", "Deleted", "Tags", "Min_Disk", "properties", "members", "changes-since",
		"limit", "marker", "sort", "metadata", "user_id", "roles", "is_admin", "os_glance", "xos_glance_x", "img_signature", "deleted_by", "location_", "self_",
	}
	for _, name := range plain {
		id := c.create(quoted(t, name) + `: "posted"`)
		doc := c.get("/v2/images/" + id).doc()
		if doc[name] != "posted" || doc["status"] != "queued" || doc["owner"] != "project-owner" || doc["name"] != nil || doc["visibility"] != "shared" {
			t.Errorf("%q: %v", name, doc)
		}
		c.patch(v21, id, v21.op("replace", "/"+name, `"replaced"`)).want(http.StatusOK)
		c.patch(v21, id, v21.op("remove", "/"+name, "")).want(http.StatusOK)
		c.patch(v20, id, v20.op("add", "/"+name, `"added"`)).want(http.StatusOK)
		if got := c.get("/v2/images/" + id).doc()[name]; got != "added" {
			t.Errorf("%q is %v", name, got)
		}
	}
	for _, blank := range []string{" ", "\u00a0", "\u2003", "\t", "\x1f"} {
		for _, name := range []string{"status", "size", "id", "checksum", "location", "deleted", "self", "created_at"} {
			id := c.create("")
			for _, path := range []string{"/" + name + blank, "/" + blank + name, "/" + blank + name + blank} {
				for _, op := range []string{"add", "replace", "remove"} {
					c.patch(v21, id, v21.op(op, path, `"x"`)).want(http.StatusForbidden)
					c.patch(v20, id, v20.op(op, path, `"x"`)).want(http.StatusForbidden)
				}
			}
			posted := c.create(quoted(t, name+blank) + `: "x"`) // here it is a name of its own
			if doc := c.get("/v2/images/" + posted).doc(); doc[name+blank] != "x" || doc["status"] != "queued" || doc["id"] != posted {
				t.Errorf("%q: %v", name+blank, doc)
			}
		}
		id := c.create("")
		c.patch(v21, id, v21.op("replace", "/"+blank+"name"+blank, `"stripped"`)).want(http.StatusOK)
		if doc := c.get("/v2/images/" + id).doc(); doc["name"] != "stripped" {
			t.Errorf("%q: %v", blank, doc)
		}
		c.patch(v21, id, v21.op("remove", "/locations"+blank, "")).want(http.StatusBadRequest)
		c.patch(v21, id, v21.op("replace", "/"+blank+"locations", "[]")).want(http.StatusForbidden)
	}
}
