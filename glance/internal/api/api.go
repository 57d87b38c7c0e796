// Package api is the Images API over HTTP: it decodes requests, calls the use cases and encodes what they return. It
// decides nothing about images. routes.go is the map; every resource has a file.
package api

import (
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/internal/api/middleware"
	"goglance/glance/internal/images"
	"goglance/glance/internal/schema"
	"goglance/glance/settings"
)

// Config is what an API works with. All fields but Prefix and Peers are required.
type Config struct {
	Options settings.API
	Images  *images.Images
	Auth    auth.Authenticator
	Prefix  string     // path in front of the API: "" or /name
	Peers   auth.Peers // whose Forwarded headers are believed
	NewID   func() string
	Log     logrus.FieldLogger
}

// API is the HTTP handler of the Images API.
type API struct {
	Config
	handler  http.Handler
	fail     middleware.Fail
	schema   *schema.Schema
	versions []version
}

// New returns the handler, or an error for options that make no sense.
func New(c Config) (*API, error) {
	a := &API{Config: c, fail: fail(c.Log)}
	for _, v := range versions() {
		if v.needs(c.Options) {
			a.versions = append(a.versions, v)
		}
	}
	var err error
	formats := schema.Formats{Container: c.Options.ContainerFormats, Disk: c.Options.DiskFormats}
	if a.schema, err = schema.NewImage(formats, c.Options.CustomProperties); err != nil {
		return nil, err
	}
	a.handler = a.router()
	chain := a.middleware()
	for i := len(chain) - 1; i >= 0; i-- {
		a.handler = chain[i](a.handler)
	}
	return a, nil
}

// middleware is the list of what a request passes through, outermost first.
func (a *API) middleware() []middleware.Middleware {
	mount := middleware.Mount{Prefix: a.Prefix, Headers: a.Options.ProxyHeaders, Believed: a.Peers}
	who := middleware.Who{Options: a.Options, Auth: a.Auth, IsAdmin: a.Images.IsAdmin, Fail: a.fail}
	return []middleware.Middleware{
		middleware.Begin(a.Options.Stall, a.NewID, a.Log),
		middleware.Recover(a.fail, a.Log),
		mount.At,
		a.readable,
		a.negotiate,
		who.Identify,
	}
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
