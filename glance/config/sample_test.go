package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"goglance/glance/config"
	"goglance/glance/db"
	"goglance/glance/egress"
	"goglance/glance/option"
	"goglance/glance/store/file"
	httpstore "goglance/glance/store/http"
)

// samples are in the repository for operators to begin with. UPDATE_GOLDEN=1 in the environment writes them anew.
const samples = "../../testdata/config"

// equalOptions compares options by the fields that are options.
func equalOptions() cmp.Option {
	return cmp.Options{
		cmpopts.IgnoreFields(db.Options{}, "Clock", "Notice"), cmpopts.IgnoreFields(egress.Options{}, "Own", "Resolver"),
		cmpopts.IgnoreFields(file.Options{}, "Log"), cmpopts.IgnoreFields(httpstore.Options{}, "Log", "Filter"), cmpopts.EquateEmpty(),
	}
}

// TestSample: the samples are those in the repository, and all options taken out of their comments are the defaults.
func TestSample(t *testing.T) {
	t.Parallel()
	var defaults config.Options
	if err := option.SetDefaults(&defaults); err != nil {
		t.Fatal(err)
	}
	table, err := config.Table()
	if err != nil {
		t.Fatal(err)
	}
	for form, name := range map[config.Form]string{config.INI: "sample.conf", config.TOML: "sample.toml"} {
		var text strings.Builder
		if err := config.Sample(&text, form); err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join(samples, name), text.String())
		set := regexp.MustCompile(`(?m)^#(\w)`).ReplaceAllString(text.String(), "$1")
		// Options without effect are in the samples too; those that keep a service safe must not stop it here.
		s, err := config.Load(config.Sources{Program: "p", Named: []config.Place{{Path: write(t, name, set)}}, Search: []string{}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(defaults, s.Options, equalOptions()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(s.Where) != len(table) || len(s.Unknown) != 0 {
			t.Errorf("%s sets %d of %d options, and these that are none: %v", name, len(s.Where), len(table), s.Unknown)
		}
	}
	if err := config.Sample(new(strings.Builder), "yaml"); err == nil {
		t.Error("a sample of another form is written")
	}
}

func golden(t *testing.T, path, text string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // it goes into the repository
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (UPDATE_GOLDEN=1 writes it): %s", path, diff)
	}
}

// write makes a file in a folder of its own and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
