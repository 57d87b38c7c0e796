package policy

import (
	"context"
	"slices"

	"goglance/glance/auth"
	"goglance/glance/fault"
)

// Target is what a rule is applied to. It is built from stored state, never from the request: whoever could write
// the target could write himself a permission.
type Target interface {
	// Attr returns the text form of an attribute: True, False, None (for null), a decimal number, or the text itself.
	// The second result is false when there is no such attribute; a check that asks for it then says no.
	Attr(name string) (string, bool)
	// All returns every attribute, for a decision that is made elsewhere.
	All() map[string]any
}

// NoTarget is a target without attributes, for actions on nothing in particular: every %(...)s says no.
type NoTarget struct{}

// Attr returns false: there are no attributes.
func (NoTarget) Attr(string) (string, bool) { return "", false }

// All returns nil: there are no attributes.
func (NoTarget) All() map[string]any { return nil }

// Enforcer decides whether who may do what the rule is named for.
type Enforcer interface {
	// Enforce returns nil for yes and a fault of kind Forbidden for no. A nil who is a caller of whom nothing is known,
	// a nil target is NoTarget.
	Enforce(ctx context.Context, rule string, who *auth.Identity, target Target) error
}

// Rules is a compiled set of rules. It never changes, so any number of requests may use it at once. The zero value
// has no rules and says no to everything.
type Rules struct {
	rules    map[string]*rule
	fallback *rule // the default rule; nil if there is none
	remote   Remote
	warnings []string
}

// Enforce decides by the rule of that name, else by the default rule, else says no. It looks at nothing but its
// arguments and blocks for nothing but a remote check, at most until ctx ends.
func (r *Rules) Enforce(ctx context.Context, name string, who *auth.Identity, target Target) error {
	if who == nil {
		who = &auth.Identity{}
	}
	if target == nil {
		target = NoTarget{}
	}
	if found := r.find(name); found != nil && found.root.eval(question{ctx, name, who, target, r.remote}) == yes {
		return nil
	}
	return fault.New(fault.Forbidden, "the policy does not allow %s", name)
}

// find returns the rule that decides for name; nil if there is none.
func (r *Rules) find(name string) *rule {
	if found, ok := r.rules[name]; ok {
		return found
	}
	return r.fallback
}

// Warnings tells what is wrong with the rules, sorted by rule: one sentence each, for the log. What is wrong denies.
// After these come the actions of the service that have no rule and are open to everybody, because the default rule
// is: a policy written before an action existed cannot have meant that (spec pike-notes 12).
func (r *Rules) Warnings() []string { return slices.Clone(r.warnings) }
