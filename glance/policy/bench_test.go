package policy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

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

// Through files: what looking at them costs, at rest, and with how many.
func BenchmarkEnforceFiles(b *testing.B) {
	for _, n := range []int{1, 2, 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir, old := b.TempDir(), time.Now().Add(-time.Hour)
			source := policy.Source{File: filepath.Join(dir, "policy.json"), Default: "default"}
			if n > 1 {
				source.Dirs = []string{filepath.Join(dir, "policy.d")}
				if err := os.Mkdir(source.Dirs[0], 0o750); err != nil {
					b.Fatal(err)
				}
			}
			for i := range n {
				name := source.File
				if i > 0 {
					name = filepath.Join(source.Dirs[0], fmt.Sprint(i))
				}
				err := os.WriteFile(name, []byte(`{"r": "tenant:%(owner)s or role:admin"}`), 0o600)
				if err = errors.Join(err, os.Chtimes(name, old, old)); err != nil {
					b.Fatal(err)
				}
			}
			time.Sleep(150 * time.Millisecond) // the folder has changed just now
			files, err := policy.Open(source)
			if err != nil {
				b.Fatal(err)
			}
			who, target := caller("member", "admin"), policy.Target(attrs{"owner": "p1"})
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := files.Enforce(b.Context(), "r", who, target); err != nil {
						b.Error(err)
					}
				}
			})
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
