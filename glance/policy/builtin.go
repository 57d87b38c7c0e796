package policy

import (
	"context"
	"maps"
	"slices"
	"strings"

	"goglance/glance/auth"
)

// BuiltIn returns the rules of a service that has no policy file: everybody may do everything but manage the cache
// and be an administrator (spec tasks-import F.1). Warnings names each action.
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
	maps.DeleteFunc(known, func(name string, _ any) bool { return r.rules[name] != nil })
	if len(known) > 0 {
		names := strings.Join(slices.Sorted(maps.Keys(known)), ", ")
		r.warnings = append(r.warnings, "policy: the default rule opens to everybody what has no rule of its own: "+names)
	}
}
