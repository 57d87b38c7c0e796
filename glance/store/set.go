package store

import "goglance/glance/fault"

// Named is a driver under the name that configuration gives it.
type Named struct {
	Name   string
	Driver Driver
}

// Set is the stores of one service. It does not change once made.
type Set struct {
	byName   map[string]Driver
	byScheme map[string]Driver
	standard Named
}

// NewSet returns a set whose new data goes to the store called defaultStore. Where two drivers serve one scheme, the first
// one does.
func NewSet(defaultStore string, stores ...Named) (*Set, error) {
	s := &Set{byName: map[string]Driver{}, byScheme: map[string]Driver{}}
	for _, st := range stores {
		if _, taken := s.byName[st.Name]; taken {
			return nil, fault.New(fault.Invalid, "two stores are called %q", st.Name)
		}
		s.byName[st.Name] = st.Driver
		for _, scheme := range st.Driver.Schemes() {
			if _, taken := s.byScheme[scheme]; !taken {
				s.byScheme[scheme] = st.Driver
			}
		}
	}
	d, ok := s.byName[defaultStore]
	if !ok {
		return nil, fault.New(fault.Invalid, "default store %q is not among the stores", defaultStore)
	}
	s.standard = Named{Name: defaultStore, Driver: d}
	return s, nil
}

// Default returns the store that takes new data.
func (s *Set) Default() Named { return s.standard }

// ByName returns the store called name.
func (s *Set) ByName(name string) (Driver, error) {
	if d, ok := s.byName[name]; ok {
		return d, nil
	}
	return nil, fault.New(fault.Invalid, "no store is called %q", name)
}

// For returns the store of a location: the one its metadata names under "store", else the one that serves the scheme
// of its URL. A name that is not among the stores counts as not given: another release may have written it.
func (s *Set) For(url string, metadata map[string]any) (Driver, error) {
	if name, ok := metadata["store"].(string); ok {
		if d, ok := s.byName[name]; ok {
			return d, nil
		}
	}
	if d, ok := s.byScheme[schemeOf(url)]; ok {
		return d, nil
	}
	return nil, fault.New(fault.Invalid, "no store serves this location")
}
