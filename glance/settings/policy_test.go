package settings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/option"
	"goglance/glance/settings"
)

// Spec tasks-import F.1.
func TestPolicyDefaults(t *testing.T) {
	t.Parallel()
	var got settings.Policy
	if err := option.SetDefaults(&got); err != nil {
		t.Fatal(err)
	}
	want := settings.Policy{PolicyFile: "policy.json", DefaultRule: "default", PolicyDirs: []string{"policy.d"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	groups := map[string]string{}
	err := option.Walk(&got, func(o option.Option) error { groups[o.Name] = o.Group; return nil })
	if diff := cmp.Diff(map[string]string{
		"policy_file": "oslo_policy", "policy_default_rule": "oslo_policy", "policy_dirs": "oslo_policy",
	}, groups); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
