package api

import (
	"net/http"
	"strings"

	"goglance/glance/internal/api/middleware"
	"goglance/glance/settings"
)

// version is one row of the version document.
type version struct {
	id, status string
	path       string // the routes that serve it
	needs      func(settings.API) bool
}

// versions is the table of API versions, in the order in which they are listed (spec images-api 1.1). A handler never
// asks for a version; what a later one adds is a row here and its routes.
func versions() []version {
	v2 := func(o settings.API) bool { return o.EnableV2 }
	return []version{
		{"v2.5", "CURRENT", "/v2", v2},
		{"v2.4", "SUPPORTED", "/v2", v2},
		{"v2.3", "SUPPORTED", "/v2", v2},
		{"v2.2", "SUPPORTED", "/v2", v2},
		{"v2.1", "SUPPORTED", "/v2", v2},
		{"v2.0", "SUPPORTED", "/v2", v2},
	}
}

// vendorMedia begins an Accept header that names the version.
const vendorMedia = "application/vnd.openstack.images-"

// negotiate finds the version that a request means and gives it the path that serves that version. A request that
// means none gets the list (spec images-api 1.2).
func (a *API) negotiate(next http.Handler) http.Handler {
	paths := map[string]string{}
	for _, v := range a.versions {
		major, _, _ := strings.Cut(v.id, ".")
		paths[v.id], paths[major] = v.path, v.path
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, rest := split(r.URL.Path)
		if token == "versions" {
			a.listVersions(w, r, http.StatusOK)
			return
		}
		if wanted, ok := strings.CutPrefix(strings.Join(r.Header.Values("Accept"), ", "), vendorMedia); ok {
			token, rest = wanted, "/"+strings.TrimLeft(r.URL.Path, "/")
		}
		path, ok := paths[token]
		if !ok {
			a.listVersions(w, r, http.StatusMultipleChoices)
			return
		}
		next.ServeHTTP(w, middleware.WithPath(r, path+rest))
	})
}

// split takes the first segment off a path. Slashes before and after it count once.
func split(path string) (first, rest string) {
	first, rest, deeper := strings.Cut(strings.TrimLeft(path, "/"), "/")
	if !deeper {
		return first, ""
	}
	return first, "/" + strings.TrimLeft(rest, "/")
}

func (a *API) listVersions(w http.ResponseWriter, r *http.Request, code int) {
	info := middleware.From(r.Context())
	info.Route = "versions"
	base := a.Options.PublicEndpoint
	if base == "" {
		base = info.BaseURL()
	}
	var doc object
	doc.list("versions", len(a.versions), func(buf []byte, i int) []byte {
		v := a.versions[i]
		var link, o object
		link.string("rel", "self")
		link.string("href", base+v.path+"/")
		o.string("id", v.id)
		o.string("status", v.status)
		o.raw("links", "["+string(link.end())+"]")
		return append(buf, o.end()...)
	})
	sendJSON(w, code, doc.end())
}
