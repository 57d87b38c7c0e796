// Package keystonetest is a Keystone for tests: in the process, with tokens of the test's making, as slow, broken or
// absent as the test wants it. What it cannot show is asked of a real one.
package keystonetest

import (
	"crypto/rand"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"goglance/glance/auth/keystone"
)

// The service's own user.
const (
	ServiceUser     = "user-glance"
	ServicePassword = "service-password-canary"
)

// Token is a token that the server knows.
type Token struct {
	User, UserDomain       string
	Project, ProjectDomain string // no project: not scoped
	Roles                  []string
	Expires                time.Time // zero: in an hour
	NotAdminProject        bool      // there is an administrators' project, and it is another
	Bind                   map[string]any
}

// user is somebody who may log in.
type user struct {
	password string
	token    Token // what he gets
}

// Server is a Keystone. Close is called at the end of the test.
type Server struct {
	URL   string           // of the Identity API, without a version
	Clock func() time.Time // the server's time

	t        testing.TB
	mu       sync.Mutex
	tokens   map[string]Token
	users    map[string]user // by name
	trusts   map[string]Token
	seen     []*http.Request // without bodies
	counts   map[string]int
	delay    time.Duration
	override http.Handler
	address  string
	http     *http.Server
	extra    []map[string]any
}

// Start starts a server.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, Clock: time.Now, tokens: map[string]Token{}, users: map[string]user{}, trusts: map[string]Token{}, counts: map[string]int{}, address: "127.0.0.1:0"}
	s.Enroll("glance", ServicePassword, Token{
		User: ServiceUser, UserDomain: "default", Project: "project-service", ProjectDomain: "default", Roles: []string{"service", "Admin"},
	})
	s.Up()
	t.Cleanup(s.Down)
	return s
}

// Up makes the server answer, at the address that it had before.
func (s *Server) Up() {
	s.t.Helper()
	var ln net.Listener
	var err error
	for range 50 { // the port may be in use for a moment
		if ln, err = net.Listen("tcp", s.address); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = ln.Addr().String()
	s.URL = "http://" + s.address
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute}
	server := s.http
	go server.Serve(ln) //nolint:errcheck // it ends with Down
}

// Down kills the server: connections are cut, new ones refused. Its tokens stay.
func (s *Server) Down() { _ = s.http.Close() }

// Options returns the options of a service that this server knows.
func (s *Server) Options() keystone.Options {
	return keystone.Options{
		Interface: "admin", Catalog: true, Bind: "permissive", ServiceRoles: []string{"service"}, Delay: true, Public: "http://public.example:5000",
		Cache: keystone.CacheOptions{Time: 5 * time.Minute}, HTTP: keystone.HTTPOptions{Retries: 1}, Clock: s.Clock,
		Login: keystone.Login{
			Type: "password", URL: s.URL, Username: "glance", Password: ServicePassword, UserDomainName: "Default", ProjectName: "service", ProjectDomainName: "Default",
		},
	}
}

// New returns an authenticator, closed at the end of the test.
func (s *Server) New(changes ...func(*keystone.Options)) *keystone.Auth {
	s.t.Helper()
	o := s.Options()
	for _, change := range changes {
		change(&o)
	}
	a, err := keystone.New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := a.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return a
}

// Issue makes a token known, and returns its text.
func (s *Server) Issue(t Token) string {
	text := "canary-token-" + rand.Text()
	if t.Expires.IsZero() {
		t.Expires = s.Clock().Add(time.Hour)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[text] = t
	return text
}

// Enroll lets a user log in with a password, in any domain and for any project, and get a token like t.
func (s *Server) Enroll(name, password string, t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[name] = user{password, t}
}

// Revoke makes a token unknown. "" revokes all, those of the service too.
func (s *Server) Revoke(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" {
		clear(s.tokens)
	}
	delete(s.tokens, text)
}

// Delay makes every answer take a while.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Override has h answer questions about tokens; nil: nobody does in its place.
func (s *Server) Override(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.override = nil; h != nil {
		s.override = h
	}
}

// Publish adds a service to the catalog.
func (s *Server) Publish(kind, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.extra = append(s.extra, entry(kind, url))
}

// Count returns how often something was asked for, as "GET /v3/auth/tokens".
func (s *Server) Count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[what]
}

// Validations returns how often tokens were asked about.
func (s *Server) Validations() int { return s.Count("GET /v3/auth/tokens") }

// Trusts returns how many trusts there are.
func (s *Server) Trusts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.trusts)
}

// Seen returns the requests so far.
func (s *Server) Seen() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...)
}
