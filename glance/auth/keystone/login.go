package keystone

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
)

const (
	adminToken = "admin_token"
	defaultID  = "default" // id of the domain that Keystone makes first
)

// complete returns how the service logs in: what was set, or its legacy form, checked. An error names the option.
func (o Login) complete(legacy Legacy) (Login, error) {
	if o.Type == "" {
		if o = legacy.login(); o.Type == "" {
			return o, errors.New("auth_type is not set: it says how the service authenticates, in most clouds with password")
		}
	}
	if o.URL == "" && o.Type == adminToken {
		o.URL = o.Endpoint
	}
	at, err := url.Parse(o.URL)
	switch {
	case o.URL == "":
		return o, errors.New("auth_url is not set")
	case err != nil, at.Host == "", at.Scheme != "http" && at.Scheme != "https":
		return o, errors.New("auth_url is not an http or https URL") // it may have a password in it
	case at.User != nil:
		return o, errors.New("auth_url has a user in it")
	}
	return o, o.check()
}

// check looks for what the way of authentication needs.
func (o Login) check() error {
	switch o.Type {
	case "password", "v3password":
		if o.Password == "" {
			return errors.New("password is not set")
		}
	case "v3applicationcredential":
		if o.AppCredSecret == "" {
			return errors.New("application_credential_secret is not set")
		}
	case "token", "v3token", adminToken:
		if o.Token == "" {
			return errors.New("token is not set")
		}
		return nil
	case "v2password", "v2token":
		return fmt.Errorf("auth_type %s: the Identity API v2.0 is not supported", o.Type)
	default:
		return fmt.Errorf("auth_type %s is not supported", o.Type)
	}
	options := o.options()
	scope, err := options.ToTokenV3ScopeMap()
	if err == nil {
		_, err = options.ToTokenV3CreateMap(scope)
	}
	return err // it names the fields, not what is in them
}

// options returns the login in the form of the library.
func (o Login) options() *tokens.AuthOptions {
	var t tokens.AuthOptions
	switch o.Type {
	case "token", "v3token":
		t.TokenID = o.Token
	case "v3applicationcredential":
		t.ApplicationCredentialID, t.ApplicationCredentialName, t.ApplicationCredentialSecret = o.AppCredID, o.AppCredName, o.AppCredSecret
	default:
		t.Password = o.Password
	}
	if t.TokenID == "" && o.AppCredID == "" {
		if t.UserID = o.UserID; o.UserID == "" {
			t.Username = o.Username
			t.DomainID, t.DomainName = o.domain(o.UserDomainID, o.UserDomainName)
		}
	}
	t.Scope = o.scope()
	return &t
}

// scope returns what to log in for. A trust has a project of its own, and Keystone refuses one beside it (bug 1701346,
// spec operations 8).
func (o Login) scope() tokens.Scope {
	var s tokens.Scope
	switch {
	case o.TrustID != "":
		s.TrustID = o.TrustID
	case o.SystemScope != "":
		s.System = true
	case o.ProjectID != "":
		s.ProjectID = o.ProjectID
	case o.ProjectName != "":
		s.ProjectName = o.ProjectName
		s.DomainID, s.DomainName = o.domain(o.ProjectDomainID, o.ProjectDomainName)
	default:
		s.DomainID, s.DomainName = o.DomainID, o.DomainName
	}
	return s
}

// domain returns the domain of a user or project: an id, or a name, never both.
func (o Login) domain(id, name string) (string, string) {
	switch {
	case id != "":
		return id, ""
	case name != "":
		return "", name
	case o.DefaultDomainID != "":
		return o.DefaultDomainID, ""
	case o.DefaultDomainName != "":
		return "", o.DefaultDomainName
	}
	return defaultID, ""
}

// login returns the form with plugins; without a type if nothing is set. Before there were domains everyone was in the
// default one.
func (o Legacy) login() Login {
	l := Login{URL: o.URL}
	if l.URL == "" && o.Host != "" {
		l.URL = o.Protocol + "://" + joinHost(o.Host, o.Port) + "/" + strings.Trim(o.Prefix, "/")
	}
	switch {
	case o.AdminToken != "":
		l.Type, l.Token = adminToken, o.AdminToken
	case o.User != "":
		l.Type, l.Username, l.Password, l.ProjectName = "password", o.User, o.Password, o.Project
	}
	return l
}

func joinHost(host string, port int) string {
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}
