package policy_test

import (
	"testing"

	"goglance/glance/policy"
)

// hot returns the rules that nearly every request asks for.
func hot() map[string]string {
	return map[string]string{
		"everybody": "", "admin": "role:admin", "owner": "tenant:%(owner)s or role:admin", "reference": "rule:owner",
	}
}

func BenchmarkEnforce(b *testing.B) {
	for name, rule := range hot() {
		b.Run(name, func(b *testing.B) {
			set := compile(b, map[string]any{"r": rule, "owner": hot()["owner"]})
			who, target := caller("member", "admin"), policy.Target(attrs{"owner": "p1"})
			b.ReportAllocs()
			for b.Loop() {
				if err := set.Enforce(b.Context(), "r", who, target); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestYesAllocatesNothing(t *testing.T) {
	who, target := caller("member", "admin"), policy.Target(attrs{"owner": "p1"})
	for name, rule := range hot() {
		set := compile(t, map[string]any{"r": rule, "owner": hot()["owner"]})
		allocs := testing.AllocsPerRun(100, func() {
			if err := set.Enforce(t.Context(), "r", who, target); err != nil {
				t.Fatal(err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}
