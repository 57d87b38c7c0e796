package glance_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"goglance/glance"
	"goglance/glance/auth"
)

const vendor = "Accept: application/vnd.openstack.images-"

// Spec images-api 1.1: two requests for the document, and what is in it.
func TestVersionDocument(t *testing.T) {
	t.Parallel()
	f := start(t, withoutImport)
	list := f.plain().get("/versions").want(http.StatusOK)
	golden(t, "versions.golden", strings.ReplaceAll(list.body, f.url, "http://HOST"))
	for _, path := range []string{"/versions", "/versions/", "/versions/x", "//versions", "/versions?x"} {
		for _, verb := range append(ordinaryVerbs(), oddVerbs()...) {
			checkVersions(f.plain().ask(verb+" "+path, "").want(http.StatusOK), verb, list.body)
		}
	}
	f.plain().ask("GET /versions", "", vendor+"v2").want(http.StatusOK)
	for _, path := range []string{
		"", "/", "/?x", "//", "/images", "/v3", "/v1.2/images", "/va.1/images", "/v1/images", "/v2.6/images", "/V2/images",
		"/v2.05/images",
	} {
		for _, verb := range append(ordinaryVerbs(), oddVerbs()...) {
			checkVersions(f.plain().ask(verb+" "+path, "").want(http.StatusMultipleChoices), verb, list.body)
		}
	}
}

func checkVersions(a answer, verb, body string) {
	a.t.Helper()
	if verb == http.MethodHead {
		body = ""
	}
	a.wantBody(body).wantHeader("Content-Type", "application/json").wantHeader("Location", "").wantHeader("X-Openstack-Request-Id", "")
}

// Spec images-api 1.2.
func TestNegotiation(t *testing.T) {
	t.Parallel()
	f := start(t, withoutImport)
	f.as(admin).create("")
	rows := []struct {
		path, accept string
		code         int
	}{
		{"/v2/images", "", 200}, {"/v2.0/images", "", 200}, {"/v2.1/images", "", 200}, {"/v2.2/images", "", 200},
		{"/v2.3/images", "", 200}, {"/v2.4/images", "", 200}, {"/v2.5/images", "", 200}, {"/v2.6/images", "", 300},
		{"/v1/images", "", 300}, {"/v1.0/images", "", 300}, {"/v1.1/images", "", 300}, {"/v2./images", "", 300},
		{"/2/images", "", 300},
		{"/images", vendor + "v2", 200}, {"//images", vendor + "v2.3", 200}, {"/images", vendor + "v2.0", 200},
		{"/v2/images", vendor + "v2", 404}, {"/", vendor + "v2", 404}, {"/v2", vendor + "v2", 404},
		{"/nope", vendor + "v2", 404},
		{"/images", vendor + "v10", 300}, {"/images", vendor + "v2.6", 300}, {"/images", vendor, 300},
		{"/images", vendor + "V2", 300},
		{"/v2/images", vendor + "v10", 300}, {"/images", "Accept: application/vnd.openstack.compute-v2", 300},
		{"/images", vendor + "v2;q=1", 300}, {"/images", vendor + "v2, */*", 300}, {"/images", vendor + "v2 x", 300},
		{"/v2/images", "Accept: */*, application/vnd.openstack.images-v10", 200},
		{"/images", "Accept: APPLICATION/vnd.openstack.images-v2", 300},
	}
	for _, row := range rows {
		headers := []string{}
		if row.accept != "" {
			headers = append(headers, row.accept)
		}
		a := f.as(admin).ask("GET "+row.path, "", headers...).want(row.code)
		if row.code == http.StatusOK && !strings.Contains(a.body, `"self": "/v2/images/`) {
			t.Errorf("%s: links are not below /v2", row.path)
		}
	}
	f.as(admin).ask("GET /images", "", vendor+"v2", "Accept: text/html").want(http.StatusMultipleChoices)
}

// Spec images-api 1: what is listed and served under every combination of options. What v1 promises is not
// served yet, so it is not listed.
func TestVersionOptions(t *testing.T) {
	t.Parallel()
	for n := range 8 {
		v1, v2, imports := n&1 > 0, n&2 > 0, n&4 > 0
		c := start(t, func(c *glance.Config) {
			c.Options.EnableV1, c.Options.EnableV2, c.Options.EnableImport = v1, v2, imports
		}).as(admin)
		want, code := []string{}, http.StatusMultipleChoices
		if v2 {
			want, code = []string{"v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"}, http.StatusOK
		}
		v26 := http.StatusMultipleChoices
		if v2 && imports {
			want, v26 = append([]string{"v2.6"}, want...), http.StatusOK
		}
		if got := listed(c.get("/versions").want(http.StatusOK)); !slices.Equal(got, want) {
			t.Errorf("v1 %v, v2 %v, import %v: %q", v1, v2, imports, got)
		}
		c.get("/v2/images").want(code)
		c.get("/v2.5/images").want(code)
		c.get("/v2/schemas/image").want(code)
		c.ask("GET /images", "", vendor+"v2").want(code)
		for _, path := range []string{"/v1/images", "/v1.0/images", "/v1.1/images", "/v3", "/v3/artifacts", "/"} {
			c.get(path).want(http.StatusMultipleChoices)
		}
		c.get("/v2.6/images").want(v26)
		c.ask("GET /images", "", vendor+"v2.6").want(v26)
		if v2 {
			c.get("/v2").want(http.StatusFound)
			c.ask("PUT /v2/images/x/stage", "x", octets).want(http.StatusNotFound)
		} else {
			c.get("/v2").want(http.StatusMultipleChoices).wantBody(`{"versions": []}`)
		}
	}
}

func listed(a answer) []string {
	a.t.Helper()
	ids := []string{}
	entries, _ := a.doc()["versions"].([]any)
	for _, entry := range entries {
		row, _ := entry.(map[string]any)
		id, _ := row["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

// Spec images-api 2.1: the calls of import are there without it, and lead nowhere.
func TestImportRoutes(t *testing.T) {
	t.Parallel()
	f := start(t, withoutImport)
	id := f.as(owner).create(formats)
	before := f.state()
	rows := []struct{ path, verb string }{
		{"/v2/images/" + id + "/stage", http.MethodPut}, {"/v2/images/" + id + "/import", http.MethodPost}, {"/v2/info/import", http.MethodGet},
		{"/v2/images/nope/stage", http.MethodPut}, {"/v2/images/nope/import", http.MethodPost},
	}
	for _, row := range rows {
		for _, c := range everybody() {
			for _, body := range []string{"", `{"method": {"name": "glance-direct"}}`} {
				code := http.StatusNotFound
				if row.verb == http.MethodGet && body != "" {
					code = http.StatusBadRequest
				}
				f.as(c).ask(row.verb+" "+row.path, body, octets).want(code)
			}
			for _, verb := range append(ordinaryVerbs(), oddVerbs()...) {
				if verb != row.verb {
					f.as(c).ask(verb+" "+row.path, "").want(http.StatusMethodNotAllowed).wantHeader("Allow", row.verb)
				}
			}
		}
	}
	if f.state() != before {
		t.Error("something has changed")
	}
}

// Spec security S52: what depends on the name that a client has for us stays out of caches.
func TestSecHostDependentCaching(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, path := range []string{"/", "/versions", "/v3", "/v2"} {
		for _, host := range []string{"one.test", "two.test"} {
			a := f.as(admin).ask("GET "+path, "", "Host: "+host).wantHeader("Cache-Control", "no-store")
			if !strings.Contains(a.body+a.header.Get("Location"), "http://"+host+"/v2/") {
				t.Errorf("%s does not lead to %s: %q", path, host, a.body)
			}
		}
	}
	fixed := start(t, func(c *glance.Config) { c.Options.PublicEndpoint = "https://images.test" })
	for _, path := range []string{"/", "/versions", "/v3", "/v2"} {
		a := fixed.as(admin).ask("GET "+path, "", "Host: evil.test").wantHeader("Cache-Control", "")
		if text := a.body + a.header.Get("Location"); strings.Contains(text, "evil") || !strings.Contains(text, "https://images.test/v2/") {
			t.Errorf("%s: %s", path, text)
		}
	}
}

// href returns the one link that all versions of the document have.
func href(a answer) string {
	a.t.Helper()
	var found []string
	for _, entry := range a.doc()["versions"].([]any) { //nolint:errcheck // it would be no version document
		link := entry.(map[string]any)["links"].([]any)[0].(map[string]any) //nolint:errcheck // the same
		found = append(found, link["href"].(string))                        //nolint:errcheck // the same
	}
	if found = slices.Compact(found); len(found) != 1 {
		a.t.Fatalf("links are %q", found)
	}
	return found[0]
}

// Spec images-api 1.1: the base URL.
func TestPublicEndpoint(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"https://images.test", "https://images.test/", "https://images.test:1/x"} {
		c := start(t, func(c *glance.Config) { c.Options.PublicEndpoint = endpoint }).as(admin)
		if got := href(c.get("/versions")); got != endpoint+"/v2/" {
			t.Errorf("%s: %s", endpoint, got)
		}
	}
	f := start(t)
	if got := href(f.plain().ask("GET /", "", "Host: images.test:99")); got != "http://images.test:99/v2/" {
		t.Error(got)
	}
	for _, request := range []string{"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"} {
		if got := href(f.raw(request)[0]); got != f.url+"/v2/" {
			t.Errorf("%q: %s", request, got)
		}
	}
}

// A prefix is taken off paths that have it and put before links that leave the API; those in documents stay as the
// clients expect them.
func TestPrefix(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Prefix = "/image/" })
	c := f.as(admin)
	for _, path := range []string{"/image", "/image/", "/image/versions", "/versions"} {
		if got := href(c.get(path)); got != f.url+"/image/v2/" {
			t.Errorf("%s: %s", path, got)
		}
	}
	c.get("/imagex/v2/images").want(http.StatusMultipleChoices)
	c.get("/image/image/v2/images").want(http.StatusMultipleChoices)
	for _, path := range []string{"/image/v2/images", "/v2/images", "/image//v2/images"} {
		a := c.ask("POST "+path, "{}").want(http.StatusCreated)
		self, _ := a.doc()["self"].(string)
		if !strings.HasPrefix(self, "/v2/images/") {
			t.Errorf("self is %s", self)
		}
		a.wantHeader("Location", f.url+"/image"+self)
		c.get("/image" + self).want(http.StatusOK)
	}
	c.get("/image/v2").want(http.StatusFound).wantHeader("Location", f.url+"/image/v2/")
	if first := c.get("/image/v2/images?limit=1").doc()["first"]; first != "/v2/images?limit=1" {
		t.Errorf("first is %v", first)
	}
}

// Spec security S50: what a client says of hosts and schemes is not believed.
func TestSecForwardedHeadersOffByDefault(t *testing.T) {
	t.Parallel()
	f := start(t)
	lies := []string{
		"X-Forwarded-Host: evil.test", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /evil", "X-Forwarded-For: 192.0.2.1",
		"Forwarded: host=evil.test;proto=https;for=192.0.2.1",
	}
	for _, lie := range append(lies, "X-Forwarded-Port: 1", "X-Forwarded-Server: evil.test") {
		checkBase(f, f.url, lie)
	}
	checkBase(f, f.url, lies...)
	far := start(t, proxied, func(c *glance.Config) { c.TrustedPeers = peers(t, "192.0.2.0/24") })
	checkBase(far, far.url, lies...)
	near := start(t, proxied, func(c *glance.Config) { c.TrustedPeers = peers(t, "192.0.2.0/24", "127.0.0.1") })
	checkBase(near, "https://evil.test/evil", lies...)
}

// proxied has a front end whose headers are believed.
func proxied(c *glance.Config) { c.Options.ProxyHeaders = true }

func peers(t *testing.T, networks ...string) auth.Peers {
	t.Helper()
	p, err := auth.ParsePeers(networks)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checkBase looks at every place where the base URL shows.
func checkBase(f *fixture, base string, headers ...string) {
	f.t.Helper()
	c := f.as(admin).with(headers...)
	if got := href(c.get("/versions")); got != base+"/v2/" {
		f.t.Errorf("%q: link %s, want %s", headers, got, base)
	}
	a := c.ask("POST /v2/images", "{}").want(http.StatusCreated)
	self, _ := a.doc()["self"].(string)
	a.wantHeader("Location", base+self)
	c.get("/v2").want(http.StatusFound).wantHeader("Location", base+"/v2/")
}

// Spec operations 2.3; characters that could break out of a link count for nothing.
func TestForwardedHeaders(t *testing.T) {
	t.Parallel()
	f := start(t, proxied)
	plain := strings.TrimPrefix(f.url, "http://")
	rows := []struct{ header, base string }{
		{"X-Forwarded-Proto: https", "https://" + plain},
		{"X-Forwarded-Proto: HTTPS", "https://" + plain},
		{"X-Forwarded-Proto: javascript", f.url},
		{"X-Forwarded-Proto: https, http", f.url},
		{"X-Forwarded-Host: front.test", "http://front.test"},
		{"X-Forwarded-Host: [::1]:80", "http://[::1]:80"},
		{`X-Forwarded-Host: a"b`, f.url},
		{"X-Forwarded-Host: a b", f.url},
		{"X-Forwarded-Host: a/b", f.url},
		{"X-Forwarded-Host: a@b", f.url},
		{"X-Forwarded-Host: <script>", f.url},
		{"X-Forwarded-Host: a\xffb", f.url},
		{"X-Forwarded-Prefix: /image", f.url + "/image"},
		{"X-Forwarded-Prefix: /a/b/", f.url + "/a/b"},
		{"X-Forwarded-Prefix: image", f.url},
		{"X-Forwarded-Prefix: /", f.url},
		{`X-Forwarded-Prefix: /"><script>`, f.url},
		{"Forwarded: host=front.test", "http://front.test"},
		{"Forwarded: proto=https;host=front.test:1", "https://front.test:1"},
		{`Forwarded: Proto="https"; Host="front.test:1"`, "https://front.test:1"},
		{"Forwarded: host=one.test, host=two.test", "http://one.test"},
		{"Forwarded: for=192.0.2.1", f.url},
		{"Forwarded: proto=javascript;host=a\"b", f.url},
		{"Forwarded: nonsense", f.url},
	}
	for _, row := range rows {
		checkBase(f, row.base, row.header)
	}
	checkBase(f, "http://one.test", "Forwarded: host=one.test", "X-Forwarded-Host: two.test", "X-Forwarded-Proto: https")
	checkBase(f, "http://one.test/image", "Forwarded: host=one.test", "X-Forwarded-Prefix: /image")
}
