package store_test

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"goglance/glance/fault"
	"goglance/glance/store"
)

func TestOrder(t *testing.T) {
	t.Parallel()
	stored := []string{"swift://1", "file://2", "http://3", "x://4", "HTTPS://5", "swift+config://6", "vsphere://7", "swift+https://8", "filesystem://9", "s3+http://0"}
	for _, c := range []struct {
		strategy   string
		preference []string
		first      []string // of the sorted; the rest stays
		warnings   int
	}{
		{"location_order", []string{"http", "nonsense"}, nil, 0},
		{"store_type", nil, nil, 0},
		{"store_type", []string{"", " "}, nil, 0},
		{"store_type", []string{"http"}, []string{"http://3", "HTTPS://5"}, 0},
		{"store_type", []string{" vmware ", "", "file", "file"}, []string{"vsphere://7", "file://2", "filesystem://9"}, 0},
		{"store_type", []string{"filesystem", "swift", "vmware_datastore", "s3"}, []string{"swift://1", "swift+https://8", "s3+http://0"}, 2},
		{"store_type", []string{"rbd", "cinder", "sheepdog", "http"}, []string{"http://3", "HTTPS://5"}, 0},
	} {
		o, warnings, err := store.NewOrder(c.strategy, c.preference)
		if err != nil || len(warnings) != c.warnings {
			t.Errorf("%s %q: %q, %v", c.strategy, c.preference, warnings, err)
			continue
		}
		got := slices.Clone(stored)
		slices.SortStableFunc(got, func(a, b string) int { return cmp.Compare(o.Rank(a), o.Rank(b)) })
		rest := slices.DeleteFunc(slices.Clone(stored), func(url string) bool { return slices.Contains(c.first, url) })
		if diff := gocmp.Diff(append(slices.Clone(c.first), rest...), got); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", c.strategy, c.preference, diff)
		}
	}
}

func TestOrderRefuses(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"", "Store_Type", "random"} {
		if o, _, err := store.NewOrder(strategy, nil); !fault.Is(err, fault.Invalid) || o != nil {
			t.Errorf("%q: %v, %v", strategy, o, err)
		}
	}
}
