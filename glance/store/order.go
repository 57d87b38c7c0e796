package store

import (
	"fmt"
	"slices"
	"strings"

	"goglance/glance/fault"
)

// Order is the order in which the locations of an image are shown and read (spec storage-db 10.2). The zero value is
// the order in which they are stored.
type Order struct {
	ranks [][]string // schemes of the first preference, of the second ...
}

// NewOrder returns the order of a strategy: "location_order", or "store_type" with the stores of preference first. A
// preference that no store goes by matches nothing, and gives a warning for the log.
func NewOrder(strategy string, preference []string) (o *Order, warnings []string, err error) {
	o = &Order{}
	switch strategy {
	case "location_order":
		return o, nil, nil
	case "store_type":
	default:
		return nil, nil, fault.New(fault.Invalid, "location_strategy is %q: it can be location_order or store_type", strategy)
	}
	for _, name := range preference {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		schemes := schemesOf(name)
		if schemes == nil {
			warnings = append(warnings, fmt.Sprintf("store_type_preference: %q matches no location", name))
			continue
		}
		o.ranks = append(o.ranks, schemes)
	}
	return o, warnings, nil
}

// Rank returns the place of a location, the lowest first. Locations of one rank keep their stored order.
func (o *Order) Rank(url string) int {
	scheme := schemeOf(url)
	matches := func(schemes []string) bool { return slices.Contains(schemes, scheme) }
	if i := slices.IndexFunc(o.ranks, matches); i >= 0 {
		return i
	}
	return len(o.ranks)
}

// schemesOf returns the schemes of a preference. The old names filesystem and vmware_datastore have had none since
// Pike; use file and vmware.
func schemesOf(preference string) []string {
	switch preference {
	case "file":
		return []string{"file", "filesystem"}
	case "http":
		return []string{"http", "https"}
	case "swift":
		return []string{"swift", "swift+https", "swift+http"}
	case "s3":
		return []string{"s3", "s3+https", "s3+http"}
	case "vmware":
		return []string{"vsphere"}
	case "rbd", "sheepdog", "cinder":
		return []string{preference}
	}
	return nil
}
