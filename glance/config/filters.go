package config

import (
	"fmt"
	"strings"

	"goglance/glance/config/paste"
	"goglance/glance/filter"
	"goglance/glance/option"
)

// filtersOf turns the filters of a pipeline into those of the service, in their order. Those without anything to do here
// are left out; where that is to be said, it is a warning.
func (s *Settings) filtersOf(p paste.Pipeline) (list []filter.Filter, warnings []string, err error) {
	identity := identityAt(p)
	for i, f := range p.Filters {
		if err := guarded(f); err != nil {
			return nil, nil, err
		}
		add, err := s.filterOf(f)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case i == identity:
			list = append(list, filter.Identity{})
		case add != nil:
			list = append(list, add)
		case f.Kind == paste.Cache, f.Kind == paste.CacheManage:
			warnings = append(warnings, fmt.Sprintf("the filter %s, %s of the paste file, does nothing yet", f.Kind, f.Section))
		}
	}
	return list, warnings, nil
}

// filterOf returns the filter of the service that acts as f does. It is nil for those that have a say in who the caller
// is, which are one filter together, and for the profiler, which is not here.
func (s *Settings) filterOf(f paste.Filter) (filter.Filter, error) {
	switch f.Kind {
	case paste.CORS:
		first := s.CORS
		err := Override(&first, f)
		return append(filter.CORS{first}, s.MoreCORS...), err
	case paste.Healthcheck:
		o := filter.Healthcheck(s.Healthcheck)
		err := Override(&o, f)
		return o, err
	case paste.SizeLimit:
		o := filter.SizeLimit(s.SizeLimit)
		err := Override(&o, f)
		return o, err
	case paste.ProxyHeaders:
		return filter.ProxyHeaders{}, nil
	case paste.RequestID:
		return filter.RequestID{}, nil
	case paste.Negotiation:
		return filter.Negotiation{}, nil
	case paste.Gzip:
		return filter.Gzip{}, nil
	default:
		return nil, nil
	}
}

// identityAt returns where the filter stands that decides who the caller is.
func identityAt(p paste.Pipeline) int {
	at := -1
	for i, f := range p.Filters {
		if f.Kind == paste.Context || f.Kind == paste.Unauthenticated {
			at = i
		}
	}
	return at
}

// forwarded reports whether the filter believes the headers of front ends.
func (s *Settings) forwarded(f paste.Filter) (bool, error) {
	o := struct {
		On bool `name:"enable_proxy_headers_parsing"`
	}{s.Glance.ProxyHeaders}
	err := Override(&o, f)
	return o.On, err
}

// guarded is an error for a setting of a filter that we do not have, and that a service is less safe without.
func guarded(f paste.Filter) error {
	group := map[paste.Kind]string{paste.Healthcheck: "healthcheck", paste.AuthToken: "keystone_authtoken"}[f.Kind]
	for name, text := range f.Settings {
		if g, ok := gaps().of(option.Name{Group: group, Name: name}); ok && g.safety && !g.permits([]string{text}) {
			return fmt.Errorf("paste file, %s: %s: %s", f.Section, name, g.why)
		}
	}
	return nil
}

// moreCORS reads the sections [cors.NAME]. What they do not say is as in [cors], but for the origins.
func (l *loader) moreCORS() error {
	seen := map[string]bool{}
	for _, name := range l.names() {
		if !strings.HasPrefix(name.Group, "cors.") || seen[name.Group] {
			continue
		}
		seen[name.Group] = true
		more := l.CORS
		more.AllowedOrigin = nil
		err := option.Walk(&more, func(o option.Option) error {
			o.Group = name.Group
			l.named[o.Key()] = true
			return l.apply(o)
		})
		if err != nil {
			return err
		}
		l.MoreCORS = append(l.MoreCORS, more)
		l.warn("the section [%s] (%s) is of a form that is deprecated: [cors] takes several origins", name.Group, l.last(name).where)
	}
	return nil
}
