package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/jsonpatch"
)

// What a patch sets has the type that a Draft takes, and nothing else.
func TestAttributeValues(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		value any
		want  any
	}{
		{"name", nil, nil}, {"name", "x", "x"}, {"owner", nil, nil}, {"visibility", "public", "public"}, {"protected", true, true},
		{"min_disk", json.Number("5.0"), int64(5)}, {"min_ram", json.Number("0"), int64(0)}, {"disk_format", nil, nil},
		{"tags", []any{"a", "a"}, []string{"a", "a"}}, {"tags", []any{}, []string{}}, {"k", "v", "v"}, {"k", nil, nil}, {"k", json.Number("1"), "1"},
	}
	for _, row := range rows {
		if got, err := attributeValue(row.name, row.value); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %#v %v", row.name, got, err)
		}
	}
	if _, err := attributeValue("min_disk", json.Number("1e2")); !fault.Is(err, fault.Invalid) {
		t.Errorf("error %v", err)
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	metadata := map[string]any{"store": "a"}
	got := location(map[string]any{"url": "http://x/y", "metadata": metadata, "id": 7, "status": "deleted"})
	if !reflect.DeepEqual(got, image.Location{URL: "http://x/y", Metadata: metadata}) {
		t.Errorf("%+v", got)
	}
}

// Every message says which operation it is about.
func TestEditsMessage(t *testing.T) {
	t.Parallel()
	a := decoder(t)
	good := map[string]any{"op": "remove", "path": "/k"}
	for _, bad := range []any{5, map[string]any{"op": "remove", "path": "/status"}, map[string]any{"op": "add", "path": "/name", "value": true}} {
		_, err := a.edits(jsonpatch.V21, []any{good, bad})
		if fault.KindOf(err) == fault.Internal || !strings.HasPrefix(fault.Message(err), "operation 2: ") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if edits, err := a.edits(jsonpatch.V21, []any{good, good}); err != nil || len(edits) != 2 {
		t.Errorf("%d edits, %v", len(edits), err)
	}
}

// Whatever is sent ends in as many edits as there are operations, or in an error that the client is to blame for.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		"[]", "{}", `[{"op": "add", "path": "/k", "value": "v"}]`, `[{"op": "replace", "path": "/min_disk", "value": 1.0}, {"op": "remove", "path": "/x"}]`,
		`[{"add": "/tags", "value": ["a"]}]`, `[{"remove": "/locations/-"}]`, `[{"op": "replace", "path": "/locations", "value": [{"url": "x", "metadata": {}}]}]`,
		`[{"op": "add", "path": "/locations/0", "value": {"url": "x", "metadata": {"a": [1]}}}]`, `[{"op": "replace", "path": "//status", "value": null}]`,
		`[{"op": "add", "path": "/protected", "value": false}, {"op": "add", "path": "/os_glance_x", "value": 1e400}]`,
	} {
		f.Add([]byte(seed))
	}
	a := decoder(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		patch, err := a.decodeArray(post(strings.NewReader(string(body))))
		if err != nil {
			return // see FuzzAttributes
		}
		for _, d := range []jsonpatch.Dialect{jsonpatch.V20, jsonpatch.V21} {
			edits, err := a.edits(d, patch)
			if err == nil && len(edits) != len(patch) || err != nil && (fault.Is(err, fault.Internal) || fault.Message(err) == "") {
				t.Errorf("%d edits, %v", len(edits), err)
			}
		}
	})
}

// What the longest patch costs before its image is looked up.
func BenchmarkEdits(b *testing.B) {
	a := decoder(b)
	patch := make([]any, maxOperations)
	for i := range patch {
		patch[i] = map[string]any{"op": "add", "path": fmt.Sprint("/property", i), "value": "v"}
	}
	for b.Loop() {
		if _, err := a.edits(jsonpatch.V21, patch); err != nil {
			b.Fatal(err)
		}
	}
}
