package middleware

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"goglance/glance/auth"
	"goglance/glance/policy"
)

// fixed is an authenticator that always sees the same caller.
type fixed struct{ who *auth.Identity }

func (f fixed) Authenticate(*http.Request) (*auth.Identity, error) { return f.who, nil }

// identified returns the caller that a handler behind Identify sees; nil if the request did not get there.
func identified(t *testing.T, o IdentityOptions, who *auth.Identity) *auth.Identity {
	t.Helper()
	rules, err := policy.Compile(map[string]any{"context_is_admin": "!"}, "")
	if err != nil {
		t.Fatal(err)
	}
	var seen *auth.Identity
	refused := func(http.ResponseWriter, *http.Request, error) {}
	h := Who{Options: o, Auth: fixed{who}, Policy: rules, Fail: refused}.Identify(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = auth.From(r.Context()) }))
	begin(t, httptest.NewRequest(http.MethodGet, "/", nil), h.ServeHTTP)
	return seen
}

// Spec security S08: whatever an authenticator says, an empty option names no role.
func TestAdminRole(t *testing.T) {
	t.Parallel()
	rows := []struct {
		option string
		roles  []string
		want   bool
	}{
		{"admin", []string{"admin"}, true}, {" ADMIN ", []string{"member", "admin"}, true}, {"admin", nil, false}, {"admin", []string{""}, false},
		{"", []string{""}, false}, {" ", []string{""}, false}, {"\t", []string{"", "\t"}, false}, {"", []string{"admin"}, false},
	}
	for _, row := range rows {
		if got := identified(t, IdentityOptions{AdminRole: row.option}, &auth.Identity{Roles: row.roles}); got.Admin != row.want {
			t.Errorf("option %q, roles %q: admin is %v", row.option, row.roles, got.Admin)
		}
	}
}

// The identity of an authenticator is its own: nothing is written to it, and it cannot make itself an administrator.
func TestIdentityIsCopied(t *testing.T) {
	t.Parallel()
	who := &auth.Identity{UserID: "u", Roles: []string{"admin"}}
	if got := identified(t, IdentityOptions{AdminRole: "admin"}, who); !got.Admin || got == who || who.Admin {
		t.Errorf("%+v, of %+v", got, who)
	}
	self := &auth.Identity{UserID: "u", Admin: true}
	if got := identified(t, IdentityOptions{AdminRole: "admin"}, self); got.Admin {
		t.Errorf("%+v", got)
	}
	if got := identified(t, IdentityOptions{}, nil); got != nil {
		t.Errorf("nobody is let in as %+v", got)
	}
	if got := identified(t, IdentityOptions{AllowAnonymous: true}, nil); !got.ReadOnly || got.Admin {
		t.Errorf("the anonymous is %+v", got)
	}
}
