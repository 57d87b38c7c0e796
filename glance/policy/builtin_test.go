package policy_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"goglance/glance/policy"
)

// Spec tasks-import F.1: the rules of a service without policy file.
func TestBuiltIn(t *testing.T) {
	t.Parallel()
	set := subject{policy.BuiltIn(), t}
	for name := range policy.PikeRules() {
		adminOnly := name == "context_is_admin" || name == "manage_image_cache"
		if got := set.allows(name, caller("member"), nil); got == adminOnly {
			t.Errorf("%s: allowed to a member %v", name, got)
		}
		if !set.allows(name, caller("admin"), nil) {
			t.Errorf("%s: denied to an admin", name)
		}
		if warned := slices.Contains(opened(set.Warnings()), name); warned == (adminOnly || name == "default") {
			t.Errorf("%s: warned %v", name, warned)
		}
	}
}

// opened returns the actions that the warning of an open default rule names; none without that warning.
func opened(warnings []string) []string {
	for _, w := range warnings {
		if names, ok := strings.CutPrefix(w, "policy: the default rule opens to everybody what has no rule of its own: "); ok {
			return strings.Split(names, ", ")
		}
	}
	return nil
}

// Spec pike-notes 12: each action that only an open default rule decides is named.
func TestOpenDefaultWarned(t *testing.T) {
	t.Parallel()
	complete := policy.PikeRules()
	delete(complete, "default")
	all := len(complete)
	for _, row := range []struct {
		rules map[string]any
		name  string
		want  int
	}{
		{map[string]any{"default": "@"}, "default", all},
		{map[string]any{"default": ""}, "default", all},
		{map[string]any{"default": []any{}}, "default", all},
		{map[string]any{"default": "rule:open", "open": "not role:guest"}, "default", all},
		{map[string]any{"default": "is_admin_project:True"}, "default", all},
		{map[string]any{"default": "", "get_image": "", "context_is_admin": "!"}, "default", all - 2},
		{map[string]any{"fallback": "", "default": "!"}, "fallback", all},
		{map[string]any{"fallback": "!", "default": ""}, "fallback", 0},
		{map[string]any{"default": ""}, "", 0},
		{map[string]any{"default": ""}, "other", 0},
		{map[string]any{"default": "!"}, "default", 0},
		{map[string]any{"default": "role:admin"}, "default", 0},
		{map[string]any{"default": "tenant:%(owner)s"}, "default", 0},
		{map[string]any{"default": "not role:x and project_id:%(owner)s"}, "default", 0},
		{map[string]any{"default": "http://h/p"}, "default", 0},
		{map[string]any{"default": "http://h/p or @"}, "default", all},
		{complete, "default", 0},
	} {
		rules, err := policy.CompileRemote(row.rules, row.name, func(context.Context, string, url.Values) (string, error) {
			t.Errorf("%v: somebody is asked", row.rules)
			return "", errors.New("no")
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(opened(rules.Warnings())); got != row.want {
			t.Errorf("%v, %q: %d actions are named, want %d: %q", row.rules, row.name, got, row.want, rules.Warnings())
		}
	}
}
