package middleware

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"goglance/glance/settings"
)

// origin is what pages of one origin may do.
type origin struct {
	name        string // as the answer has it; "*" is all that no rule names
	credentials bool
	expose      string
	maxAge      string // "" does not say
	methods     []string
	headers     map[string]bool // by their canonical names
}

// simpleHeaders may always be sent.
func simpleHeaders() []string {
	return []string{
		"Accept", "Accept-Language", "Content-Type", "Cache-Control", "Content-Language", "Expires", "Last-Modified", "Pragma",
	}
}

// anyOrigin stands for all that no rule names.
const anyOrigin = "*"

// origins returns the origins that rules name. An origin has the first rule that names it.
func origins(rules []settings.CORS) map[string]*origin {
	all := map[string]*origin{}
	for _, rule := range rules {
		for _, name := range rule.AllowedOrigin {
			if _, known := all[name]; !known && name != "" {
				all[name] = newOrigin(name, rule)
			}
		}
	}
	return all
}

// newOrigin returns what a rule says of an origin. Credentials are never for everyone: no browser would take such an
// answer, and a page of any site could act as the user (spec security S56).
func newOrigin(name string, rule settings.CORS) *origin {
	o := &origin{
		name: name, credentials: rule.AllowCredentials && name != anyOrigin, expose: strings.Join(rule.ExposeHeaders, ","),
		methods: rule.AllowMethods, headers: map[string]bool{},
	}
	if seconds := int64(rule.MaxAge / time.Second); seconds > 0 {
		o.maxAge = strconv.FormatInt(seconds, 10)
	}
	for _, h := range append(simpleHeaders(), rule.AllowHeaders...) {
		o.headers[http.CanonicalHeaderKey(h)] = true
	}
	return o
}

const allowOrigin = "Access-Control-Allow-Origin"

// allow puts on an answer what both kinds of requests are told.
func (o *origin) allow(h http.Header) {
	h.Set(allowOrigin, o.name)
	if o.credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
}

// actual puts on an answer that the page may read it.
func (o *origin) actual(h http.Header) {
	h.Add("Vary", "Origin")
	o.allow(h)
	if o.expose != "" {
		h.Set("Access-Control-Expose-Headers", o.expose)
	}
}

// preflight puts on an answer that the page may send what it asks for, if it may.
func (o *origin) preflight(h, asked http.Header) {
	method := asked.Get("Access-Control-Request-Method")
	if method == "" || !slices.Contains(o.methods, method) {
		return
	}
	names := listed(asked.Values("Access-Control-Request-Headers"))
	for _, name := range names {
		if !o.headers[http.CanonicalHeaderKey(name)] {
			return
		}
	}
	h.Set("Vary", "Origin")
	o.allow(h)
	if o.maxAge != "" {
		h.Set("Access-Control-Max-Age", o.maxAge)
	}
	h.Set("Access-Control-Allow-Methods", method)
	if len(names) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(names, ","))
	}
}

// listed returns the items of a list in headers.
func listed(values []string) []string {
	var items []string
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// CORS says what web pages of other origins may do, and answers OPTIONS (spec operations 2.2). Origins are compared
// exactly. An answer on which a filter further out has said so already stays as it is.
func CORS(rules []settings.CORS) Middleware {
	all := origins(rules)
	of := func(r *http.Request) *origin {
		name := strings.Join(r.Header.Values("Origin"), ", ") // two are none that anybody lists
		if o := all[name]; o != nil || name == "" {
			return o
		}
		return all[anyOrigin]
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			o := of(r)
			if r.Method == http.MethodOptions {
				answerOptions(w, r, next, o)
				return
			}
			if o != nil && w.Header().Get(allowOrigin) == "" {
				o.actual(w.Header())
			}
			next.ServeHTTP(w, r)
		})
	}
}

// answerOptions gives the answer of next if it is a success, and an empty one if not: to a browser that asks whether it
// may, a refusal would be a no. No call of the API is called OPTIONS, so nothing happens behind it (spec security S56).
func answerOptions(w http.ResponseWriter, r *http.Request, next http.Handler, o *origin) {
	inner := &held{header: http.Header{}}
	next.ServeHTTP(inner, r)
	if inner.code != 0 && inner.code/100 != 2 {
		*inner = held{header: http.Header{}}
	}
	if inner.code == 0 {
		inner.code = http.StatusOK
	}
	if o != nil && inner.header.Get(allowOrigin) == "" {
		o.preflight(inner.header, r.Header)
	}
	h := w.Header()
	for name, values := range inner.header {
		h[name] = values
	}
	h.Set("Content-Length", strconv.Itoa(inner.body.Len()))
	w.WriteHeader(inner.code)
	_, _ = w.Write(inner.body.Bytes()) // on an error the client has gone
}

// held is an answer that is kept back. Answers to OPTIONS are short.
type held struct {
	header http.Header
	code   int // 0: none was given
	body   bytes.Buffer
}

// Header returns the header of the answer.
func (h *held) Header() http.Header { return h.header }

// WriteHeader notes the status.
func (h *held) WriteHeader(code int) {
	if h.code == 0 && code >= http.StatusOK {
		h.code = code
	}
}

// Write notes the body.
func (h *held) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(p)
}
