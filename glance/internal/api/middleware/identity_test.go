package middleware

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"goglance/glance/auth"
	"goglance/glance/settings"
)

// fixed is an authenticator that always sees the same caller.
type fixed struct{ who *auth.Identity }

func (f fixed) Authenticate(*http.Request) (*auth.Identity, error) { return f.who, nil }

// identified returns the caller that a handler behind Identify sees; nil if the request did not get there.
func identified(t *testing.T, o settings.API, who *auth.Identity) *auth.Identity {
	t.Helper()
	var seen *auth.Identity
	refused := func(http.ResponseWriter, *http.Request, error) {}
	admin := func(_ context.Context, who *auth.Identity) bool { return slices.Contains(who.Roles, "admin") }
	h := Who{Options: o, Auth: fixed{who}, IsAdmin: admin, Fail: refused}.Identify(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = auth.From(r.Context()) }))
	begin(t, httptest.NewRequest(http.MethodGet, "/", nil), h.ServeHTTP)
	return seen
}

// The identity of an authenticator is its own: nothing is written to it, and it cannot make itself an administrator.
func TestIdentityIsCopied(t *testing.T) {
	t.Parallel()
	who := &auth.Identity{UserID: "u", Roles: []string{"admin"}}
	if got := identified(t, settings.API{}, who); !got.Admin || got == who || who.Admin {
		t.Errorf("%+v, of %+v", got, who)
	}
	self := &auth.Identity{UserID: "u", Admin: true}
	if got := identified(t, settings.API{}, self); got.Admin {
		t.Errorf("%+v", got)
	}
	if got := identified(t, settings.API{}, nil); got != nil {
		t.Errorf("nobody is let in as %+v", got)
	}
	if got := identified(t, settings.API{AllowAnonymous: true}, nil); !got.ReadOnly || got.Admin {
		t.Errorf("the anonymous is %+v", got)
	}
}
