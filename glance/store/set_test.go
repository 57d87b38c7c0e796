package store_test

import (
	"context"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// fake is a driver that serves schemes and has nothing.
type fake struct{ schemes []string }

func (f *fake) Schemes() []string { return f.schemes }

func (f *fake) Open(context.Context, string, int64, int64) (store.Body, error) {
	return store.Body{}, fault.New(fault.NotFound, "nothing here")
}

func (f *fake) Size(context.Context, string) (int64, error) {
	return 0, fault.New(fault.NotFound, "nothing here")
}

func TestSet(t *testing.T) {
	disk, web, second := &fake{[]string{"file", "filesystem"}}, &fake{[]string{"http", "https"}}, &fake{[]string{"file"}}
	set, err := store.NewSet("second",
		store.Named{Name: "disk", Driver: disk}, store.Named{Name: "web", Driver: web}, store.Named{Name: "second", Driver: second})
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Default(); got.Name != "second" || got.Driver != second {
		t.Errorf("Default is %q", got.Name)
	}
	for _, c := range []struct {
		url      string
		metadata map[string]any
		want     store.Driver // nil: fault.Invalid
	}{
		{"file:///a", nil, disk}, // the first of two
		{"FILE:///a", nil, disk},
		{"filesystem:///a", nil, disk},
		{"https://host/a", nil, web},
		{"file:///a", map[string]any{"store": "second"}, second},
		{"file:///a", map[string]any{"store": "unknown"}, disk},
		{"file:///a", map[string]any{"store": 7}, disk},
		{"file:///a", map[string]any{"other": "second"}, disk},
		{"rbd://pool/a", map[string]any{"store": "second"}, second},
		{"rbd://pool/a", nil, nil},
		{"", nil, nil},
		{"file", nil, disk}, // the driver says what is wrong with it
	} {
		got, err := set.For(c.url, c.metadata)
		if c.want == nil {
			if !fault.Is(err, fault.Invalid) || got != nil {
				t.Errorf("For(%q, %v) = %v, %v, want an invalid location", c.url, c.metadata, got, err)
			}
			continue
		}
		if got != c.want || err != nil {
			t.Errorf("For(%q, %v) is another store, %v", c.url, c.metadata, err)
		}
	}
}

func TestSetNamed(t *testing.T) {
	disk := &fake{[]string{"file"}}
	set, err := store.NewSet("disk", store.Named{Name: "disk", Driver: disk})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := set.ByName("disk"); got != disk || err != nil {
		t.Errorf("ByName(disk) = %v, %v", got, err)
	}
	for _, name := range []string{"", "Disk", "other"} {
		if got, err := set.ByName(name); !fault.Is(err, fault.Invalid) || got != nil {
			t.Errorf("ByName(%q) = %v, %v", name, got, err)
		}
	}
}

func TestNewSetRefuses(t *testing.T) {
	one := store.Named{Name: "one", Driver: &fake{[]string{"file"}}}
	for name, stores := range map[string][]store.Named{
		"two of one name":  {one, one},
		"no default":       {{Name: "other", Driver: one.Driver}},
		"no store at all":  nil,
		"two, not default": {one, {Name: "one", Driver: &fake{[]string{"http"}}}},
	} {
		if set, err := store.NewSet("one", stores...); !fault.Is(err, fault.Invalid) || set != nil {
			t.Errorf("%s: %v, %v", name, set, err)
		}
	}
}
