package keystone

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loginForm is a login and what Keystone gets to see of it.
type loginForm struct {
	login Login
	want  string
}

func loginForms() map[string]loginForm {
	password := func(user, scope string) string {
		return `{"auth": {"identity": {"methods": ["password"], "password": {"user": {` + user + `, "password": "secret"}}}` + scope + `}}`
	}
	const (
		ann    = `"name": "ann", "domain": {"id": "d"}`
		cred   = `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {`
		secret = `, "secret": "s"}}}}`
	)
	project := func(text string) string { return `, "scope": {"project": {` + text + `}}` }
	return map[string]loginForm{
		"names of domains": {
			Login{Username: "ann", UserDomainName: "D", ProjectName: "p", ProjectDomainName: "E"},
			password(`"name": "ann", "domain": {"name": "D"}`, project(`"name": "p", "domain": {"name": "E"}`)),
		},
		"ids of domains": {
			Login{Username: "ann", UserDomainID: "d", UserDomainName: "D", ProjectName: "p", ProjectDomainID: "e"},
			password(ann, project(`"name": "p", "domain": {"id": "e"}`)),
		},
		"ids":               {Login{UserID: "u", ProjectID: "p"}, password(`"id": "u"`, project(`"id": "p"`))},
		"ids before names":  {Login{UserID: "u", Username: "ann", ProjectID: "p", ProjectName: "q"}, password(`"id": "u"`, project(`"id": "p"`))},
		"default domain":    {Login{Username: "ann", ProjectName: "p", DefaultDomainID: "d"}, password(ann, project(`"name": "p", "domain": {"id": "d"}`))},
		"default by name":   {Login{Username: "ann", DefaultDomainName: "D"}, password(`"name": "ann", "domain": {"name": "D"}`, "")},
		"no domain":         {Login{Username: "ann"}, password(`"name": "ann", "domain": {"id": "default"}`, "")},
		"for a domain":      {Login{Username: "ann", UserDomainID: "d", DomainID: "x"}, password(ann, `, "scope": {"domain": {"id": "x"}}`)},
		"for one by name":   {Login{Username: "ann", UserDomainID: "d", DomainName: "X"}, password(ann, `, "scope": {"domain": {"name": "X"}}`)},
		"for the system":    {Login{Username: "ann", UserDomainID: "d", SystemScope: "all"}, password(ann, `, "scope": {"system": {"all": true}}`)},
		"a trust":           {Login{Username: "ann", UserDomainID: "d", TrustID: "t", ProjectName: "p", ProjectID: "p"}, password(ann, `, "scope": {"OS-TRUST:trust": {"id": "t"}}`)},
		"a token":           {Login{Type: "v3token", Token: "t", ProjectID: "p"}, `{"auth": {"identity": {"methods": ["token"], "token": {"id": "t"}}, "scope": {"project": {"id": "p"}}}}`},
		"credential":        {Login{Type: "v3applicationcredential", AppCredID: "i", AppCredSecret: "s", Username: "ann"}, cred + `"id": "i"` + secret},
		"credential's name": {Login{Type: "v3applicationcredential", AppCredName: "n", AppCredSecret: "s", Username: "ann", UserDomainID: "d"}, cred + `"name": "n", "user": {` + ann + `}` + secret},
	}
}

// Spec operations 4: how the options of a login reach Keystone.
func TestLoginForms(t *testing.T) {
	t.Parallel()
	for name, row := range loginForms() {
		if row.login.Type == "" {
			row.login.Type, row.login.Password = "password", "secret"
		}
		row.login.URL = "http://keystone.example/v3"
		login, err := row.login.complete(Legacy{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		options := login.options()
		scope, err := options.ToTokenV3ScopeMap()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		body, err := options.ToTokenV3CreateMap(scope)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(plain(t, row.want), plain(t, body)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// plain returns JSON, or what becomes JSON, as maps and lists.
func plain(t *testing.T, v any) (doc any) {
	t.Helper()
	text, ok := v.(string)
	if !ok {
		made, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		text = string(made)
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err, text)
	}
	return doc
}
