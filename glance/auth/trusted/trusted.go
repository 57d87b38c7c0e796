// Package trusted takes the caller's identity from headers that a front end has set: the context filter without a
// token filter before it (the trusted-auth pipelines). Whoever reaches the service directly can be anybody, so it
// belongs behind that front end alone, on a unix socket or with a list of peers.
package trusted

import (
	"encoding/json"
	"net/http"
	"strings"

	"goglance/glance/auth"
	"goglance/glance/fault"
)

// Headers believes identity headers (spec images-api 14.1) of the given peers. The headers of others count for
// nothing.
type Headers struct {
	Peers auth.Peers
}

// Authenticate returns the identity in the headers; (nil, nil) unless X-Identity-Status is Confirmed. A header that
// occurs twice is fault.Invalid: one of the two may be the client's own (spec security S05).
func (h Headers) Authenticate(r *http.Request) (*auth.Identity, error) {
	if !h.Peers.Believes(r.RemoteAddr) {
		return nil, nil
	}
	for _, name := range names() {
		if len(r.Header.Values(name)) > 1 {
			return nil, fault.New(fault.Invalid, "the header %s occurs more than once", name)
		}
	}
	if r.Header.Get("X-Identity-Status") != "Confirmed" {
		return nil, nil
	}
	who := &auth.Identity{
		UserID:          first(r, "X-User-Id", "X-User"),
		ProjectID:       first(r, "X-Project-Id", "X-Tenant-Id", "X-Tenant"),
		UserDomainID:    first(r, "X-User-Domain-Id"),
		ProjectDomainID: first(r, "X-Project-Domain-Id"),
		Roles:           roles(r.Header.Get("X-Roles")),
		Token:           first(r, "X-Auth-Token", "X-Storage-Token"),
	}
	if said := r.Header.Values("X-Is-Admin-Project"); len(said) > 0 {
		who.NotAdminProject = !strings.EqualFold(said[0], "true")
	}
	if catalog := r.Header.Get("X-Service-Catalog"); catalog != "" {
		if !json.Valid([]byte(catalog)) {
			return nil, fault.New(fault.Invalid, "the service catalog is not JSON")
		}
		who.Catalog = []byte(catalog)
	}
	return who, nil
}

func names() []string {
	return []string{
		"X-Identity-Status", "X-User-Id", "X-User", "X-Project-Id", "X-Tenant-Id", "X-Tenant", "X-User-Domain-Id",
		"X-Project-Domain-Id", "X-Roles", "X-Auth-Token", "X-Storage-Token", "X-Service-Catalog",
		"X-Is-Admin-Project",
	}
}

// first returns the value of the first header that is not empty.
func first(r *http.Request, names ...string) string {
	for _, name := range names {
		if v := r.Header.Get(name); v != "" {
			return v
		}
	}
	return ""
}

func roles(list string) []string {
	var roles []string
	for name := range strings.SplitSeq(list, ",") {
		if name = auth.FoldRole(name); name != "" {
			roles = append(roles, name)
		}
	}
	return roles
}
