package config_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/auth/trusted"
	"goglance/glance/config"
	"goglance/glance/config/paste"
	"goglance/glance/filter"
)

// service writes files into a folder, glance-api.conf among them, and loads it. Database, images and journal are in the
// folder too.
func service(t *testing.T, files map[string]string) (*config.Settings, string) {
	t.Helper()
	dir := tree(t, files)
	from := config.Sources{Program: "glance-api", Named: []config.Place{{Path: filepath.Join(dir, "glance-api.conf")}}, Search: []string{}}
	from.Set("database", "connection", "sqlite:///"+filepath.Join(dir, "db.sqlite"))
	from.Set("glance_store", "filesystem_store_datadir", filepath.Join(dir, "images"))
	from.Set("DEFAULT", "state_dir", filepath.Join(dir, "state"))
	s, err := config.Load(from)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func build(t *testing.T, files map[string]string) (*config.Parts, error) {
	t.Helper()
	s, _ := service(t, files)
	log := logrus.New()
	log.SetOutput(io.Discard)
	p, err := config.Build(t.Context(), s, log)
	if err == nil {
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return p, err
}

func mustBuild(t *testing.T, files map[string]string) *config.Parts {
	t.Helper()
	p, err := build(t, files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// serve runs a service of the parts and returns its address.
func serve(t *testing.T, p *config.Parts) string {
	t.Helper()
	svc, err := glance.New(p.Config)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(svc)
	t.Cleanup(func() {
		srv.Close()
		if err := svc.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv.URL
}

// send sends a request, given as "VERB url", with headers as name, value, and returns status and body.
func send(t *testing.T, call, body string, headers ...string) (int, string) {
	t.Helper()
	verb, url, _ := strings.Cut(call, " ")
	r, err := http.NewRequestWithContext(t.Context(), verb, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// one returns the filter of a type, of which there must be one.
func one[F filter.Filter](t *testing.T, p *config.Parts) F {
	t.Helper()
	var found []F
	for _, f := range p.Filters {
		if f, ok := f.(F); ok {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d filters %T are in %v", len(found), *new(F), p.Filters)
	}
	return found[0]
}

const newImage = `{"id": "11111111-2222-3333-4444-555555555555", "disk_format": "raw", "container_format": "bare"}`

// TestBuildServes: a configured service takes an image, and what it keeps is where the options say.
func TestBuildServes(t *testing.T) {
	t.Parallel()
	p := mustBuild(t, map[string]string{"glance-api.conf": "[DEFAULT]\nlimit_param_default = 7\n"})
	url := serve(t, p)
	if code, body := send(t, "POST "+url+"/v2/images", newImage); code != http.StatusCreated {
		t.Fatalf("%d %s", code, body)
	}
	data := url + "/v2/images/11111111-2222-3333-4444-555555555555/file"
	if code, body := send(t, "PUT "+data, "data", "Content-Type", "application/octet-stream"); code != http.StatusNoContent {
		t.Fatalf("%d %s", code, body)
	}
	dir := filepath.Dir(p.StateDir)
	for _, name := range []string{"db.sqlite", "state", "images/11111111-2222-3333-4444-555555555555"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if p.Options.PageSize != 7 {
		t.Errorf("page size %d", p.Options.PageSize)
	}
}

// TestBuildErrors: what is missing or wrong is named, and the database is not left open.
func TestBuildErrors(t *testing.T) {
	t.Parallel()
	conf := func(text string) map[string]string { return map[string]string{"glance-api.conf": text} }
	for text, want := range map[string]string{
		"[paste_deploy]\nflavor = keystone":                                      "[keystone_authtoken] auth_type is not set",
		"[paste_deploy]\nflavor = nope":                                          "glance-api-nope",
		"[paste_deploy]\nconfig_file = nope.ini":                                 "[paste_deploy] config_file: there is no file nope.ini",
		"[glance_store]\nstores = file,swift":                                    "[glance_store] stores",
		"[glance_store]\ndefault_store = rbd":                                    "[glance_store] default_store",
		"[oslo_policy]\npolicy_file = mine.json":                                 "[oslo_policy] policy_file: there is no file mine.json",
		"[DEFAULT]\nproperty_protection_file = none.conf":                        "[DEFAULT] property_protection_file",
		"[DEFAULT]\nmetadata_encryption_key = short":                             "metadata_encryption_key",
		"[DEFAULT]\ntrusted_peers = home\n[paste_deploy]\nflavor = trusted-auth": "[DEFAULT] trusted_peers",
		"[import_filtering_opts]\nallowed_ports = 0":                             "[import_filtering_opts]",
	} {
		p, err := build(t, conf(text))
		if err == nil || p != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if stores := strings.HasPrefix(want, "[glance_store]"); stores != errors.Is(err, config.ErrStores) {
			t.Errorf("%q: %v", text, err)
		}
	}
	s, _ := service(t, conf(""))
	s.DB.Connection = ""
	if _, err := config.Build(t.Context(), s, nil); err == nil || !strings.Contains(err.Error(), "[database] connection is not set") {
		t.Errorf("without a database: %v", err)
	}
}

// pasteFile has pipelines of all sorts.
const pasteFile = `
[pipeline:glance-api]
pipeline = unauth app
[pipeline:glance-api-trusted]
pipeline = ctx app
[pipeline:glance-api-noauth]
pipeline = auth unauth app
[pipeline:glance-api-last]
pipeline = unauth ctx app
[pipeline:glance-api-keystone]
pipeline = auth ctx app
[pipeline:glance-api-wrong]
pipeline = ctx auth app
[pipeline:glance-api-both]
pipeline = ctx unauth app
[pipeline:glance-api-fake]
pipeline = fake ctx app
[pipeline:glance-api-nobody]
pipeline = auth app
[pipeline:glance-api-limit]
pipeline = limit unauth app
[app:app]
paste.app_factory = glance.api.versions:create_resource
[filter:auth]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
[filter:ctx]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[filter:unauth]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
[filter:fake]
paste.filter_factory = site:FakeAuthMiddleware.factory
[filter:limit]
paste.filter_factory = oslo_middleware:RequestBodySizeLimiter.factory
`

// TestIdentityOfPipelines: who the callers are, the filters of the chosen pipeline say, whatever its name is.
func TestIdentityOfPipelines(t *testing.T) {
	t.Parallel()
	open, headers := "auth.Unauthenticated", "trusted.Headers"
	for flavor, want := range map[string]string{
		"": open, "trusted": headers, "noauth": open, "last": headers, "keystone": "auth_type is not set",
		"wrong": "stands behind", "fake": "not available yet", "nobody": "nobody would be served", "limit": open, "both": "one of them must go",
	} {
		p, err := build(t, map[string]string{
			"glance-api.conf":      "[DEFAULT]\ntrusted_peers = 192.0.2.1\n[paste_deploy]\nflavor = " + flavor,
			"glance-api-paste.ini": pasteFile,
		})
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case p.Auth == auth.Unauthenticated{}:
			got = open
		default:
			if h, ok := p.Auth.(trusted.Headers); ok && !h.Peers.Believes("192.0.2.2:1") && h.Peers.Believes("192.0.2.1:1") {
				got = headers
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("flavor %q: %s, want %s", flavor, got, want)
		}
	}
}

// TestPastePlaces: the paste file is named, or has its place beside the configuration file, or is built in.
func TestPastePlaces(t *testing.T) {
	t.Parallel()
	file := func(path string) string {
		return "[pipeline:glance-api]\npipeline = cors un app\n[app:app]\npaste.app_factory = glance.api.versions:create_resource\n" +
			"[filter:un]\npaste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory\n" +
			"[filter:cors]\npaste.filter_factory = oslo_middleware:CORS.factory\nallowed_origin = " + path + "\n"
	}
	files := map[string]string{
		"glance-api.conf": "[cors]\nallowed_origin = conf\nmax_age = 7\n", "etc/my.ini": file("etc"), "my.ini": file("beside"),
	}
	origin := func(name string) string {
		t.Helper()
		files["glance-api.conf"] = "[cors]\nallowed_origin = conf\nmax_age = 7\n[paste_deploy]\nconfig_file = " + name
		s, dir := service(t, files)
		s.Paste.ConfigFile = strings.ReplaceAll(name, "DIR", dir)
		p, err := s.Pipeline()
		if err != nil {
			t.Fatal(err)
		}
		cors := s.CORS
		if f, ok := p.Filter(paste.CORS); !ok || config.Override(&cors, f) != nil || cors.MaxAge.Seconds() != 7 {
			t.Errorf("%s: %+v", name, cors)
		}
		return strings.Join(cors.AllowedOrigin, ",")
	}
	for name, want := range map[string]string{"": "conf", "DIR/etc/my.ini": "etc", "my.ini": "beside"} {
		if got := origin(name); got != want {
			t.Errorf("config_file = %q: %s", name, got)
		}
	}
	files["glance-api-paste.ini"] = file("found")
	if got := origin(""); got != "found" {
		t.Errorf("the file beside: %s", got)
	}
}

// TestSecPasteBooleansParsed: a boolean of a paste file is read as one of any other file; nonsense stops the service (P83).
func TestSecPasteBooleansParsed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"false": "false", "False": "false", "0": "false", "no": "false", "off": "false", "true": "true", "1": "true", "Yes": "true",
		"": "error", "falsch": "error", "2": "error",
	} {
		p, err := build(t, map[string]string{
			"glance-api.conf": "[healthcheck]\ndetailed = true\n",
			"glance-api-paste.ini": "[pipeline:glance-api]\npipeline = h u a\n[app:a]\npaste.app_factory = glance.api.versions:create_resource\n" +
				"[filter:u]\npaste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory\n" +
				"[filter:h]\npaste.filter_factory = oslo_middleware:Healthcheck.factory\nbackends = disable_by_file\ndetailed = " + text,
		})
		switch {
		case want == "error":
			if err == nil || !strings.Contains(err.Error(), "[filter:h]") {
				t.Errorf("%q: %v", text, err)
			}
		case err != nil:
			t.Errorf("%q: %v", text, err)
		default:
			h := one[filter.Healthcheck](t, p)
			if h.Detailed != (want == "true") || !slices.Equal(h.Backends, []string{"disable_by_file"}) {
				t.Errorf("%q: %+v", text, h)
			}
		}
	}
}

// TestPipelineSwitches: what the pipeline does not name has no effect, whatever the options say.
func TestPipelineSwitches(t *testing.T) {
	t.Parallel()
	const conf = "[oslo_middleware]\nenable_proxy_headers_parsing = true\n[DEFAULT]\n"
	p := mustBuild(t, map[string]string{"glance-api.conf": conf})
	if !p.Options.ProxyHeaders || !p.Options.EnableV1 || !p.Options.EnableV2 {
		t.Errorf("the standard pipeline: %+v", p.Options.API)
	}
	if h := one[filter.Healthcheck](t, p); h.Disable != "/etc/glance/healthcheck_disable" || h.Path != "/healthcheck" {
		t.Errorf("health check %+v", h)
	}
	p = mustBuild(t, map[string]string{"glance-api.conf": conf + "enable_v1_api = false", "glance-api-paste.ini": `[pipeline:glance-api]
pipeline = u c
[filter:u]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
[composite:c]
paste.composite_factory = glance.api:root_app_factory
/: v
/v1: removed long ago
[app:v]
paste.app_factory = glance.api.versions:create_resource
`})
	if p.Options.ProxyHeaders || p.Options.EnableV1 || p.Options.EnableV2 || len(p.Filters) != 1 {
		t.Errorf("a pipeline of nothing: %+v, %v", p.Options.API, p.Filters)
	}
}

// TestPolicyOptions: the rules are those of the files that the options name.
func TestPolicyOptions(t *testing.T) {
	t.Parallel()
	const flavor = "\n[paste_deploy]\nflavor = trusted-auth\n[oslo_policy]\n"
	rows := []struct {
		files map[string]string
		code  int
	}{
		{map[string]string{"glance-api.conf": flavor}, http.StatusCreated},
		{map[string]string{"glance-api.conf": flavor, "policy.json": `{"add_image": "!"}`}, http.StatusForbidden},
		{map[string]string{"glance-api.conf": flavor, "policy.json": `{"default": "!"}`}, http.StatusForbidden},
		{map[string]string{"glance-api.conf": flavor + "policy_default_rule = mine", "policy.json": `{"default": "!", "mine": "@"}`}, http.StatusCreated},
		{map[string]string{"glance-api.conf": flavor + "policy_file = p/rules.yaml", "p/rules.yaml": "add_image: '!'"}, http.StatusForbidden},
		{map[string]string{"glance-api.conf": flavor, "policy.json": `{"default": "@"}`, "policy.d/a": `{"add_image": "!"}`}, http.StatusForbidden},
		{map[string]string{"glance-api.conf": flavor + "policy_dirs = e\npolicy_dirs = f", "policy.json": `{"default": "@"}`, "policy.d/a": `{"add_image": "!"}`, "e/a": "{}", "f/a": "{}"}, http.StatusCreated},
		{map[string]string{"glance-api.conf": flavor + "policy_dirs = e\npolicy_dirs = f", "policy.json": `{"default": "@"}`, "e/a": "{}", "f/a": `{"add_image": "!"}`}, http.StatusForbidden},
	}
	for i, row := range rows {
		url := serve(t, mustBuild(t, row.files))
		code, body := send(t, "POST "+url+"/v2/images", newImage, "X-Identity-Status", "Confirmed", "X-Project-Id", "p", "X-User-Id", "u", "X-Roles", "member")
		if code != row.code {
			t.Errorf("row %d: %d %s", i, code, body)
		}
	}
	if _, err := build(t, map[string]string{"glance-api.conf": "", "policy.json": "{"}); err == nil || !strings.Contains(err.Error(), "policy_file") {
		t.Errorf("a broken policy: %v", err)
	}
}

// TestProtectionOptions: properties are protected as the file says, in the format that the option says.
func TestProtectionOptions(t *testing.T) {
	t.Parallel()
	const section = "[^secret]\ncreate = %\nread = @\nupdate = @\ndelete = @\n[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n"
	conf := "[paste_deploy]\nflavor = trusted-auth\n[DEFAULT]\nproperty_protection_file = protect.conf\nproperty_protection_rule_format = "
	for format, who := range map[string]string{"roles": "keeper", "policies": "is_keeper"} {
		url := serve(t, mustBuild(t, map[string]string{
			"glance-api.conf": conf + format, "protect.conf": strings.Replace(section, "%", who, 1), "policy.json": `{"default": "@", "is_keeper": "role:keeper"}`,
		}))
		for role, want := range map[string]int{"keeper": http.StatusCreated, "member": http.StatusForbidden} {
			code, body := send(t, "POST "+url+"/v2/images", `{"secret": "x"}`, "X-Identity-Status", "Confirmed", "X-Project-Id", "p", "X-User-Id", "u", "X-Roles", role)
			if code != want {
				t.Errorf("%s, %s: %d %s", format, role, code, body)
			}
		}
	}
}

// TestImageSchema: schema-image.json beside the configuration declares properties.
func TestImageSchema(t *testing.T) {
	t.Parallel()
	p := mustBuild(t, map[string]string{"glance-api.conf": "", "schema-image.json": `{"os_distro": {"type": "string"}}`})
	if code, body := send(t, "GET "+serve(t, p)+"/v2/schemas/image", ""); code != http.StatusOK || !strings.Contains(body, "os_distro") {
		t.Errorf("%d %s", code, body)
	}
}
