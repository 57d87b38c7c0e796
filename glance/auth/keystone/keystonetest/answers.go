package keystonetest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// serve answers one request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.counts[r.Method+" "+r.URL.Path]++
	s.seen = append(s.seen, r.Clone(r.Context()))
	delay, override := s.delay, s.override
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return
	}
	switch {
	case r.URL.Path == "/" || r.URL.Path == "/v3/":
		s.versions(w)
	case r.URL.Path == "/v3/auth/tokens" && r.Method == http.MethodPost:
		s.login(w, r)
	case r.URL.Path == "/v3/auth/tokens" && override != nil:
		override.ServeHTTP(w, r)
	case r.URL.Path == "/v3/auth/tokens":
		s.validate(w, r)
	case r.URL.Path == "/v3/OS-TRUST/trusts" && r.Method == http.MethodPost:
		s.makeTrust(w, r)
	case strings.HasPrefix(r.URL.Path, "/v3/OS-TRUST/trusts/") && r.Method == http.MethodDelete:
		s.deleteTrust(w, r)
	default:
		send(w, http.StatusNotFound, nil)
	}
}

func send(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // on an error the client has gone
}

func (s *Server) versions(w http.ResponseWriter) {
	self := []any{map[string]any{"rel": "self", "href": s.URL + "/v3/"}}
	v3 := map[string]any{"id": "v3.14", "status": "stable", "links": self}
	send(w, http.StatusMultipleChoices, map[string]any{"versions": map[string]any{"values": []any{v3}}})
}

// known returns a token that has not expired.
func (s *Server) known(text string) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[text]
	return t, ok && t.Expires.After(s.Clock())
}

// login gives a user a token, or the service's user one of a trust.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Auth struct {
			Identity struct {
				Password struct {
					User struct{ Name, Password string }
				}
			}
			Scope struct {
				Trust *struct{ ID string } `json:"OS-TRUST:trust"`
			}
		}
	}
	given := &body.Auth.Identity.Password.User
	err := json.NewDecoder(r.Body).Decode(&body)
	s.mu.Lock()
	who, ok := s.users[given.Name]
	s.mu.Unlock()
	if err != nil || !ok || given.Password != who.password {
		send(w, http.StatusUnauthorized, nil)
		return
	}
	t := who.token
	if trust := body.Auth.Scope.Trust; trust != nil {
		s.mu.Lock()
		t, ok = s.trusts[trust.ID]
		s.mu.Unlock()
		if !ok {
			send(w, http.StatusForbidden, nil)
			return
		}
		t.Expires = time.Time{}
	}
	text := s.Issue(t)
	w.Header().Set("X-Subject-Token", text)
	t, _ = s.known(text)
	send(w, http.StatusCreated, s.Document(t))
}

// validate says what a token is.
func (s *Server) validate(w http.ResponseWriter, r *http.Request) {
	if own, ok := s.known(r.Header.Get("X-Auth-Token")); !ok || own.User != ServiceUser {
		send(w, http.StatusUnauthorized, nil)
		return
	}
	text := r.Header.Get("X-Subject-Token")
	t, ok := s.known(text)
	if !ok && r.URL.Query().Get("allow_expired") == "1" {
		s.mu.Lock()
		t, ok = s.tokens[text]
		s.mu.Unlock()
	}
	if !ok {
		send(w, http.StatusNotFound, nil)
		return
	}
	doc := s.Document(t)
	if r.URL.Query().Has("nocatalog") {
		delete(doc["token"].(map[string]any), "catalog") //nolint:errcheck // it is one
	}
	send(w, http.StatusOK, doc)
}

// Document returns what the server says of a token.
func (s *Server) Document(t Token) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	roles := make([]any, len(t.Roles))
	for i, name := range t.Roles {
		roles[i] = map[string]any{"id": "role-" + name, "name": name}
	}
	catalog := []any{entry("identity", s.URL)}
	for _, more := range s.extra {
		catalog = append(catalog, more)
	}
	doc := map[string]any{
		"user":       map[string]any{"id": t.User, "name": "name of " + t.User, "domain": map[string]any{"id": t.UserDomain, "name": "d"}},
		"expires_at": t.Expires.UTC().Format("2006-01-02T15:04:05.000000Z"), "issued_at": "2017-08-01T10:00:00.000000Z",
		"methods": []any{"password"}, "roles": roles, "catalog": catalog,
	}
	if t.Project != "" {
		doc["project"] = map[string]any{"id": t.Project, "name": "p", "domain": map[string]any{"id": t.ProjectDomain, "name": "d"}}
	}
	if t.NotAdminProject {
		doc["is_admin_project"] = false
	}
	if t.Bind != nil {
		doc["bind"] = t.Bind
	}
	return map[string]any{"token": doc}
}

// entry is one service of the catalog.
func entry(kind, url string) map[string]any {
	var endpoints []any
	for _, face := range []string{"public", "internal", "admin"} {
		endpoints = append(endpoints, map[string]any{"interface": face, "region": "RegionOne", "region_id": "RegionOne", "url": url, "id": kind + face})
	}
	return map[string]any{"type": kind, "name": "name-" + kind, "id": kind, "endpoints": endpoints}
}

// makeTrust wants the roles by the ids that the user has.
func (s *Server) makeTrust(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Trust struct {
			Impersonation bool
			Trustor       string `json:"trustor_user_id"`
			Trustee       string `json:"trustee_user_id"`
			Project       string `json:"project_id"`
			Roles         []struct{ ID string }
		}
	}
	t, ok := s.known(r.Header.Get("X-Auth-Token"))
	if json.NewDecoder(r.Body).Decode(&body) != nil || !ok {
		send(w, http.StatusUnauthorized, nil)
		return
	}
	o := body.Trust
	good := o.Impersonation && o.Trustor == t.User && o.Trustee == ServiceUser && o.Project == t.Project && len(o.Roles) == len(t.Roles)
	for i, role := range o.Roles {
		good = good && role.ID == "role-"+t.Roles[i]
	}
	if !good {
		send(w, http.StatusForbidden, nil)
		return
	}
	id := "canary-trust-" + rand.Text()
	s.mu.Lock()
	s.trusts[id] = t
	s.mu.Unlock()
	send(w, http.StatusCreated, map[string]any{"trust": map[string]any{"id": id}})
}

// deleteTrust is for the user that made it.
func (s *Server) deleteTrust(w http.ResponseWriter, r *http.Request) {
	t, ok := s.known(r.Header.Get("X-Auth-Token"))
	id := strings.TrimPrefix(r.URL.Path, "/v3/OS-TRUST/trusts/")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch made, there := s.trusts[id]; {
	case !ok:
		send(w, http.StatusUnauthorized, nil)
	case !there || made.User != t.User:
		send(w, http.StatusForbidden, nil)
	default:
		delete(s.trusts, id)
		w.WriteHeader(http.StatusNoContent)
	}
}
