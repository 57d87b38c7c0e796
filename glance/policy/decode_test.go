package policy

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecode takes any text for a policy file. What comes of it, if anything, is the same policy when it is written as
// JSON, and can be compiled or is refused.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", `{"a": "", "b": ["role:x", ["@"]]}`, `{"a": [[[1]]], "b": {}}`, `{"a": "", }`, "\ufeff{}",
		"a: '!'\nb: [[role:admin]]\n", "a: &x [role:x]\nb: *x\n? c\n: |\n  role:x\n", "a: ! # x\r\nb: !!str\n",
		"%YAML 1.1\n---\n\"a\\x21\": \u2028'!'\n...\n", "a: &a [*a]", "a: [&b [*b, ~]]", "<<: {a: b}", "a: >-\n  x\n\n  y\n",
		"a: !!null x", "? [a]\n: b", "a: ''\n---\nb: ''", "# x", "a: {b: c}", "a: 1", "[[[[", "\xff\xfea\x00", "a: \u0085!\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rules, err := decode(text)
		if err != nil {
			return
		}
		_, compileErr := Compile(rules, "default")
		asJSON, err := json.Marshal(rules)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := decode(asJSON)
		if err != nil {
			t.Fatalf("%q: %v", asJSON, err)
		}
		if diff := cmp.Diff(rules, again); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if _, err := Compile(again, "default"); (err == nil) != (compileErr == nil) {
			t.Errorf("%q: %v, as JSON %v", text, compileErr, err)
		}
	})
}
