package config_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/config"
	"goglance/glance/filter"
)

// pipelines is a paste file with pipelines of an operator's own.
const pipelines = `[DEFAULT]
max_age = 5
[pipeline:glance-api]
pipeline = cors health proxy negotiate trace ctx root
[pipeline:glance-api-inside]
pipeline = negotiate ctx health root
[pipeline:glance-api-private]
pipeline = ctx health cors negotiate root
[pipeline:glance-api-bare]
pipeline = ctx root
[pipeline:glance-api-zip]
pipeline = id zip negotiate ctx root
[pipeline:glance-api-limit]
pipeline = limit negotiate ctx root
[pipeline:glance-api-two]
pipeline = health ready negotiate ctx root
[pipeline:glance-api-fronted]
pipeline = front negotiate ctx root
[composite:root]
paste.composite_factory = glance.api:root_app_factory
/: versions
/v2: api
[app:versions]
paste.app_factory = glance.api.versions:create_resource
[app:api]
paste.app_factory = glance.api.v2.router:API.factory
[filter:cors]
paste.filter_factory = oslo_middleware.cors:filter_factory
allowed_origin = https://good.test, https://two.test
allow_credentials = false
[filter:health]
paste.filter_factory = oslo_middleware:Healthcheck.factory
backends = disable_by_file
disable_by_file_path = %(here)s/off
[filter:ready]
paste.filter_factory = oslo_middleware:Healthcheck.factory
path = /ready
backends =
[filter:proxy]
paste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory
[filter:front]
paste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory
enable_proxy_headers_parsing = false
[filter:negotiate]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory
[filter:trace]
paste.filter_factory = osprofiler.web:WsgiMiddleware.factory
hmac_keys = SECRET_KEY
enabled = yes
[filter:ctx]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[filter:zip]
paste.filter_factory = glance.api.middleware.gzip:GzipMiddleware.factory
[filter:id]
paste.filter_factory = oslo_middleware:RequestId.factory
[filter:limit]
paste.filter_factory = oslo_middleware:RequestBodySizeLimiter.factory
max_request_body_size = 60
`

// answer sends a request, with headers as name, value, and returns status and header of what comes back.
func answer(t *testing.T, call string, headers ...string) (int, http.Header) {
	t.Helper()
	verb, url, _ := strings.Cut(call, " ")
	r, err := http.NewRequestWithContext(t.Context(), verb, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header
}

// code sends a request and returns the status of what comes back.
func code(t *testing.T, call string, headers ...string) int {
	t.Helper()
	status, _ := answer(t, call, headers...)
	return status
}

// flavored serves one of the pipelines, of a service whose front end is believed.
func flavored(t *testing.T, flavor, more string) (*config.Parts, string) {
	t.Helper()
	p := mustBuild(t, map[string]string{
		"glance-api.conf":      "[oslo_middleware]\nenable_proxy_headers_parsing = true\n[cors]\nallow_methods = PUT\nmax_age = 9\n[paste_deploy]\nflavor = " + flavor + "\n" + more,
		"glance-api-paste.ini": pipelines,
	})
	return p, serve(t, p)
}

func myself() []string {
	return []string{"X-Identity-Status", "Confirmed", "X-Project-Id", "p", "X-User-Id", "u"}
}

// TestPipelinesServe: a request goes through the filters that the paste file names, in its order.
func TestPipelinesServe(t *testing.T) {
	t.Parallel()
	for flavor, want := range map[string]struct{ health, healthOfMine, options, versions, list int }{
		"":        {200, 200, 200, 300, 401},
		"inside":  {300, 300, 300, 300, 401}, // negotiation takes the path for a version, and OPTIONS is one more method
		"private": {401, 200, 401, 401, 401},
		"bare":    {401, 300, 401, 401, 401},
		"zip":     {300, 300, 300, 300, 401},
		"limit":   {300, 300, 300, 300, 401},
		"two":     {200, 200, 300, 300, 401},
	} {
		_, url := flavored(t, flavor, "")
		got := []int{
			code(t, "GET "+url+"/healthcheck"), code(t, "GET "+url+"/healthcheck", myself()...), code(t, "OPTIONS "+url+"/"),
			code(t, "GET "+url+"/"), code(t, "GET "+url+"/v2/images"),
		}
		if diff := cmp.Diff([]int{want.health, want.healthOfMine, want.options, want.versions, want.list}, got); diff != "" {
			t.Errorf("flavor %q: %s", flavor, diff)
		}
		if got := code(t, "GET "+url+"/v2/images", myself()...); got != http.StatusOK {
			t.Errorf("flavor %q: the list is %d", flavor, got)
		}
	}
}

// TestFiltersAct: what the sections of the filters say has its effect.
func TestFiltersAct(t *testing.T) {
	t.Parallel()
	p, url := flavored(t, "", "")
	_, asked := answer(t, "OPTIONS "+url+"/v2/images", "Origin", "https://two.test", "Access-Control-Request-Method", "PUT")
	for name, want := range map[string]string{"Allow-Origin": "https://two.test", "Allow-Methods": "PUT", "Max-Age": "5", "Allow-Credentials": ""} {
		if got := asked.Get("Access-Control-" + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.StateDir), "off"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, body := send(t, "GET "+url+"/healthcheck", ""); code != http.StatusServiceUnavailable || body != "DISABLED BY FILE" {
		t.Errorf("%d %s", code, body)
	}
	_, url = flavored(t, "two", "")
	if code, body := send(t, "GET "+url+"/ready", ""); code != http.StatusOK || body != "" {
		t.Errorf("the second health check: %d %s", code, body)
	}
	_, url = flavored(t, "zip", "")
	_, zipped := answer(t, "GET "+url+"/versions", "Accept-Encoding", "gzip")
	if zipped.Get("Content-Encoding") != "gzip" || zipped.Get("X-Openstack-Request-Id") == "" {
		t.Errorf("%v", zipped)
	}
	_, url = flavored(t, "limit", "")
	if code, body := send(t, "POST "+url+"/v2/images", newImage, myself()...); code != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", code, body)
	}
}

// TestForwardedByPipeline: the headers of a front end count where the filter is, unless its section says otherwise, and
// from whom trusted_peers says.
func TestForwardedByPipeline(t *testing.T) {
	t.Parallel()
	rows := []struct {
		flavor, more string
		believed     bool
	}{
		{"", "", true}, {"fronted", "", false}, {"two", "", false},
		{"", "[DEFAULT]\ntrusted_peers = 192.0.2.1", false}, {"", "[DEFAULT]\ntrusted_peers = 192.0.2.1,127.0.0.0/8", true},
	}
	for _, row := range rows {
		_, url := flavored(t, row.flavor, row.more)
		if _, body := send(t, "GET "+url+"/versions", "", "X-Forwarded-Host", "front.test"); strings.Contains(body, "http://front.test/v2/") != row.believed {
			t.Errorf("%+v: %s", row, body)
		}
	}
}

// TestFiltersOfPipeline: what becomes of each filter, and that nobody is silently left out.
func TestFiltersOfPipeline(t *testing.T) {
	t.Parallel()
	p := mustBuild(t, map[string]string{"glance-api.conf": "[paste_deploy]\nflavor = trusted-auth+cachemanagement\n[DEFAULT]\ntrusted_peers = 192.0.2.1"})
	var kinds []filter.Filter
	for _, f := range p.Filters {
		switch f.(type) {
		case filter.CORS:
			f = filter.CORS(nil)
		case filter.Healthcheck:
			f = filter.Healthcheck{}
		}
		kinds = append(kinds, f)
	}
	want := []filter.Filter{filter.CORS(nil), filter.Healthcheck{}, filter.ProxyHeaders{}, filter.Negotiation{}, filter.Identity{}}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	said := strings.Join(p.Warnings, "\n")
	if !strings.Contains(said, "[filter:cache]") || !strings.Contains(said, "[filter:cachemanage]") {
		t.Errorf("warnings %q", p.Warnings)
	}
	if !p.TrustedPeers.Believes("192.0.2.1:1") || p.TrustedPeers.Believes("192.0.2.2:1") {
		t.Errorf("peers %v", p.TrustedPeers)
	}
}

// TestFilterSettings: settings of a filter that make no sense, or that keep a service safe and are not here, stop it.
func TestFilterSettings(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		"cors\nmax_age = -1": "max_age", "cors\nmax_age = soon": "max_age", "cors\nallow_credentials = maybe": "allow_credentials",
		"health\nbackends = disable_by_file,site": "site", "health\ndetailed = x": "detailed",
		"health\nallowed_source_ranges = 192.0.2.0/24": "answers everyone", "health\nignore_proxied_requests = true": "answers everyone",
		"limit\nmax_request_body_size = -1": "max_request_body_size", "proxy\nenable_proxy_headers_parsing = 7": "enable_proxy_headers_parsing",
	} {
		name, text, _ := strings.Cut(setting, "\n")
		factory := map[string]string{
			"cors": "oslo_middleware:CORS.factory", "health": "oslo_middleware:Healthcheck.factory",
			"limit": "oslo_middleware:RequestBodySizeLimiter.factory", "proxy": "oslo_middleware:HTTPProxyToWSGI.factory",
		}[name]
		_, err := build(t, map[string]string{"glance-api.conf": "", "glance-api-paste.ini": "[pipeline:glance-api]\npipeline = " + name + " un app\n" +
			"[app:app]\npaste.app_factory = glance.api.versions:create_resource\n[filter:un]\n" +
			"paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory\n" +
			"[filter:" + name + "]\npaste.filter_factory = " + factory + "\n" + text + "\n"})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "[filter:"+name+"]") {
			t.Errorf("%q: %v", setting, err)
		}
	}
}

// TestCORSSections: sections [cors.NAME] have origins of their own, and of [cors] what they do not say themselves.
func TestCORSSections(t *testing.T) {
	t.Parallel()
	p := mustBuild(t, map[string]string{"glance-api.conf": `[cors]
allowed_origin = https://a.test
max_age = 7
[cors.web]
allowed_origin = https://b.test,https://c.test
allow_methods = PATCH
[Cors.Admin]
allowed_origin = https://d.test
max_age = 8
`})
	var got []string
	for _, o := range one[filter.CORS](t, p) {
		got = append(got, strings.Join(o.AllowedOrigin, ",")+" "+strings.Join(o.AllowMethods, ",")+" "+o.MaxAge.String())
	}
	all := "GET,PUT,POST,DELETE,PATCH"
	want := []string{"https://a.test " + all + " 7s", "https://d.test " + all + " 8s", "https://b.test,https://c.test PATCH 7s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s := mustLoad(t, "[cors.web]\nallowed_origin = x\nnonsense = 1\nmax_age = 1")
	if said := strings.Join(s.Warnings, "\n"); strings.Count(said, "[cors.web]") != 1 || len(s.Unknown) != 1 {
		t.Errorf("warnings %q, unknown %q", s.Warnings, s.Unknown)
	}
	if _, err := load(t, "[cors.web]\nmax_age = -3"); err == nil || !strings.Contains(err.Error(), "f.conf:2") {
		t.Errorf("a negative age: %v", err)
	}
}

// TestSecDebugFeaturesOff: there is no profiler, whatever keys it has, and who wants one is told (S110).
func TestSecDebugFeaturesOff(t *testing.T) {
	t.Parallel()
	conf := "[profiler]\nenabled = %\nhmac_keys = SECRET_KEY\n[DEFAULT]\npydev_worker_debug_host = 192.0.2.1\nbackdoor_port = 3000\n"
	s, _ := service(t, map[string]string{"glance-api.conf": strings.Replace(conf, "%", "true", 1)})
	said := strings.Join(slices.Concat(s.Warnings, s.Unknown), "\n")
	for _, name := range []string{"[profiler] enabled", "[profiler] hmac_keys", "[DEFAULT] pydev_worker_debug_host", "[DEFAULT] backdoor_port"} {
		if strings.Count(said, name) != 1 {
			t.Errorf("%s is not named once: %s", name, said)
		}
	}
	url := serve(t, mustBuild(t, map[string]string{"glance-api.conf": conf[strings.Index(conf, "[DEFAULT]"):]}))
	_, plain := answer(t, "GET "+url+"/versions")
	if status, traced := answer(t, "GET "+url+"/versions", "X-Trace-Info", "e30=", "X-Trace-HMAC", "x"); status != http.StatusOK || len(traced) != len(plain) {
		t.Errorf("%v, traced %v", plain, traced)
	}
	if s := mustLoad(t, "[profiler]\nenabled = False\n"); len(s.Warnings) != 0 {
		t.Errorf("warnings %q", s.Warnings)
	}
}
