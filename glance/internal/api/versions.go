package api

import (
	"net/http"
	"slices"
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
// asks for a version; what a later one adds is a row here and its routes. A client goes by this list, so a version
// stands in it only once what it promises answers. v1, which has routes of its own, does not yet.
func versions() []version {
	v2 := func(o settings.API) bool { return o.EnableV2 }
	v26 := func(o settings.API) bool { return o.EnableV2 && o.EnableImport }
	v1 := off // on: func(o settings.API) bool { return o.EnableV1 }
	return []version{
		{"v2.6", "EXPERIMENTAL", "/v2", v26},
		{"v2.5", "CURRENT", "/v2", v2},
		{"v2.4", "SUPPORTED", "/v2", v2},
		{"v2.3", "SUPPORTED", "/v2", v2},
		{"v2.2", "SUPPORTED", "/v2", v2},
		{"v2.1", "SUPPORTED", "/v2", v2},
		{"v2.0", "SUPPORTED", "/v2", v2},
		{"v1.1", "DEPRECATED", "/v1", v1},
		{"v1.0", "DEPRECATED", "/v1", v1},
	}
}

func off(settings.API) bool { return false }

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

// root leads to the routes by the paths of the versions that are served. What is under none of them gets the list: only
// where nothing negotiates does such a request get here.
func (a *API) root(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.ContainsFunc(a.versions, func(v version) bool { return below(r.URL.Path, v.path) }) {
			a.listVersions(w, r, http.StatusMultipleChoices)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// below reports whether a path is dir or in it.
func below(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/')
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
	middleware.From(r.Context()).Route = "versions"
	base := a.endpoint(w, r)
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

// endpoint is the base URL of links in an answer that anybody may get. Where it is what the client called us, no cache
// may keep the answer: it would send others wherever the first one liked (spec security S52).
func (a *API) endpoint(w http.ResponseWriter, r *http.Request) string {
	if a.Options.PublicEndpoint != "" {
		return a.Options.PublicEndpoint
	}
	w.Header().Set("Cache-Control", "no-store")
	return middleware.From(r.Context()).BaseURL()
}
