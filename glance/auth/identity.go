// Package auth says who is asking: the Identity, where it comes from (Authenticator) and how it travels in a
// context.
package auth

import (
	"context"
	"net/http"
	"strings"
)

// Identity is the caller of one request. Nobody changes it once it is in a context.
type Identity struct {
	UserID          string
	ProjectID       string
	UserDomainID    string
	ProjectDomainID string
	Roles           []string // in the form of FoldRole
	Token           string   // for calls on the caller's behalf; never logged, never in a policy's credentials
	Catalog         []byte   // the service catalog as JSON, for stores that act as the caller; may be nil
	// NotAdminProject: Keystone knows a project for administrators, and ProjectID is another one. Most clouds have no such
	// project; then every caller counts as one of it, for which reason the policy's is_admin_project is the opposite.
	NotAdminProject bool

	// Admin: sees and changes everything. The service sets it, from Roles and the policy rule context_is_admin; what an
	// Authenticator says counts only together with Unchecked. It satisfies no policy rule by itself.
	Admin bool
	// ReadOnly: anonymous, may look at what is open to all (spec images-api 14.2).
	ReadOnly bool
	// Unchecked: nobody was asked who this is; the pipeline has no authentication at all.
	Unchecked bool
}

// Authenticator finds out who sent a request. It must not read the body.
type Authenticator interface {
	// Authenticate returns the caller, or (nil, nil) when the request names nobody that can be confirmed. An error is
	// a fault: Invalid for headers that make no sense, Unavailable when identities cannot be checked now.
	Authenticate(r *http.Request) (*Identity, error)
}

// Challenger is an Authenticator that tells clients without an identity where to get one.
type Challenger interface {
	// Challenge returns the WWW-Authenticate header of an answer 401.
	Challenge() string
}

// Unauthenticated lets everyone in as an administrator without roles, whatever the headers say: the
// unauthenticated-context filter (spec images-api 14.2). Only for a service that nobody else can reach.
type Unauthenticated struct{}

// Authenticate returns the same identity for every request.
func (Unauthenticated) Authenticate(*http.Request) (*Identity, error) {
	return &Identity{Admin: true, Unchecked: true}, nil
}

type contextKey struct{}

// WithIdentity returns a context that carries who.
func WithIdentity(ctx context.Context, who *Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, who)
}

// From returns the identity in ctx. A context without one gives a read-only nobody, so forgetting to put one in can
// never open a door.
func From(ctx context.Context) *Identity {
	if who, ok := ctx.Value(contextKey{}).(*Identity); ok && who != nil {
		return who
	}
	return &Identity{ReadOnly: true}
}

// FoldRole returns the form in which role names are compared: without ASCII white space around, ASCII letters in lower
// case. No other letter is folded and no other space trimmed, so nothing outside ASCII ever equals "admin" (spec
// security S07).
func FoldRole(name string) string {
	folded := []byte(strings.Trim(name, " \t\r\n\v\f"))
	for i, c := range folded {
		if 'A' <= c && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}
