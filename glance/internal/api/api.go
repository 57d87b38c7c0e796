// Package api is the Images API over HTTP: it decodes requests, calls the use cases and encodes what they return. It
// decides nothing about images. routes.go is the map; every resource has a file.
package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/filter"
	"goglance/glance/internal/api/middleware"
	"goglance/glance/internal/images"
	"goglance/glance/internal/metadefs"
	"goglance/glance/internal/schema"
	"goglance/glance/internal/tasks"
	"goglance/glance/settings"
)

// Config is what an API works with. All fields but Prefix, Peers, Access and Schema are required.
type Config struct {
	Options  settings.API
	Images   *images.Images
	Metadefs *metadefs.Metadefs
	Tasks    *tasks.Tasks
	Import   func(ctx context.Context, id string) error // begins the import of what was staged for an image
	Filters  []filter.Filter                            // checked
	Auth     auth.Authenticator
	Prefix   string     // path in front of the API: "" or /name
	Peers    auth.Peers // whose Forwarded headers are believed
	NewID    func() string
	Log      logrus.FieldLogger
	Access   func(middleware.Access) // told of every request that was answered; optional: a line of Log
	Schema   []byte                  // content of schema-image.json; optional: no properties are declared
}

// API is the HTTP handler of the Images API.
type API struct {
	Config
	handler  http.Handler
	fail     middleware.Fail
	schema   *schema.Image
	schemas  map[string][]byte // the published documents, by the rest of their path
	metadefs *schema.Metadefs
	task     *schema.Schema // of a new task
	versions []version
}

// New returns the handler, or an error for options that make no sense.
func New(c Config) (*API, error) {
	a := &API{Config: c, fail: fail(c.Log)}
	if a.Access == nil {
		a.Access = middleware.LogAccess(c.Log)
	}
	for _, v := range versions() {
		if v.needs(c.Options) {
			a.versions = append(a.versions, v)
		}
	}
	var err error
	formats := schema.Formats{Container: c.Options.ContainerFormats, Disk: c.Options.DiskFormats}
	if a.schema, err = schema.NewImage(formats, c.Options.CustomProperties, c.Schema); err != nil {
		return nil, err
	}
	if a.metadefs, err = schema.NewMetadefs(); err != nil {
		return nil, err
	}
	if a.task, err = schema.NewTask(); err != nil {
		return nil, err
	}
	a.schemas = map[string][]byte{}
	for _, documents := range []map[string]map[string]any{a.schema.Documents(), schema.MetadefDocuments()} {
		for name, doc := range documents {
			a.schemas[name] = appendJSON(nil, doc)
		}
	}
	chain, err := a.middleware()
	if err != nil {
		return nil, err
	}
	a.handler = a.root(a.router())
	for _, wrap := range slices.Backward(chain) {
		a.handler = wrap(a.handler)
	}
	return a, nil
}

// middleware is the list of what a request passes through, outermost first.
func (a *API) middleware() ([]middleware.Middleware, error) {
	mount := middleware.Mount{Prefix: a.Prefix, SSLHeader: headerOf(a.Options.SSLHeader), Believed: a.Peers}
	chain := []middleware.Middleware{
		middleware.Begin(a.Options.Stall, a.NewID, a.Access),
		middleware.Recover(a.fail, a.Log),
		mount.At,
		a.readable,
	}
	for _, f := range a.Filters {
		m, err := a.filter(f)
		if err != nil {
			return nil, err
		}
		chain = append(chain, m)
	}
	return chain, nil
}

// filter returns what a filter does.
func (a *API) filter(f filter.Filter) (middleware.Middleware, error) {
	switch f := f.(type) {
	case filter.CORS:
		return middleware.CORS(f), nil
	case filter.Healthcheck:
		return middleware.Health(settings.Healthcheck(f))
	case filter.ProxyHeaders:
		if !a.Options.ProxyHeaders {
			return pass, nil
		}
		return middleware.Forwarded(a.Peers), nil
	case filter.SizeLimit:
		return middleware.SizeLimit(int64(f.BodyMax), a.fail), nil
	case filter.RequestID:
		return middleware.RequestID, nil
	case filter.Negotiation:
		return a.negotiate, nil
	case filter.Identity:
		return middleware.Who{Options: a.Options, Auth: a.Auth, IsAdmin: a.Images.IsAdmin, Fail: a.fail}.Identify, nil
	case filter.Gzip:
		return middleware.Gzip, nil
	}
	return nil, fmt.Errorf("%T is no filter", f)
}

func pass(next http.Handler) http.Handler { return next }

// headerOf returns the header that a variable of the reference's environment holds: HTTP_X_FORWARDED_PROTO is
// X-Forwarded-Proto. Other variables are no headers, and the reference finds nothing in them either.
func headerOf(variable string) string {
	name, ok := strings.CutPrefix(variable, "HTTP_")
	if !ok {
		return ""
	}
	return strings.ReplaceAll(name, "_", "-")
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// readable refuses paths that are not UTF-8.
func (a *API) readable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !utf8.ValidString(r.URL.Path) {
			a.fail(w, r, fault.New(fault.Invalid, "the path is not UTF-8"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func sendJSON(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", mediaJSON)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // on an error the client has gone
}

// sendNothing answers with 204, unless err is an error.
func sendNothing(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}
