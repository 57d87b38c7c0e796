package config

import (
	"bufio"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goglance/glance/option"
)

// effects names, for each option that has an effect, the test that shows it: its folder below glance, and its name. An
// option without effect is a row of gaps instead. Whoever gives it one moves it here.
func effects() map[string]string {
	all := effectsOfService()
	maps.Copy(all, effectsOfParts())
	maps.Copy(all, effectsOfDaemon())
	maps.Copy(all, effectsOfKeystone())
	maps.Copy(all, effectsOfTasks())
	return all
}

func effectsOfService() map[string]string {
	const api = ". "
	return map[string]string{
		"DEFAULT/allow_anonymous_access":               api + "TestUnauthorized",
		"DEFAULT/max_request_id_length":                api + "TestSecRequestIDLimit",
		"DEFAULT/public_endpoint":                      api + "TestPublicEndpoint",
		"DEFAULT/enable_v2_api":                        api + "TestVersionOptions",
		"DEFAULT/allow_additional_image_properties":    api + "TestCreateCustomProperties",
		"image_format/container_formats":               api + "TestCreateConfiguredFormats",
		"image_format/disk_formats":                    api + "TestCreateConfiguredFormats",
		"oslo_middleware/enable_proxy_headers_parsing": api + "TestForwardedHeaders",
		"DEFAULT/secure_proxy_ssl_header":              api + "TestSecSSLHeaderValues",
		"sendfile/header":                              "internal/api TestSendfile",
		"sendfile/root":                                "internal/api TestSendfile",
		"sendfile/location":                            "internal/api TestSendfile",
		"cors/allowed_origin":                          api + "TestSecCORSOrigins",
		"cors/allow_credentials":                       api + "TestSecCORSOrigins",
		"cors/expose_headers":                          api + "TestCORS",
		"cors/max_age":                                 api + "TestCORS",
		"cors/allow_methods":                           api + "TestCORS",
		"cors/allow_headers":                           api + "TestCORS",
		"healthcheck/path":                             api + "TestSecHealthcheckPath",
		"healthcheck/detailed":                         api + "TestHealthcheckDetails",
		"healthcheck/backends":                         api + "TestHealthcheckBackends",
		"healthcheck/disable_by_file_path":             api + "TestHealthcheckBackends",
		"healthcheck/disable_by_file_paths":            api + "TestHealthcheckBackends",
		"oslo_middleware/max_request_body_size":        api + "TestSizeLimit",
		"DEFAULT/client_socket_timeout":                api + "TestStalledUpload",
		"DEFAULT/max_json_body_size":                   api + "TestSecJSONSize",

		"DEFAULT/admin_role":                                 api + "TestSecEmptyAdminRole",
		"DEFAULT/owner_is_tenant":                            api + "TestSecOwnerIsTenantFalse",
		"DEFAULT/image_property_quota":                       api + "TestPatchPropertyQuota",
		"DEFAULT/image_member_quota":                         api + "TestMemberQuota",
		"DEFAULT/image_location_quota":                       api + "TestLocationQuotas",
		"DEFAULT/image_tag_quota":                            api + "TestTagQuota",
		"DEFAULT/limit_param_default":                        api + "TestListLimit",
		"DEFAULT/api_limit_max":                              api + "TestListLimit",
		"DEFAULT/image_size_cap":                             api + "TestUploadOverCap",
		"DEFAULT/user_storage_quota":                         api + "TestStorageQuotaUsage",
		"DEFAULT/delayed_delete":                             api + "TestDelayedDelete",
		"DEFAULT/show_image_direct_url":                      api + "TestSecLocationsHiddenByDefault",
		"DEFAULT/show_multiple_locations":                    api + "TestPatchLocationValues",
		"DEFAULT/location_strategy":                          api + "TestLocationStrategy",
		"store_type_location_strategy/store_type_preference": api + "TestLocationStrategy",
	}
}

func effectsOfParts() map[string]string {
	const (
		here   = "config "
		file   = "store/file "
		web    = "store/http "
		egress = "egress "
	)
	return map[string]string{
		"oslo_policy/policy_file":                 here + "TestPolicyOptions",
		"oslo_policy/policy_default_rule":         here + "TestPolicyOptions",
		"oslo_policy/policy_dirs":                 here + "TestPolicyOptions",
		"DEFAULT/property_protection_file":        here + "TestProtectionOptions",
		"DEFAULT/property_protection_rule_format": here + "TestProtectionOptions",
		"DEFAULT/trusted_peers":                   here + "TestIdentityOfPipelines",
		"DEFAULT/state_dir":                       here + "TestBuildServes",

		"paste_deploy/flavor":      here + "TestIdentityOfPipelines",
		"paste_deploy/config_file": here + "TestPastePlaces",

		"database/connection":                         here + "TestBuildServes",
		"database/mysql_sql_mode":                     "db TestSQLMode",
		"DEFAULT/metadata_encryption_key":             "db TestURLCodec",
		"glance_store/stores":                         "store/all TestNew",
		"glance_store/default_store":                  "store/all TestNew",
		"glance_store/filesystem_store_datadir":       here + "TestBuildServes",
		"glance_store/filesystem_store_datadirs":      file + "TestDatadirsBySpace",
		"glance_store/filesystem_store_read_roots":    file + "TestReadRoots",
		"glance_store/filesystem_store_metadata_file": file + "TestSecMetadataFilePrefix",
		"glance_store/filesystem_store_file_perm":     file + "TestLetPass",
		"glance_store/https_ca_certificates_file":     web + "TestSecOutboundTLSHostname",
		"glance_store/https_insecure":                 web + "TestSecOutboundTLSHostname",
		"glance_store/http_proxy_information":         web + "TestProxies",

		"import_filtering_opts/allowed_schemes":        egress + "TestSchemesAndPorts",
		"import_filtering_opts/disallowed_schemes":     egress + "TestSchemesAndPorts",
		"import_filtering_opts/allowed_ports":          egress + "TestSchemesAndPorts",
		"import_filtering_opts/disallowed_ports":       egress + "TestSchemesAndPorts",
		"import_filtering_opts/allowed_hosts":          egress + "TestHosts",
		"import_filtering_opts/disallowed_hosts":       egress + "TestHosts",
		"import_filtering_opts/allow_private_networks": egress + "TestPrivateNetworks",
	}
}

// owed are options that have an effect which no test shows yet. The list is to become empty.
func owed() []string {
	return strings.Fields(`database/sqlite_synchronous database/sqlite_readers database/max_pool_size database/min_pool_size
		database/max_overflow database/pool_timeout database/connection_recycle_time database/max_retries
		database/retry_interval database/use_db_reconnect database/db_max_retries database/db_retry_interval
		database/db_inc_retry_interval database/db_max_retry_interval`)
}

func effectsOfDaemon() map[string]string {
	const (
		server = "../server "
		logs   = "operator/logs "
	)
	return map[string]string{
		"DEFAULT/bind_host":       server + "TestConfigured",
		"DEFAULT/bind_port":       server + "TestConfigured",
		"DEFAULT/backlog":         server + "TestBacklog",
		"DEFAULT/tcp_keepidle":    server + "TestKeepIdle",
		"DEFAULT/max_header_line": server + "TestMaxHeaderLine",
		"DEFAULT/http_keepalive":  server + "TestKeepAlive",
		"DEFAULT/pid_file":        server + "TestPIDFile",
		"DEFAULT/cert_file":       server + "TestTLS",
		"DEFAULT/key_file":        server + "TestTLS",
		"DEFAULT/ca_file":         server + "TestTLS",

		"DEFAULT/metadata_source_path": server + "TestManageMetadefs",

		"metrics/bind_host": server + "TestMetrics",
		"metrics/bind_port": server + "TestMetrics",

		"DEFAULT/debug":                         logs + "TestFormats",
		"DEFAULT/log_date_format":               logs + "TestFormats",
		"DEFAULT/log_file":                      logs + "TestPlaces",
		"DEFAULT/log_dir":                       logs + "TestPlaces",
		"DEFAULT/watch_log_file":                logs + "TestFile",
		"DEFAULT/use_syslog":                    logs + "TestSystem",
		"DEFAULT/use_journal":                   logs + "TestSystem",
		"DEFAULT/syslog_log_facility":           logs + "TestRefuses",
		"DEFAULT/use_json":                      logs + "TestJSON",
		"DEFAULT/use_stderr":                    logs + "TestPlaces",
		"DEFAULT/logging_context_format_string": logs + "TestFormats",
		"DEFAULT/logging_default_format_string": logs + "TestFormats",
		"DEFAULT/logging_debug_format_suffix":   logs + "TestFormats",
		"DEFAULT/logging_exception_prefix":      logs + "TestFormats",
		"DEFAULT/logging_user_identity_format":  logs + "TestFormats",
		"DEFAULT/default_log_levels":            logs + "TestFormats",
	}
}

// TestEveryOptionHasATest: an option has an effect that a test shows, or it is known to have none.
func TestEveryOptionHasATest(t *testing.T) {
	t.Parallel()
	table, err := Table()
	if err != nil {
		t.Fatal(err)
	}
	named := effects()
	for _, o := range table {
		if slices.Contains(owed(), o.Group+"/"+o.Name) {
			continue
		}
		where, ok := named[o.Group+"/"+o.Name]
		delete(named, o.Group+"/"+o.Name)
		_, gap := gaps().of(o.Key())
		if ok == gap {
			t.Errorf("%s: has a test: %v; is listed as without effect: %v", o.Key(), ok, gap)
		}
		if folder, test, _ := strings.Cut(where, " "); ok && !hasTest(t, folder, test) {
			t.Errorf("%s: there is no %s in %s", o.Key(), test, folder)
		}
		if o.Help == "" {
			t.Errorf("%s has no help", o.Key())
		}
	}
	for name := range named {
		t.Errorf("%s has a test and is no option", name)
	}
}

// hasTest reports whether the files of a folder below glance have a test of that name.
func hasTest(t *testing.T, folder, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^func ` + test + `\(`).Match(text) {
			return true
		}
	}
	return false
}

// TestEveryOptionOfTheReferenceIsKnown: none is ignored as a misspelling would be.
func TestEveryOptionOfTheReferenceIsKnown(t *testing.T) {
	t.Parallel()
	l, err := newLoader(&Settings{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join("testdata", "options.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was read
	count := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		for _, name := range words[1:] {
			count++
			k := option.Name{Group: words[0], Name: name}
			if _, gap := l.gaps.of(k); !gap && !l.named[k] {
				t.Errorf("%s is not known", k)
			}
		}
	}
	if count < 300 {
		t.Errorf("%d options are in the list", count)
	}
}

// TestEveryOptionOfDebianIsKnown: nor is one of the options that the files of a later release explain, but for those of
// stores in sections of their own.
func TestEveryOptionOfDebianIsKnown(t *testing.T) {
	t.Parallel()
	l, err := newLoader(&Settings{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("/usr/share/glance-common/glance-api.conf")
	if err != nil {
		t.Skip("no configuration files of Debian's glance-common are here")
	}
	stores := regexp.MustCompile(`^(file|cinder|glance\.store\..*)$`)
	setting := regexp.MustCompile(`^#?(\w+) *=`)
	group, count := "", 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "[") {
			group = strings.Trim(line, "[]\n")
		} else if found := setting.FindStringSubmatch(line); found != nil && !stores.MatchString(group) {
			count++
			if _, gap := l.gaps.of(key(group, found[1])); !gap && !l.named[key(group, found[1])] {
				t.Errorf("[%s] %s is not known", group, found[1])
			}
		}
	}
	if count < 300 {
		t.Errorf("%d options are in the file", count)
	}
}
