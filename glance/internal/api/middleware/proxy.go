package middleware

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"goglance/glance/auth"
)

// Mount says where the API stands in the eyes of its clients.
type Mount struct {
	Prefix    string     // path in front of the API, "" or /name; stripped from paths that begin with it
	SSLHeader string     // the header in which a front end says http or https; "" is none
	Believed  auth.Peers // whose headers count
}

// At makes links right under a prefix and behind a front end that ends TLS, and strips the prefix from the path. A front
// end may have stripped it already.
func (m Mount) At(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := From(r.Context())
		info.Prefix = m.Prefix
		if m.SSLHeader != "" && m.Believed.Believes(r.RemoteAddr) {
			info.setScheme(r.Header.Get(m.SSLHeader))
		}
		if rest, ok := strings.CutPrefix(r.URL.Path, m.Prefix); ok && m.Prefix != "" && (rest == "" || rest[0] == '/') {
			r = WithPath(r, "/"+strings.TrimPrefix(rest, "/"))
		}
		next.ServeHTTP(w, r)
	})
}

// Forwarded believes the Forwarded and X-Forwarded-* headers of some peers (spec operations 2.3).
func Forwarded(believed auth.Peers) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if believed.Believes(r.RemoteAddr) {
				forwarded(From(r.Context()), r.Header)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// WithPath returns a shallow copy of r with another, decoded path.
func WithPath(r *http.Request, path string) *http.Request {
	to := new(http.Request)
	*to = *r
	to.URL = new(url.URL)
	*to.URL = *r.URL
	to.URL.Path, to.URL.RawPath = path, ""
	return to
}

func forwarded(info *Info, h http.Header) {
	scheme, host, client := h.Get("X-Forwarded-Proto"), h.Get("X-Forwarded-Host"), h.Get("X-Forwarded-For")
	if element := h.Get("Forwarded"); element != "" {
		scheme, host, client = rfc7239(element)
	}
	info.setScheme(scheme)
	if plain(host) {
		info.Host = host
	}
	if client, _, _ = strings.Cut(client, ","); plain(client) {
		info.Client = client
	}
	if p := strings.TrimRight(h.Get("X-Forwarded-Prefix"), "/"); strings.HasPrefix(p, "/") && plain(strings.ReplaceAll(p[1:], "/", "-")) {
		info.Prefix = p + info.Prefix
	}
}

// setScheme takes a scheme over if it is one that links can have (spec security S51).
func (i *Info) setScheme(scheme string) {
	if s := strings.ToLower(scheme); s == "http" || s == "https" {
		i.Scheme = s
	}
}

// rfc7239 reads the first element of a Forwarded header.
func rfc7239(header string) (scheme, host, client string) {
	first, _, _ := strings.Cut(header, ",")
	for pair := range strings.SplitSeq(first, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "proto":
			scheme = value
		case "host":
			host = value
		case "for":
			client = value
		}
	}
	return scheme, host, client
}

// plain reports whether text can stand in a URL as a host or in a log as an address: nothing to quote, nothing to break
// out with (spec security S50).
func plain(text string) bool { return plainText.MatchString(text) }

var plainText = regexp.MustCompile(`^[A-Za-z0-9_.:\[\]-]+$`)
