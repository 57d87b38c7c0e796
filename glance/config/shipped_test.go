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
	"goglance/glance/config/paste"
	"goglance/glance/filter"
	"goglance/glance/option"
	"goglance/glance/protect"
)

const pike = samples + "/pike"

func filters(t *testing.T, s *config.Settings, flavor string) string {
	t.Helper()
	s.Paste.Flavor = flavor
	p, err := s.Pipeline()
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, f := range p.Filters {
		kinds = append(kinds, string(f.Kind))
	}
	return strings.Join(kinds, " ")
}

// TestPike: the files of a cloud of that release are taken as they are, and what has no effect is named.
func TestPike(t *testing.T) {
	t.Parallel()
	s, err := config.Load(config.Sources{Program: "glance-api", Named: []config.Place{{Path: pike + "/glance-api.conf"}}, Search: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	common := "cors healthcheck http_proxy_to_wsgi versionnegotiation osprofiler "
	for flavor, want := range map[string]string{
		"keystone": common + "authtoken context", "": common + "unauthenticated-context",
		"keystone+cachemanagement": common + "authtoken context cache cachemanage",
		"gzip":                     "cors healthcheck gzip versionnegotiation unauthenticated-context",
	} {
		if got := filters(t, s, flavor); got != want {
			t.Errorf("flavor %q: %s", flavor, got)
		}
	}
	if s.DB.Connection != "mysql+pymysql://glance:db-secret@192.0.2.10/glance?charset=utf8" || s.DB.RecycleTime.Seconds() != 3600 ||
		!s.Glance.ProxyHeaders || s.Server.BindHost != "192.0.2.10" || !slices.Contains(s.Log.Levels, "keystonemiddleware=WARN") {
		t.Errorf("%+v", s.Options)
	}
	said := strings.Join(s.Warnings, "\n")
	for _, name := range []string{"[DEFAULT] registry_host", "[keystone_authtoken] auth_uri", "[oslo_messaging_rabbit] rabbit_ha_queues"} {
		if strings.Count(said, name+" (") != 1 {
			t.Errorf("%s is not named once: %s", name, said)
		}
	}
	for _, name := range []string{"data_api", "cert_file", "enable_v1_api", "secret"} {
		if strings.Contains(said, name) {
			t.Errorf("the warnings have %s: %s", name, said)
		}
	}
	if len(s.Unknown) != 1 || !strings.Contains(s.Unknown[0], "[DEFAULT] verbose") {
		t.Errorf("unknown: %v", s.Unknown)
	}
}

// TestPikeServes: with a database and a place of its own, and callers that need no Keystone, it serves.
func TestPikeServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from := config.Sources{Program: "glance-api", Named: []config.Place{{Path: pike + "/glance-api.conf"}}, Search: []string{}}
	from.Set("paste_deploy", "flavor", "trusted-auth+cachemanagement")
	from.Set("database", "connection", "sqlite:///"+filepath.Join(dir, "db.sqlite"))
	from.Set("glance_store", "filesystem_store_datadir", filepath.Join(dir, "images"))
	from.Set("DEFAULT", "state_dir", filepath.Join(dir, "state"))
	s, err := config.Load(from)
	if err != nil {
		t.Fatal(err)
	}
	p, err := config.Build(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if cors := one[filter.CORS](t, p)[0].AllowedOrigin; !slices.Equal(cors, []string{"https://dashboard.test", "https://dashboard.test:8443"}) {
		t.Errorf("origins %v", cors)
	}
	url := serve(t, p)
	for role, want := range map[string]int{"member": http.StatusForbidden, "admin": http.StatusCreated} {
		code, body := send(t, "POST "+url+"/v2/images", `{"visibility": "public"}`, "X-Identity-Status", "Confirmed", "X-Project-Id", "p", "X-User-Id", "u", "X-Roles", role)
		if code != want {
			t.Errorf("%s: %d %s", role, code, body)
		}
	}
}

// TestDebian: the files that Debian's packages install, of a later release, are taken as they are.
func TestDebian(t *testing.T) {
	t.Parallel()
	found := false
	for _, dir := range []string{"/etc/glance", "/usr/share/glance-common"} {
		files, err := filepath.Glob(dir + "/glance-*.conf")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if _, err := os.ReadFile(path); err != nil || filepath.Base(path) == "glance-swift.conf" {
				continue // that one is no configuration file, and some are for the service alone
			}
			found = true
			debian(t, path)
		}
	}
	if !found {
		t.Skip("no configuration files of Debian's glance-common are here")
	}
}

func debian(t *testing.T, path string) {
	t.Helper()
	program := strings.TrimSuffix(filepath.Base(path), ".conf")
	s, err := config.Load(config.Sources{Program: program, Named: []config.Place{{Path: path}}, Search: []string{}})
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	t.Logf("%s: warnings %q, unknown %q", path, s.Warnings, s.Unknown)
	if len(s.Unknown) != 0 {
		t.Errorf("%s: unknown %v", path, s.Unknown)
	}
	if program != "glance-api" {
		return
	}
	if got := filters(t, s, "keystone+caching"); !strings.HasSuffix(got, "authtoken context cache") {
		t.Errorf("%s: %s", path, got)
	}
	p, err := s.Pipeline()
	if diff := cmp.Diff(map[string]paste.Kind{"/": paste.Versions, "/v2": paste.V2}, p.Apps); err != nil || diff != "" {
		t.Errorf("%s: %v %s", path, err, diff)
	}
	for name, format := range map[string]protect.Format{"roles": protect.Roles, "policies": protect.Policies} {
		f, err := os.Open(filepath.Join(filepath.Dir(path), "property-protections-"+name+".conf"))
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := protect.Parse(f, format); err != nil {
			t.Error(err)
		}
		f.Close() //nolint:errcheck // it was read
	}
}

// TestEmbedIsWeak: the embedded default gives way to what is set.
func TestEmbedIsWeak(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from := config.Sources{Program: "glance-api", Search: []string{}}
	s, err := config.Load(from)
	if err != nil || s.Embed(dir+"/data") != nil {
		t.Fatal(err)
	}
	got := []string{s.DB.Path, s.Stores.File.Datadir, s.Server.StateDir, s.Server.BindHost}
	want := []string{dir + "/data/glance.sqlite", dir + "/data/images", dir + "/data/journal", "127.0.0.1"}
	if diff := cmp.Diff(want, got); diff != "" || s.Stores.HTTP.Insecure {
		t.Error(diff)
	}
	set := map[option.Name]string{
		{Group: "database", Name: "connection"}: "sqlite:////x", {Group: "glance_store", Name: "filesystem_store_datadir"}: "/y",
		{Group: "DEFAULT", Name: "state_dir"}: "/z", {Group: "DEFAULT", Name: "bind_host"}: "::", {Group: "glance_store", Name: "https_insecure"}: "yes",
	}
	for name, value := range set {
		from.Set(name.Group, name.Name, value)
	}
	if s, err = config.Load(from); err != nil || s.Embed(dir+"/data") != nil {
		t.Fatal(err)
	}
	got = []string{s.DB.Path, s.DB.Connection, s.Stores.File.Datadir, s.Server.StateDir, s.Server.BindHost}
	if diff := cmp.Diff([]string{"", "sqlite:////x", "/y", "/z", "::"}, got); diff != "" || !s.Stores.HTTP.Insecure {
		t.Error(diff)
	}
}
