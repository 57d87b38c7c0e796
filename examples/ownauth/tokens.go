package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"goglance/glance/auth"
	"goglance/glance/fault"
)

// Tokens knows callers by a token that they were given. It is an auth.Authenticator.
type Tokens struct{ callers []caller }

type caller struct {
	digest   [sha256.Size]byte // of the token
	identity auth.Identity
}

// entry is one caller in the file.
type entry struct {
	Token   string   `json:"token"`
	User    string   `json:"user"`
	Project string   `json:"project"`
	Roles   []string `json:"roles"`
}

// minToken is how long a token must be, in bytes: a short one can be guessed.
const minToken = 16

// ReadTokens reads a file with callers:
//
//	[{"token": "...", "user": "alice", "project": "web", "roles": ["member"]}]
//
// Nobody but its owner may be able to read it.
func ReadTokens(path string) (*Tokens, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: others than the owner can read or change it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var entries []entry
	if err := json.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t := &Tokens{}
	for i, e := range entries {
		if len(e.Token) < minToken || e.User == "" || e.Project == "" {
			return nil, fmt.Errorf("%s: caller %d needs a user, a project and a token of at least %d bytes", path, i+1, minToken)
		}
		id := auth.Identity{UserID: e.User, ProjectID: e.Project}
		for _, role := range e.Roles {
			id.Roles = append(id.Roles, auth.FoldRole(role))
		}
		t.callers = append(t.callers, caller{sha256.Sum256([]byte(e.Token)), id})
	}
	return t, nil
}

// Authenticate returns the caller whose token is in X-Auth-Token. Nobody, (nil, nil), is answered with 401. All tokens
// are compared, each in the same time, so that the time of an answer tells nothing.
func (t *Tokens) Authenticate(r *http.Request) (*auth.Identity, error) {
	given := r.Header.Values("X-Auth-Token")
	if len(given) > 1 {
		return nil, fault.New(fault.Invalid, "the header X-Auth-Token occurs more than once")
	}
	if len(given) == 0 {
		return nil, nil
	}
	digest := sha256.Sum256([]byte(given[0]))
	var found *auth.Identity
	for i := range t.callers {
		if subtle.ConstantTimeCompare(digest[:], t.callers[i].digest[:]) == 1 {
			found = &t.callers[i].identity
		}
	}
	return found, nil
}
