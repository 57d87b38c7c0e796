package glance_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// hostile is bodies that make no sense, and some that do, to whatever they are sent.
func hostile() []string {
	long := strings.Repeat("x", 10_000)
	values := []string{
		`null`, `true`, `1`, `-1.5`, `1e400`, `1e9999999`, strings.Repeat("9", 1000), `""`, `"x"`, `"` + strings.Repeat("x", 81) + `"`, `"` + strings.Repeat("ü", 256) + `"`,
		`"` + long + `"`, `"\u0000"`, `"\ud83d\ude00"`, `"\ud800"`, `"😀"`, `[]`, `[1]`, `[null]`, `["x", "x"]`, `[{}]`, `[[]]`, `{}`, `{"x": 1}`, `{"": {}}`,
		`{"x": {"type": "string", "title": "T"}}`, `{"x": {"type": null, "title": "T"}}`, `{"x": {"type": "string", "title": "T", "enum": [1]}}`,
		`{"x": {"type": "string", "title": "T", "required": ["x"]}}`, `{"\u0000": {"type": "string", "title": "T"}}`, `[{"name": null}]`, `[{"name": "\u0000"}]`,
		`[{"name": "` + long + `"}]`, `[{"name": "x"}, {"name": "x"}]`, `[{"name": "x", "required": ["\u0000"]}]`, `[{"name": "x", "prefix": "` + long + `"}]`,
		`{"type": "string", "enum": [1]}`, `{"type": "string", "more": 1}`, `"` + strings.Repeat("ü", 40_000) + `"`,
	}
	bodies := []string{
		``, ` `, `{`, `}`, `nul`, `{"a"}`, `[`, `"`, `{}{}`, "\xff", "{\"name\": \"\xff\"}", "\ufeff{}", `{"name": "x",}`, `{'name': 'x'}`, `[]`, `null`, `true`, `7`, `"text"`,
		strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 20_000), `{"created_at": 1}`, `{"self": 1}`, `{"Name": "x"}`,
	}
	for _, key := range []string{
		"namespace", "name", "display_name", "description", "visibility", "protected", "owner", "resource_type_associations", "properties", "objects", "tags",
		"prefix", "properties_target", "required", "type", "title", "default", "minimum", "maxLength", "minItems", "enum", "items", "operators", "readonly", "pattern", "x",
	} {
		for _, v := range values {
			bodies = append(bodies, `{"namespace": "ns", "`+key+`": `+v+`}`, `{"name": "n", "type": "string", "title": "T", "`+key+`": `+v+`}`)
		}
	}
	return bodies
}

// Spec metadefs 3: no body is answered with 500, what is refused changes nothing, and what is taken can be shown.
func TestMetadefBodies(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.as(owner).define("n", everything)
	for i, body := range hostile() {
		if testing.Short() && i%7 != 0 {
			continue
		}
		for j, c := range metadefCalls(t) {
			if c.verb != http.MethodPost && c.verb != http.MethodPut || i > 40 && (i/2+j)%2 == 0 {
				continue
			}
			if whole := strings.HasSuffix(c.path, "/namespaces") || strings.HasSuffix(c.path, "/{ns}"); strings.HasPrefix(body, `{"namespace": "ns", `) != whole && i > 40 {
				continue // it has the keys of something else
			}
			line := c.verb + " " + strings.NewReplacer("{ns}", "n", "{name}", existing(c.path)).Replace(c.path)
			a := f.as(owner).ask(line, body)
			if a.code >= 500 {
				t.Errorf("%s %s: %d", line, shortened(body), a.code)
			}
			if a.code < 300 {
				f.shows(line, body)
				f.renew()
			}
		}
	}
}

// shows fails unless everything can be shown.
func (f *fixture) shows(line, body string) {
	f.t.Helper()
	for _, path := range []string{definitions, "/v2/metadefs/resource_types"} {
		if a := f.as(owner).get(path); a.code != http.StatusOK {
			f.t.Errorf("%s %s: then %s is %d", line, shortened(body), path, a.code)
		}
	}
}

// renew makes the one namespace anew.
func (f *fixture) renew() {
	f.t.Helper()
	f.exec("DELETE FROM metadef_namespace_resource_types")
	for _, table := range []string{"objects", "properties", "tags", "resource_types", "namespaces"} {
		f.exec("DELETE FROM metadef_" + table)
	}
	f.as(owner).define("n", everything)
}

// No name in a path is answered with 500, and none of them finds anything.
func TestMetadefPaths(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.as(owner).define("n", everything)
	before := f.defined()
	for _, name := range []string{
		strings.Repeat("x", 81), strings.Repeat("x", 10_000), strings.Repeat("%C3%BC", 3000), "%00", "n%00", "%F0%9F%98%80", "%25", "%2525", "%2F", "..", ".", "%2E%2E",
		"'%20OR%20'1'='1", "%22", "n%20", "%20n", "N%C2%A0", "*", "%5C", "%0D%0A", ";", "n;x=y", "?", "#", "null", "%EF%BF%BF",
	} {
		for _, c := range metadefCalls(t) {
			if c.verb == http.MethodPost || !strings.Contains(c.path, "{ns}") {
				continue
			}
			for _, line := range []string{
				strings.NewReplacer("{ns}", name, "{name}", existing(c.path)).Replace(c.path), strings.NewReplacer("{ns}", "n", "{name}", name).Replace(c.path),
			} {
				if !strings.Contains(line, name) {
					continue
				}
				if a := f.as(owner).ask(c.verb+" "+line, c.sound("n")); a.code < 400 && name != "?" && name != "#" || a.code >= 500 {
					t.Errorf("%s %s: %d", c.verb, shortened(line), a.code)
				}
				f.renewUnless(before)
			}
		}
		for _, c := range []string{"/n/tags/", "/" + name + "/tags/"} {
			if a := f.as(owner).ask("POST "+definitions+c+name, ""); a.code >= 500 {
				t.Errorf("%s: %d", shortened(c+name), a.code)
			}
		}
		f.renewUnless(before)
	}
	a := f.raw("GET " + definitions + "/%FF HTTP/1.1\r\nHost: glance\r\nConnection: close\r\n" + wire(owner) + "\r\n")
	if len(a) != 1 || a[0].code != http.StatusBadRequest {
		t.Errorf("%+v", a)
	}
}

func (f *fixture) renewUnless(before string) {
	f.t.Helper()
	if f.defined() != before {
		f.renew()
	}
}

// A form that is filled in: what goes in comes out, in whatever characters.
func FuzzMetadefNames(t *testing.F) {
	for _, seed := range []string{"n", "OS::Nova::Flavor", "ü 世", "a/b", "%", "..", "😀", "\x00", strings.Repeat("x", 81), "a,b"} {
		t.Add(seed)
	}
	t.Fuzz(func(t *testing.T, name string) {
		f := start(t)
		doc := `{"namespace": ` + quoted(t, name) + `, "display_name": ` + quoted(t, name) + `, "objects": [{"name": ` + quoted(t, name) +
			`}], "tags": [{"name": ` + quoted(t, name) + `}], "properties": {` + quoted(t, name) + `: {"type": "string", "title": ` + quoted(t, name) + `}}}`
		a := f.as(owner).ask("POST "+definitions, doc)
		if a.code != http.StatusCreated && a.code != http.StatusBadRequest {
			t.Fatalf("%q: %d", name, a.code)
		}
		if a.code == http.StatusCreated && name != "" && !strings.ContainsAny(name, "/") && name != "." && name != ".." {
			self, _ := a.doc()["self"].(string)
			if got := f.as(owner).get(self).want(http.StatusOK).doc(); got["namespace"] != a.doc()["namespace"] {
				t.Errorf("%q has become %v", name, got["namespace"])
			}
		}
	})
}

func quoted(t testing.TB, s string) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
