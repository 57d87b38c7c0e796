package keystone_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"goglance/glance/auth"
	"goglance/glance/auth/keystone"
	"goglance/glance/auth/keystone/keystonetest"
	"goglance/glance/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ auth.Authenticator = (*keystone.Auth)(nil)
	_ auth.Challenger    = (*keystone.Auth)(nil)
)

// clock is the time of a server and its clients. It stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// timed returns a server whose time stands.
func timed(t testing.TB) (*keystonetest.Server, *clock) {
	t.Helper()
	k, c := keystonetest.Start(t), &clock{now: time.Now()}
	k.Clock = c.read
	return k, c
}

func member() keystonetest.Token {
	return keystonetest.Token{User: "u", UserDomain: "ud", Project: "p", ProjectDomain: "pd", Roles: []string{"Member", "READER"}}
}

// request has the headers in pairs.
func request(t testing.TB, pairs ...string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2/images", nil)
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Add(pairs[i], pairs[i+1])
	}
	return r
}

// ask authenticates a request with these headers. It returns the user's id, "nobody", or the kind of the error.
func ask(t testing.TB, a *keystone.Auth, pairs ...string) string {
	t.Helper()
	who, err := a.Authenticate(request(t, pairs...))
	switch {
	case err != nil:
		return fault.KindOf(err).String()
	case who == nil:
		return "nobody"
	}
	return who.UserID
}

// want fails the test unless an answer is the wanted one.
func want(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

const userToken = "X-Auth-Token"

func TestIdentity(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	k.Publish("object-store", "http://swift.example/v1/AUTH_p")
	a := k.New()
	text := k.Issue(member())
	who, err := a.Authenticate(request(t, userToken, " "+text+"\t"))
	if err != nil {
		t.Fatal(err)
	}
	var catalog []map[string]any
	if err := json.Unmarshal(who.Catalog, &catalog); err != nil {
		t.Fatal(err)
	}
	swift := "http://swift.example/v1/AUTH_p"
	want := map[string]any{"type": "object-store", "name": "name-object-store", "endpoints": []any{
		map[string]any{"region": "RegionOne", "publicURL": swift, "internalURL": swift, "adminURL": swift},
	}}
	if diff := cmp.Diff(want, catalog[len(catalog)-1]); diff != "" {
		t.Error(diff)
	}
	who.Catalog = nil
	same := &auth.Identity{UserID: "u", UserDomainID: "ud", ProjectID: "p", ProjectDomainID: "pd", Roles: []string{"member", "reader"}, Token: text}
	if diff := cmp.Diff(same, who); diff != "" {
		t.Error(diff)
	}
	other := k.Issue(keystonetest.Token{User: "v", UserDomain: "ud", NotAdminProject: true})
	who, err = a.Authenticate(request(t, "X-Storage-Token", other))
	if err != nil || who == nil || !who.NotAdminProject || who.ProjectID != "" || len(who.Roles) != 0 {
		t.Errorf("%+v %v", who, err)
	}
}

// Spec operations 7.2: nocatalog.
func TestWithoutCatalog(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	a := k.New(func(o *keystone.Options) { o.Catalog = false })
	who, err := a.Authenticate(request(t, userToken, k.Issue(member())))
	if err != nil || who == nil || who.Catalog != nil {
		t.Errorf("%+v %v", who, err)
	}
	all := k.Seen()
	if last := all[len(all)-1]; last.URL.RawQuery != "nocatalog" {
		t.Errorf("query %q", last.URL.RawQuery)
	}
}

// Spec operations 7.1, 7.4: what is decided at once, and what is left to the application.
func TestDelay(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	good, nobody, refused := k.Issue(member()), "nobody", fault.Unauthenticated.String()
	service := k.Issue(keystonetest.Token{User: "nova", Roles: []string{"service"}})
	plain := k.Issue(keystonetest.Token{User: "someone", Roles: []string{"member"}})
	const serviceToken = "X-Service-Token"
	rows := []struct {
		name            string
		headers         []string
		delayed, atonce string
	}{
		{"no token", nil, nobody, refused},
		{"unknown", []string{userToken, "x"}, nobody, refused},
		{"good", []string{userToken, good}, "u", "u"},
		{"good, service token", []string{userToken, good, serviceToken, service}, "u", "u"},
		{"good, service token without the role", []string{userToken, good, serviceToken, plain}, "u", "u"},
		{"good, unknown service token", []string{userToken, good, serviceToken, "x"}, "u", refused},
		{"service token alone", []string{serviceToken, service}, nobody, refused},
	}
	late := k.New()
	once := k.New(func(o *keystone.Options) { o.Delay = false })
	must := k.New(func(o *keystone.Options) { o.Delay, o.ServiceRolesMust = false, true })
	for _, row := range rows {
		want(t, row.name+", delayed", ask(t, late, row.headers...), row.delayed)
		want(t, row.name+", at once", ask(t, once, row.headers...), row.atonce)
	}
	want(t, "the role is required", ask(t, must, userToken, good, serviceToken, plain), refused)
	want(t, "the role is there", ask(t, must, userToken, good, serviceToken, service), "u")
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	want(t, "challenge", k.New().Challenge(), `Keystone uri="http://public.example:5000"`)
	bare := k.New(func(o *keystone.Options) { o.Public, o.Login.URL = "", k.URL+"/v3/" })
	want(t, "challenge", bare.Challenge(), `Keystone uri="`+k.URL+`"`)
	if len(bare.Warnings()) != 1 || len(k.New().Warnings()) != 0 {
		t.Errorf("warnings %q", bare.Warnings())
	}
}

// A token is asked about once, whoever comes with it, and again when it is old.
func TestCache(t *testing.T) {
	t.Parallel()
	k, c := timed(t)
	a := k.New(func(o *keystone.Options) { o.Cache.Time = 100 * time.Second })
	text := k.Issue(member())
	for range 5 {
		want(t, "cached", ask(t, a, userToken, text), "u")
		want(t, "unknown", ask(t, a, userToken, "unknown"), "nobody")
	}
	if n := k.Validations(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	c.add(6 * time.Second)
	want(t, "unknown, later", ask(t, a, userToken, "unknown"), "nobody")
	c.add(95 * time.Second)
	want(t, "old", ask(t, a, userToken, text), "u")
	if n := k.Validations(); n != 4 {
		t.Errorf("asked %d times", n)
	}
	never := k.New(func(o *keystone.Options) { o.Cache.Time = -time.Second })
	before := k.Validations()
	for range 3 {
		want(t, "not cached", ask(t, never, userToken, text), "u")
	}
	if n := k.Validations() - before; n != 3 {
		t.Errorf("asked %d times", n)
	}
}

// One question for all who come at once; who leaves does not end it.
func TestOneQuestion(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	a := k.New()
	want(t, "first", ask(t, a, userToken, "warm up"), "nobody")
	text, before := k.Issue(member()), k.Validations()
	k.Delay(300 * time.Millisecond)
	first, leave := http.NewRequest(http.MethodGet, "/", nil)
	if leave != nil {
		t.Fatal(leave)
	}
	first.Header.Set(userToken, text)
	ctx, cancel := contextOf(t)
	left := make(chan error)
	go func() { _, err := a.Authenticate(first.WithContext(ctx)); left <- err }()
	time.Sleep(50 * time.Millisecond)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { want(t, "waiter", ask(t, a, userToken, text), "u") })
	}
	time.Sleep(50 * time.Millisecond)
	begin := time.Now()
	cancel()
	if err := <-left; err == nil || time.Since(begin) > 150*time.Millisecond {
		t.Errorf("who leaves waits on: %v after %s", err, time.Since(begin))
	}
	all.Wait()
	if n := k.Validations() - before; n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// The service logs in once, and again when Keystone does not know its token any more.
func TestLogin(t *testing.T) {
	t.Parallel()
	k, c := timed(t)
	a := k.New(func(o *keystone.Options) { o.Cache.Time = 0 })
	logins := func() int { return k.Count("POST /v3/auth/tokens") }
	text := k.Issue(member())
	for range 3 {
		want(t, "first", ask(t, a, userToken, text), "u")
	}
	if logins() != 1 {
		t.Errorf("%d logins", logins())
	}
	k.Revoke("")
	text = k.Issue(member())
	want(t, "forgotten", ask(t, a, userToken, text), "u")
	if logins() != 2 {
		t.Errorf("%d logins", logins())
	}
	c.add(time.Hour - 20*time.Second)
	want(t, "about to expire", ask(t, a, userToken, text), "u")
	if logins() != 3 {
		t.Errorf("%d logins", logins())
	}
	wrong := k.New(func(o *keystone.Options) { o.Login.Password = "wrong" })
	for range 5 { // Keystone is not stormed
		want(t, "wrong password", ask(t, wrong, userToken, text), fault.Unavailable.String())
	}
	if logins() != 4 {
		t.Errorf("%d logins", logins())
	}
}

// Where Keystone is, is found from any form of auth_url.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	text := k.Issue(member())
	for _, path := range []string{"", "/", "/v3", "/v3/", "/v2.0"} {
		a := k.New(func(o *keystone.Options) { o.Login.URL = k.URL + path })
		want(t, path, ask(t, a, userToken, text), "u")
	}
	elsewhere := k.New(func(o *keystone.Options) { o.Region = "RegionTwo" }) // not in the catalog: auth_url
	want(t, "other region", ask(t, elsewhere, userToken, text), "u")
}

func TestOptions(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	for name, row := range map[string]struct {
		change func(*keystone.Options)
		want   string
	}{
		"no type":      {func(o *keystone.Options) { o.Login = keystone.Login{} }, "auth_type"},
		"no URL":       {func(o *keystone.Options) { o.Login.URL = "" }, "auth_url"},
		"odd URL":      {func(o *keystone.Options) { o.Login.URL = "keystone:5000" }, "auth_url"},
		"user in URL":  {func(o *keystone.Options) { o.Login.URL = "http://u:canary@h/" }, "auth_url"},
		"no password":  {func(o *keystone.Options) { o.Login.Password = "" }, "password"},
		"v2":           {func(o *keystone.Options) { o.Login.Type = "v2password" }, "v2.0"},
		"version":      {func(o *keystone.Options) { o.Version = "v2.0" }, "auth_version"},
		"other plugin": {func(o *keystone.Options) { o.Login.Type = "v3kerberos" }, "v3kerberos"},
		"no user":      {func(o *keystone.Options) { o.Login.Username = "" }, "sername"},
		"cafile":       {func(o *keystone.Options) { o.HTTP.CAFile = "/missing" }, "cafile"},
		"certfile":     {func(o *keystone.Options) { o.HTTP.CertFile = "/missing" }, "certfile"},
		"strategy":     {func(o *keystone.Options) { o.Memcache.Strategy = "ROT13" }, "memcache_security_strategy"},
		"no secret":    {func(o *keystone.Options) { o.Memcache.Strategy = "mac" }, "memcache_secret_key"},
		"servers":      {func(o *keystone.Options) { o.Memcache.Servers = []string{":"} }, "memcached_servers"},
	} {
		o := k.Options()
		row.change(&o)
		a, err := keystone.New(o)
		if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		if a != nil {
			t.Errorf("%s: there is one", name)
		}
	}
}

// Spec operations 4: the form before there were plugins.
func TestLegacyLogin(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	text := k.Issue(member())
	host, port := split(t, k.URL)
	for name, legacy := range map[string]keystone.Legacy{
		"identity_uri": {URL: k.URL, User: "glance", Password: keystonetest.ServicePassword, Project: "service"},
		"auth_host":    {Host: host, Port: port, Protocol: "http", User: "glance", Password: keystonetest.ServicePassword, Project: "service"},
		"prefix":       {Host: host, Port: port, Protocol: "http", Prefix: "/v3/", User: "glance", Password: keystonetest.ServicePassword, Project: "service"},
		"admin_token":  {URL: k.URL, AdminToken: k.Issue(keystonetest.Token{User: keystonetest.ServiceUser})},
	} {
		a := k.New(func(o *keystone.Options) { o.Login, o.Legacy = keystone.Login{}, legacy })
		want(t, name, ask(t, a, userToken, text), "u")
	}
}

// A token that was made for the service needs no login.
func TestAdminToken(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	own := k.Issue(keystonetest.Token{User: keystonetest.ServiceUser})
	a := k.New(func(o *keystone.Options) { o.Login = keystone.Login{Type: "admin_token", Endpoint: k.URL, Token: own} })
	want(t, "admin_token", ask(t, a, userToken, k.Issue(member())), "u")
	if n := k.Count("POST /v3/auth/tokens"); n != 0 {
		t.Errorf("%d logins", n)
	}
}

// Spec operations 7.2: binding.
func TestBind(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	bound := func(kinds ...string) string {
		token := member()
		for _, kind := range kinds {
			if token.Bind == nil {
				token.Bind = map[string]any{}
			}
			token.Bind[kind] = "someone"
		}
		return k.Issue(token)
	}
	for enforce, row := range map[string][3]string{ // not bound, to kerberos, to something else
		"disabled": {"u", "u", "u"}, "permissive": {"u", "nobody", "u"}, "strict": {"u", "nobody", "nobody"},
		"required": {"nobody", "nobody", "nobody"}, "kerberos": {"nobody", "nobody", "nobody"},
	} {
		a := k.New(func(o *keystone.Options) { o.Bind = enforce })
		for i, text := range []string{bound(), bound("kerberos"), bound("x509")} {
			for range 2 { // the cache changes nothing
				want(t, enforce, ask(t, a, userToken, text), row[i])
			}
		}
	}
}
