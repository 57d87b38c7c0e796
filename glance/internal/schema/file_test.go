package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/fault"
)

func withFile(t testing.TB, custom bool, file string) *Image {
	t.Helper()
	s, err := NewImage(Formats{Container: []string{"bare"}, Disk: []string{"raw"}}, custom, []byte(file))
	if err != nil {
		t.Fatalf("%.80s: %v", file, err)
	}
	return s
}

// Spec images-api 3.3: what is shipped.
func TestShipped(t *testing.T) {
	t.Parallel()
	s := withFile(t, false, string(Shipped()))
	names := slices.Sorted(maps.Keys(s.declared))
	if diff := cmp.Diff([]string{"architecture", "instance_uuid", "kernel_id", "os_distro", "os_version", "ramdisk_id"}, names); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{
		`{"kernel_id": null, "ramdisk_id": null}`, `{"kernel_id": "00000000-0000-4000-8000-00000000000A"}`, `{"os_distro": "", "architecture": "x", "instance_uuid": "y"}`,
	} {
		if err := s.Validate(document(t, text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		`{"kernel_id": ""}`, `{"kernel_id": "x"}`, `{"kernel_id": "00000000-0000-4000-8000-000000000000\n"}`, `{"os_distro": null}`, `{"os_version": 7}`,
	} {
		if err := s.Validate(document(t, text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// No file, an empty one and one that declares nothing are the same; so is one that says what is so anyway.
func TestNothingDeclared(t *testing.T) {
	t.Parallel()
	none := withFile(t, true, "")
	for _, file := range []string{
		" \n", "{}", `{"min_disk": {"type": "integer"}}`, `{"name": {"type": ["null", "string"], "maxLength": 255, "description": "x", "is_base": true}}`,
		`{"disk_format": {"type": ["null", "string"], "enum": [null, "raw"]}}`,
	} {
		s := withFile(t, true, file)
		if diff := cmp.Diff(none.document, s.document); diff != "" || len(s.declared) != 0 {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

// Spec security S83.
func TestSecSchemaFileHostile(t *testing.T) {
	t.Parallel()
	rows := []string{
		"[]", "null", "1", `"x"`, "{", "{} {}", `{"x": {}} x`, "\xff", `{"x": {"type": "string", "description": "` + "\xff" + `"}}`,
		`{"x": true}`, `{"x": null}`, `{"x": []}`, `{"x": "string"}`,
		// base attributes are not for changing
		`{"name": {"type": "string"}}`, `{"id": {}}`, `{"status": {"type": "string"}}`, `{"locations": {"type": "array"}}`, `{"min_disk": {"type": "integer", "minimum": 0}}`,
		`{"disk_format": {"type": ["null", "string"], "enum": [null, "raw", "tape"]}}`, `{"owner": {"type": ["string", "null"], "maxLength": 255}}`,
		// no schemas
		`{"x": {"type": "strnig"}}`, `{"x": {"type": 1}}`, `{"x": {"maxLength": "9"}}`, `{"x": {"maxLength": -1}}`, `{"x": {"enum": 1}}`, `{"x": {"properties": []}}`,
		`{"x": {"required": true}}`, `{"x": {"allOf": {}}}`, `{"x": {"items": 1}}`, `{"x": {"multipleOf": 0}}`,
		// regular expressions
		`{"x": {"pattern": "("}}`, `{"x": {"pattern": "[a"}}`, `{"x": {"pattern": "(?=a)"}}`, `{"x": {"pattern": "(a)\\1"}}`, `{"x": {"pattern": 1}}`,
		`{"x": {"pattern": "a{2000}"}}`, `{"x": {"pattern": "` + strings.Repeat("a", 5000) + `"}}`, `{"x": {"patternProperties": {"(": {}}}}`,
		`{"x": {"items": {"not": {"pattern": "*"}}}}`, `{"x": {"anyOf": [` + strings.Repeat(`{"pattern": "a"}, `, maxPatterns) + `{}]}}`,
		// what leads out, and what leads round
		`{"x": {"$ref": "http://127.0.0.1:1/x"}}`, `{"x": {"$ref": "file:///etc/passwd"}}`, `{"x": {"$ref": "#"}}`, `{"x": {"$ref": "#/properties/x"}}`,
		`{"x": {"items": [{"$ref": "x"}]}}`, `{"x": {"not": {"allOf": [{"$dynamicRef": "#x"}]}}}`, `{"x": {"$recursiveRef": "#"}}`, `{"x": {"$id": "http://127.0.0.1:1/"}}`,
		`{"x": {"$schema": "http://127.0.0.1:1/"}}`, `{"x": {"$defs": {}}}`, `{"x": {"$anchor": "x"}}`, `{"x": {"$vocabulary": {}}}`,
		// too much
		`{"x": ` + strings.Repeat(`{"not": `, 40) + "{}" + strings.Repeat("}", 40) + "}", `{"x": {"enum": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}}",
		strings.Repeat(`{"x":`, 20000) + "1" + strings.Repeat("}", 20000), strings.Repeat(" ", maxFile) + "{}x",
		`{"x": {"maximum": 1e999999999}}`, `{"x": {"minimum": -1e-99999}}`, `{"x": {"multipleOf": 1` + strings.Repeat("0", 100) + `}}`, `{"x": {"enum": [1e999999]}}`,
	}
	for _, file := range rows {
		begin := time.Now()
		s, err := NewImage(Formats{}, true, []byte(file))
		if s != nil || !fault.Is(err, fault.Invalid) || strings.Contains(fmt.Sprint(err), "root:") {
			t.Errorf("%.80s: %v", file, err)
		}
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%.80s: it took %v", file, took)
		}
	}
}

// What is large and still allowed does not take for ever, neither here nor with what clients send.
func TestLargeFile(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&file, `"p%d": {"type": ["string", "null"], "enum": ["a", "b", null], "maxLength": 255, "minimum": %d},`, i, i)
	}
	begin := time.Now()
	s := withFile(t, false, "{"+file.String()+`"last": {"type": "integer", "minimum": 1}, "x": {"pattern": "(x+x+)+y"}}`)
	for _, text := range []string{`{"p1999": "c"}`, `{"p0": 1}`, `{"last": 0}`, `{"last": 1e241}`, `{"last": 1e99999999}`, `{"last": -1e-99999999}`, `{"x": "` + strings.Repeat("x", 100000) + `"}`} {
		if err := s.Validate(document(t, text)); !fault.Is(err, fault.Invalid) || len(fault.Message(err)) > 1000 {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

// Expressions are those of Python, which Go's engine would read otherwise or not at all.
func TestPythonPatterns(t *testing.T) {
	t.Parallel()
	s := withFile(t, true, `{"x": {"type": "string", "pattern": "^[[a]{,2}\\Z"}}`)
	for text, valid := range map[string]bool{"": true, "[a": true, "aa": true, "aaa": false, "b": false, "a\\n": false} {
		if err := s.Validate(document(t, `{"x": "`+text+`"}`)); (err == nil) != valid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	const file = `{"null": {"type": ["null", "string"]}, "text": {"type": "string"}, "any": {}, "int": {"type": "integer"}, "ints": {"type": ["integer", "null"]},
		"both": {"type": ["string", "integer"]}, "bool": {"type": "boolean"}, "list": {"type": "array", "items": {"type": "string"}}, "map": {"type": "object"}}`
	open, closed := withFile(t, true, file), withFile(t, false, file)
	rows := []struct{ name, stored, want string }{ // "NULL" and "hidden" stand for what they say
		{"null", "NULL", "null"}, {"null", "x", `"x"`}, {"null", "null", `"null"`}, {"text", "NULL", `""`}, {"text", "1", `"1"`}, {"any", "NULL", "null"},
		{"any", "1", `"1"`}, {"int", "7", "7"}, {"int", "-7", "-7"}, {"int", "x", `"x"`}, {"int", "7.5", `"7.5"`}, {"int", "NULL", `""`}, {"int", "", `""`},
		{"int", "7 7", `"7 7"`}, {"int", "1e999999999", `"1e999999999"`}, {"ints", "NULL", "null"}, {"ints", "null", "null"}, {"both", "7", `"7"`}, {"bool", "true", "true"}, {"bool", "1", `"1"`},
		{"bool", "True", `"True"`}, {"list", ` ["a", "b"]`, `["a","b"]`}, {"list", `["a", 1]`, `"["a", 1]"`}, {"map", `{"a": {}}`, `{"a":{}}`}, {"map", "[]", `"[]"`},
		{"name", "x", "hidden"}, {"locations", "x", "hidden"}, {"schema", "NULL", "hidden"},
	}
	for _, row := range rows {
		if got := shown(open, row.name, row.stored); got != row.want {
			t.Errorf("%s of %s: %s, want %s", row.stored, row.name, got, row.want)
		}
		if got := shown(closed, row.name, row.stored); got != row.want {
			t.Errorf("%s of %s: %s, want %s where there are no others", row.stored, row.name, got, row.want)
		}
	}
	for stored, want := range map[string]string{"NULL": `""`, "x": `"x"`, "1": `"1"`, "": `""`} {
		if got := shown(open, "other", stored); got != want {
			t.Errorf("%s of another: %s", stored, got)
		}
		if got := shown(closed, "other", stored); got != "hidden" {
			t.Errorf("%s of another: %s", stored, got)
		}
	}
}

func shown(s *Image, name, stored string) string {
	value := &stored
	if stored == "NULL" {
		value = nil
	}
	v, ok := s.Show(name, value)
	switch {
	case !ok:
		return "hidden"
	case v.JSON:
		return v.Text
	}
	return `"` + v.Text + `"`
}

// What is valid is stored as a text from which it can be shown again.
func TestStored(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"x"`: "x", `""`: "", `"1"`: "1", "1": "1", "1.50": "1.50", "true": "true", `["<a>", {"b": null}]`: `["<a>",{"b":null}]`, `"\n"`: "\n",
	} {
		if got := Stored(document(t, text)); got == nil || *got != want {
			t.Errorf("%s: %v, want %q", text, got, want)
		}
	}
	if got := Stored(nil); got != nil {
		t.Errorf("null is %q", *got)
	}
}

// What is published is what is checked: every attribute that has a schema is known.
func TestDocuments(t *testing.T) {
	t.Parallel()
	s := withFile(t, true, `{"x": {"type": "string", "is_base": true}}`)
	docs := s.Documents()
	if diff := cmp.Diff([]string{"image", "images", "member", "members", "task", "tasks"}, slices.Sorted(maps.Keys(docs))); diff != "" {
		t.Error(diff)
	}
	properties := docs["image"]["properties"].(object) //nolint:errcheck // the test would say
	for name, p := range properties {
		base, is := p.(object)["is_base"] //nolint:errcheck // the same
		if s.base[name] == (name == "x") || is != (name == "x") || is && base != false {
			t.Errorf("%s: is_base is %v", name, base)
		}
		if _, ok := s.Show(name, nil); ok != (name == "x") {
			t.Errorf("%s as a property: %v", name, ok)
		}
	}
	items := docs["images"]["properties"].(object)["images"].(object)["items"] //nolint:errcheck // the same
	if diff := cmp.Diff(any(docs["image"]), items); diff != "" {
		t.Error(diff)
	}
	if _, there := docs["task"]["properties"].(object)["input"]; !there { //nolint:errcheck // the same
		t.Error("the list of tasks has taken from the task")
	}
}

// A new image with 100 properties.
func BenchmarkValidate(b *testing.B) {
	s := withFile(b, true, string(Shipped()))
	doc := object{"name": "x", "disk_format": "raw", "kernel_id": "00000000-0000-4000-8000-000000000000", "tags": []any{"a", "b"}}
	for i := range 100 {
		doc[fmt.Sprintf("property_%d", i)] = "some value"
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Validate(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzValidate(f *testing.F) {
	for _, seed := range []string{
		`{"name": null, "tags": ["a"], "min_disk": 1.0}`, `{"kernel_id": "x"}`, `{"locations": [{"url": "", "metadata": {}}]}`, `{"n": 1e400}`, `{"min_ram": 1e99999999}`,
		`{"n": -0.5e-7, "list": [1], "o": {"a": "b"}}`, `[[]]`, `"x"`, `{"\ud83d\ude00": "x"}`,
	} {
		f.Add(seed)
	}
	file := `{"n": {"type": "number", "minimum": 0, "multipleOf": 0.5}, "list": {"type": "array", "uniqueItems": true, "contains": {"type": "integer"}},
		"o": {"patternProperties": {"^a": {"type": "string"}}, "propertyNames": {"pattern": "^.$"}}, ` + string(Shipped()[1:])
	images := []*Image{withFile(f, true, file), withFile(f, false, file)}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := decoded(text)
		if err != nil {
			return
		}
		for _, s := range images {
			err := s.Validate(doc)
			if err != nil && (!fault.Is(err, fault.Invalid) || len(fault.Message(err)) > 2000) {
				t.Errorf("%q: %v", text, err)
			}
			if o, ok := doc.(object); ok && err == nil {
				for name, value := range o {
					s.Show(name, Stored(value))
				}
			}
		}
	})
}

func FuzzSchemaFile(f *testing.F) {
	f.Add(string(Shipped()), `{"kernel_id": null}`)
	for _, seed := range []string{
		`{"x": {"pattern": "^a", "minLength": 1, "maxLength": 2}}`, `{"x": {"oneOf": [{"const": 1}, {"enum": ["a", null]}], "not": {"type": "array"}}}`,
		`{"x": {"items": {"minimum": 1, "exclusiveMaximum": 1e3, "multipleOf": 3}, "uniqueItems": true, "minItems": 1}}`, `{"x": {"$ref": "#"}}`,
		`{"x": {"if": {}, "then": {"properties": {"a": false}}, "dependentSchemas": {"a": {}}, "unevaluatedProperties": false, "format": "uri"}}`,
	} {
		f.Add(seed, `{"x": [1, "a", {"a": 2}]}`)
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		s, err := NewImage(Formats{}, true, []byte(file))
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", file, err)
			}
			return
		}
		if doc, err := decoded(text); err == nil {
			if err := s.Validate(doc); err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("%q by %q: %v", text, file, err)
			}
		}
	})
}
