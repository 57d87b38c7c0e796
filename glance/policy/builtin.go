package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"goglance/glance/auth"
)

// BuiltIn returns the rules of a service that has no policy file: everybody may do everything but manage the cache
// and be an administrator (spec tasks-import F.1). Warnings tells of each action.
func BuiltIn() *Rules {
	const admin = "role:admin"
	rules, err := Compile(map[string]any{"context_is_admin": admin, "default": "@", "manage_image_cache": admin}, "default")
	if err != nil {
		return &Rules{} // cannot happen, see the tests; and if it did, nobody would get in
	}
	return rules
}

// warnOpen warns of actions that only a default rule decides which lets even those in of whom nothing is known. It
// asks nobody else: a rule that does is not open.
func (r *Rules) warnOpen() {
	nobody := question{ctx: context.Background(), who: &auth.Identity{}, target: NoTarget{}}
	if r.fallback == nil || r.fallback.root.eval(nobody) != yes {
		return
	}
	known := PikeRules()
	delete(known, "default")
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if _, ok := r.rules[name]; !ok {
			r.warnings = append(r.warnings, fmt.Sprintf("policy: %s has no rule, and the default rule opens it to everybody", name))
		}
	}
}
