package policy_test

import (
	"strings"
	"testing"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/policy"
)

var _ policy.Enforcer = (*policy.Rules)(nil)

// attrs is a target with the attributes in it and no others.
type attrs map[string]string

func (a attrs) Attr(name string) (string, bool) {
	value, ok := a[name]
	return value, ok
}

func (a attrs) All() map[string]any {
	all := make(map[string]any, len(a))
	for name, value := range a {
		all[name] = value
	}
	return all
}

// caller returns a member of project p1 with the roles.
func caller(roles ...string) *auth.Identity {
	return &auth.Identity{
		UserID: "u1", ProjectID: "p1", UserDomainID: "ud1", ProjectDomainID: "pd1",
		Roles: roles, Token: "secret",
	}
}

// image is the target of most tests: an image of the caller's project.
func image() attrs {
	return attrs{
		"id": "i1", "owner": "p1", "user": "u1", "visibility": "private", "protected": "True", "hidden": "False",
		"checksum": "None", "min_disk": "10", "size": "123456789012345678901234567890", "ratio": "1.5", "big": "1e+16",
		"empty": "", "needs": " Reader\t", "percent": "100%", "domain": "ud1",
	}
}

// subject is a set of rules under test.
type subject struct {
	*policy.Rules
	t testing.TB
}

// compile compiles rules with the default rule "default".
func compile(t testing.TB, rules map[string]any) subject {
	t.Helper()
	set, err := policy.Compile(rules, "default")
	if err != nil {
		t.Fatalf("Compile(%v): %v", rules, err)
	}
	return subject{set, t}
}

// allows asks for a rule and checks that a no is a proper Forbidden.
func (s subject) allows(rule string, who *auth.Identity, target policy.Target) bool {
	s.t.Helper()
	err := s.Enforce(s.t.Context(), rule, who, target)
	if err == nil {
		return true
	}
	if !fault.Is(err, fault.Forbidden) || fault.Message(err) == "" {
		s.t.Errorf("Enforce(%q) = %v, want a fault.Forbidden with a message", rule, err)
	}
	return false
}

// row is one line of a table: does the value let the caller do it to the image? warn is part of the only warning;
// without it there must be none.
type row struct {
	value any
	roles string // separated by white space
	want  bool
	warn  string
}

func (r row) run(t *testing.T) {
	t.Helper()
	set := compile(t, map[string]any{"r": r.value, "open": "", "members": "role:member", "broken": "role:a role:b"})
	if got := set.allows("r", caller(strings.Fields(r.roles)...), image()); got != r.want {
		t.Errorf("%#v for roles %q: allowed %v, want %v", r.value, r.roles, got, r.want)
	}
	var found []string
	for _, warning := range set.Warnings() {
		if strings.HasPrefix(warning, `policy rule "r": `) {
			found = append(found, warning)
		}
	}
	all := strings.Join(found, "\n")
	if (r.warn == "") != (len(found) == 0) || !strings.Contains(all, r.warn) {
		t.Errorf("%#v: warnings %q, want %q", r.value, found, r.warn)
	}
}

func runAll(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		r.run(t)
	}
}
