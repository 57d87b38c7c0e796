package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/config"
	"goglance/glance/option"
)

// load reads texts as files that the command line names: INI, or TOML where the text begins with "#toml".
func load(t *testing.T, texts ...string) (*config.Settings, error) {
	t.Helper()
	from := config.Sources{Program: "p", Search: []string{}}
	for _, text := range texts {
		name := "f.conf"
		if strings.HasPrefix(text, "#toml") {
			name = "f.toml"
		}
		from.Named = append(from.Named, config.Place{Path: write(t, name, text)})
	}
	return config.Load(from)
}

func mustLoad(t *testing.T, texts ...string) *config.Settings {
	t.Helper()
	s, err := load(t, texts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tree makes files below a folder of its own, which it returns.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestTypes: an option of each type, in both forms of files.
func TestTypes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`[DEFAULT]
bind_port = 9393
allow_anonymous_access = Yes
client_socket_timeout = 5
public_endpoint = "https://images.test"
[image_format]
disk_formats = raw, qcow2,
[glance_store]
filesystem_store_datadirs = /a:1
http_proxy_information = http:10.0.0.1:3128,https:10.0.0.1:1080
filesystem_store_datadirs = /b
[Store_Type_Location_Strategy]
store_type_preference = [file, 'rbd']
`,
		`#toml
bind_port = 9393
public_endpoint = "https://images.test"
[DEFAULT]
allow_anonymous_access = true
client_socket_timeout = "5"
[image_format]
disk_formats = ["raw", "qcow2"]
[glance_store]
filesystem_store_datadirs = ["/a:1", "/b"]
http_proxy_information = { http = "10.0.0.1:3128", https = "10.0.0.1:1080" }
[store_type_location_strategy]
store_type_preference = "file,rbd"
[unknown.deeper]
x = 1979-05-27
`,
	} {
		s := mustLoad(t, text)
		proxies := map[string]string{"http": "10.0.0.1:3128", "https": "10.0.0.1:1080"}
		want := []any{9393, true, 5 * time.Second, "https://images.test", []string{"raw", "qcow2"}, []string{"/a:1", "/b"}, []string{"file", "rbd"}, proxies}
		got := []any{
			s.Server.BindPort, s.Glance.AllowAnonymous, s.Glance.Stall, s.Glance.PublicEndpoint, s.Glance.DiskFormats,
			s.Stores.File.Datadirs, s.Glance.StoreTypePreference, s.Stores.HTTP.Proxies,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestPrecedence: what later files say wins, then the environment, then the command line; of an option that may be given
// several times all files count.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"one.conf":       "[DEFAULT]\nadmin_role=one\nbind_port=1\nbacklog=1\nworkers=1\n[oslo_policy]\npolicy_dirs=a\npolicy_dirs=b\n",
		"d/20.conf":      "[DEFAULT]\nadmin_role=twenty\nbind_port=20\n[oslo_policy]\npolicy_dirs=d\n",
		"d/10.toml":      "admin_role='ten'\nworkers=10\n[oslo_policy]\npolicy_dirs=['c']\n",
		"d/.hidden.conf": "not a configuration",
		"d/readme":       "not a configuration",
		"two.conf":       "[DEFAULT]\nadmin_role=two\nadmin_role=last\n",
	})
	from := config.Sources{Program: "p", Search: []string{}, Named: []config.Place{
		{Path: filepath.Join(dir, "one.conf")}, {Path: filepath.Join(dir, "d"), Dir: true}, {Path: filepath.Join(dir, "two.conf")},
	}}
	check := func(role string, numbers []int, dirs []string) {
		t.Helper()
		s, err := config.Load(from)
		if err != nil {
			t.Fatal(err)
		}
		got := []int{s.Server.BindPort, s.Server.Backlog, s.Server.Workers}
		if s.Glance.AdminRole != role || !slices.Equal(got, numbers) || !slices.Equal(s.Policy.PolicyDirs, dirs) {
			t.Errorf("role %s, numbers %v, folders %v", s.Glance.AdminRole, got, s.Policy.PolicyDirs)
		}
	}
	check("last", []int{20, 1, 10}, []string{"a", "b", "c", "d"})
	from.Environ = []string{"OS_DEFAULT__BIND_PORT=30", "OS_DEFAULT__BACKLOG=30", "OS_OSLO_POLICY__POLICY_DIRS=e", "OS_TOKEN=x", "bind_port=7"}
	check("last", []int{30, 30, 10}, []string{"e"})
	from.Set("DEFAULT", "backlog", "40")
	from.Set("oslo_policy", "policy_dirs", "f")
	from.Set("oslo_policy", "policy_dirs", "g")
	from.Set("DEFAULT", "admin_role", "")
	check("", []int{30, 40, 10}, []string{"f", "g"})
	from.Set("DEFAULT", "bind_prot", "40")
	if _, err := config.Load(from); err == nil || !strings.Contains(err.Error(), "bind_prot") {
		t.Errorf("an option that is none is set: %v", err)
	}
}

// TestSearch: the files that are read when nobody names one, as the reference finds them.
func TestSearch(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"a/glance-api.conf":          "[DEFAULT]\nadmin_role=a\n",
		"b/glance-api.conf":          "not read",
		"b/glance.conf":              "[DEFAULT]\nadmin_role=b\nbind_port=2\n",
		"b/glance-api.conf.d/x.conf": "[DEFAULT]\nbacklog=3\n",
		"c/glance-cache.toml":        "admin_role='cache'",
		"c/glance-registry.conf":     "[DEFAULT]\nadmin_role=registry\nbind_port=5\n",
		"named.conf":                 "[DEFAULT]\nadmin_role=named\n",
		"more/y.conf":                "[DEFAULT]\nadmin_role=more\n",
	})
	in := func(names ...string) []string {
		for i := range names {
			names[i] = filepath.Join(dir, names[i])
		}
		return names
	}
	rows := []struct {
		program string
		named   []config.Place
		role    string
		files   []string
	}{
		{"glance-api", nil, "a", in("b/glance.conf", "a/glance-api.conf", "b/glance-api.conf.d/x.conf")},
		{"glance-api", []config.Place{{Path: in("named.conf")[0]}}, "named", in("b/glance-api.conf.d/x.conf", "named.conf")},
		{"glance-api", []config.Place{{Path: in("more")[0], Dir: true}}, "more", in("b/glance.conf", "a/glance-api.conf", "more/y.conf")},
		{"glance-cache-pruner", nil, "cache", in("b/glance.conf", "c/glance-cache.toml")},
		{"glance-manage", nil, "a", in("b/glance.conf", "c/glance-registry.conf", "a/glance-api.conf", "b/glance-api.conf.d/x.conf")},
		{"other", nil, "b", in("b/glance.conf")},
		{"glance-registry", nil, "registry", in("b/glance.conf", "c/glance-registry.conf")},
	}
	for _, row := range rows {
		s, err := config.Load(config.Sources{Program: row.program, Named: row.named, Search: in("none", "a", "b", "c")})
		if err != nil {
			t.Errorf("%s: %v", row.program, err)
		} else if diff := cmp.Diff(row.files, s.Files); diff != "" || s.Glance.AdminRole != row.role {
			t.Errorf("%s: role %s %s", row.program, s.Glance.AdminRole, diff)
		}
	}
}

// TestSearchAtHome: the folders of the reference.
func TestSearchAtHome(t *testing.T) {
	home := tree(t, map[string]string{".glance/p.conf": "[DEFAULT]\nadmin_role=dot\n", "p.conf": "not read"})
	t.Setenv("HOME", home)
	s, err := config.Load(config.Sources{Program: "p"})
	if err != nil || s.Glance.AdminRole != "dot" {
		t.Errorf("%v", err)
	}
}

// TestDeprecatedNames: an old name is read, with a warning; in one file the present name wins, and of two files the later.
func TestDeprecatedNames(t *testing.T) {
	t.Parallel()
	rows := []struct {
		files []string
		want  string
		warns bool
	}{
		{[]string{"[DEFAULT]\nsql_connection=old"}, "old", true},
		{[]string{"[SQL]\nconnection=old"}, "old", true},
		{[]string{"[database]\nconnection=new\n[DEFAULT]\nsql_connection=old"}, "new", true},
		{[]string{"[database]\nconnection=new", "[DEFAULT]\nsql_connection=old"}, "old", true},
		{[]string{"[DEFAULT]\nsql_connection=old", "[database]\nconnection=new"}, "new", true},
		{[]string{"[database]\nconnection=new"}, "new", false},
	}
	for _, row := range rows {
		s := mustLoad(t, row.files...)
		warned := strings.Contains(strings.Join(s.Warnings, "\n"), "deprecated name of [database] connection")
		if s.DB.Connection != row.want || warned != row.warns {
			t.Errorf("%q: %s, %q", row.files, s.DB.Connection, s.Warnings)
		}
	}
	s := mustLoad(t, "[DEFAULT]\npolicy_dirs=a\n[oslo_policy]\npolicy_dirs=b", "[oslo_policy]\npolicy_dirs=c")
	if !slices.Equal(s.Policy.PolicyDirs, []string{"a", "b", "c"}) {
		t.Errorf("folders %v", s.Policy.PolicyDirs)
	}
}

// TestReferences: $name stands for the value of another option.
func TestReferences(t *testing.T) {
	t.Parallel()
	const rest = "\nadmin_role=R\nbind_port=77\npublic_endpoint=\ncontrol_exchange=x$admin_role\n[oslo_policy]\npolicy_file=$$P\n[image_format]\ndisk_formats=$admin_role,${policy.no},z\n"
	for text, want := range map[string]string{
		"a$admin_role":               "aR",
		"${admin_role}b":             "Rb",
		"$bind_port$admin_role":      "77R",
		"$backlog":                   "4096",
		"<$public_endpoint>":         "<>",
		"<$location_strategy>":       "<location_order>",
		"${oslo_policy.policy_file}": "$P",
		"$oslo_policy.policy_file":   "$P",
		"$DEFAULT.admin_role":        "R",
		"$control_exchange":          "xR",
		"$registry_host":             "",
		"5$ and $$ and \\$x ${ $}":   "5$ and $ and $x ${ $}",
		"$5":                         "$5",
		"$nope":                      "!$nope",
		"${admin_role.x}":            "!$admin_role.x",
		"$state_dir":                 "!without end",
	} {
		head := strings.Split(rest, "[image_format]")[0]
		s, err := load(t, "[DEFAULT]\nstate_dir="+text+head)
		if wrong, fails := strings.CutPrefix(want, "!"); fails {
			if err == nil || !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), "f.conf:2") {
				t.Errorf("%q: %v", text, err)
			}
		} else if err != nil || s.Server.StateDir != want {
			t.Errorf("%q: %q, %v", text, s.Server.StateDir, err)
		}
	}
	if _, err := load(t, "[DEFAULT]"+rest); err == nil || !strings.Contains(err.Error(), "disk_formats") || !strings.Contains(err.Error(), "$policy.no") {
		t.Errorf("an option of no section: %v", err)
	}
	s := mustLoad(t, "#toml\nadmin_role = '$backlog'\n[image_format]\ndisk_formats = ['$admin_role', 'b']")
	if !slices.Equal(s.Glance.DiskFormats, []string{"4096", "b"}) {
		t.Errorf("in TOML: %v", s.Glance.DiskFormats)
	}
}

// TestReferencesAreBounded: values that refer to each other do not grow without end.
func TestReferencesAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4000)
	wide := strings.Repeat("$admin_role", 100)
	for name, text := range map[string]string{
		"long": "admin_role=" + long + "\nstate_dir=" + wide,
		"many": "admin_role=" + strings.Repeat("$public_endpoint", 500) + "\npublic_endpoint=\nstate_dir=" + wide,
		"loop": "admin_role=$state_dir\nstate_dir=$admin_role",
	} {
		if _, err := load(t, "[DEFAULT]\n"+text); err == nil || len(err.Error()) > 300 {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}

// TestLoadErrors: an error names option, file and line.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[DEFAULT]\nbind_port = x":                       "option [DEFAULT] bind_port: F:2: ",
		"[DEFAULT]\n\nbind_port = 65536":                 "option [DEFAULT] bind_port: F:3: 65536 is more than 65535",
		"[DEFAULT]\nbacklog = 0":                         "option [DEFAULT] backlog: F:2: 0 is less than 1",
		"[DEFAULT]\nallow_anonymous_access = maybe":      "option [DEFAULT] allow_anonymous_access: F:2: ",
		"[DEFAULT]\nlocation_strategy = any":             "option [DEFAULT] location_strategy: F:2: ",
		"[DEFAULT]\nbind_host = a_b":                     "option [DEFAULT] bind_host: F:2: ",
		"[DEFAULT]\nbind_host":                           "F:2: ",
		"#toml\nbind_port = 'x'":                         "option [DEFAULT] bind_port: F:2: ",
		"#toml\n[DEFAULT]\n\nbind_port = [1]":            "option [DEFAULT] bind_port: F:4: takes one value",
		"#toml\n[glance_store]\ndefault_store = []":      "option [glance_store] default_store: F:3: takes one value",
		"#toml\n[DEFAULT]\nbind_port = 1\nbind_port = 2": "F:4: not TOML",
		"#toml\n[DEFAULT\n":                              "not TOML",
		"#toml\n[DEFAULT]\nbacklog = 1979-05-27":         "option [DEFAULT] backlog: F:3: not a value",
		"#toml\n[[DEFAULT]]\nx = 1":                      "F:2: a section is written [DEFAULT]",
		"#toml\ndisabled = 1\nbacklog = [[1]]":           "option [DEFAULT] backlog: F:3: not a value",
	} {
		s, err := load(t, text)
		if err == nil || s != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := err.Error()
		if at := strings.Index(got, string(os.PathSeparator)); at >= 0 {
			end := strings.LastIndex(got, "f.conf")
			if end < 0 {
				end = strings.LastIndex(got, "f.toml")
			}
			got = got[:at] + "F" + got[end+len("f.conf"):]
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	missing := []config.Place{{Path: "/nowhere/f.conf"}, {Path: "/nowhere", Dir: true}, {Path: t.TempDir()}, {Path: write(t, "f", ""), Dir: true}}
	for _, place := range missing {
		if _, err := config.Load(config.Sources{Program: "p", Named: []config.Place{place}, Search: []string{}}); err == nil {
			t.Errorf("%+v is read", place)
		}
	}
	if _, err := config.Load(config.Sources{}); err == nil {
		t.Error("a configuration of no program is read")
	}
}

func TestFindFile(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"a/f.conf": "", "b/g.conf": "", "a/x": "", "b/x": "", "a/y": "", "c/z": ""})
	s, err := config.Load(config.Sources{
		Program: "p", Named: []config.Place{{Path: filepath.Join(dir, "a/f.conf")}, {Path: filepath.Join(dir, "b/g.conf")}},
		Search: []string{filepath.Join(dir, "c")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"x": "b/x", "y": "a/y", "z": "c/z", "none": ""} {
		if want != "" {
			want = filepath.Join(dir, want)
		}
		if got := s.FindFile(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if path := filepath.Join(dir, "a/x"); s.FindFile(path) != path || s.FindFile(path+"x") != "" {
		t.Error("an absolute path is not itself")
	}
	bare, err := config.Load(config.Sources{Program: "p", Search: []string{filepath.Join(dir, "c")}})
	if err != nil || bare.FindFile("z") != "" {
		t.Errorf("without a configuration file a file is found: %v", err)
	}
}

// TestRegistryPort: the one default that a program has of its own.
func TestRegistryPort(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]int{"glance-registry": 9191, "glance-api": 9292} {
		s, err := config.Load(config.Sources{Program: program, Search: []string{}})
		if err != nil || s.Server.BindPort != want {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	before := mustLoad(t, "[DEFAULT]\nbind_port = 1\n[database]\nconnection = a\n[image_format]\ndisk_formats = raw,iso\n")
	after := mustLoad(t, "[image_format]\ndisk_formats = raw, iso\n[DEFAULT]\nbind_port = 2\nbacklog = 4096\n[database]\nconnection = b")
	want := []option.Name{{Group: "database", Name: "connection"}, {Group: "DEFAULT", Name: "bind_port"}}
	if diff := cmp.Diff(want, after.Changed(before)); diff != "" {
		t.Error(diff)
	}
	if same := before.Changed(before); len(same) != 0 {
		t.Errorf("nothing has changed, but %v", same)
	}
}
