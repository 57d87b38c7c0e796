package deffile

import (
	"reflect"
	"slices"
	"testing"

	"goglance/glance/fault"
)

// FuzzDecode: whatever a file holds, it is refused or comes out of an export as it went in.
func FuzzDecode(f *testing.F) {
	if err := eachShipped(func(name string, text []byte) error {
		if name == "compute-quota.json" || name == "compute-libvirt.json" {
			f.Add(text)
		}
		return nil
	}); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"namespace": "N", "tags": [{"name": ""}, {"name": "b"}], "properties": {"": {}}, "visibility": "private"}`,
		`{"namespace": "N", "objects": [{"name": "a", "properties": {"p": {"default": 1e5, "items": {"enum": [null]}}}}]}`,
		`{"namespace": "N", "protected": 0}`, `[[[[`, "{\n\"\xff\"}", `{"namespace": "<&>\u2028\u0000"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, _, err := decode(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || fault.Message(err) == "" {
				t.Error(err)
			}
			return
		}
		slices.Reverse(d.Tags) // a database gives the newest first
		out, err := encode(d)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := decode(out)
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		slices.Reverse(d.Tags)
		d.Owner = defaultOwner
		if !reflect.DeepEqual(again, d) {
			t.Errorf("%+v has become %+v", d, again)
		}
	})
}
