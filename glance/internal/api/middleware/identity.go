package middleware

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/policy"
)

// IdentityOptions are the operator's settings of the identity context (spec images-api 14).
type IdentityOptions struct {
	AdminRole          string `name:"admin_role" default:"admin" help:"the role that makes a caller an administrator"`
	AllowAnonymous     bool   `name:"allow_anonymous_access" default:"false" help:"let callers without identity read what is open to all"`
	MaxRequestIDLength int    `name:"max_request_id_length" default:"64" min:"0" help:"longest request id taken from a client; 0: any length"`
}

// Who finds out who sends a request.
type Who struct {
	Options IdentityOptions
	Auth    auth.Authenticator
	Policy  policy.Enforcer
	Fail    Fail
}

// RequestIDHeader carries the request id, in both directions.
const RequestIDHeader = "X-Openstack-Request-Id"

// Identify puts the caller in the context and the request id on the answer, or refuses the request.
func (o Who) Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := From(r.Context())
		who, err := o.identity(r)
		if err == nil && !who.Unchecked && !who.ReadOnly {
			err = o.adoptID(info, r.Header.Get(RequestIDHeader))
		}
		if err != nil {
			o.Fail(w, r, err)
			return
		}
		info.Identity = who
		w.Header().Set(RequestIDHeader, info.ID)
		next.ServeHTTP(w, r.WithContext(auth.WithIdentity(r.Context(), who)))
	})
}

func (o Who) identity(r *http.Request) (*auth.Identity, error) {
	who, err := o.Auth.Authenticate(r)
	switch {
	case err != nil:
		return nil, err
	case who == nil && o.Options.AllowAnonymous:
		return &auth.Identity{ReadOnly: true}, nil
	case who == nil:
		return nil, fault.New(fault.Unauthenticated, "this request needs an identity")
	case who.Unchecked:
		return who, nil
	}
	full := *who
	full.Admin = o.isAdmin(r, who)
	return &full, nil
}

// isAdmin: by the role of the option, or because the policy says so (spec images-api 14.2). An empty option names no
// role (spec security S08).
func (o Who) isAdmin(r *http.Request, who *auth.Identity) bool {
	role := strings.TrimSpace(o.Options.AdminRole)
	return role != "" && slices.Contains(who.Roles, auth.FoldRole(role)) ||
		o.Policy.Enforce(r.Context(), "context_is_admin", who, policy.NoTarget{}) == nil
}

// adoptID takes a client's request id over. One with characters that have no place in a log or a header is replaced
// (spec security S53).
func (o Who) adoptID(info *Info, id string) error {
	if limit := o.Options.MaxRequestIDLength; limit > 0 && len(id) > limit {
		return fault.New(fault.HeaderTooLarge, "the request id is longer than %d characters", limit)
	}
	if !requestID.MatchString(id) {
		return nil
	}
	if !strings.HasPrefix(id, "req-") {
		id = "req-" + id
	}
	info.ID = id
	return nil
}

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
