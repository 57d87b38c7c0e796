package glance_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goglance/glance/internal/reference"
	"goglance/glance/policy"
)

// TestMetadefReference sends the same requests about metadata definitions, one after the other, to a Python Glance and
// to ours, and compares status codes and whole bodies, but for times. What differs must be in
// testdata/metadef-differences.txt, with its reason; what is there and no longer differs must go. The Python Glance
// leaves to its policy who may write, so only callers who may with both do.
func TestMetadefReference(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	t.Parallel()
	f := start(t)
	open := filepath.Join(t.TempDir(), "policy.yaml")
	f.must(os.WriteFile(open, []byte(openPolicy()), 0o600))
	url := reference.Start(t, reference.Config{
		Identity: true, Default: "allow_anonymous_access = true", Sections: "[oslo_policy]\npolicy_file = " + open,
	})
	theirs := &fixture{t: t, url: url}
	meant, all := meantDifferences(t, "metadef-differences.txt"), metadefExchanges(t)
	for _, x := range all {
		ours, theirs := f.as(x.who).ask(x.line, x.body), theirs.as(x.who).ask(x.line, x.body)
		text := metadefDifference(ours, theirs)
		if text == "" {
			continue
		}
		text = x.String() + " | " + text
		i := slices.IndexFunc(meant, func(m *difference) bool { return m.pattern.MatchString(text) })
		if i < 0 {
			t.Errorf("%s\nours: %s\ntheirs: %s", text, shortened(ours.body), shortened(theirs.body))
			continue
		}
		meant[i].used = true
	}
	t.Logf("%d requests compared", len(all))
	for _, m := range meant {
		if !m.used {
			t.Errorf("nothing differs as the list says: %s", m.pattern)
		}
	}
}

// openPolicy lets everybody do everything, as the policy of Pike does; later releases have more rules.
func openPolicy() string {
	var text strings.Builder
	for rule := range policy.PikeRules() {
		if strings.Contains(rule, "metadef") {
			fmt.Fprintf(&text, "%s: ''\n", rule)
		}
	}
	for _, rule := range []string{
		"metadef_default", "metadef_admin", "delete_metadef_namespace", "delete_metadef_object", "remove_metadef_property", "delete_metadef_tag",
		"delete_metadef_tags", "remove_metadef_resource_type_association",
	} {
		fmt.Fprintf(&text, "%s: ''\n", rule)
	}
	return text.String()
}

var anyTime = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)

// metadefDifference says what two answers differ in; "": nothing.
func metadefDifference(ours, theirs answer) string {
	switch {
	case ours.code != theirs.code:
		return fmt.Sprintf("status %d %d", ours.code, theirs.code)
	case ours.header.Get("Allow") != theirs.header.Get("Allow"):
		return "Allow"
	case (ours.header.Get("Location") == "") != (theirs.header.Get("Location") == ""):
		return "Location"
	case ours.code < 300 && !alike(ours.body, theirs.body):
		return "body"
	}
	return ""
}

// alike compares bodies as JSON, without times and what is said for people.
func alike(a, b string) bool { return reflect.DeepEqual(essence(a), essence(b)) }

func essence(body string) any {
	var v any
	if json.Unmarshal([]byte(anyTime.ReplaceAllString(body, `"time"`)), &v) != nil {
		return body
	}
	return undescribed(v)
}

// undescribed drops the descriptions in schema documents, which are ours.
func undescribed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if _, schema := v["type"]; schema {
			if _, document := v["description"].(string); document && v["title"] == nil {
				delete(v, "description")
			}
		}
		for key, member := range v {
			v[key] = undescribed(member)
		}
	case []any:
		for i, member := range v {
			v[i] = undescribed(member)
		}
	}
	return v
}

// metadefExchanges is the requests, in their order.
func metadefExchanges(t *testing.T) []exchange {
	t.Helper()
	var all []exchange
	add := func(who caller, line, body string) { all = append(all, exchange{who: who, line: line, body: body}) }
	add(owner, "POST "+definitions, `{"namespace": "n", "visibility": "public", "display_name": "N", "description": "", `+everything+`}`)
	add(owner, "POST "+definitions, `{"namespace": "OS::Quite-Private.1", "protected": true}`)
	add(admin, "POST "+definitions, `{"namespace": "given", "owner": "project-owner", "tags": [], "objects": [], "properties": {}, "resource_type_associations": []}`)
	add(owner, "POST "+definitions+"/n/tags", `{"tags": [{"name": "z"}, {"name": "t"}, {"name": "a"}]}`)
	for _, who := range []caller{admin, owner, member, anonymous} {
		for _, line := range metadefReads() {
			add(who, line, "")
		}
	}
	add(owner, "POST "+definitions+"/n/properties", `{"name": "v", "type": "string", "title": "T"}`)
	add(owner, "POST "+definitions+"/n/objects", `{"name": "v"}`)
	for _, body := range metadefValues() {
		add(owner, "PUT "+definitions+"/n/properties/v", `{"name": "v", "type": "string", "title": "T", `+body+`}`)
		add(owner, "PUT "+definitions+"/n/objects/v", `{"name": "v", "properties": {"p": {"type": "string", "title": "T", `+body+`}}}`)
	}
	add(owner, "DELETE "+definitions+"/n/properties/v", "")
	add(owner, "DELETE "+definitions+"/n/objects/v", "") // or the order of the lists, which is the database's, would differ
	add(owner, "POST "+definitions, `{"namespace": "changed"}`)
	for i, body := range metadefAttributes() {
		if body == `"owner": ""` {
			continue // theirs is then nobody's
		}
		add(owner, "POST "+definitions, `{"namespace": "made-`+fmt.Sprint(i)+`", `+body+`}`)
		if !strings.HasPrefix(body, `"owner"`) { // theirs would be given away
			add(owner, "PUT "+definitions+"/changed", `{"namespace": "changed", `+body+`}`)
		}
	}
	for _, c := range metadefCalls(t) {
		path := strings.NewReplacer("{ns}", "n", "{name}", existing(c.path)).Replace(c.path)
		for _, body := range []string{"", " ", "{", "[]", "1", "null", `"x"`, `{}`, `{"x": 1}`, `{"created_at": 1}`, `{"self": 1}`, `{"name": 1}`} {
			if c.verb == "POST" || c.verb == "PUT" || c.verb == "GET" && body == "{}" {
				add(owner, c.verb+" "+path, body)
			}
		}
		for _, verb := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"} {
			if !strings.Contains(path, "{") && verb == "PATCH" || verb == "HEAD" {
				add(owner, verb+" "+path, "")
			}
		}
		add(owner, c.verb+" "+strings.NewReplacer("{ns}", "none", "{name}", "none").Replace(c.path), c.sound("none"))
	}
	all = append(all, metadefChanges()...)
	add(owner, "POST "+definitions, `{"namespace": "nobody", "owner": ""}`)
	return all
}

// metadefReads is requests that change nothing.
func metadefReads() []string {
	lines := []string{"GET /v2/metadefs/resource_types", "GET /v2/metadefs", "GET " + definitions + "/", "GET " + definitions + "/n/nothing", "PATCH " + definitions}
	for _, query := range []string{
		"", "?limit=1", "?limit=0", "?limit=-1", "?limit=x", "?limit=2000", "?marker=n", "?marker=none", "?sort_key=namespace", "?sort_key=namespace&sort_dir=asc",
		"?sort_key=owner&sort_dir=asc", "?sort_key=visibility", "?sort_key=protected", "?sort_key=display_name", "?sort_key=description&sort_dir=asc", "?sort_key=id",
		"?sort_key=created_at&limit=2", "?sort_key=name", "?sort_dir=up", "?visibility=public", "?visibility=private", "?visibility=shared", "?visibility=x", "?visibility=",
		"?resource_types=OS::A", "?resource_types=OS::A,OS::B", "?resource_types=", "?resource_types=none", "?owner=x", "?limit=1&x=a%20b&y=%C3%BC", "?sort_key=", "?sort_dir=",
	} {
		lines = append(lines, "GET "+definitions+query)
	}
	for _, ns := range []string{"/n", "/OS::Quite-Private.1", "/given", "/none", "/n?resource_type=OS::A", "/n?resource_type=OS::B", "/n?resource_type=none", "/n?resource_type=",
		"/n?resource_type=OS::A&visibility=x", "/n?x=y"} {
		lines = append(lines, "GET "+definitions+ns)
		if !strings.Contains(ns, "?") {
			for _, kind := range []string{"objects", "properties", "tags", "resource_types", "objects/o", "properties/p", "tags/t", "objects/none", "properties/none", "tags/none"} {
				lines = append(lines, "GET "+definitions+ns+"/"+kind)
			}
		}
	}
	for _, query := range []string{
		"limit=0", "limit=1", "limit=-1", "limit=x", "limit=", "marker=t", "marker=none", "marker=", "sort_key=name", "sort_key=name&sort_dir=asc", "sort_key=id&limit=2",
		"sort_key=created_at&sort_dir=asc&marker=z", "sort_key=x", "sort_dir=x", "visibility=shared", "visibility=x", "x=y",
	} {
		lines = append(lines, "GET "+definitions+"/n/tags?"+query, "GET "+definitions+"/n/objects?"+query)
	}
	for _, query := range []string{"p?resource_type=OS::A", "a_p?resource_type=OS::A", "a_?resource_type=OS::A", "p?resource_type=OS::B", "p?resource_type=none", "p?resource_type=", "p?x=y"} {
		lines = append(lines, "GET "+definitions+"/n/properties/"+query)
	}
	for _, name := range []string{"namespace", "namespaces", "resource_type", "resource_types", "property", "properties", "object", "objects", "tag", "tags", "nothing"} {
		lines = append(lines, "GET /v2/schemas/metadefs/"+name, "PUT /v2/schemas/metadefs/"+name)
	}
	return lines
}

// metadefValues is what can be said of a property, sense and nonsense.
func metadefValues() []string {
	var all []string
	for _, key := range []string{
		"description", "operators", "default", "readonly", "minimum", "maximum", "enum", "pattern", "minLength", "maxLength", "confidential", "items", "uniqueItems",
		"minItems", "maxItems", "additionalItems", "required", "format", "title",
	} {
		for _, value := range []string{
			`"x"`, `""`, `"ü"`, `1`, `0`, `-1`, `1.5`, `-1.5`, `1.0`, `1e2`, `12345678901234567890`, `true`, `false`, `null`, `[]`, `["a", "b"]`, `[1]`, `[null]`, `{}`, `{"type": "string"}`,
			`{"type": "string", "enum": ["a"]}`, `{"type": "string", "enum": [1]}`, `{"type": null}`, `{"type": "string", "x": 1}`, `"\ud83d\ude00"`,
		} {
			all = append(all, `"`+key+`": `+value)
		}
	}
	return all
}

// metadefAttributes is what can be said of a namespace.
func metadefAttributes() []string {
	var all []string
	for _, key := range []string{"display_name", "description", "visibility", "protected", "owner", "resource_type_associations", "properties", "objects", "tags", "x", "schema"} {
		for _, value := range []string{
			`"x"`, `""`, `"public"`, `"shared"`, `"` + strings.Repeat("ü", 80) + `"`, `"` + strings.Repeat("x", 81) + `"`, `"` + strings.Repeat("x", 501) + `"`, `"project-owner"`, `1`, `false`,
			`null`, `[]`, `{}`, `[1]`, `[{"name": "x"}]`, `[{"name": "x"}, {"name": "x"}]`, `[{"name": "x", "more": 1}]`, `[{"name": "x", "prefix": "p"}, {"name": "y"}]`, `[{"name": 1}]`,
			`[{"name": "x", "description": "d", "required": ["a"], "properties": {"a": {"type": "string", "title": "T", "name": "a"}}}]`, `"\ud83d\ude00"`,
			`{"p": {"type": "string", "title": "T"}, "q": {"type": "array", "title": "T", "items": {"type": "string"}}}`, `{"p": {"type": "string"}}`, `{"p": 1}`,
		} {
			all = append(all, `"`+key+`": `+value)
		}
	}
	return all
}

// metadefChanges is a namespace's way to its end.
func metadefChanges() []exchange {
	var all []exchange
	for _, row := range [][2]string{
		{"POST /n/objects", `{"name": "o2", "required": ["a,b", "c"]}`}, {"GET /n/objects/o2", ""}, {"POST /n/objects", `{"name": "o2"}`},
		{"PUT /n/objects/o2", `{"name": "o3", "description": "d"}`}, {"PUT /n/objects/o3", `{"name": "o"}`}, {"GET /n/objects", ""},
		{"PUT /n/properties/p", `{"name": "p2", "type": "integer", "title": "T"}`}, {"GET /n/properties", ""}, {"GET /n/properties/p2", ""},
		{"POST /n/tags/t2", ""}, {"POST /n/tags/t2", ""}, {"PUT /n/tags/t2", `{"name": "t3"}`}, {"PUT /n/tags/t3", `{"name": "t"}`}, {"GET /n/tags?sort_key=name", ""},
		{"POST /n/tags", `{"tags": []}`}, {"POST /n/tags", `{"tags": [{"name": "1"}, {"name": "1"}]}`}, {"GET /n/tags?sort_key=name", ""}, {"POST /none/tags", `{"tags": []}`},
		{"POST /n/tags/" + strings.Repeat("x", 81), ""}, {"POST /n/objects", `{"name": "` + strings.Repeat("x", 81) + `"}`},
		{"POST /n/properties", `{"name": "` + strings.Repeat("x", 81) + `", "type": "string", "title": "T"}`}, {"PUT /n/tags/t", `{"name": "` + strings.Repeat("x", 81) + `"}`},
		{"POST /n/resource_types", `{"name": "OS::A"}`}, {"POST /n/resource_types", `{"name": "OS::C", "prefix": "", "properties_target": "x"}`},
		{"POST /n/resource_types", `{"name": "OS::D", "prefix": null}`}, {"POST /n/resource_types", `{"name": "` + strings.Repeat("x", 81) + `"}`},
		{"GET /n/resource_types", ""}, {"DELETE /n/resource_types/OS::A", ""}, {"DELETE /n/resource_types/OS::A", ""}, {"DELETE /n/resource_types/none", ""},
		{"PUT /n", `{"namespace": "OS::Quite-Private.1"}`}, {"PUT /n", `{"namespace": "m", "visibility": "public", "protected": true, "objects": [{"name": "ignored"}]}`},
		{"GET /n", ""}, {"GET /m", ""}, {"DELETE /m", ""}, {"DELETE /m/objects", ""}, {"DELETE /m/objects/o", ""}, {"DELETE /m/properties/p2", ""}, {"DELETE /m/tags/t", ""},
		{"DELETE /m/resource_types/OS::B", ""}, {"PUT /m", `{"namespace": "m", "visibility": "public"}`}, {"DELETE /m/objects/o", ""}, {"DELETE /m/objects/o", ""},
		{"DELETE /m/objects", ""}, {"DELETE /m/properties", ""}, {"DELETE /m/tags", ""}, {"DELETE /m/tags", ""}, {"GET /m", ""}, {"DELETE /m", ""}, {"DELETE /m", ""}, {"GET /m/objects", ""},
	} {
		verb, path, _ := strings.Cut(row[0], " ")
		all = append(all, exchange{who: owner, line: verb + " " + definitions + path, body: row[1]})
	}
	return all
}
