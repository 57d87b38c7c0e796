package policy_test

import (
	"strings"
	"testing"

	"goglance/glance/policy"
)

// FuzzCompile compiles any text as a rule, as a list, behind a not and behind a reference. Nothing may panic or hang,
// a rule that cannot be read denies in every position, and a set always gives the same answer.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"", "@", "!", "role:admin", "tenant:%(owner)s or role:admin", "not (role:a and not role:b)", "rule:text", "rule:not",
		"rule:nowhere", "'x':%(id)s", "True:%(protected)s", "1.5e3:%(ratio)s", "'a':'b'", "(((", "@ @", "tenant:%%%(a)s%",
		"http://x/", "a:b:c", "\xff\xfe:%(\xff)s", "()", "AND", "not not not @", ":", "role:\u212a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compiled, err := policy.Compile(map[string]any{
			"text": text, "not": "not rule:text", "list": []any{text, []any{text, text}}, "members": "role:member",
		}, "members")
		if err != nil {
			t.Fatalf("Compile: %v", err)
		}
		set := subject{compiled, t}
		unreadable := strings.Contains(strings.Join(set.Warnings(), "\n"), `policy rule "text": never satisfied`)
		for _, rule := range []string{"text", "not", "list"} {
			got := set.allows(rule, caller("admin"), image())
			if unreadable && rule != "list" && got {
				t.Errorf("%q cannot be read, but %s allows", text, rule)
			}
			if again := set.allows(rule, caller("admin"), image()); again != got {
				t.Errorf("%q: %s first says %v, then %v", text, rule, got, again)
			}
		}
		if set.allows("text", caller("admin"), image()) && set.allows("not", caller("admin"), image()) {
			t.Errorf("%q: both the rule and its opposite allow", text)
		}
	})
}
