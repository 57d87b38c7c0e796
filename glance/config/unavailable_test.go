package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goglance/glance/config"
)

// TestSecSecretCanaries: the values of secret options are in no error, no warning and no dump (S109, P26).
func TestSecSecretCanaries(t *testing.T) {
	t.Parallel()
	for _, canary := range []string{"pa\"ss'w", "a b canary", "[canary]", "can$ary", "$canary", "'canary"} {
		for name, text := range map[string]string{
			"ini":        "[database]\nconnection = mysql://u:" + canary + "@h/db\n[DEFAULT]\nmetadata_encryption_key = " + canary,
			"broken":     "[database]\nconnection = x\n" + canary,
			"deprecated": "[DEFAULT]\nsql_connection = mysql://u:" + canary + "@h/db",
			"gap":        "[DEFAULT]\ntransport_url = rabbit://" + canary + "\nadmin_password = " + canary + "\n[keystone_authtoken]\npassword = " + canary + "\nmemcache_secret_key = " + canary,
			"toml":       "#toml\n[database]\nconnection = \"mysql://" + canary + "\"",
			"refers":     "[DEFAULT]\nadmin_password = " + canary + "\nadmin_role = $admin_password$nope",
		} {
			s, err := load(t, text)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if s != nil {
				said += strings.Join(slices.Concat(s.Dump(), s.Warnings, s.Unknown), "\n")
			}
			if strings.Contains(said, canary) {
				t.Errorf("%s, %s: %s", name, canary, said)
			}
		}
	}
	s := mustLoad(t, "[database]\nconnection = mysql://x\n[DEFAULT]\nadmin_role=shown")
	dump := strings.Join(s.Dump(), "\n")
	for _, line := range []string{"database.connection = ****", "DEFAULT.admin_role = shown", "DEFAULT.metadata_encryption_key = \n"} {
		if !strings.Contains(dump, line) {
			t.Errorf("the dump lacks %q: %s", line, dump)
		}
	}
}

// TestSecConfigFileModes: a file that everyone may change is told of (S112).
func TestSecConfigFileModes(t *testing.T) {
	t.Parallel()
	path := write(t, "f.conf", "[DEFAULT]\n")
	for mode, warns := range map[os.FileMode]bool{0o666: true, 0o602: true, 0o660: false, 0o644: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		s, err := config.Load(config.Sources{Program: "p", Named: []config.Place{{Path: path}}, Search: []string{}})
		if err != nil || (len(s.Warnings) == 1 && strings.Contains(s.Warnings[0], path)) != warns {
			t.Errorf("%o: %v", mode, err)
		}
	}
	files := map[string]string{"glance-api.conf": "", "glance-api-paste.ini": pasteFile}
	s, dir := service(t, files)
	if err := os.Chmod(filepath.Join(dir, "glance-api-paste.ini"), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := config.Build(t.Context(), s, nil)
	if err != nil || !strings.Contains(strings.Join(p.Warnings, "\n"), "glance-api-paste.ini can be changed") || p.Close() != nil {
		t.Errorf("the paste file: %v", err)
	}
}

// TestUnavailable: an option without effect is named once, one that keeps a service safe stops it, an unknown one is
// ignored.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, "[DEFAULT]\nregistry_host = h\nregistry_host = i\nshow_me = 1\ndata_api = glance.db.sqlalchemy.api\n[Profiler]\nhmac_keys = x\n[cors.web]\nallowed_origin = y\n[wild]\nx = 1",
		"[DEFAULT]\nregistry_host = j\nuse_user_token = false\n")
	all := strings.Join(s.Warnings, "\n")
	for _, name := range []string{"[DEFAULT] registry_host", "[DEFAULT] use_user_token", "[profiler] hmac_keys"} {
		if strings.Count(all, name+" (") != 1 {
			t.Errorf("%s is not named once: %s", name, all)
		}
	}
	if strings.Contains(all, "data_api") || strings.Count(all, "the section [cors.web] (") != 1 || len(s.Warnings) != 4 || len(s.Unknown) != 2 || !strings.Contains(s.Unknown[0], "[DEFAULT] show_me") {
		t.Errorf("warnings %q, unknown %q", s.Warnings, s.Unknown)
	}
	if s := mustLoad(t, "[DEFAULT]\nshow_multiple_locations = false"); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "better not used") {
		t.Errorf("warnings %q", s.Warnings)
	}
	refused := map[string]string{
		"keystone_authtoken/check_revocations_for_cached": "yes", "DEFAULT/enabled_backends": "a:file",
		"oslo_policy/enforce_scope": "true", "DEFAULT/use_keystone_limits": "on",
	}
	for name, value := range refused {
		group, name, _ := strings.Cut(name, "/")
		_, err := load(t, "[DEFAULT]\n["+group+"]\n"+name+" = "+value)
		if err == nil || !strings.Contains(err.Error(), "f.conf:3: option ["+group+"] "+name) {
			t.Errorf("%s = %s: %v", name, value, err)
		}
	}
	mustLoad(t, "[DEFAULT]\nuse_keystone_limits = No\n[keystone_authtoken]\nenforce_token_bind = permissive\ncheck_revocations_for_cached = False\n[oslo_policy]\nenforce_scope = false")
}

// TestSecInsecureFalseStringParsed: every way to write no is no, for every option, and nonsense stops the service (P82).
func TestSecInsecureFalseStringParsed(t *testing.T) {
	t.Parallel()
	table, err := config.Table()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, o := range table {
		if o.Type() != "boolean" {
			continue
		}
		count++
		for text, want := range map[string]string{"false": "false", "False": "false", "0": "false", "no": "false", "OFF": "false", "True": "true", "falsch": "", "": ""} {
			s, err := load(t, "["+o.Group+"]\n"+o.Name+" = "+text)
			if (err != nil) != (want == "") {
				t.Errorf("%s = %q: %v", o.Key(), text, err)
			}
			if err == nil && !slices.Contains(s.Dump(), o.Group+"."+o.Name+" = "+want) {
				t.Errorf("%s = %q is not %s", o.Key(), text, want)
			}
		}
	}
	if count < 15 {
		t.Errorf("%d options are boolean", count)
	}
}
