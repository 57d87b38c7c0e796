package glance_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// caller is somebody who asks. Every one but the anonymous has a project of his own.
type caller string

const (
	admin     caller = "admin"
	owner     caller = "owner"
	member    caller = "member"
	stranger  caller = "stranger"
	anonymous caller = "anonymous"
)

func everybody() []caller { return []caller{admin, owner, member, stranger, anonymous} }

func (c caller) project() string {
	if c == anonymous {
		return ""
	}
	return "project-" + string(c)
}

func (c caller) role() string {
	if c == admin {
		return "admin"
	}
	return "member"
}

// identity returns the headers that a front end would set.
func (c caller) identity() []string {
	if c == anonymous {
		return nil
	}
	return []string{
		"X-Identity-Status: Confirmed", "X-User-Id: user-" + string(c), "X-Project-Id: " + c.project(),
		"X-Roles: " + c.role(),
	}
}

// client asks on behalf of somebody.
type client struct {
	*fixture
	headers []string
}

// as returns a client that asks as one of the callers.
func (f *fixture) as(c caller) client { return client{f, c.identity()} }

// plain returns a client that says nothing about itself: an administrator where nobody is asked.
func (f *fixture) plain() client { return client{f, nil} }

// with returns a client that sends further headers, each as "Name: value".
func (c client) with(headers ...string) client {
	return client{c.fixture, slices.Concat(c.headers, headers)}
}

// ask sends a request, such as "GET /v2/images". An empty body is none.
func (c client) ask(line, body string, headers ...string) answer {
	c.t.Helper()
	if body == "" {
		return c.send(line, http.NoBody, headers...)
	}
	return c.send(line, strings.NewReader(body), headers...)
}

// get asks for a path.
func (c client) get(path string) answer {
	c.t.Helper()
	return c.ask("GET "+path, "")
}

func (c client) send(line string, body io.Reader, headers ...string) answer {
	c.t.Helper()
	verb, path, _ := strings.Cut(line, " ")
	r, err := http.NewRequestWithContext(c.t.Context(), verb, c.url+path, body)
	c.must(err)
	r.Header = header(slices.Concat(c.headers, headers)...)
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	// Without compression the transport adds no header of its own, and without redirects it shows every answer.
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	return answer{t: c.t, line: line, code: resp.StatusCode, header: resp.Header, body: string(text), err: err}
}

// create makes an image from the attributes in attrs, the inside of a JSON object, and returns its id.
func (c client) create(attrs string) string {
	c.t.Helper()
	id, _ := c.ask("POST /v2/images", "{"+attrs+"}").want(http.StatusCreated).doc()["id"].(string)
	return id
}

const formats = `"disk_format": "raw", "container_format": "bare"`

const octets = "Content-Type: application/octet-stream"

// store makes an image from attrs, which may be empty, with data.
func (c client) store(attrs, data string) string {
	c.t.Helper()
	if attrs != "" {
		attrs += ", "
	}
	id := c.create(attrs + formats)
	c.put(id, data).want(http.StatusNoContent)
	return id
}

// put uploads data.
func (c client) put(id, data string) answer {
	c.t.Helper()
	return c.ask("PUT /v2/images/"+id+"/file", data, octets)
}

// answer is what came back.
type answer struct {
	t      testing.TB
	line   string // the request
	code   int
	header http.Header
	body   string
	err    error // of reading the body
}

// want checks the status code.
func (a answer) want(code int) answer {
	a.t.Helper()
	if a.code != code || a.err != nil {
		a.t.Errorf("%s: got %d (%v), want %d; %q", a.line, a.code, a.err, code, shortened(a.body))
	}
	return a
}

// wantBody checks the body.
func (a answer) wantBody(body string) answer {
	a.t.Helper()
	if a.body != body {
		a.t.Errorf("%s: the body is %q, want %q", a.line, shortened(a.body), shortened(body))
	}
	return a
}

// wantHeader checks a header; "" says that it must not be there.
func (a answer) wantHeader(name, value string) answer {
	a.t.Helper()
	got := a.header.Values(name)
	if value == "" && len(got) > 0 || value != "" && (len(got) != 1 || got[0] != value) {
		a.t.Errorf("%s: header %s is %q, want %q", a.line, name, got, value)
	}
	return a
}

// doc reads the body as a JSON object.
func (a answer) doc() map[string]any {
	a.t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		a.t.Errorf("%s: %v in %q", a.line, err, shortened(a.body))
	}
	return doc
}

// ids returns the ids of the images in a list.
func (a answer) ids() []string {
	a.t.Helper()
	list, _ := a.want(http.StatusOK).doc()["images"].([]any)
	ids := []string{}
	for _, entry := range list {
		doc, _ := entry.(map[string]any)
		id, _ := doc["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func shortened(text string) string {
	if len(text) > 600 {
		return text[:600] + "..."
	}
	return text
}

// patience is how long a raw connection waits for the server. A correct server never makes it wait.
const patience = 10 * time.Second

// raw sends bytes as they are and returns every answer that comes until the server closes the connection. A request
// that the server would keep the connection open for must ask it not to. verbs are the methods of the requests, as far
// as they are not GET.
func (f *fixture) raw(text string, verbs ...string) []answer {
	f.t.Helper()
	conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
	f.must(err)
	defer conn.Close() //nolint:errcheck // nothing to lose
	f.must(conn.SetDeadline(time.Now().Add(patience)))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(conn, text) // a server that has seen enough may have closed before
	}()
	answers := f.answers(bufio.NewReader(conn), append(verbs, http.MethodGet))
	f.must(conn.Close())
	<-sent
	return answers
}

// one sends one request without a body, as it is, and returns the one answer. lines are further header lines.
func (f *fixture) one(line, lines string) answer {
	f.t.Helper()
	all := f.raw(line + "\r\nHost: glance\r\nConnection: close\r\n" + lines + "\r\n")
	if len(all) != 1 {
		f.t.Fatalf("%q has %d answers", line, len(all))
	}
	return all[0]
}

func (f *fixture) answers(in *bufio.Reader, verbs []string) []answer {
	f.t.Helper()
	var all []answer
	for {
		resp, err := http.ReadResponse(in, &http.Request{Method: verbs[0]})
		if err != nil {
			if !closed(err) {
				f.t.Errorf("after %d answers: %v", len(all), err)
			}
			return all
		}
		body, err := io.ReadAll(resp.Body)
		f.must(errors.Join(err, resp.Body.Close()))
		header := maps.Clone(resp.Header)
		if resp.Close {
			header.Set("Connection", "close")
		}
		all = append(all, answer{t: f.t, line: "raw request", code: resp.StatusCode, header: header, body: string(body)})
		verbs = verbs[min(1, len(verbs)-1):]
	}
}

// closed reports whether the server has closed the connection, in whatever way.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

// wire returns the identity headers of a caller as they go over the wire.
func wire(c caller) string {
	var all strings.Builder
	for _, line := range c.identity() {
		all.WriteString(line + "\r\n")
	}
	return all.String()
}

// chunked returns a body whose length nobody knows.
func chunked(text string) io.Reader { return struct{ io.Reader }{strings.NewReader(text)} }
