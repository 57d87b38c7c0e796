package keystone_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"goglance/glance/auth/keystone"
	"goglance/glance/auth/keystone/keystonetest"
	"goglance/glance/fault"
)

// Spec security P85: a cached token is refused at its expiry.
func TestSecExpiredCachedTokenRefused(t *testing.T) {
	t.Parallel()
	k, c := timed(t)
	a := k.New()
	token := member()
	token.Expires = c.read().Add(2 * time.Second)
	text := k.Issue(token)
	want(t, "fresh", ask(t, a, userToken, text), "u")
	c.add(1999 * time.Millisecond)
	want(t, "just before", ask(t, a, userToken, text), "u")
	c.add(time.Millisecond)
	want(t, "expired", ask(t, a, userToken, text), "nobody")
	if n := k.Validations(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// Spec security P88, P93: what Keystone does not accept any more is refused when the entry is old; nothing else is the
// same token.
func TestSecRevokedTokenAfterTTL(t *testing.T) {
	t.Parallel()
	k, c := timed(t)
	a := k.New(func(o *keystone.Options) { o.Cache.Time = 60 * time.Second })
	text := k.Issue(member())
	want(t, "good", ask(t, a, userToken, text), "u")
	want(t, "trailing junk", ask(t, a, userToken, text+"="), "nobody")
	want(t, "other letter case", ask(t, a, userToken, strings.ToUpper(text)), "nobody")
	k.Revoke(text)
	c.add(59 * time.Second)
	want(t, "revoked, cached", ask(t, a, userToken, text), "u")
	c.add(time.Second)
	want(t, "revoked", ask(t, a, userToken, text), "nobody")
}

// Spec security P93: a token of a disabled project is one that Keystone answers 404 for.
func TestSecDisabledProjectAfterTTL(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	a := k.New(func(o *keystone.Options) { o.Cache.Time = 0 })
	text := k.Issue(member())
	want(t, "good", ask(t, a, userToken, text), "u")
	k.Override(func(w http.ResponseWriter, _ *http.Request) { http.NotFound(w, nil) })
	want(t, "disabled", ask(t, a, userToken, text), "nobody")
}

// Spec security P90: a user's token that has expired is taken beside a valid service token with the role alone, and
// leaves the caches as they are.
func TestSecAllowExpiredNeedsServiceRole(t *testing.T) {
	t.Parallel()
	const serviceToken = "X-Service-Token"
	k, c := timed(t)
	a := k.New()
	old := member()
	old.Expires = c.read().Add(-time.Minute)
	text, fresh := k.Issue(old), k.Issue(member())
	service := k.Issue(keystonetest.Token{User: "nova", Roles: []string{"service"}})
	plain := k.Issue(keystonetest.Token{User: "someone", Roles: []string{"Service", "admin"}})
	rows := []struct {
		name, service, want string
	}{
		{"without", "", "nobody"}, {"with the role", service, "u"}, {"without the role", plain, "nobody"}, {"unknown", "x", "nobody"},
		{"with the role again", service, "u"}, {"without again", "", "nobody"}, {"expired", text, "nobody"},
	}
	want(t, "fresh", ask(t, a, userToken, fresh), "u")
	for _, row := range rows {
		headers := []string{userToken, text}
		if row.service != "" {
			headers = append(headers, serviceToken, row.service)
		}
		want(t, row.name, ask(t, a, headers...), row.want)
	}
	before := k.Validations()
	want(t, "fresh", ask(t, a, userToken, fresh), "u")
	if k.Validations() != before {
		t.Error("the expired token has driven another one out of the cache")
	}
	want(t, "revoked service token", func() string { k.Revoke(text); return ask(t, a, userToken, text, serviceToken, service) }(), "nobody")
}

// identityHeaders are those that say who somebody is (spec operations 7.3, security S01).
func identityHeaders() []string {
	names := []string{"X-User", "X-Tenant-Id", "X-Tenant-Name", "X-Tenant", "X-Role", "X-Trust-Id", "X-System-Scope", "OpenStack-System-Scope"}
	for _, prefix := range []string{"X-", "X-Service-"} {
		for _, name := range []string{
			"Identity-Status", "User-Id", "User-Name", "User-Domain-Id", "User-Domain-Name", "Project-Id", "Project-Name", "Project-Domain-Id",
			"Project-Domain-Name", "Domain-Id", "Domain-Name", "Roles", "Is-Admin-Project", "Catalog",
		} {
			names = append(names, prefix+name)
		}
	}
	return append(names, "X-Service-Catalog")
}

// Spec security P91, S01: identity headers change nothing, however they are spelled and how often they come.
func TestSecInboundIdentityStripped(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	a := k.New()
	text := k.Issue(member())
	plain, err := a.Authenticate(request(t, userToken, text))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range identityHeaders() {
		for _, spelling := range []string{name, strings.ToLower(name), strings.ReplaceAll(name, "-", "_")} {
			r := request(t, userToken, text)
			r.Header[spelling] = []string{"admin", "Confirmed"}
			r.Trailer = http.Header{name: {"admin"}}
			who, err := a.Authenticate(r)
			if err != nil || fmt.Sprint(who) != fmt.Sprint(plain) {
				t.Errorf("%s: %+v %v", spelling, who, err)
			}
			r.Header.Del(userToken)
			if who, err := a.Authenticate(r); who != nil || err != nil { // S02
				t.Errorf("%s without a token: %+v %v", spelling, who, err)
			}
		}
	}
}

// Spec security P92: no header that is empty, or there twice, makes somebody of nobody.
func TestSecEmptyAuthHeaderNoBypass(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	text := k.Issue(member())
	a := k.New()
	const storage, service = "X-Storage-Token", "X-Service-Token"
	for _, headers := range [][]string{
		{userToken, ""}, {service, ""}, {userToken, "", service, ""}, {userToken, "", userToken, ""}, {service, "", service, ""},
		{storage, ""}, {userToken, " \t"}, {userToken, text, userToken, text}, {userToken, text, userToken, ""},
		{userToken, text + "," + text}, {userToken, "x", storage, text}, {userToken, "", userToken, "", storage, text},
	} {
		want(t, fmt.Sprintf("%q", headers), ask(t, a, headers...), "nobody")
	}
	once := k.New(func(o *keystone.Options) { o.Delay = false })
	want(t, "service token twice", ask(t, once, userToken, text, service, "", service, ""), fault.Unauthenticated.String())
	want(t, "no service token", ask(t, once, userToken, text, service, ""), "u")
}

// Spec security S15: whatever the token is, Keystone sees it in one header, or not at all.
func TestSecHostileTokenValues(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.TraceLevel)
	a := k.New(func(o *keystone.Options) { o.Log, o.Cache.Time = log, 0 })
	hostile := []string{
		strings.Repeat("a", 1<<20), "nul\x00", "cr\rX-Auth-Token: admin", "lf\nX-Auth-Token: admin", "caf\u00e9", "\xff\xfe", "two words", "\x7f",
		"../../users", "%2e%2e%2fusers", "a?b=c#d", `{"token": {}}`, "a,b", "'; DROP TABLE token; --",
	}
	for _, text := range hostile {
		r := request(t)
		r.Header[userToken] = []string{text}
		if who, err := a.Authenticate(r); who != nil || err != nil {
			t.Errorf("%.30q: %+v %v", text, who, err)
		}
	}
	for _, r := range k.Seen() {
		subject := r.Header.Get("X-Subject-Token")
		if len(r.URL.RawQuery) > 0 || strings.Contains(r.URL.Path, "users") || len(subject) > 1000 {
			t.Errorf("%s %s, token %.40q", r.Method, r.URL, subject)
		}
	}
	for _, e := range hook.AllEntries() {
		t.Errorf("logged: %s %v", e.Message, e.Data)
	}
}

// hostile are answers of somebody who is not quite Keystone.
func hostile(canary string) map[string]http.HandlerFunc {
	say := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) } //nolint:errcheck // a test's answer
	}
	user := `"user": {"id": "u", "domain": {"id": "d"}}`
	end := `"expires_at": "2100-01-01T00:00:00.000000Z"`
	return map[string]http.HandlerFunc{
		"nothing": say(""), "no JSON": say("<html>"), "an array": say("[]"), "null": say("null"), "no token": say("{}"), "token null": say(`{"token": null}`),
		"no end": say(`{"token": {` + user + `}}`), "end is a number": say(`{"token": {"expires_at": 4102444800, ` + user + `}}`),
		"end is nonsense": say(`{"token": {"expires_at": "soon", ` + user + `}}`), "no user": say(`{"token": {` + end + `}}`),
		"user has no id":    say(`{"token": {"user": {}, ` + end + `}}`),
		"user id is a list": say(`{"token": {"user": {"id": ["u"]}, ` + end + `}}`),
		"project has no id": say(`{"token": {"project": {}, ` + user + `, ` + end + `}}`),
		"roles an object":   say(`{"token": {"roles": {"name": "admin"}, ` + user + `, ` + end + `}}`),
		"roles of text":     say(`{"token": {"roles": ["admin"], ` + user + `, ` + end + `}}`),
		"catalog an object": say(`{"token": {"catalog": {}, ` + user + `, ` + end + `}}`),
		"deep":              say(strings.Repeat("[", 1<<20)),
		"two documents":     say(`{"token": {` + user + `, ` + end + `}}{"token": {}}`),
		"redirect":          func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, canary, http.StatusFound) },
		"temporary redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, canary, http.StatusTemporaryRedirect)
		},
		"server error": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "canary", http.StatusInternalServerError) },
		"forbidden":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "canary", http.StatusForbidden) },
		"always 401":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "canary", http.StatusUnauthorized) },
		"cut":          func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for block := []byte(`{"x":"` + strings.Repeat("y", 1<<20)); ; block = block[6:] {
				if _, err := w.Write(block); err != nil {
					return
				}
				if len(block) < 7 {
					return
				}
				block = []byte(strings.Repeat("y", 1<<20))
			}
		},
		"long header": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("y", 1<<20)) },
	}
}

// Spec security S16: no answer makes somebody of an answer that is not understood, and no token goes elsewhere.
func TestSecHostileIdentityServer(t *testing.T) {
	t.Parallel()
	var touched atomic.Int32
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { touched.Add(1) }))
	t.Cleanup(canary.Close)
	for name, handler := range hostile(canary.URL) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := keystonetest.Start(t)
			text := k.Issue(member())
			a := k.New(func(o *keystone.Options) { o.HTTP.Timeout = 20 * time.Second })
			k.Override(handler)
			_, err := a.Authenticate(request(t, userToken, text))
			if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), text) {
				t.Errorf("%v", err)
			}
			k.Override(nil)
			want(t, "healed", ask(t, a, userToken, text), "u")
		})
	}
	t.Cleanup(func() {
		if touched.Load() > 0 {
			t.Error("a redirect was followed")
		}
	})
}

// Spec security P81, P82: Keystone's certificate is verified for its name, unless that is turned off.
func TestSecOutboundTLSHostname(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	secure := newTLS(t, k)
	text := k.Issue(member())
	for name, row := range map[string]struct {
		change func(*keystone.Options)
		want   string
	}{
		"unknown authority": {func(o *keystone.Options) { o.Login.URL = secure.good }, fault.Unavailable.String()},
		"cafile":            {func(o *keystone.Options) { o.Login.URL, o.HTTP.CAFile = secure.good, secure.ca }, "u"},
		"wrong name":        {func(o *keystone.Options) { o.Login.URL, o.HTTP.CAFile = secure.bad, secure.ca }, fault.Unavailable.String()},
		"insecure":          {func(o *keystone.Options) { o.Login.URL, o.HTTP.Insecure = secure.bad, true }, "u"},
	} {
		a := k.New(row.change)
		want(t, name, ask(t, a, userToken, text), row.want)
	}
}

// Spec security S109: no secret is in an error, a log or the text of a value.
func TestSecSecretCanaries(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.TraceLevel)
	a := k.New(func(o *keystone.Options) { o.Log, o.Cache.Time, o.HTTP.Retries = log, 0, 0 })
	text := k.Issue(member())
	who, err := a.Authenticate(request(t, userToken, text))
	if err != nil {
		t.Fatal(err)
	}
	trust, err := a.Entrust(t.Context(), who, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	said := []string{fmt.Sprint(trust), fmt.Sprintf("%+v %#v %q", trust, trust, trust)}
	k.Down()
	_, err = a.Authenticate(request(t, userToken, text))
	said = append(said, fmt.Sprint(err), fmt.Sprint(trust.Delete(t.Context())))
	_, err = trust.Identity(t.Context())
	said = append(said, fmt.Sprint(err))
	for _, e := range hook.AllEntries() {
		said = append(said, fmt.Sprint(e.Message, e.Data))
	}
	if all := strings.Join(said, "\n"); strings.Contains(all, "canary") {
		t.Error(all)
	}
}
