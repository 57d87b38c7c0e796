package config_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/auth/keystone"
	"goglance/glance/auth/keystone/keystonetest"
	"goglance/glance/config"
)

// authtoken is a configuration with Keystone; login replaces the service's own.
func authtoken(k *keystonetest.Server, login string) string {
	if login == "" {
		login = "auth_type = password\nauth_url = " + k.URL + "\nusername = glance\npassword = " + keystonetest.ServicePassword +
			"\nuser_domain_name = Default\nproject_name = service\nproject_domain_name = Default"
	}
	return "[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\nwww_authenticate_uri = http://public.example:5000\n" + login + "\n"
}

// pasted is the paste file of the reference with these settings of its authtoken filter.
func pasted(settings string) string {
	return `[pipeline:glance-api-keystone]
pipeline = authtoken context rootapp
[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/: apiversions
/v2: apiv2app
[app:apiversions]
paste.app_factory = glance.api.versions:create_resource
[app:apiv2app]
paste.app_factory = glance.api.v2.router:API.factory
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
` + settings
}

// TestKeystone: the pipeline asks Keystone, and only Keystone.
func TestKeystone(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	text := k.Issue(keystonetest.Token{User: "u", Project: "p", Roles: []string{"member"}})
	elsewhere := "auth_section = The_Service\nauth_type = nonsense\n[The_Service]\nauth_type = password\nauth_url = " + k.URL + "\nuser_name = glance\npassword = " +
		keystonetest.ServicePassword + "\nproject_name = service"
	legacy := "identity_uri = " + k.URL + "\nadmin_user = glance\nadmin_password = " + keystonetest.ServicePassword + "\nadmin_tenant_name = service"
	for name, login := range map[string]string{"here": "", "auth_section": elsewhere, "before plugins": legacy} {
		p := mustBuild(t, map[string]string{"glance-api.conf": authtoken(k, login)})
		address := serve(t, p)
		for code, headers := range map[int][]string{
			http.StatusOK:           {"X-Auth-Token", text},
			http.StatusUnauthorized: {"X-Identity-Status", "Confirmed", "X-User-Id", "u", "X-Roles", "admin"},
		} {
			if got, body := send(t, "GET "+address+"/v2/images", "", headers...); got != code {
				t.Errorf("%s: %d, want %d: %s", name, got, code, body)
			}
		}
	}
}

// TestKeystoneChallenge: who is refused is told where to ask.
func TestKeystoneChallenge(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	p := mustBuild(t, map[string]string{"glance-api.conf": authtoken(k, "")})
	at, err := url.Parse(serve(t, p) + "/v2/images")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(&http.Request{Method: http.MethodGet, URL: at, Header: http.Header{}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close() //nolint:errcheck // only read
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != http.StatusUnauthorized || got != `Keystone uri="http://public.example:5000"` {
		t.Errorf("%d, WWW-Authenticate: %s", resp.StatusCode, got)
	}
}

// TestKeystoneOptions: every option reaches its field, under its old names too (spec operations 4).
func TestKeystoneOptions(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, "[keystone_authtoken]\nauth_uri = a\nmemcache_servers = m:1,n\nauth_plugin = v3password\ntenant_name = p\ntoken_cache_time = -1\nhttp_connect_timeout = 5")
	o := s.Keystone
	got := []any{o.Public, o.Memcache.Servers, o.Login.Type, o.Login.ProjectName, o.Cache.Time.Seconds(), o.HTTP.ConnectTimeout.Seconds(), o.Interface, o.Catalog, o.Delay, o.Bind, o.ServiceRoles}
	want := []any{"a", []string{"m:1", "n"}, "v3password", "p", -1.0, 5.0, "admin", true, false, "permissive", []string{"service"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSecAuthtokenBooleansParsed: in the filter's section a word that means no is no, and nonsense stops the service (P82, P83).
// The section wins over the file (spec operations 7.6).
func TestSecAuthtokenBooleansParsed(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	made := func(settings string) (*config.Parts, error) {
		return build(t, map[string]string{"glance-api.conf": authtoken(k, ""), "glance-api-paste.ini": pasted(settings)})
	}
	for _, name := range []string{"insecure", "delay_auth_decision", "service_token_roles_required", "include_service_catalog"} {
		for _, no := range []string{"false", "False", "0", "no", "off", "FALSE"} {
			p, err := made(name + " = " + no)
			if err != nil {
				t.Fatalf("%s = %s: %v", name, no, err)
			}
			for _, warning := range p.Warnings {
				if strings.Contains(warning, "insecure") {
					t.Errorf("%s = %s: %s", name, no, warning)
				}
			}
		}
		for _, nonsense := range []string{"maybe", "", "2", "tru"} {
			if p, err := made(name + " = " + nonsense); err == nil || p != nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s = %q: %v", name, nonsense, err)
			}
		}
	}
	p, err := made("auth_uri = http://paste.example")
	if err != nil {
		t.Fatal(err)
	}
	a, ok := p.Auth.(*keystone.Auth)
	if !ok || a.Challenge() != `Keystone uri="http://paste.example"` {
		t.Errorf("%v", p.Auth)
	}
	if p, err := made("auth_section = other"); err == nil || p != nil {
		t.Error("a section that nobody reads is taken")
	}
	if p, err := made("check_revocations_for_cached = true"); err == nil || p != nil {
		t.Error("what protects is left out")
	}
}
