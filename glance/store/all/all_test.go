package all

import (
	"strings"
	"testing"

	"github.com/sirupsen/logrus/hooks/test"

	"goglance/glance/egress"
	"goglance/glance/fault"
	"goglance/glance/option"
	"goglance/glance/store"
	"goglance/glance/store/file"
	httpstore "goglance/glance/store/http"
)

func defaults(t *testing.T) (Options, *egress.Filter) {
	t.Helper()
	var o Options
	if err := option.SetDefaults(&o); err != nil {
		t.Fatal(err)
	}
	o.File.Datadir = t.TempDir()
	f, err := egress.New(egress.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return o, f
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	o, f := defaults(t)
	log, hook := test.NewNullLogger()
	set, err := New(o, f, log)
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Default(); got.Name != "file" {
		t.Errorf("the default store is %q", got.Name)
	}
	for url, name := range map[string]string{"file:///x": "file", "filesystem:///x": "file", "http://h/x": "http", "https://h/x": "http"} {
		want, _ := set.ByName(name) // nil if it is not there
		if got, err := set.For(url, nil); err != nil || got != want {
			t.Errorf("%s: %T, %v, want %s", url, got, err, name)
		}
	}
	warned := strings.Contains(hook.LastEntry().Message, "https_insecure")
	if !warned || o.File.Log != nil {
		t.Error("no warning that https servers are not verified")
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stores   []string
		standard string
		want     string // the default store, or what the error is about
		good     bool
	}{
		{[]string{"file"}, "file", "file", true},
		{[]string{" http", "", "file "}, "filesystem", "file", true},
		{[]string{"file", "http"}, "https", "http", true},
		{[]string{"http"}, "file", "default_store", false},
		{[]string{"file"}, "", "default_store", false},
		{nil, "file", "default_store", false},
		{[]string{"file", "http"}, "rbd", "default_store", false},
		{[]string{"file", "swift"}, "file", "no driver for swift", false},
		{[]string{"file", "floppy"}, "file", `no store is called "floppy"`, false},
		{[]string{"file", "file"}, "file", "two stores", false},
	} {
		o, f := defaults(t)
		o.Stores, o.DefaultStore = c.stores, c.standard
		set, err := New(o, f, nil)
		if c.good && (err != nil || set.Default().Name != c.want) {
			t.Errorf("%q, %q: %v", c.stores, c.standard, err)
		}
		if !c.good && (err == nil || set != nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q, %q: %v, want an error about %s", c.stores, c.standard, err, c.want)
		}
	}
}

func TestDriverErrors(t *testing.T) {
	t.Parallel()
	o, f := defaults(t)
	o.HTTP.CACertificates = o.File.Datadir + "/none"
	if _, err := New(o, f, nil); err == nil || !strings.Contains(err.Error(), "https_ca_certificates_file") {
		t.Errorf("%v", err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	log, hook := test.NewNullLogger()
	set, err := Files(t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := set.Default().Driver.(*file.Driver); !ok || len(hook.AllEntries()) > 0 {
		t.Errorf("default store %v, log %v", set.Default(), hook.AllEntries())
	}
	web, err := set.ByName("http")
	if _, ok := web.(*httpstore.Driver); !ok || err != nil {
		t.Errorf("http store %T, %v", web, err)
	}
	if _, ok := web.(store.Writer); ok {
		t.Error("the http store takes data")
	}
	for _, url := range []string{"http://127.0.0.1/x", "file:///etc/passwd", "http://user@192.0.2.1/"} {
		if err := set.Accept(t.Context(), url, nil); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := set.Accept(t.Context(), "http://user:pw@192.0.2.1:8080/x", nil); err != nil {
		t.Error(err)
	}
}
