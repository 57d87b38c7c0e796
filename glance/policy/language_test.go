package policy_test

import "testing"

// Spec tasks-import F.3.
func TestValues(t *testing.T) {
	runAll(t, []row{
		{value: "", want: true},
		{value: nil, want: true},
		{value: []any{}, want: true},
		{value: "@", want: true},
		{value: "!", want: false},
		{value: "!", roles: "admin", want: false},
		{value: " ", want: false, warn: "cannot be read"},
	})
}

// Spec tasks-import F.4.
func TestExpressions(t *testing.T) {
	runAll(t, []row{
		{value: "role:a or role:b", roles: "a", want: true},
		{value: "role:a or role:b", roles: "b", want: true},
		{value: "role:a or role:b", roles: "c", want: false},
		{value: "role:a and role:b", roles: "a", want: false},
		{value: "role:a and role:b", roles: "a b", want: true},
		{value: "role:a OR role:b", roles: "b", want: true},
		{value: "role:a aNd Not role:b", roles: "a", want: true},
		{value: "role:a\n\tand\u00a0role:b", roles: "a b", want: true},
		{value: "not role:a", want: true},
		{value: "not role:a", roles: "a", want: false},
		{value: "not not role:a", roles: "a", want: true},
		{value: "not !", want: true},
		{value: "not @", want: false},
		{value: "@ and @ and @", want: true},
		{value: "! or ! or @", want: true},
		// precedence: not, and, or
		{value: "@ or @ and !", want: true},
		{value: "! and @ or @", want: true},
		{value: "not ! or @", want: true},
		{value: "not @ and !", want: false},
		{value: "not ! and !", want: false},
		{value: "(@ or @) and !", want: false},
		{value: "! and (@ or @)", want: false},
		{value: "not (! and !)", want: true},
		{value: "((@))", want: true},
		{value: "( ( @ ) )", want: true},
		{value: "(role:a)", roles: "a", want: true},
		{value: "(tenant:%(owner)s)", want: true},
		{value: "(not (tenant:%(owner)s and !))", want: true},
	})
}

func TestUnreadableExpressionsDenyAsAWhole(t *testing.T) {
	for _, text := range []string{
		"role:a role:b", "@ @", "role:a and", "or role:a", "@ or", "and", "not", "@ not @", "@ and and @", "@ or not",
		"(@", "@)", "((@)", "(@))", "()", "@ or ()", "( )", ")", "(", "not(! or @)", "@ (@)", "(@) @", "(@) (@)",
		`'x'`, `"x"`, `'x':'y'`, `'x':'x'`, `"x":"x" or @`, `@ or 'x':'x'`, `('x':'x')`, `''`,
	} {
		row{value: text, roles: "a b admin", warn: "cannot be read"}.run(t)
		row{value: "(" + text + ") or @", roles: "a b admin", warn: "cannot be read"}.run(t)
	}
}

func TestTokenWithoutColonDeniesAlone(t *testing.T) {
	runAll(t, []row{
		{value: "admin", roles: "admin", warn: "no colon"},
		{value: "admin or role:admin", roles: "admin", want: true, warn: "no colon"},
		{value: "admin and role:admin", roles: "admin", warn: "no colon"},
		{value: "'", warn: "no colon"},
		{value: "@@", warn: "no colon"},
		{value: ")( or @", want: true, warn: "no colon"}, // brackets count at the ends of a word only
		{value: "!! or @", want: true, warn: "no colon"},
	})
}

// Spec tasks-import F.5.
func TestLists(t *testing.T) {
	example := []any{[]any{"role:admin"}, []any{"tenant:%(owner)s", "role:member"}}
	runAll(t, []row{
		{value: example, roles: "admin", want: true},
		{value: example, roles: "member", want: true},
		{value: example, roles: "guest", want: false},
		{value: []any{"role:admin", "role:superuser"}, roles: "superuser", want: true},
		{value: []any{"role:admin", "role:superuser"}, roles: "admin", want: true},
		{value: []any{"role:admin", "role:superuser"}, want: false},
		{value: []any{[]any{}}, want: false},
		{value: []any{[]any{}, []any{}}, want: false},
		{value: []any{""}, want: false},
		{value: []any{[]any{}, []any{"role:x"}}, roles: "x", want: true},
		{value: []any{[]any{}, []any{"role:x"}}, roles: "y", want: false},
		{value: []any{"", "role:x"}, roles: "x", want: true},
		{value: []any{[]any{"@", "!"}}, want: false},
		{value: []any{[]any{"@", "@"}}, want: true},
		{value: []any{[]any{"rule:members"}, "!"}, roles: "member", want: true},
		// each string is one check: no keywords, no brackets, and white space counts
		{value: []any{"not role:x"}, warn: "no credential named \"not role\""},
		{value: []any{"(role:x)"}, roles: "x x)", warn: "no credential named \"(role\""},
		{value: []any{"role:x or role:y"}, roles: "x y"},
		{value: []any{[]any{""}}, warn: "no colon"},
	})
}
