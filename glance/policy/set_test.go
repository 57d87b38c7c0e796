package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance/policy"
)

// Spec tasks-import F.7 and P94: what is not there is decided by the default rule, else denied.
func TestUnknownRuleDenied(t *testing.T) {
	for _, test := range []struct {
		name        string
		rules       map[string]any
		defaultRule string
		ask         string
		roles       []string
		want        bool
	}{
		{"defined, no default", map[string]any{"a": ""}, "default", "a", nil, true},
		{"defined, default denies", map[string]any{"a": "", "default": "!"}, "default", "a", nil, true},
		{"defined denies, default allows", map[string]any{"a": "!", "default": ""}, "default", "a", nil, false},
		{"undefined, default allows", map[string]any{"default": "@"}, "default", "a", nil, true},
		{"undefined, default denies", map[string]any{"default": "!"}, "default", "a", []string{"admin"}, false},
		{"undefined, default asks", map[string]any{"default": "role:admin"}, "default", "a", []string{"admin"}, true},
		{"undefined, default of another name", map[string]any{"other": "@"}, "other", "a", nil, true},
		{"undefined, default has another name", map[string]any{"default": "@"}, "other", "a", nil, false},
		{"undefined, no default", map[string]any{"b": ""}, "default", "a", []string{"admin"}, false},
		{"empty default name", map[string]any{"": "", "default": ""}, "", "a", nil, false},
		{"no rules", map[string]any{}, "default", "a", []string{"admin"}, false},
		{"nil rules", nil, "default", "default", []string{"admin"}, false},
		{"reference, default allows", map[string]any{"a": "rule:x", "default": "@"}, "default", "a", nil, true},
		{"reference, default denies", map[string]any{"a": "rule:x", "default": "!"}, "default", "a", nil, false},
		{"reference, no default", map[string]any{"a": "rule:x"}, "default", "a", nil, false},
		{"default refers on", map[string]any{"default": "rule:b", "b": "role:x"}, "default", "a", []string{"x"}, true},
		{"default is itself undefined", map[string]any{"default": "rule:b"}, "default", "a", nil, false},
		{"default refers to itself", map[string]any{"default": "rule:default or role:x"}, "default", "a", nil, false},
	} {
		compiled, err := policy.Compile(test.rules, test.defaultRule)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		set := subject{compiled, t}
		if got := set.allows(test.ask, caller(test.roles...), image()); got != test.want {
			t.Errorf("%s: allowed %v, want %v", test.name, got, test.want)
		}
	}
	if (subject{&policy.Rules{}, t}).allows("get_image", caller("admin"), image()) {
		t.Error("the zero Rules allows something")
	}
}

func TestDefaultDeniesEveryCall(t *testing.T) {
	set := compile(t, map[string]any{"default": "!"})
	for rule := range policy.PikeRules() {
		if set.allows(rule, caller("admin"), image()) {
			t.Errorf("%s is open although only default, which denies, is there", rule)
		}
	}
}

func TestMistakesNeverAllow(t *testing.T) {
	mistakes := []string{
		"rule:nowhere", "rule:broken", "rule:r", "rule:cycle1", "nonsense", "owner:x", "http://127.0.0.1:1/", "tenant:%x",
	}
	for _, mistake := range mistakes {
		for pattern, want := range map[string]bool{
			"%s": false, "not %s": false, "not (not %s)": false, "%s or %[1]s": false, "%s and @": false,
			"not (%s and @)": false, "not (%s or !)": false, "%s or @": true, "not (%s and !)": true, "not (%s or @)": false,
		} {
			text := fmt.Sprintf(pattern, mistake)
			set := compile(t, map[string]any{
				"r": text, "broken": "@ @", "cycle1": "rule:cycle2", "cycle2": "not rule:cycle1",
			})
			if got := set.allows("r", caller("admin"), image()); got != want {
				t.Errorf("%s: allowed %v, want %v", text, got, want)
			}
		}
	}
}

// S20, cycles: they end, they deny, they are told of; what does not depend on them still counts.
func TestCyclesDeny(t *testing.T) {
	set := compile(t, map[string]any{
		"self":   "rule:self",
		"denial": "not rule:denial",
		"a":      "rule:b or role:x",
		"b":      "rule:c or role:y",
		"c":      "rule:a",
		"into":   "rule:a or role:z",
		"far":    "rule:into",
		"twice":  "rule:open and rule:open",
		"open":   "",
	})
	for _, test := range []struct {
		rule, role string
		want       bool
	}{
		{"self", "", false}, {"denial", "", false}, {"a", "", false}, {"b", "", false}, {"c", "", false},
		{"a", "x", true}, {"b", "y", true}, {"c", "x", false}, {"into", "", false}, {"into", "x", true},
		{"into", "z", true}, {"far", "x", true}, {"far", "", false}, {"twice", "", true},
	} {
		if got := set.allows(test.rule, caller(test.role), nil); got != test.want {
			t.Errorf("%s for role %q: allowed %v, want %v", test.rule, test.role, got, test.want)
		}
	}
	want := []string{
		`policy rule "a": it refers to rule "b", which leads back to it`,
		`policy rule "b": it refers to rule "c", which leads back to it`,
		`policy rule "c": it refers to rule "a", which leads back to it`,
		`policy rule "denial": it refers to rule "denial", which leads back to it`,
		`policy rule "self": it refers to rule "self", which leads back to it`,
	}
	if got := set.Warnings(); !slices.Equal(got, want) {
		t.Errorf("warnings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// S20: whatever a policy file holds, it is read quickly and the admin-only call stays denied.
func TestHostilePolicyFiles(t *testing.T) {
	const deep = 10_000
	doubling, chain, allPairs := map[string]any{}, map[string]any{}, map[string]any{}
	for i := range 60 {
		doubling[fmt.Sprint("d", i)] = fmt.Sprintf("rule:d%d and rule:d%[1]d", i+1)
	}
	doubling["d60"], doubling["r"] = "", "rule:d0"
	for i := range 50_000 {
		chain[fmt.Sprint("c", i)] = fmt.Sprint("rule:c", i+1)
	}
	chain["r"] = "rule:c0 and rule:c49999"
	for i := range 300 {
		var refs []string
		for k := range 300 {
			refs = append(refs, fmt.Sprint("rule:p", k))
		}
		allPairs[fmt.Sprint("p", i)] = strings.Join(refs, " or ")
	}
	allPairs["r"] = "rule:p0 or not rule:p1"
	for name, rules := range map[string]map[string]any{
		"brackets":          {"r": strings.Repeat("(", deep) + "@" + strings.Repeat(")", deep)},
		"spaced brackets":   {"r": strings.Repeat("( ", deep) + "@" + strings.Repeat(" )", deep)},
		"open brackets":     {"r": strings.Repeat("(", deep)},
		"closing brackets":  {"r": "@" + strings.Repeat(")", deep)},
		"nots":              {"r": strings.Repeat("not ", deep) + "@"},
		"nots and brackets": {"r": strings.Repeat("not (", deep) + "@" + strings.Repeat(")", deep)},
		"doubling":          doubling,
		"chain":             chain,
		"all pairs":         allPairs,
		"unknown kind":      {"r": "frobnicate:x"},
		"nothing":           {},
		"per cent signs":    {"r": []any{"tenant:" + strings.Repeat("%(", deep)}},
		"huge or":           {"r": strings.Repeat("@ or ", 200_000) + "@"},
	} {
		start := time.Now()
		set := compile(t, rules)
		if set.allows("r", caller("admin"), image()) {
			t.Errorf("%s: allowed", name)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if len(rules) > 0 && len(set.Warnings()) == 0 {
			t.Errorf("%s: no warning", name)
		}
		for _, warning := range set.Warnings() {
			if len(warning) > 300 {
				t.Errorf("%s: a warning of %d bytes", name, len(warning))
			}
		}
	}
}

func TestReasonableSizesWork(t *testing.T) {
	projects := make([]string, 20_000)
	for i := range projects {
		projects[i] = fmt.Sprint("project_id:", i)
	}
	set := compile(t, map[string]any{
		"deep": strings.Repeat("(", 90) + "@" + strings.Repeat(")", 90),
		"long": strings.Join(projects, " or ") + " or project_id:p1",
	})
	for _, rule := range []string{"deep", "long"} {
		if !set.allows(rule, caller(), nil) {
			t.Errorf("%s: denied; warnings %v", rule, set.Warnings())
		}
	}
}

func TestWhatIsNoPolicy(t *testing.T) {
	tooMany := map[string]any{}
	for i := range 100_001 {
		tooMany[fmt.Sprint(i)] = ""
	}
	for name, rules := range map[string]map[string]any{
		"number": {"r": 1}, "bool": {"r": true}, "false": {"r": false}, "map": {"r": map[string]any{}},
		"number in a list": {"r": []any{1}}, "null in a list": {"r": []any{nil}}, "number inside": {"r": []any{[]any{1}}},
		"list too deep": {"r": []any{[]any{[]any{"@"}}}}, "too many rules": tooMany,
	} {
		set, err := policy.Compile(rules, "default")
		if err == nil || set != nil {
			t.Errorf("%s: Compile = %v, %v; want an error", name, set, err)
		}
	}
}

func TestWarningsAreTheCallersOwn(t *testing.T) {
	set := compile(t, map[string]any{"r": "nonsense", "u": "rule:x", "default": "!"})
	set.Warnings()[0] = "changed"
	want := []string{
		`policy rule "r": "nonsense" is no check, for it has no colon`,
		`policy rule "u": it refers to rule "x", which is not there, so the default rule decides`,
	}
	if got := set.Warnings(); !slices.Equal(got, want) {
		t.Errorf("Warnings() = %q, want %q", got, want)
	}
}
