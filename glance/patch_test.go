package glance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance"
)

// dialect is one of the two forms of a patch.
type dialect string

const (
	v20 dialect = patch20
	v21 dialect = patch21
)

func dialects() []dialect { return []dialect{v20, v21} }

// op writes one operation. value is JSON text; "" leaves it out.
func (d dialect) op(op, path, value string) string {
	at, _ := json.Marshal(path) //nolint:errchkjson // a string can always be encoded
	text := fmt.Sprintf(`{"op": %q, "path": %s`, op, at)
	if d == v20 {
		text = fmt.Sprintf(`{%q: %s`, op, at)
	}
	if value != "" {
		text += `, "value": ` + value
	}
	return text + "}"
}

// patch applies operations to an image.
func (c client) patch(d dialect, id string, ops ...string) answer {
	c.t.Helper()
	a := c.ask("PATCH /v2/images/"+id, "["+strings.Join(ops, ", ")+"]", string(d))
	a.line += " " + shortened(strings.Join(ops, ", "))
	return a
}

// unchanged checks that nothing that is stored differs from before.
func (f *fixture) unchanged(before string) {
	f.t.Helper()
	if after := f.state(); after != before {
		f.t.Errorf("something has changed: before %s\nafter %s", before, after)
	}
}

// Spec images-api 4.1: the type of the body is the first thing that is looked at.
func TestPatchMediaTypes(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create(`"k": "v"`)
	line := "PATCH /v2/images/" + id
	for _, d := range dialects() {
		kind := string(d)
		for _, form := range []string{kind, kind + "; charset=UTF-8", kind + ";charset=x;y", kind + " ; a=b", kind + ";", strings.ToUpper(kind)} {
			f.as(owner).ask(line, "["+d.op("replace", "/k", `"v"`)+"]", form).want(http.StatusOK)
		}
	}
	// The wrong form for the type is an invalid operation.
	f.as(owner).patch(v20, id, v21.op("replace", "/k", `"x"`)).want(http.StatusBadRequest)
	f.as(owner).patch(v21, id, v20.op("replace", "/k", `"x"`)).want(http.StatusBadRequest)
	before := f.state()
	const accepted = "application/openstack-images-v2.0-json-patch, application/openstack-images-v2.1-json-patch"
	for _, kind := range []string{
		"application/json", "application/json-patch+json", "application/openstack-images-v2-json-patch", "text/plain", "*/*",
		"application/openstack-images-v2.2-json-patch", "application/openstack-images-v2.1-json-patch2", "application/*", "x;" + patch21[14:],
		patch21[14:] + ", " + patch20[14:], "", ";",
	} {
		for _, c := range everybody() {
			for _, target := range []string{id, "missing"} {
				for _, body := range []string{"[]", "", "{", `[{"op": "replace", "path": "/status", "value": "x"}]`} {
					f.as(c).ask("PATCH /v2/images/"+target, body, "Content-Type: "+kind).
						want(http.StatusUnsupportedMediaType).wantHeader("Accept-Patch", accepted)
				}
			}
		}
	}
	f.as(owner).ask(line, "[]").want(http.StatusUnsupportedMediaType).wantHeader("Accept-Patch", accepted)
	f.as(owner).patch(v21, id, "").want(http.StatusOK).wantHeader("Accept-Patch", "")
	f.unchanged(before)
}

// invalidPatches are bodies that are no patch at all (spec images-api 4.2 check 2, security S60, S62, S65).
func invalidPatches() []string {
	deep := func(n int) string { return strings.Repeat("[", n) }
	return []string{
		"", " ", "null", "true", "5", `"x"`, "{}", `{"op": "remove", "path": "/k"}`, `{"0": {"op": "remove", "path": "/k"}}`, "[", "[]]", "[{}",
		"[] []", "[]x", "[],", "[,]", "\ufeff[]", "[\x00]", "[\"\xff\"]", `["\ud800"]`, `[{"op": "add", "path": "/\udc00", "value": "x"}]`,
		`[{"op": "add", "path": "/k", "value": "\ud83d"}]`, "[{'op': 'remove', 'path': '/k'}]", "[{\"op\": \"add\", \"path\": \"/k\", \"value\": \"a\nb\"}]",
		"op=remove&path=/k", "<patch/>", deep(1000), deep(100000), deep(10001) + strings.Repeat("]", 10001),
	}
}

// Spec images-api 0.2, 4.2: what is wrong with the body is said to everybody, whether there is an image or not.
func TestPatchBodies(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create(`"k": "v", "visibility": "private"`)
	before := f.state()
	for _, body := range invalidPatches() {
		for _, who := range []caller{owner, anonymous} {
			for _, target := range []string{id, "missing"} {
				begin := time.Now()
				f.as(who).ask("PATCH /v2/images/"+target, body, patch21).want(http.StatusBadRequest)
				f.as(who).send("PATCH /v2/images/"+target, chunked(body), patch20).want(http.StatusBadRequest)
				if took := time.Since(begin); took > 3*time.Second { // what this guards against takes many
					t.Errorf("%s takes %v", shortened(body), took)
				}
			}
		}
	}
	f.unchanged(before)
}

// Spec security S61: the size of a patch is bounded like that of any JSON.
func TestSecPatchSize(t *testing.T) {
	t.Parallel()
	const room = 1000
	c := start(t, func(c *glance.Config) { c.Options.BodyMax = room }).as(owner)
	id := c.create("")
	line, empty := "PATCH /v2/images/"+id, `[{"op": "add", "path": "/k", "value": ""}]`
	body := func(n int) string { return strings.Replace(empty, `""`, `"`+strings.Repeat("x", n-len(empty))+`"`, 1) }
	c.ask(line, body(room), patch21).want(http.StatusOK)
	c.send(line, chunked(body(room)), patch21).want(http.StatusOK)
	before := c.state()
	for _, n := range []int{room + 1, 5 << 20} {
		c.ask(line, body(n), patch21).want(http.StatusRequestEntityTooLarge)
		c.send(line, chunked(body(n)), patch21).want(http.StatusRequestEntityTooLarge)
	}
	c.ask(line, "[]"+strings.Repeat(" ", room), patch21).want(http.StatusRequestEntityTooLarge)
	c.unchanged(before)
}

// fate is an operation and what becomes of a patch that begins with it, before the image is looked up.
type fate struct {
	op   string
	code int // 0: it is valid
}

// fates are operations in the form of v2.1, in the order of spec images-api 4.2. Each breaks one rule, and most of the
// rules behind it too.
func fates() []fate {
	const syntax, forbidden = http.StatusBadRequest, http.StatusForbidden
	all := []fate{
		{`5`, syntax}, {`null`, syntax}, {`[]`, syntax}, {`"remove"`, syntax},
		{`{}`, syntax}, {`{"op": null, "path": "/status"}`, syntax}, {`{"op": "test", "path": "/status", "value": 1}`, syntax},
		{`{"op": "ADD", "path": "/k", "value": "v"}`, syntax}, {`{"op": 1, "path": "/k"}`, syntax}, {`{"path": "/status"}`, syntax},
		{`{"op": "add", "value": "x"}`, syntax}, {`{"op": "remove", "path": null}`, syntax}, {`{"op": "remove", "path": 1}`, syntax},
		{`{"op": "remove", "path": ["/k"]}`, syntax}, {`{"op": "remove", "path": "status"}`, syntax}, {`{"op": "remove", "path": "/status/"}`, syntax},
		{`{"op": "add", "path": "/status/x", "value": 1}`, syntax}, {`{"op": "add", "path": "/status"}`, syntax},
		{`{"op": "replace", "path": "/deleted"}`, syntax}, {`{"op": "add", "path": "/k"}`, syntax},
		{`{"op": "replace", "path": "/id", "value": 5}`, forbidden}, {`{"op": "remove", "path": "/status"}`, forbidden},
		{`{"op": "add", "path": "/location", "value": {}}`, forbidden}, {`{"op": "remove", "path": "/os_glance_x"}`, forbidden},
		{`{"op": "add", "path": "/name", "value": 5}`, syntax}, {`{"op": "replace", "path": "/missing", "value": null}`, syntax},
		{`{"op": "add", "path": "/locations/x", "value": {"url": "x"}}`, syntax}, {`{"op": "replace", "path": "/locations", "value": {}}`, syntax},
	}
	for _, valid := range []string{
		v21.op("add", "/k", `"x"`), v21.op("replace", "/missing", `"x"`), v21.op("remove", "/name", ""), v21.op("replace", "/disk_format", "null"),
		v21.op("remove", "/locations/0", ""), v21.op("replace", "/locations", "[]"), v21.op("replace", "/visibility", `"public"`),
		v21.op("replace", "/owner", `"x"`), v21.op("replace", "/min_disk", "-1"),
	} {
		all = append(all, fate{valid, 0})
	}
	return all
}

// Spec images-api 4.2: the first operation that is invalid decides, and nobody gets to know whether there is an image.
func TestPatchValidationOrder(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create(`"visibility": "private"`)
	before := f.state()
	for _, first := range fates() {
		for i, second := range fates() {
			want := first.code
			if want == 0 {
				want = second.code
			}
			target, who := []string{id, "missing"}[i%2], everybody()[i%5]
			switch {
			case want != 0:
			case who == anonymous:
				want = http.StatusForbidden
			case target == "missing" || who != owner && who != admin:
				want = http.StatusNotFound
			default:
				continue // for others to look at
			}
			f.as(who).patch(v21, target, first.op, second.op).want(want)
		}
	}
	f.unchanged(before)
}

// sample is a JSON value, and which attributes take it.
type sample struct {
	value string
	fits  string // attributes, and "custom" for properties
}

func samples() []sample {
	text := func(n int) string { return `"` + strings.Repeat("\u20ac", n) + `"` }
	return []sample{
		{"null", "name owner container_format disk_format"},
		{`"raw"`, "name owner disk_format custom"}, {`"bare"`, "name owner container_format custom"}, {`"private"`, "name owner visibility custom"},
		{`""`, "name owner custom"}, {text(255), "name owner custom"}, {text(256), "custom"}, {`"1"`, "name owner custom"},
		{`"true"`, "name owner custom"},
		{"0", "min_disk min_ram"}, {"1.0", "min_disk min_ram"}, {"2147483647", "min_disk min_ram"}, {"1.5", ""}, {"1e400", ""},
		{"1e2", ""}, {"9223372036854775808", ""}, {"18446744073709551617", ""}, {strings.Repeat("7", 5000), ""},
		{"true", "protected"}, {"false", "protected"},
		{"[]", "tags"}, {`["a", "b", "a"]`, "tags"}, {`["a", 1]`, ""}, {`[null]`, ""}, {"[" + text(255) + "]", "tags"}, {"[" + text(256) + "]", ""},
		{"{}", ""}, {`{"a": "b"}`, ""}, {`[[]]`, ""}, {`[{"url": "x"}]`, ""},
	}
}

// attribute is what a patch of an admin may do to an attribute (spec images-api 3.1, 4.2, 4.4).
type attribute struct {
	path, name string // a pointer and the attribute that it means
	kind       string // "base", "set" or "unset" for properties, "service"
}

func attributes() []attribute {
	all := []attribute{
		{"/k", "k", "set"}, {"/ k\t", "k", "set"}, {"//k", "k", "set"}, {"/a~1b~0", "a/b~", "set"}, {"/\u20ac", "\u20ac", "set"},
		{"/m", "m", "unset"}, {"/Name", "Name", "unset"}, {"/STATUS", "STATUS", "unset"}, {"/~1status", "/status", "unset"}, {"/~01", "~1", "unset"},
		{"/os_glance", "os_glance", "unset"}, {"/is_public", "is_public", "unset"}, {"/image_id", "image_id", "unset"}, {"/base", "base", "unset"},
		{"/extra_properties", "extra_properties", "unset"}, {"/__class__", "__class__", "unset"}, {"/-", "-", "unset"}, {"/0", "0", "unset"},
		{"/ name", "name", "base"}, {"//owner", "owner", "base"}, {"/\u2003tags\u00a0", "tags", "base"},
	}
	for _, name := range []string{"name", "owner", "visibility", "protected", "container_format", "disk_format", "min_disk", "min_ram", "tags"} {
		all = append(all, attribute{"/" + name, name, "base"})
	}
	for _, name := range []string{
		"id", "status", "checksum", "size", "virtual_size", "created_at", "updated_at", "direct_url", "self", "file", "schema", "location",
		"deleted", "deleted_at", "os_glance_", "os_glance_stage_host", "os_glance_failed_import",
	} {
		all = append(all, attribute{"/" + name, name, "service"}, attribute{"// " + name + "\n", name, "service"})
	}
	return all
}

// code is what an operation on a queued image gives.
func (at attribute) code(d dialect, op string, s *sample) int {
	class := at.name
	if at.kind == "set" || at.kind == "unset" {
		class = "custom"
	}
	switch {
	case op != "remove" && s == nil:
		return http.StatusBadRequest
	case at.kind == "service":
		return http.StatusForbidden
	case op != "remove" && !slices.Contains(strings.Fields(s.fits), class):
		return http.StatusBadRequest
	case op == "remove" && at.kind == "base":
		return http.StatusForbidden
	case op != "add" && at.kind == "unset", op == "add" && d == v20 && at.kind != "unset":
		return http.StatusConflict
	}
	return http.StatusOK
}

// TestPatchMatrix applies every operation with every value to every attribute in both dialects (spec images-api 4.2,
// 4.4).
func TestPatchMatrix(t *testing.T) {
	t.Parallel()
	for _, at := range attributes() {
		t.Run(at.path, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			m := &matrix{client: f.as(admin), at: at}
			m.renew()
			for _, d := range dialects() {
				m.try(d, "remove", &sample{value: "[{}]"})
				for _, op := range []string{"add", "replace", "remove"} {
					m.try(d, op, nil)
				}
				for _, s := range samples() {
					m.try(d, "add", &s)
					m.try(d, "replace", &s)
				}
			}
		})
	}
}

// matrix tries operations on one attribute.
type matrix struct {
	client
	at     attribute
	id     string
	doc    map[string]any // of the image
	before string
}

// renew makes a new image to try on.
func (m *matrix) renew() {
	m.t.Helper()
	m.doc = m.ask("POST /v2/images", `{"k": "v", "a/b~": "v", "€": "v", "tags": ["t"], "min_disk": 7, "min_ram": 7, "name": "n", `+formats+"}").
		want(http.StatusCreated).doc()
	m.id, _ = m.doc["id"].(string)
	m.before = m.state()
}

func (m *matrix) try(d dialect, op string, s *sample) {
	m.t.Helper()
	value := ""
	if s != nil {
		value = s.value
	}
	want := m.at.code(d, op, s)
	a := m.patch(d, m.id, d.op(op, m.at.path, value)).want(want)
	if a.code != http.StatusOK {
		m.unchanged(m.before)
		return
	}
	delete(m.doc, m.at.name)
	if op != "remove" {
		m.doc[m.at.name] = shown(m.t, m.at.name, value)
	}
	got := a.doc()
	if !reflect.DeepEqual(m.doc, got) {
		m.t.Errorf("%s: the image is %v, want %v", a.line, got, m.doc)
	}
	if again := m.get("/v2/images/" + m.id); again.body != a.body {
		m.t.Errorf("%s: the answer %s is not the image %s", a.line, a.body, again.body)
	}
	m.renew()
}

// shown is the value of an attribute in the document after it was set.
func shown(t testing.TB, name, value string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(value), &v); err != nil {
		t.Fatal(err)
	}
	switch list, _ := v.([]any); {
	case name == "owner" && v == "":
		return nil
	case len(list) == 3: // of tags, with one twice
		return list[:2]
	}
	return v
}
