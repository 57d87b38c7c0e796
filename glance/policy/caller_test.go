package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"goglance/glance/auth"
	"goglance/glance/policy"
)

// Spec tasks-import F.6, targets: context_is_admin looks at the request's own context.
func TestCallerTarget(t *testing.T) {
	t.Parallel()
	who := caller("member")
	who.NotAdminProject = true
	for name, want := range map[string]string{
		"user_id": "u1", "user": "u1", "project_id": "p1", "tenant": "p1", "project": "p1", "user_domain_id": "ud1",
		"user_domain": "ud1", "project_domain_id": "pd1", "project_domain": "pd1", "is_admin_project": "False",
	} {
		if got, ok := policy.CallerTarget(who).Attr(name); got != want || !ok {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
		for _, nobody := range []*auth.Identity{nil, {}} {
			want := "None"
			if name == "is_admin_project" {
				want = "True"
			}
			if got, ok := policy.CallerTarget(nobody).Attr(name); got != want || !ok {
				t.Errorf("%s of nobody: %q, %v", name, got, ok)
			}
		}
	}
	for _, name := range []string{"", "roles", "token", "auth_token", "is_admin", "owner", "domain"} {
		if got, ok := policy.CallerTarget(who).Attr(name); ok {
			t.Errorf("%s: %q", name, got)
		}
	}
	text, err := json.Marshal(policy.CallerTarget(who).All())
	if err != nil || strings.Contains(string(text), "secret") || !strings.Contains(string(text), `"roles":["member"]`) ||
		!strings.Contains(string(text), `"user_domain":"ud1"`) {
		t.Errorf("All: %s, %v", text, err)
	}
}

func TestContextIsAdmin(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]bool{
		"user_id:%(user_id)s": true, "project_id:%(user_id)s": false, "'p1':%(tenant)s": true, "'u1':%(is_admin)s": false,
		"role:%(project)s": false, "role:member": true,
	} {
		set := compile(t, map[string]any{"context_is_admin": rule})
		if got := set.allows("context_is_admin", caller("member"), policy.CallerTarget(caller("member"))); got != want {
			t.Errorf("%s: allowed %v", rule, got)
		}
	}
	set := compile(t, map[string]any{"context_is_admin": "user_id:%(user_id)s or tenant:%(project_id)s"})
	if set.allows("context_is_admin", nil, policy.CallerTarget(nil)) {
		t.Error("nobody is himself, and so an administrator")
	}
}

// Spec tasks-import F.6: everybody counts as of the admin project unless Keystone says otherwise.
func TestAdminProject(t *testing.T) {
	t.Parallel()
	set := compile(t, map[string]any{
		"in": "role:admin and is_admin_project:True", "out": "is_admin_project:False", "case": "is_admin_project:true",
	})
	for _, row := range []struct {
		rule    string
		outside bool
		want    bool
	}{{"in", false, true}, {"in", true, false}, {"out", false, false}, {"out", true, true}, {"case", false, false}} {
		who := caller("admin")
		who.NotAdminProject = row.outside
		if got := set.allows(row.rule, who, nil); got != row.want {
			t.Errorf("%s, outside %v: allowed %v", row.rule, row.outside, got)
		}
	}
	if len(set.Warnings()) > 0 {
		t.Errorf("warnings %q", set.Warnings())
	}
}
