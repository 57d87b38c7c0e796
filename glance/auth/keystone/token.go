package keystone

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"goglance/glance/auth"
)

// token is a token that Keystone knows. Nobody changes it.
type token struct {
	who     *auth.Identity // without the token itself
	roles   []role         // as Keystone spells them
	expires time.Time
	bind    map[string]json.RawMessage
}

type role struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
}

// document is what Keystone says of a token. Pointers tell what is missing.
type document struct {
	Token *struct {
		Expires string `json:"expires_at"`
		User    *struct {
			ID     string `json:"id"`
			Domain domain `json:"domain"`
		} `json:"user"`
		Project *struct {
			ID     string `json:"id"`
			Domain domain `json:"domain"`
		} `json:"project"`
		Roles        []role                     `json:"roles"`
		Catalog      []service                  `json:"catalog"`
		AdminProject *bool                      `json:"is_admin_project"`
		Bind         map[string]json.RawMessage `json:"bind"`
	} `json:"token"`
}

type domain struct {
	ID string `json:"id"`
}

// parse reads what Keystone, or memcached, says of a token. What lacks a user or an end is no token (spec security S16).
func parse(text []byte) (*token, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, errors.New("not a token's JSON document") // the cause may quote it
	}
	switch {
	case d.Token == nil:
		return nil, errors.New("there is no token in the document")
	case d.Token.User == nil || d.Token.User.ID == "":
		return nil, errors.New("the token has no user")
	case d.Token.Project != nil && d.Token.Project.ID == "":
		return nil, errors.New("the token's project has no id")
	}
	expires, err := time.Parse(time.RFC3339, d.Token.Expires)
	if err != nil {
		return nil, errors.New("the token does not say when it expires")
	}
	t := &token{expires: expires, roles: d.Token.Roles, bind: d.Token.Bind}
	t.who = &auth.Identity{UserID: d.Token.User.ID, UserDomainID: d.Token.User.Domain.ID}
	if p := d.Token.Project; p != nil {
		t.who.ProjectID, t.who.ProjectDomainID = p.ID, p.Domain.ID
	}
	for _, r := range d.Token.Roles {
		if name := auth.FoldRole(r.Name); name != "" {
			t.who.Roles = append(t.who.Roles, name)
		}
	}
	t.who.NotAdminProject = d.Token.AdminProject != nil && !*d.Token.AdminProject
	if len(d.Token.Catalog) > 0 {
		if t.who.Catalog, err = json.Marshal(flatten(d.Token.Catalog)); err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
	}
	return t, nil
}

// identity returns the caller who sent the token as text.
func (t *token) identity(text string) *auth.Identity {
	who := *t.who
	who.Token = text
	return &who
}

// hasRole reports whether the token has one of the roles.
func (t *token) hasRole(names []string) bool {
	for _, r := range t.roles {
		for _, name := range names {
			if r.Name == name {
				return true
			}
		}
	}
	return false
}

// refused reports whether a token is refused for what it is, or is not, bound to (spec operations 7.2). How a caller
// has authenticated is not known here, so one that is bound to a way that the reference can check is refused.
func (t *token) refused(enforce string) bool {
	const known = "kerberos"
	_, kerberos := t.bind[known]
	switch enforce {
	case "disabled":
		return false
	case "permissive", "":
		return kerberos
	case "strict":
		return len(t.bind) > 0
	}
	return true // required, or a name: not bound is refused, and bound cannot be checked
}

// service is an entry of the catalog, as the v3 API has it.
type service struct {
	Type      string     `json:"type"`
	Name      string     `json:"name"`
	Endpoints []endpoint `json:"endpoints"`
}

type endpoint struct {
	Interface string `json:"interface"`
	Region    string `json:"region"`
	RegionID  string `json:"region_id"`
	URL       string `json:"url"`
}

// flatService is an entry in the layout of the v2 API, which the service's stores and the reference's headers have (spec
// operations 7.3).
type flatService struct {
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Endpoints []*flatEndpoint `json:"endpoints"`
}

type flatEndpoint struct {
	Region   string `json:"region,omitempty"`
	Public   string `json:"publicURL,omitempty"`
	Internal string `json:"internalURL,omitempty"`
	Admin    string `json:"adminURL,omitempty"`
}

// flatten gathers the endpoints of a region in one object.
func flatten(catalog []service) []flatService {
	flat := make([]flatService, 0, len(catalog))
	for _, s := range catalog {
		f := flatService{Type: s.Type, Name: s.Name, Endpoints: []*flatEndpoint{}}
		at := map[string]*flatEndpoint{}
		for _, e := range s.Endpoints {
			region := e.Region
			if region == "" {
				region = e.RegionID
			}
			one := at[region]
			if one == nil {
				one = &flatEndpoint{Region: region}
				at[region] = one
				f.Endpoints = append(f.Endpoints, one)
			}
			switch e.Interface {
			case "public":
				one.Public = e.URL
			case "internal":
				one.Internal = e.URL
			case "admin":
				one.Admin = e.URL
			}
		}
		flat = append(flat, f)
	}
	return flat
}
