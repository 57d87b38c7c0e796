package jsonpatch

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"goglance/glance/fault"
)

// parse parses JSON text.
func parse(t testing.TB, d Dialect, text string) (Operation, error) {
	t.Helper()
	var element any
	if err := json.Unmarshal([]byte(text), &element); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return Parse(d, element)
}

// Spec images-api 4.1, 4.2 checks 3 to 5 and 8: what is taken.
func TestParse(t *testing.T) {
	t.Parallel()
	rows := []struct {
		d    Dialect
		text string
		want Operation
	}{
		{V21, `{"op": "add", "path": "/x", "value": "v"}`, Operation{Add, []string{"x"}, "v"}},
		{V21, `{"op": "replace", "path": "/x", "value": null}`, Operation{Replace, []string{"x"}, nil}},
		{V21, `{"op": "remove", "path": "/x"}`, Operation{Remove, []string{"x"}, nil}},
		{V21, `{"op": "remove", "path": "/x", "value": "v"}`, Operation{Remove, []string{"x"}, nil}},
		{V21, `{"op": "add", "path": "/locations/-", "value": {}}`, Operation{Add, []string{"locations", "-"}, map[string]any{}}},
		{V21, `{"op": "remove", "path": "/locations/any"}`, Operation{Remove, []string{"locations", "any"}, nil}},
		{V21, `{"op": "replace", "path": "/locations", "value": []}`, Operation{Replace, []string{"locations"}, []any{}}},
		{V21, `{"op": "add", "path": "/x", "path": "/y", "value": 1, "value": 2, "op": "replace"}`, Operation{Replace, []string{"y"}, 2.0}},
		{V21, `{"op": "add", "remove": "/z", "path": "/x", "value": {"a": []}, "from": 1}`, Operation{Add, []string{"x"}, map[string]any{"a": []any{}}}},
		{V20, `{"add": "/x", "value": "v"}`, Operation{Add, []string{"x"}, "v"}},
		{V20, `{"replace": "/x", "value": null}`, Operation{Replace, []string{"x"}, nil}},
		{V20, `{"remove": "/x"}`, Operation{Remove, []string{"x"}, nil}},
		{V20, `{"remove": "/x", "value": 1}`, Operation{Remove, []string{"x"}, nil}},
		{V20, `{"replace": "/x", "op": "remove", "path": "/y", "value": true, "Add": 1}`, Operation{Replace, []string{"x"}, true}},
		{V20, `{"add": "/locations/3", "value": 1}`, Operation{Add, []string{"locations", "3"}, 1.0}},
	}
	for _, row := range rows {
		got, err := parse(t, row.d, row.text)
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %v %v", row.text, got, err)
		}
	}
}

// Each row breaks one rule, and every rule behind it too where that can be; the message tells which one it is.
func TestParseInvalid(t *testing.T) {
	t.Parallel()
	rows := []struct {
		d           Dialect
		text, names string
	}{
		{V21, `1`, "object"}, {V21, `null`, "object"}, {V21, `"add"`, "object"}, {V21, `[]`, "object"}, {V20, `[]`, "object"},
		{V21, `{}`, "op"}, {V21, `{"op": null}`, "op"}, {V21, `{"op": "test", "path": "x"}`, "op"}, {V21, `{"op": "Add"}`, "op"},
		{V21, `{"op": ["add"]}`, "op"}, {V21, `{"op": ""}`, "op"}, {V21, `{"OP": "add", "path": "/x", "value": 1}`, "op"},
		{V21, `{"op": " add"}`, "op"}, {V21, `{"add": "/x", "value": 1}`, "op"}, {V21, `{"op": "move", "from": "/a", "path": "/b"}`, "op"},
		{V21, `{"op": "add"}`, "no path"}, {V21, `{"op": "remove", "Path": "/x"}`, "no path"},
		{V21, `{"op": "add", "path": null}`, "not a string"}, {V21, `{"op": "add", "path": 1}`, "not a string"},
		{V21, `{"op": "add", "path": ["/x"]}`, "not a string"},
		{V21, `{"op": "add", "path": "x/y"}`, "begin"}, {V21, `{"op": "add", "path": "/x/y"}`, "points"},
		{V21, `{"op": "add", "path": "/x"}`, "value"}, {V21, `{"op": "replace", "path": "/x", "VALUE": 1}`, "value"},
		{V20, `{}`, "member"}, {V20, `{"op": "add", "path": "/x", "value": 1}`, "member"}, {V20, `{"Add": "/x", "value": 1}`, "member"},
		{V20, `{"add": "x", "replace": "x"}`, "both"}, {V20, `{"add": null, "remove": "/x"}`, "both"},
		{V20, `{"add": "/x", "replace": "/x", "remove": "/x", "value": 1}`, "both"},
		{V20, `{"add": null, "value": 1}`, "not a string"}, {V20, `{"remove": {}}`, "not a string"},
		{V20, `{"add": "/x/y"}`, "points"}, {V20, `{"add": "/x"}`, "value"}, {V20, `{"replace": "/x"}`, "value"},
	}
	for _, row := range rows {
		got, err := parse(t, row.d, row.text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), row.names) {
			t.Errorf("%s: %v %v", row.text, got, err)
		}
	}
}

// Spec images-api 4.3: where each operation may point.
func TestDepth(t *testing.T) {
	t.Parallel()
	const all, member, none = "add replace remove", "add remove", ""
	rows := map[string]string{
		"/x": all, "/tags": all, "/location": all, "/Locations": all, "//x": all, "/": all, "/-": all, "/locations~1-": all,
		"/locations": "replace", "/ locations ": "replace", "//locations": "replace",
		"/locations/0": member, "/locations/-": member, "/locations/x": member, "// locations / -1 ": member, "/locations/~1": member,
		"/x/y": none, "/tags/0": none, "/tags/-": none, "/location/0": none, "/Locations/0": none, "/locations/0/url": none,
		"/x/y/z": none, "/x/../../status": none, "/ /locations": none,
	}
	for path, allowed := range rows {
		for _, op := range []Op{Add, Replace, Remove} {
			_, err := Parse(V21, map[string]any{"op": string(op), "path": path, "value": "v"})
			_, same := Parse(V20, map[string]any{string(op): path, "value": "v"})
			if fault.Message(err) != fault.Message(same) {
				t.Errorf("%s %s: the dialects differ: %v, %v", op, path, err, same)
			}
			want := slices.Contains(strings.Fields(allowed), string(op))
			if want != (err == nil) || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("%s %s: %v", op, path, err)
			}
		}
	}
}

func TestPointer(t *testing.T) {
	t.Parallel()
	rows := map[string][]string{
		"/": {""}, "/ ": {""}, "/\t\n": {""}, "/\u2003": {""}, "/\x1c": {""},
		"/x": {"x"}, "//x": {"x"}, "/ x ": {"x"}, "// x": {"x"}, "/\u00a0x\u0085": {"x"}, "/a b": {"a b"}, "/X": {"X"},
		"/a/b": {"a", "b"}, "/a / b": {"a", "b"}, "/ /x": {"", "x"}, "/a/b/c": {"a", "b", "c"},
		"/~0": {"~"}, "/~1": {"/"}, "/~01": {"~1"}, "/~10": {"/0"}, "/~00": {"~0"}, "/~1status": {"/status"}, "/~1~1": {"//"},
		"/a~1b/c": {"a/b", "c"}, "/ ~1 ": {"/"}, "/%73tatus": {"%73tatus"}, "/..": {".."}, "/a/../b": {"a", "..", "b"},
		"/-": {"-"}, `/\`: {`\`}, "/\u200b": {"\u200b"}, "/\ufeffx": {"\ufeffx"}, "/x\x00": {"x\x00"}, "/\u20ac": {"\u20ac"},
	}
	for text, want := range rows {
		if got, err := pointer(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "x", " /x", "\ufeff/x", "~1x", "//", "///", "///x", "/x/", "/x//", "/x//y", "/x/ /y", "/x/\t\u2003/y", "/ /", "/x/y/", "// /x",
		"/~", "/~2", "/x~", "/~~", "/~a", "/a~ b", "/~/0", "/~01~", "/a/~2", "/~0~", "/~\uff10",
	} {
		if got, err := pointer(text); !fault.Is(err, fault.Invalid) || fault.Message(err) == "" {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}

// Pointers of any length are read in a time that grows with it only.
func TestLongPointers(t *testing.T) {
	t.Parallel()
	const n = 1 << 20
	for _, part := range []string{"x", "/x", "~0", "~", " ", "/ x", "\u2003"} {
		_, err := pointer("/" + strings.Repeat(part, n))
		if want := part == "~"; want != (err != nil) {
			t.Errorf("%q: %v", part, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"op": "add", "path": "/x", "value": 1}`, `{"op": "remove", "path": "/locations/-"}`, `{"add": "/~01~1", "value": null}`,
		`{"replace": "// x /y", "value": []}`, `{"add": 1, "remove": 2}`, `[]`, `{"op": {}, "path": "/~"}`, `{"op": "add", "path": "/\u2003/", "value": 0}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var element any
		if json.Unmarshal(text, &element) != nil {
			return
		}
		for _, d := range []Dialect{V20, V21} {
			op, err := Parse(d, element)
			if err != nil {
				if !fault.Is(err, fault.Invalid) || fault.Message(err) == "" {
					t.Errorf("%s: %v", text, err)
				}
				continue
			}
			depth := 1
			if op.Path[0] == Locations && op.Op != Replace {
				depth = 2
			}
			if len(op.Path) != depth || op.Op == Remove && op.Value != nil {
				t.Errorf("%s: %v", text, op)
			}
			for _, s := range op.Path {
				if s != strings.TrimSpace(s) {
					t.Errorf("%s: %q has blanks around it", text, s)
				}
			}
		}
	})
}

// Every name that has no blanks around it can be pointed at.
func FuzzPointer(f *testing.F) {
	for _, seed := range []string{"x", "~", "/", "~1", "~0/", "a b", "\u00e9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || name != strings.TrimFunc(name, blank) {
			return
		}
		escaped := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		for _, text := range []string{"/" + escaped, "// " + escaped + "\t", "/x/" + escaped} {
			if got, err := pointer(text); err != nil || got[len(got)-1] != name {
				t.Errorf("%q: %q %v", text, got, err)
			}
		}
	})
}
