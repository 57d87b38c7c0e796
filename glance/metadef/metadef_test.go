package metadef

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"goglance/glance/fault"
)

func decoded(t testing.TB, text string) Schema {
	t.Helper()
	var s Schema
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&s); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func encoded(t testing.TB, s Schema) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Spec metadefs 3.2: what becomes of the value of each key.
func TestTyped(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`"default": "x"`: `"default":"x"`, `"default": 100`: `"default":"100"`, `"default": 1.50`: `"default":"1.50"`,
		`"default": true`: `"default":"True"`, `"default": false`: `"default":"False"`, `"default": "ü"`: `"default":"ü"`,
		`"default": []`: `"default":null`, `"default": {"a": 1}`: `"default":null`, `"default": null`: `"default":null`,
		`"minimum": 1.5`: `"minimum":1`, `"minimum": -1.5`: `"minimum":-1`, `"maximum": 1e2`: `"maximum":100`,
		`"maximum": 123456789012345678901234567890`: `"maximum":123456789012345678901234567890`,
		`"minLength": 3.0`:                          `"minLength":3`, `"enum": ["a", "b"]`: `"enum":["a","b"]`, `"enum": []`: `"enum":[]`,
		`"enum": [null]`: `"enum":[null]`, `"operators": ["<or>"]`: `"operators":["\u003cor\u003e"]`,
		`"items": {"type": "string"}`:                `"items":{"type":"string"}`,
		`"items": {"type": "string", "enum": ["a"]}`: `"items":{"enum":["a"],"type":"string"}`,
		`"readonly": true`:                           `"readonly":true`, `"confidential": false`: `"confidential":false`,
		`"pattern": "("`: `"pattern":"("`, `"name": "n"`: `"name":"n"`, `"description": ""`: `"description":""`,
	} {
		s, err := decoded(t, `{"type": "string", "title": "T", `+value+`}`).Typed()
		if got := encoded(t, s); err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: %s, %v", value, got, err)
		}
		again, err := s.Typed()
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Errorf("%s: typed again it is %v, %v", value, again, err)
		}
	}
}

// What is wrong is refused; of what is stored nevertheless, the rest is shown.
func TestTypedWrong(t *testing.T) {
	t.Parallel()
	for text, shown := range map[string]string{
		`{"title": "T"}`:             `{"title":"T"}`,
		`{"type": "a"}`:              `{"type":"a"}`,
		`{}`:                         `{}`,
		`null`:                       `{}`,
		`{"type": null, "title": 1}`: `{}`,
		`{"type": "a", "title": "T", "required": ["a"]}`:                          `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "$ref": "http://x"}`:                         `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "Type": "b"}`:                                `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "enum": [1, "a", true, {}]}`:                 `{"enum":["1","a","True",null],"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "enum": "a"}`:                                `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "minimum": "1"}`:                             `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "minimum": 1e9999999}`:                       `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "minimum": 1e300}`:                           `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "minimum": ` + strings.Repeat("7", 65) + `}`: `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "readonly": "true"}`:                         `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "items": {}}`:                                `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "items": []}`:                                `{"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "items": {"type": "a", "x": 1}}`:             `{"items":{"type":"a"},"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "items": {"type": "a", "enum": [1]}}`:        `{"items":{"enum":["1"],"type":"a"},"title":"T","type":"a"}`,
		`{"type": "a", "title": "T", "description": null}`:                        `{"title":"T","type":"a"}`,
	} {
		s, err := decoded(t, text).Typed()
		if !fault.Is(err, fault.Invalid) || fault.Message(err) == "" {
			t.Errorf("%s: %v", text, err)
		}
		if got := encoded(t, s); got != shown {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
}

func FuzzTyped(f *testing.F) {
	for _, seed := range []string{
		`{"type": "string", "title": "T", "default": 1e5, "enum": ["a", null]}`, `{"minimum": 1.5e1}`, `{"items": {"type": "x", "enum": [1]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s Schema
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if d.Decode(&s) != nil {
			return
		}
		typed, err := s.Typed()
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
		again, e := typed.Typed()
		if err == nil && e != nil || !reflect.DeepEqual(again, typed) {
			t.Errorf("%v, then %v, %v", typed, again, e)
		}
		if len(encoded(t, typed)) > 8*len(text)+100 {
			t.Errorf("%d bytes have become %d", len(text), len(encoded(t, typed)))
		}
	})
}

func ptr[T any](v T) *T { return &v }

// Spec metadefs 4.4.
func TestFor(t *testing.T) {
	t.Parallel()
	inner := Schema{"type": "string", "title": "T", "name": "p"}
	d := &Definition{
		Associations: []Association{{Name: "A", Prefix: ptr("hw_")}, {Name: "B"}, {Name: "C", Prefix: ptr("")}},
		Properties:   []Property{{Name: "p", Schema: inner}},
		Objects:      []Object{{Name: "o", Required: []string{"q"}, Properties: map[string]Schema{"q": inner}}},
		Tags:         []Tag{{Name: "t"}},
	}
	for _, none := range []string{"", "B", "C", "D"} {
		if got := d.For(none); !reflect.DeepEqual(got, d) {
			t.Errorf("for %q: %+v", none, got)
		}
	}
	got := d.For("A")
	want := &Definition{
		Associations: d.Associations, Tags: d.Tags,
		Properties: []Property{{Name: "hw_p", Schema: inner}},
		Objects:    []Object{{Name: "o", Required: []string{"hw_q"}, Properties: map[string]Schema{"hw_q": inner}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if d.Properties[0].Name != "p" || d.Objects[0].Required[0] != "q" || len(d.Objects[0].Properties) != 1 {
		t.Errorf("the definition itself has changed: %+v", d)
	}
}

func TestWho(t *testing.T) {
	t.Parallel()
	rows := []struct {
		visibility       Visibility
		owner            string
		viewer           Viewer
		visible, mutable bool
	}{
		{Private, "a", Viewer{Owner: "a"}, true, true},
		{Private, "a", Viewer{Owner: "b"}, false, false},
		{Unsaid, "a", Viewer{Owner: "b"}, false, false},
		{"shared", "a", Viewer{Owner: "b"}, false, false},
		{Public, "a", Viewer{Owner: "b"}, true, false},
		{Public, "a", Viewer{}, true, false},
		{Private, "", Viewer{}, false, false},
		{Private, "a", Viewer{Admin: true}, true, true},
	}
	for _, r := range rows {
		n := &Namespace{Visibility: r.visibility, Owner: r.owner}
		if n.VisibleTo(r.viewer) != r.visible || n.MutableBy(r.viewer) != r.mutable {
			t.Errorf("%+v", r)
		}
	}
}

// What some database could not keep is refused before any is asked.
func TestCheck(t *testing.T) {
	t.Parallel()
	name, long := strings.Repeat("ü", MaxName), strings.Repeat("x", MaxText)
	good := Definition{
		Namespace:    Namespace{Name: name, DisplayName: &name, Description: &long, Owner: strings.Repeat("o", MaxOwner)},
		Associations: []Association{{Name: name, Prefix: &name, Target: &name}},
		Properties:   []Property{{Name: name, Schema: Schema{"enum": []any{"😀"}}}},
		Objects:      []Object{{Name: name, Description: &long, Required: []string{name}, Properties: map[string]Schema{name: {}}}},
		Tags:         []Tag{{Name: name}, {}},
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for i, bad := range []Definition{
		{Namespace: Namespace{Name: name + "x"}}, {Namespace: Namespace{Name: "\x00"}},
		{Namespace: Namespace{DisplayName: ptr(name + "x")}}, {Namespace: Namespace{Description: ptr(long + "x")}},
		{Namespace: Namespace{Description: ptr("😀")}}, {Namespace: Namespace{Owner: strings.Repeat("o", MaxOwner+1)}},
		{Namespace: Namespace{Owner: "\x00"}},
		{Associations: []Association{{}, {Name: name + "x"}}}, {Associations: []Association{{Prefix: ptr(name + "x")}}},
		{Associations: []Association{{Target: ptr("\x00")}}},
		{Properties: []Property{{Name: name + "x"}}}, {Properties: []Property{{Schema: Schema{"title": "😀"}}}},
		{Properties: []Property{{Schema: Schema{"\x00": 1}}}},
		{Properties: []Property{{Schema: Schema{"items": map[string]any{"type": "\x00"}}}}},
		{Objects: []Object{{Name: name + "x"}}}, {Objects: []Object{{Required: []string{long, ""}}}},
		{Objects: []Object{{Required: []string{"😀"}}}}, {Objects: []Object{{Description: ptr("\x00")}}},
		{Objects: []Object{{Properties: map[string]Schema{"😀": {}}}}},
		{Objects: []Object{{Properties: map[string]Schema{"p": {"title": "\x00"}}}}},
		{Tags: []Tag{{Name: "ok"}, {Name: "😀"}}},
	} {
		if err := bad.Check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestSortKeys(t *testing.T) {
	t.Parallel()
	for _, k := range []SortKey{ByNamespace, ByDisplayName, ByDescription, ByVisibility, ByProtected, ByOwner} {
		if !k.SortsNamespaces() || k.SortsTags() {
			t.Error(k)
		}
	}
	for _, k := range []SortKey{ByCreatedAt, ByUpdatedAt, ByID} {
		if !k.SortsNamespaces() || !k.SortsTags() {
			t.Error(k)
		}
	}
	if ByName.SortsNamespaces() || !ByName.SortsTags() || SortKey("").SortsTags() || SortKey("1; DROP").SortsNamespaces() {
		t.Error("a key too many")
	}
}
