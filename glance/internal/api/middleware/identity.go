package middleware

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/settings"
)

// Who finds out who sends a request.
type Who struct {
	Options settings.API
	Auth    auth.Authenticator
	IsAdmin func(context.Context, *auth.Identity) bool
	Fail    Fail
}

// RequestIDHeader carries the request id, in both directions.
const RequestIDHeader = "X-Openstack-Request-Id"

// RequestID puts the request id on every answer. That of Identify takes its place, where a request gets that far.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(RequestIDHeader, From(r.Context()).ID)
		next.ServeHTTP(w, r)
	})
}

// Identify puts the caller in the context and the request id on the answer, or refuses the request.
func (o Who) Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := From(r.Context())
		who, err := o.identity(r)
		if err == nil && !who.Unchecked && !who.ReadOnly {
			err = o.adoptID(info, r.Header.Get(RequestIDHeader))
		}
		if c, ok := o.Auth.(auth.Challenger); ok && fault.Is(err, fault.Unauthenticated) {
			w.Header().Set("WWW-Authenticate", c.Challenge())
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
	full.Admin = o.IsAdmin(r.Context(), who)
	return &full, nil
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
