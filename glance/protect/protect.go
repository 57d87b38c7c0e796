package protect

import (
	"context"
	"regexp"
	"slices"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"goglance/glance/auth"
	"goglance/glance/policy"
)

// Operation is what somebody does to a property.
type Operation string

// The operations.
const (
	Create Operation = "create"
	Read   Operation = "read"
	Update Operation = "update"
	Delete Operation = "delete"
)

func operations() []Operation { return []Operation{Create, Read, Update, Delete} }

// Format is what the values in a file mean.
type Format string

// The formats.
const (
	Roles    Format = "roles"    // lists of roles
	Policies Format = "policies" // names of rules of the policy
)

// Rules is a file of protections. It never changes, so any number of requests may use it at once. A nil *Rules protects
// nothing.
type Rules struct {
	format   Format
	sections []section
	found    *lru.Cache[string, *section] // by name of a property; nil for no section
}

type section struct {
	pattern *regexp.Regexp
	who     map[Operation]who
}

// who is who may do something. The zero value is nobody.
type who struct {
	everybody bool
	names     []string // of roles, in the form of auth.FoldRole, or the one of a policy rule
}

// maxName is the number of characters of the longest name that the database holds.
const maxName = 255

// Allows reports whether the caller of ctx (package auth) may do op to properties of this name. p decides where the file
// names rules of the policy; it is not used otherwise. Names that no property can have for their length are closed to
// everybody, so the time it takes is bounded.
func (r *Rules) Allows(ctx context.Context, op Operation, property string, p policy.Enforcer) bool {
	if r == nil || len(r.sections) == 0 {
		return true
	}
	if len(property) > maxName && utf8.RuneCountInString(property) > maxName {
		return false
	}
	s := r.section(property)
	if s == nil {
		return false
	}
	allowed, caller := s.who[op], auth.From(ctx)
	switch {
	case allowed.everybody:
		return true
	case len(allowed.names) == 0:
		return false
	case r.format == Policies:
		return p != nil && p.Enforce(ctx, allowed.names[0], caller, policy.NoTarget{}) == nil
	}
	return slices.ContainsFunc(allowed.names, func(role string) bool { return slices.Contains(caller.Roles, role) })
}

// section returns the section that decides about a name, nil if there is none. It remembers what it found: a list asks
// for a few names again and again.
func (r *Rules) section(name string) *section {
	if s, ok := r.found.Get(name); ok {
		return s
	}
	var s *section
	if i := slices.IndexFunc(r.sections, func(s section) bool { return s.pattern.MatchString(name) }); i >= 0 {
		s = &r.sections[i]
	}
	r.found.Add(name, s)
	return s
}
