package glance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const definitions = "/v2/metadefs/namespaces"

// define makes a namespace from attrs, the inside of a JSON object.
func (c client) define(name, attrs string) {
	c.t.Helper()
	if attrs != "" {
		attrs = ", " + attrs
	}
	c.ask("POST "+definitions, `{"namespace": "`+name+`"`+attrs+`}`).want(http.StatusCreated)
}

// everything is something of everything that a namespace can hold.
const everything = `"resource_type_associations": [{"name": "OS::A", "prefix": "a_"}, {"name": "OS::B"}],
	"properties": {"p": {"type": "string", "title": "P"}},
	"objects": [{"name": "o", "required": ["q"], "properties": {"q": {"type": "integer", "title": "Q"}}}],
	"tags": [{"name": "t"}]`

// defined describes everything that is stored of metadata definitions.
func (f *fixture) defined() string {
	f.t.Helper()
	var text strings.Builder
	for table, order := range map[string]string{
		"metadef_namespaces": "id", "metadef_objects": "id", "metadef_properties": "id", "metadef_tags": "id",
		"metadef_resource_types": "id", "metadef_namespace_resource_types": "namespace_id, resource_type_id",
	} {
		fmt.Fprintf(&text, "%s: %s\n", table, strings.Join(f.dumpBy(table, order), "\n\t"))
	}
	lines := strings.Split(text.String(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (f *fixture) dumpBy(table, order string) []string {
	f.t.Helper()
	rows, err := f.sql.QueryContext(context.Background(), "SELECT * FROM "+table+" ORDER BY "+order)
	f.must(err)
	defer rows.Close() //nolint:errcheck // only read
	names, err := rows.Columns()
	f.must(err)
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	lines := []string{}
	for rows.Next() {
		f.must(rows.Scan(into...))
		for i, v := range values {
			if text, ok := v.([]byte); ok {
				values[i] = string(text)
			}
		}
		lines = append(lines, fmt.Sprint(values...))
	}
	f.must(rows.Err())
	return lines
}

// exchanged is one of the requests of owner, one after the other, each with its answer; a body that is not given is not looked at.
type exchanged struct {
	line, body string
	code       int
	answer     string
}

// try makes the steps. #T in an answer is the time of the clock, #1 a second later. Bodies are compared as JSON, so the
// order of keys is free.
func (c client) try(steps []exchanged) {
	c.t.Helper()
	for _, s := range steps {
		a := c.ask(s.line, s.body).want(s.code)
		if s.answer == "" {
			continue
		}
		want := strings.NewReplacer("#T", "2017-08-01T10:00:00Z", "#1", "2017-08-01T10:00:01Z").Replace(s.answer)
		if !sameJSON(c.t, a.body, want) {
			c.t.Errorf("%s %s: got\n%s\nwant\n%s", s.line, s.body, a.body, want)
		}
	}
}

func sameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	var x, y any
	for text, v := range map[string]*any{a: &x, b: &y} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(v); err != nil {
			t.Errorf("%v in %s", err, shortened(text))
		}
	}
	if a == b {
		return true
	}
	return reflect.DeepEqual(x, y)
}

// Spec metadefs 4.2 to 4.8: a namespace from its making to its end.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	const ns = definitions + "/OS::My-Ns"
	a := c.ask("POST "+definitions, `{"namespace": "OS::My-Ns"}`).want(http.StatusCreated)
	a.wantHeader("Location", f.url+ns).wantHeader("Content-Type", "application/json")
	a.wantBody(`{"namespace": "OS::My-Ns", "visibility": "private", "protected": false, "owner": "project-owner", ` +
		`"created_at": "2017-08-01T10:00:00Z", "updated_at": "2017-08-01T10:00:00Z", "self": "` + ns + `", "schema": "/v2/schemas/metadefs/namespace"}`)
	f.clock.add(time.Second)
	base := func(name, more, times string) string {
		return `{"namespace": "` + name + `", ` + more + times + `, "self": "` + definitions + "/" + name + `", "schema": "/v2/schemas/metadefs/namespace"}`
	}
	const private = `"visibility": "private", "protected": false, "owner": "project-owner", `
	const all = `"display_name": "D", "description": "", "visibility": "public", "protected": true, "owner": "project-owner"`
	c.try([]exchanged{
		{"GET " + ns, "", 200, base("OS::My-Ns", private, `"created_at": "#T", "updated_at": "#T"`)},
		{"POST " + definitions, `{"namespace": "OS::My-Ns"}`, 409, ""},
		{"PUT " + ns, `{"namespace": "OS::My-Ns", ` + all + `}`, 200, base("OS::My-Ns", all+", ", `"created_at": "#T", "updated_at": "#T"`)},
		{"GET " + ns, "", 200, base("OS::My-Ns", all+", ", `"created_at": "#T", "updated_at": "#1"`)},
		{"DELETE " + ns, "", 403, ""},
		{"DELETE " + ns + "/objects", "", 403, ""},
		{"PUT " + ns, `{"namespace": "new"}`, 200, base("new", private, `"created_at": "#T", "updated_at": "#1"`)},
		{"GET " + ns, "", 404, ""},
		{"GET " + definitions + "/new", "", 200, base("new", private, `"created_at": "#T", "updated_at": "#1"`)},
		{"POST " + definitions, `{"namespace": "other"}`, 201, ""},
		{"PUT " + definitions + "/new", `{"namespace": "other"}`, 409, ""},
		{"PUT " + definitions + "/new", `{"namespace": "new", "properties": {"p": {"type": "string", "title": "T"}}, "tags": [{"name": "t"}]}`, 200, ""},
		{"GET " + definitions + "/new/properties", "", 200, `{"properties": {}}`},
		{"PUT " + definitions + "/none", `{"namespace": "none"}`, 404, ""},
		{"PUT " + definitions + "/new", `{"description": "x"}`, 400, ""},
		{"DELETE " + definitions + "/new", "x", 400, ""},
		{"DELETE " + definitions + "/new", "", 204, ""},
		{"DELETE " + definitions + "/new", "", 404, ""},
	})
}

// Spec metadefs 4.2, 4.3: contents given with a namespace are told back as they were given, and shown in full.
func TestNamespaceWithContents(t *testing.T) {
	t.Parallel()
	f := start(t)
	const base = `"namespace": "n", "visibility": "private", "protected": false, "owner": "project-owner", "created_at": "#T", "updated_at": "#T",
		"self": "/v2/metadefs/namespaces/n", "schema": "/v2/schemas/metadefs/namespace", `
	const associations = `"resource_type_associations": [{"name": "OS::A", "prefix": "a_", #}, {"name": "OS::B", #}], `
	const times = `"created_at": "#T", "updated_at": "#T"`
	const links = times + `, "self": "/v2/metadefs/namespaces/n/objects/o", "schema": "/v2/schemas/metadefs/object"`
	shown := func(prefix string) string {
		return `{` + base + strings.ReplaceAll(associations, "#}", times+"}") +
			`"properties": {"` + prefix + `p": {"type": "string", "title": "P"}}, "tags": [{"name": "t"}],
			"objects": [{"name": "o", "required": ["` + prefix + `q"], "properties": {"` + prefix + `q": {"type": "integer", "title": "Q"}}, ` + links + `}]}`
	}
	f.as(owner).try([]exchanged{
		{"POST " + definitions, `{"namespace": "n", ` + everything + `}`, 201, `{` + base + strings.ReplaceAll(associations, ", #}", "}") +
			`"properties": {"p": {"type": "string", "title": "P"}}, "tags": [{"name": "t"}],
			"objects": [{"name": "o", "required": ["q"], "properties": {"q": {"type": "integer", "title": "Q"}}}]}`},
		{"GET " + definitions + "/n", "", 200, shown("")},
		{"GET " + definitions + "/n?resource_type=OS::A", "", 200, shown("a_")},
		{"GET " + definitions + "/n?resource_type=OS::B", "", 200, shown("")},
		{"GET " + definitions + "/n?resource_type=nothing", "", 200, shown("")},
		{"GET " + definitions + "/n?resource_type=", "", 200, shown("")},
		{"GET " + definitions + "/n?x=y&visibility=public", "", 200, shown("")},
		{"GET " + definitions + "/n?visibility=shared", "", 400, ""},
		{"POST " + definitions, `{"namespace": "n2", "objects": [], "properties": {}, "tags": [], "resource_type_associations": []}`, 201,
			strings.NewReplacer(`"n"`, `"n2"`, `/n"`, `/n2"`).Replace(`{` + base + `"objects": [], "properties": {}, "tags": [], "resource_type_associations": []}`)},
		{"DELETE " + definitions + "/n2", "", 204, ""},
	})
	f.as(owner).define("rollback", `"tags": []`)
	before := f.defined()
	f.as(owner).try([]exchanged{
		{"POST " + definitions, `{"namespace": "m", ` + everything + `, "description": "\ud83d\ude00"}`, 400, ""},
		{"POST " + definitions, `{"namespace": "m", "objects": [{"name": "x"}, {"name": "x"}]}`, 409, ""},
		{"POST " + definitions, `{"namespace": "m", "tags": [{"name": "x"}, {"name": "x"}]}`, 409, ""},
		{"POST " + definitions, `{"namespace": "m", "resource_type_associations": [{"name": "x"}, {"name": "x"}]}`, 409, ""},
		{"POST " + definitions, `{"namespace": "m", "objects": [{}]}`, 400, ""},
		{"POST " + definitions, `{"namespace": "m", "tags": [{}]}`, 400, ""},
		{"POST " + definitions, `{"namespace": "m", "resource_type_associations": [{"prefix": "x"}]}`, 400, ""},
		{"POST " + definitions, `{"namespace": "m", "properties": {"p": {"type": "string", "title": "T", "required": ["x"]}}}`, 400, ""},
	})
	if f.defined() != before {
		t.Error("something is left of what was refused")
	}
	f.as(owner).ask("DELETE "+definitions+"/n", "").want(http.StatusNoContent)
	f.as(owner).ask("DELETE "+definitions+"/rollback", "").want(http.StatusNoContent)
	if text := f.defined(); !strings.Contains(text, "OS::A") || strings.Count(text, "\n") > 12 {
		t.Errorf("resource types stay, all else goes: %s", text)
	}
}

// Spec metadefs 5.
func TestMetadefObjects(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	c.define("n", "")
	const o = definitions + "/n/objects"
	shown := func(name, more string, times string) string {
		return `{"name": "` + name + `", ` + more + times + `, "self": "` + o + "/" + name + `", "schema": "/v2/schemas/metadefs/object"}`
	}
	const made, changed = `"created_at": "#T", "updated_at": "#T"`, `"created_at": "#T", "updated_at": "#1"`
	c.try([]exchanged{
		{"GET " + o, "", 200, `{"objects": [], "schema": "v2/schemas/metadefs/objects"}`},
		{"POST " + o, `{"name": "a"}`, 201, shown("a", "", made)},
		{"POST " + o, `{"name": "b", "description": "d", "required": ["p", "q,r"], "properties": {"p": {"type": "array", "title": "", "default": 1}}}`, 201,
			shown("b", `"description": "d", "required": ["p", "q,r"], "properties": {"p": {"type": "array", "title": "", "default": "1"}}, `, made)},
		{"GET " + o + "/a", "", 200, shown("a", `"required": [], "properties": {}, `, made)},
		{"GET " + o + "/b", "", 200, shown("b", `"description": "d", "required": ["p", "q", "r"], "properties": {"p": {"type": "array", "title": "", "default": "1"}}, `, made)},
		{"POST " + o, `{"name": "a"}`, 409, ""},
		{"GET " + o + "/none", "", 404, ""},
		{"GET " + o + "/a", "x", 400, ""},
		{"DELETE " + o + "/a", "x", 400, ""},
	})
	f.clock.add(time.Second)
	c.try([]exchanged{
		{"PUT " + o + "/b", `{"name": "b2"}`, 200, shown("b2", "", made)},
		{"GET " + o + "/b", "", 404, ""},
		{"GET " + o + "/b2", "", 200, shown("b2", `"required": [], "properties": {}, `, changed)},
		{"PUT " + o + "/b2", `{"name": "a"}`, 409, ""},
		{"PUT " + o + "/b2", `{"description": "x"}`, 400, ""},
		{"PUT " + o + "/none", `{"name": "none"}`, 404, ""},
		{"GET " + o + "?limit=1&marker=zzz&sort_key=zzz&sort_dir=asc&visibility=shared", "", 200, `{"objects": [` +
			shown("a", `"required": [], "properties": {}, `, made) + `, ` + shown("b2", `"required": [], "properties": {}, `, changed) +
			`], "schema": "v2/schemas/metadefs/objects"}`},
		{"GET " + o + "?limit=0", "", 400, ""}, {"GET " + o + "?limit=", "", 400, ""}, {"GET " + o + "?limit=-1", "", 400, ""},
		{"GET " + o + "?sort_dir=up", "", 400, ""}, {"GET " + o + "?visibility=x", "", 400, ""}, {"GET " + o + "?x=%FF", "", 400, ""},
		{"DELETE " + o + "/none", "", 404, ""}, {"DELETE " + o + "/a", "", 204, ""}, {"DELETE " + o + "/a", "", 404, ""},
		{"DELETE " + o, "ignored", 204, ""}, {"DELETE " + o, "", 204, ""},
		{"GET " + o, "", 200, `{"objects": [], "schema": "v2/schemas/metadefs/objects"}`},
		{"GET " + definitions + "/none/objects", "", 404, ""}, {"POST " + definitions + "/none/objects", `{"name": "a"}`, 404, ""},
	})
}

// Spec metadefs 3.2, 6.
func TestMetadefProperties(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	c.define("n", `"properties": {"given": {"type": "string", "title": "T"}}, "resource_type_associations":
		[{"name": "A", "prefix": "a_"}, {"name": "B"}, {"name": "C", "prefix": ""}]`)
	const p = definitions + "/n/properties"
	full := `{"name": "f", "type": "array", "title": "T", "description": "D", "operators": ["<or>"], "default": "[]", "readonly": true,
		"minimum": -1, "maximum": 2, "enum": ["a"], "pattern": "^(", "minLength": 0, "maxLength": 1, "items": {"type": "string", "enum": ["x"]},
		"uniqueItems": true, "minItems": 0, "maxItems": 3, "additionalItems": false}`
	c.try([]exchanged{
		{"POST " + p, full, 201, full}, {"GET " + p + "/f", "", 200, full},
		{"POST " + p, `{"name": "f", "type": "string", "title": "T"}`, 409, ""},
		{"GET " + p + "/given", "", 200, `{"name": "given", "type": "string", "title": "T"}`},
		{"GET " + p, "", 200, `{"properties": {"given": {"type": "string", "title": "T"}, "f": ` + full + `}}`},
		{"PUT " + p + "/f", `{"name": "g", "type": "number", "title": "G", "default": 1.5, "minimum": 1.5}`, 200,
			`{"name": "g", "type": "number", "title": "G", "default": "1.5", "minimum": 1}`},
		{"GET " + p + "/f", "", 404, ""},
		{"GET " + p + "/g", "", 200, `{"name": "g", "type": "number", "title": "G", "default": "1.5", "minimum": 1}`},
		{"PUT " + p + "/g", `{"name": "given", "type": "string", "title": "T"}`, 409, ""},
		{"PUT " + p + "/none", `{"name": "x", "type": "string", "title": "T"}`, 404, ""},
		{"GET " + p + "/a_g?resource_type=A", "", 200, `{"name": "g", "type": "number", "title": "G", "default": "1.5", "minimum": 1}`},
		{"GET " + p + "/g?resource_type=A", "", 404, ""}, {"GET " + p + "/a_none?resource_type=A", "", 404, ""},
		{"GET " + p + "/a_?resource_type=A", "", 404, ""},
		{"GET " + p + "/g?resource_type=B", "", 404, ""}, {"GET " + p + "/g?resource_type=C", "", 404, ""}, {"GET " + p + "/g?resource_type=D", "", 404, ""},
		{"GET " + p + "/g?resource_type=", "", 200, ""}, {"GET " + p + "/g?x=y", "", 200, ""},
		{"GET " + p, "x", 400, ""}, {"GET " + p + "/g", "x", 200, ""},
		{"DELETE " + p + "/g", "ignored", 204, ""}, {"DELETE " + p + "/g", "", 404, ""},
		{"DELETE " + p, "", 204, ""}, {"GET " + p, "", 200, `{"properties": {}}`},
	})
}

// Spec metadefs 7.
func TestMetadefTags(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	c.define("n", "")
	const tags = definitions + "/n/tags"
	const made = `"created_at": "#T", "updated_at": "#T"}`
	c.try([]exchanged{
		{"GET " + tags, "", 200, `{"tags": []}`},
		{"POST " + tags + "/a%20b", "", 201, `{"name": "a b", ` + made}, {"POST " + tags + "/a%20b", "", 409, ""},
		{"POST " + tags + "/c", "x", 400, ""}, {"POST " + tags + "/" + strings.Repeat("x", 81), "", 400, ""},
		{"POST " + tags + "/" + strings.Repeat("x", 80), "", 201, ""},
		{"GET " + tags + "/a%20b", "", 200, `{"name": "a b", ` + made}, {"GET " + tags + "/none", "", 404, ""},
		{"POST " + tags, `{"tags": [{"name": "z"}, {"name": "a"}, {"name": "m"}]}`, 201, `{"tags": [{"name": "z"}, {"name": "a"}, {"name": "m"}]}`},
		{"GET " + tags + "?sort_key=name", "", 200, `{"tags": [{"name": "z"}, {"name": "m"}, {"name": "a"}]}`},
		{"GET " + tags + "?sort_key=name&sort_dir=asc&limit=2", "", 200, `{"tags": [{"name": "a"}, {"name": "m"}]}`},
		{"GET " + tags + "?sort_key=name&sort_dir=asc&marker=m&limit=", "", 200, `{"tags": [{"name": "z"}]}`},
		{"GET " + tags, "", 200, `{"tags": [{"name": "m"}, {"name": "a"}, {"name": "z"}]}`},
		{"GET " + tags + "?limit=0&marker=", "", 200, `{"tags": []}`},
		{"GET " + tags + "?marker=none", "", 404, ""}, {"GET " + tags + "?marker=%00", "", 400, ""},
		{"GET " + tags + "?limit=-1", "", 400, ""}, {"GET " + tags + "?limit=x", "", 400, ""}, {"GET " + tags + "?sort_key=x", "", 400, ""},
		{"GET " + tags + "?sort_key=", "", 400, ""}, {"GET " + tags + "?sort_dir=", "", 400, ""}, {"GET " + tags + "?visibility=x", "", 400, ""},
		{"POST " + tags, `{"tags": [{"name": "q"}, {"name": "q"}]}`, 409, ""}, {"POST " + tags, `{}`, 400, ""},
		{"POST " + tags, `{"tags": [{"name": "q", "created_at": ""}]}`, 400, ""}, {"POST " + tags, `{"tags": [{"name": "\ud83d\ude00"}]}`, 400, ""},
		{"POST " + tags, `{"tags": []}`, 201, `{"tags": []}`},
		{"GET " + tags, "", 200, `{"tags": [{"name": "m"}, {"name": "a"}, {"name": "z"}]}`},
		{"POST " + definitions + "/none/tags", `{"tags": []}`, 404, ""},
	})
	f.clock.add(time.Second)
	c.try([]exchanged{
		{"PUT " + tags + "/z", `{"name": "y"}`, 200, `{"name": "y", ` + made},
		{"GET " + tags + "/y", "", 200, `{"name": "y", "created_at": "#T", "updated_at": "#1"}`},
		{"PUT " + tags + "/y", `{"name": "a"}`, 409, ""}, {"PUT " + tags + "/z", `{"name": "a"}`, 404, ""}, {"PUT " + tags + "/y", `{}`, 400, ""},
		{"DELETE " + tags + "/z", "", 404, ""}, {"DELETE " + tags + "/y", "", 204, ""}, {"DELETE " + tags, "", 204, ""}, {"GET " + tags, "", 200, `{"tags": []}`},
	})
}

// Spec metadefs 8.
func TestMetadefAssociations(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	c.define("n", "")
	const types = definitions + "/n/resource_types"
	const times = `"created_at": "#T", "updated_at": "#T"}`
	c.try([]exchanged{
		{"GET /v2/metadefs/resource_types", "", 200, `{"resource_types": []}`}, {"GET " + types, "", 200, `{"resource_type_associations": []}`},
		{"POST " + types, `{"name": "OS::X", "prefix": "p", "properties_target": "image"}`, 201, `{"name": "OS::X", "prefix": "p", "properties_target": "image", ` + times},
		{"POST " + types, `{"name": "OS::Y", "prefix": ""}`, 201, `{"name": "OS::Y", "prefix": "", ` + times},
		{"POST " + types, `{"name": "OS::X"}`, 409, ""},
		{"GET " + types, "", 200, `{"resource_type_associations": [{"name": "OS::X", "prefix": "p", "properties_target": "image", ` + times +
			`, {"name": "OS::Y", "prefix": "", ` + times + `]}`},
		{"GET /v2/metadefs/resource_types", "", 200, `{"resource_types": [{"name": "OS::X", ` + times + `, {"name": "OS::Y", ` + times + `]}`},
		{"GET /v2/metadefs/resource_types", "x", 400, ""}, {"GET " + types, "x", 400, ""},
		{"DELETE " + types + "/OS::Z", "", 404, ""}, {"DELETE " + types + "/OS::X", "x", 400, ""}, {"DELETE " + types + "/OS::X", "", 204, ""},
		{"DELETE " + types + "/OS::X", "", 404, ""}, {"DELETE " + definitions + "/none/resource_types/OS::X", "", 404, ""},
		{"GET /v2/metadefs/resource_types", "", 200, `{"resource_types": [{"name": "OS::X", ` + times + `, {"name": "OS::Y", ` + times + `]}`},
		{"POST " + types, `{"name": "OS::X", "prefix": "other"}`, 201, ""},
	})
}

// Spec metadefs 12, security S47: the documents, to everybody.
func TestMetadefSchemas(t *testing.T) {
	t.Parallel()
	f := start(t)
	var all strings.Builder
	for _, name := range []string{"namespace", "namespaces", "resource_type", "resource_types", "property", "properties", "object", "objects", "tag", "tags"} {
		line := "GET /v2/schemas/metadefs/" + name
		a := f.as(anonymous).ask(line, "").want(http.StatusOK).wantHeader("Content-Type", "application/json")
		fmt.Fprintf(&all, "%s\n%s\n", name, a.body)
		f.as(owner).ask(line, "x").want(http.StatusBadRequest)
		f.as(owner).ask("POST /v2/schemas/metadefs/"+name, "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "GET")
	}
	golden(t, "metadef-schemas.golden", all.String())
}
