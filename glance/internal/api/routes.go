package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"goglance/glance/fault"
	"goglance/glance/internal/api/middleware"
)

// handler answers one call. An error it returns is answered by fail.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one resource: a path and what its methods do. The routes are the map of the API; testdata/routes.golden
// prints them.
type route struct {
	name    string
	path    string
	methods []method
}

// method is one call on a resource.
type method struct {
	verb   string
	body   bool // a request body is allowed
	handle handler
}

func (a *API) routes() []route {
	return slices.Concat([]route{
		{"images", "/v2/images", []method{
			{http.MethodGet, true, a.listImages},
			{http.MethodPost, true, a.createImage},
		}},
		{"image", "/v2/images/{id}", []method{
			{http.MethodGet, false, a.showImage},
			{http.MethodPatch, true, a.updateImage},
			{http.MethodDelete, false, a.deleteImage},
		}},
		{"image data", "/v2/images/{id}/file", []method{
			{http.MethodGet, false, a.download},
			{http.MethodPut, true, a.upload},
		}},
		{"deactivate", "/v2/images/{id}/actions/deactivate", []method{{http.MethodPost, false, a.deactivate}}},
		{"reactivate", "/v2/images/{id}/actions/reactivate", []method{{http.MethodPost, false, a.reactivate}}},
		{"members", "/v2/images/{id}/members", []method{
			{http.MethodGet, false, a.listMembers},
			{http.MethodPost, true, a.addMember},
		}},
		{"member", "/v2/images/{id}/members/{member}", []method{
			{http.MethodGet, false, a.showMember},
			{http.MethodPut, true, a.setMemberStatus},
			{http.MethodDelete, false, a.removeMember},
		}},
		{"tag", "/v2/images/{id}/tags/{tag}", []method{
			{http.MethodPut, false, a.addTag},
			{http.MethodDelete, false, a.removeTag},
		}},
		{"stage", "/v2/images/{id}/stage", []method{{http.MethodPut, true, a.ifImport(a.stage)}}},
		{"import", "/v2/images/{id}/import", []method{{http.MethodPost, true, a.ifImport(a.importImage)}}},
		{"import methods", "/v2/info/import", []method{{http.MethodGet, false, a.ifImport(a.importMethods)}}},
		{"schema of an image", "/v2/schemas/image", []method{{http.MethodGet, false, a.showSchema("image")}}},
		{"schema of images", "/v2/schemas/images", []method{{http.MethodGet, false, a.showSchema("images")}}},
		{"schema of a member", "/v2/schemas/member", []method{{http.MethodGet, false, a.showSchema("member")}}},
		{"schema of members", "/v2/schemas/members", []method{{http.MethodGet, false, a.showSchema("members")}}},
	}, a.taskRoutes(), a.metadefRoutes())
}

// router feeds the routes to mux. Paths are matched as they are: no cleaning, no redirect (spec security S46).
func (a *API) router() http.Handler {
	m := mux.NewRouter().SkipClean(true)
	for _, rt := range a.routes() {
		m.Handle(rt.path, a.dispatch(rt))
	}
	m.Handle("/v2", http.HandlerFunc(a.toRoot))
	m.NotFoundHandler = http.HandlerFunc(a.unknown)
	return m
}

// dispatch calls the handler of the method, or says which methods there are.
func (a *API) dispatch(rt route) http.Handler {
	verbs := make([]string, len(rt.methods))
	for i, m := range rt.methods {
		verbs[i] = m.verb
	}
	allow := strings.Join(verbs, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware.From(r.Context()).Route = rt.name
		i := slices.Index(verbs, r.Method)
		if i < 0 {
			w.Header().Set("Allow", allow)
			refuse(w, r, http.StatusMethodNotAllowed, "the method "+r.Method+" is not allowed here")
			return
		}
		if err := a.call(rt.methods[i], w, r); err != nil {
			a.fail(w, r, err)
		}
	})
}

func (a *API) call(m method, w http.ResponseWriter, r *http.Request) error {
	if !m.body && r.ContentLength != 0 {
		return fault.New(fault.Invalid, "this request takes no body")
	}
	return m.handle(w, r)
}

// unknown answers for a path that nothing serves (spec images-api 0.5).
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch:
		a.fail(w, r, fault.New(fault.NotFound, "nothing is at this path"))
	default:
		refuse(w, r, http.StatusNotImplemented, "the method "+r.Method+" is not known here")
	}
}

// toRoot sends /v2 to /v2/, where the reference has nothing either.
func (a *API) toRoot(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", a.endpoint(w, r)+"/v2/")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusFound)
}

func imageID(r *http.Request) string { return mux.Vars(r)["id"] }
