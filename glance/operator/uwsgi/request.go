package uwsgi

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// request is what the variables of a packet say.
type request struct {
	vars    map[string]string // those that are no headers
	headers []pair            // in their order; a name may occur twice
	chunked bool              // the client sends a body without length
}

// newRequest sorts variables. One that could end its line of the head is refused: what follows would be another header
// (spec security S39).
func newRequest(vars []pair) (*request, error) {
	r := &request{vars: map[string]string{}}
	for _, v := range vars {
		if strings.ContainsAny(v.value, "\r\n\x00") {
			return nil, fmt.Errorf("uwsgi: the variable %q has a line break in it", v.name)
		}
		name, header := strings.CutPrefix(v.name, "HTTP_")
		switch {
		case !header:
			r.vars[v.name] = v.value
		case name == "TRANSFER_ENCODING":
			r.chunked = true
		case !token(name):
			return nil, fmt.Errorf("uwsgi: the variable %q is no header", v.name)
		case !slices.Contains(framing(), name):
			r.headers = append(r.headers, pair{strings.ReplaceAll(name, "_", "-"), v.value})
		}
	}
	return r, nil
}

// framing returns the headers that are between client and front end only.
func framing() []string {
	return []string{"CONTENT_LENGTH", "CONTENT_TYPE", "CONNECTION", "EXPECT", "KEEP_ALIVE", "TE", "TRAILER", "UPGRADE"}
}

// token reports whether text can be the name of a header. Variables are in upper case.
func token(text string) bool {
	return text != "" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// unframed reports whether a body comes whose end nobody can see.
func (r *request) unframed() bool { return r.chunked && r.vars["CONTENT_LENGTH"] == "" }

// head returns the head of the HTTP request. It is one of HTTP/1.0, so that the answer has no chunks, which the protocol
// does not know, and the connection ends after it, as front ends expect.
func (r *request) head() ([]byte, error) {
	method, target := r.vars["REQUEST_METHOD"], r.target()
	if method == "" || !printable(method) || target == "" || !printable(target) {
		return nil, errors.New("uwsgi: method or path are missing or broken")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.0\r\n", method, target)
	for _, h := range r.headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.name, h.value)
	}
	if kind := r.vars["CONTENT_TYPE"]; kind != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", kind)
	}
	if length := r.vars["CONTENT_LENGTH"]; length != "" {
		fmt.Fprintf(&b, "Content-Length: %s\r\n", length) // net/http takes digits only
	}
	b.WriteString("\r\n")
	return []byte(b.String()), nil
}

// target returns path and query as the client has sent them.
func (r *request) target() string {
	if uri := r.vars["REQUEST_URI"]; uri != "" {
		return uri
	}
	u := url.URL{Path: r.vars["SCRIPT_NAME"] + r.vars["PATH_INFO"], RawQuery: r.vars["QUERY_STRING"]}
	return u.RequestURI()
}

// printable reports whether text has no blanks and no control characters.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f })
}

// client returns the address of the client; "" if the front end does not say.
func (r *request) client() string {
	host := r.vars["REMOTE_ADDR"]
	if host == "" {
		return ""
	}
	port := r.vars["REMOTE_PORT"]
	if port == "" {
		port = "0"
	}
	return net.JoinHostPort(host, port)
}

// secure reports whether the client speaks TLS with the front end.
func (r *request) secure() bool {
	on := strings.ToLower(r.vars["HTTPS"])
	return on == "on" || on == "1" || r.vars["REQUEST_SCHEME"] == "https"
}
