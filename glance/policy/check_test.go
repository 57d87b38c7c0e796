package policy_test

import (
	"testing"

	"goglance/glance/auth"
	"goglance/glance/policy"
)

// Spec tasks-import F.6.
func TestChecks(t *testing.T) {
	runAll(t, []row{
		{value: "rule:open", want: true},
		{value: "rule:members", roles: "member", want: true},
		{value: "rule:members", want: false},
		{value: "not rule:members", want: true},
		{value: "rule:nowhere", warn: "not there"},
		{value: "rule:nowhere or @", want: true, warn: "not there"},
		{value: "rule:", warn: "not there"},
		{value: "rule:Open", warn: "not there"},
		{value: "role:member", roles: "member", want: true},
		{value: "role:member", roles: "reader member", want: true},
		{value: "role:member", roles: "members", want: false},
		{value: "role:member", want: false},
		{value: "role:%(needs)s", roles: "reader", want: true},
		{value: "role:%(missing)s", roles: "reader", want: false},
		{value: "role:%(empty)s", roles: "reader", want: false},
		{value: "role:x%(missing)s", roles: "x", want: false},
		{value: "role:", roles: "a", want: false},
		{value: "role:a:b", roles: "a:b", want: true},
		{value: "http://127.0.0.1:1/check", warn: "not available"},
		{value: "https://127.0.0.1:1/check", warn: "not available"},
		{value: "http://127.0.0.1:1/check or role:a", roles: "a", want: true, warn: "not available"},
	})
}

func TestCredentials(t *testing.T) {
	runAll(t, []row{
		{value: "user_id:u1", want: true},
		{value: "user:u1", want: true},
		{value: "project_id:p1", want: true},
		{value: "tenant:p1", want: true},
		{value: "user_domain_id:ud1", want: true},
		{value: "project_domain_id:pd1", want: true},
		{value: "roles:reader", roles: "member reader", want: true},
		{value: "roles:Reader", roles: "member reader", want: false},
		{value: "roles:", roles: "reader", want: false},
		{value: "roles:%(missing)s", roles: "reader", want: false},
		{value: "tenant:P1", want: false},
		{value: "tenant:p", want: false},
		{value: "tenant:p11", want: false},
		{value: "tenant:", want: false},
		{value: "tenant:%(owner)s", want: true},
		{value: "user_id:%(owner)s", want: false},
		{value: "user_domain_id:%(domain)s", want: true},
		{value: "tenant:%(missing)s", want: false},
		{value: "not tenant:%(missing)s", want: true},
		{value: "tenant:%(Owner)s", want: false},
		{value: "Tenant:p1", warn: "no credential"},
		{value: "owner:p1", warn: "no credential"},
		{value: "token:secret", warn: "no credential"},
		{value: "is_admin:True", warn: "no credential"},
		{value: "user_id.x:u1", warn: "no credential"},
		{value: "frobnicate:x", roles: "admin", warn: "no credential"},
		{value: "not frobnicate:x", roles: "admin", warn: "no credential"},
		{value: ":u1", warn: "no credential"},
		{value: ":", warn: "no credential"},
	})
}

func TestLiterals(t *testing.T) {
	runAll(t, []row{
		{value: "True:%(protected)s", want: true},
		{value: "False:%(protected)s", want: false},
		{value: "False:%(hidden)s", want: true},
		{value: "true:%(protected)s", warn: "no credential"},
		{value: "None:%(checksum)s", want: true},
		{value: "None:%(missing)s", want: false},
		{value: "None:%(owner)s", want: false},
		{value: "10:%(min_disk)s", want: true},
		{value: "+10:%(min_disk)s", want: true},
		{value: "10.0:%(min_disk)s", want: false},
		{value: "1:%(min_disk)s", want: false},
		{value: "-1:-1", want: true},
		{value: "-0:0", want: true},
		{value: "010:%(min_disk)s", warn: "no credential"},
		{value: "--1:-1", warn: "no credential"},
		{value: "1-1:0", warn: "no credential"},
		{value: "123456789012345678901234567890:%(size)s", want: true},
		{value: "1.5:%(ratio)s", want: true},
		{value: "1.50:%(ratio)s", want: true},
		{value: "15e-1:%(ratio)s", want: true},
		{value: "1.:1.0", want: true},
		{value: "1e16:%(big)s", want: true},
		{value: "1e15:1000000000000000.0", want: true},
		{value: "0.0001:0.0001", want: true},
		{value: "0.00001:1e-05", want: true},
		{value: "0.0:0.0", want: true},
		{value: "1e999:inf", warn: "no credential"},
		{value: "e:1", warn: "no credential"},
		{value: "'private':%(visibility)s", want: true},
		{value: `"private":%(visibility)s`, want: true},
		{value: "'public':%(visibility)s", want: false},
		{value: "'':%(empty)s", want: true},
		{value: "'':%(missing)s", want: false},
		{value: "'i1/p1':%(id)s/%(owner)s", want: true},
		{value: "'i1/p1':%(id)s/%(missing)s", want: false},
		{value: "'100%':%(percent)s", want: true},
		{value: "'100%':100%%", want: true},
		{value: "'%(id)s':%%(id)s", want: true},
		{value: "'%i1%':%%%(id)s%%", want: true},
		{value: `'a\x41':x`, warn: "no credential"},
		{value: "'a'b':x", warn: "no credential"},
		{value: "'a:b':%(id)s", warn: "no credential named \"'a\""},
		{value: []any{"'x':'x'"}, want: false}, // in a list the quotes on the right are part of the text
		{value: []any{`'a b':a b`}, want: true},
	})
}

func TestBrokenTemplatesDeny(t *testing.T) {
	for _, check := range []string{
		"tenant:%", "tenant:p1%", "tenant:%s", "tenant:%d", "tenant:%(owner)", "tenant:%(owner", "tenant:%(owner)d",
		"tenant:%%%", "role:%(needs)", "'x':%x", "tenant:%(owner)s%", "tenant:%owner)s", "role:% (needs)s",
	} {
		row{value: []any{check}, warn: "after %"}.run(t)
		row{value: []any{check, "@"}, want: true, warn: "after %"}.run(t)
	}
}

// S10: nobody never equals nobody, and an empty credential is a missing one.
func TestNullOwnerNeverMatches(t *testing.T) {
	set := compile(t, map[string]any{
		"tenant": "tenant:%(owner)s", "project_id": "project_id:%(owner)s", "user": "user:%(owner)s",
		"user_id": "user_id:%(owner)s", "ud": "user_domain_id:%(owner)s", "pd": "project_domain_id:%(owner)s",
		"roles": "roles:%(owner)s", "role": "role:%(owner)s",
	})
	nobodies := map[string]*auth.Identity{
		"nil": nil, "zero": {}, "admin": {Admin: true}, "empty role": {Roles: []string{"", " "}},
	}
	owners := map[string]policy.Target{
		"empty": attrs{"owner": ""}, "null": attrs{"owner": "None"}, "missing": attrs{},
		"no target": policy.NoTarget{}, "nil": nil, "space": attrs{"owner": " "},
	}
	for rule := range map[string]bool{
		"tenant": true, "project_id": true, "user": true, "user_id": true, "ud": true, "pd": true, "roles": true, "role": true,
	} {
		for whoName, who := range nobodies {
			for ownerName, owner := range owners {
				if rule == "roles" && whoName == "empty role" && ownerName == "space" {
					continue // a role that is a space is a role
				}
				if set.allows(rule, who, owner) {
					t.Errorf("%s: caller %s matches owner %s", rule, whoName, ownerName)
				}
			}
		}
	}
}

// P15: the name of an attribute never stands for a credential.
func TestPolicyTargetNotFromBody(t *testing.T) {
	hostile := attrs{
		"owner": "victim", "project_id": "p1", "tenant": "p1", "user_id": "u1", "is_admin": "True", "roles": "admin",
	}
	set := compile(t, map[string]any{"owns": "project_id:%(owner)s", "admin": "role:admin or is_admin:True"})
	for _, rule := range []string{"owns", "admin"} {
		if set.allows(rule, caller("member"), hostile) {
			t.Errorf("%s: properties of the image replaced credentials of the caller", rule)
		}
	}
}

func TestAdminSatisfiesNothing(t *testing.T) {
	admin := &auth.Identity{Admin: true, Unchecked: true}
	set := compile(t, map[string]any{"role": "role:admin", "roles": "roles:admin", "is": "is_admin:True", "open": ""})
	for rule, want := range map[string]bool{"role": false, "roles": false, "is": false, "open": true} {
		if got := set.allows(rule, admin, image()); got != want {
			t.Errorf("%s: allowed %v, want %v", rule, got, want)
		}
	}
}

// S07: roles are trimmed and compared without regard to the case of ASCII letters only.
func TestRoleCaseFoldingASCII(t *testing.T) {
	for _, test := range []struct {
		rule, role string
		want       bool
	}{
		{"role:admin", "admin", true},
		{"role:admin", "ADMIN", true},
		{"role:ADMIN", "admin", true},
		{"role:aDmIn", "AdMiN", true},
		{"role:admin", "Admin ", true},
		{"role:admin", "\tadmin\r\n", true},
		{"role:admin", "admin,member", false},
		{"role:admin", "adm\u0131n", false},
		{"role:adm\u0131n", "admin", false},
		{"role:adm\u0130n", "admin", false},
		{"role:admin", "admin\u00a0", false},
		{"role:admin", "admin\x00", false},
		{"role:kilo", "\u212ailo", false},
		{"role:\u212ailo", "kilo", false},
		{"role:sun", "\u017fun", false},
		{"role:\u00c9t\u00e9", "\u00e9t\u00e9", false},
		{"role:admin", "", false},
		{"role:", "", false},
		{"role:a@b", "a`b", false},
		{"role:a[b", "a{b", false},
	} {
		set := compile(t, map[string]any{"r": test.rule})
		if got := set.allows("r", caller(test.role), nil); got != test.want {
			t.Errorf("%q for role %q: allowed %v, want %v", test.rule, test.role, got, test.want)
		}
	}
}

// Targets in Glance: an action on nothing in particular has no attributes.
func TestEmptyTargetDenies(t *testing.T) {
	set := compile(t, map[string]any{"get_images": "tenant:%(owner)s", "odd": "'None':%(owner)s", "fixed": "tenant:p1"})
	for _, target := range []policy.Target{policy.NoTarget{}, nil} {
		for rule, want := range map[string]bool{"get_images": false, "odd": false, "fixed": true} {
			if got := set.allows(rule, caller(), target); got != want {
				t.Errorf("%s on %v: allowed %v, want %v", rule, target, got, want)
			}
		}
	}
	if all := (policy.NoTarget{}).All(); len(all) != 0 {
		t.Errorf("NoTarget has attributes: %v", all)
	}
}
