package policy_test

import (
	"context"
	"errors"
	"net/url"
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
		want := "policy: " + name + " has no rule, and the default rule opens it to everybody"
		if warned := strings.Contains(strings.Join(set.Warnings(), "\n"), want); warned == (adminOnly || name == "default") {
			t.Errorf("%s: warned %v", name, warned)
		}
	}
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
		if got := len(rules.Warnings()); got != row.want {
			t.Errorf("%v, %q: %d warnings, want %d: %q", row.rules, row.name, got, row.want, rules.Warnings())
		}
	}
}
