package paste

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tail is the end of every file below: the application g, and what short names stand for.
const tail = `
[composite:g]
paste.composite_factory = glance.api:root_app_factory
/: v
/v2: v2
[app:v]
paste.app_factory = glance.api.versions:create_resource
[application:v2]
paste.app_factory = glance.api.v2.router:API.factory
`

func file(body string) string {
	return strings.NewReplacer(
		"@gzip", "paste.filter_factory = glance.api.middleware.gzip:GzipMiddleware.factory",
		"@context", "paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory",
	).Replace(body) + tail
}

// cases are files and the filters of their application a with their settings; "": the file is refused.
func cases() map[string]string {
	return map[string]string{
		"[pipeline:a]\npipeline = g":                                                                   "end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip":                                              "gzip end",
		"[pipeline: a ]\npipeline = f g\n[filter:  f]\n@gzip\nx=1":                                     "gzip x=1 end",
		"[pipeline:a]\npipeline: f\n  h\n\n  # c\n  ; c\n  g\n[filter:f]\n@gzip\n[filter:h]\n@context": "gzip context end",
		"[pipeline:a]\npipeline =\n  f g\n[filter:f]\n@gzip":                                           "gzip end",
		"[pipeline:a]\npipeline = f f g\n[filter:f]\n@gzip":                                            "gzip gzip end",
		"[pipeline:a]\n  pipeline = f g\n[filter:f]\n  @gzip\n  x = 1\n   y = 2\n  z = 3":              "gzip x=1|y = 2 z=3 end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx = a # b ; c\n#y = 1\n;z = 1":               "gzip x=a # b ; c end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nX=1\nx=2":                                    "gzip X=1 x=2 end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx=%(y)s%%\ny=%(z)s\nz=1":                     "gzip x=1% y=1 z=1 end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx=%(here)s %(__file__)s":                     "gzip x=/e /e/f.ini end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nget x = here":                                "gzip x=/e end",
		"[pipeline:a]\npipeline = f b\n[pipeline:b]\npipeline = f g\n[filter:f]\n@gzip":                "gzip gzip end",

		// [DEFAULT], set and get
		"[DEFAULT]\nx=D\ny=Y\n[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx=1\nz=%(y)s":                                 "gzip x=D y=Y z=Y end",
		"[DEFAULT]\nx=D\n[pipeline:a]\npipeline = f h g\n[filter:f]\n@gzip\nset x=1\n[filter:h]\n@context":                   "gzip x=1 context x=D end",
		"[DEFAULT]\nx=D\n[pipeline:a]\npipeline = f h g\nset x=1\n[filter:f]\n@gzip\nget y=x\n[filter:h]\n@context\ny=%(x)s": "gzip x=1 y=1 context x=1 y=D end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nget y=x":                                                           "",

		// use
		"[pipeline:a]\npipeline = f g\n[filter:f]\nuse=h\nx=1\n[filter:h]\n@gzip\nx=0\ny=5": "gzip x=1 y=5 end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\nuse=h\n[filter:h]\nuse=f":                "",
		"[pipeline:a]\npipeline = f g\n[filter:f]\nuse=nope":                                "",

		// refused
		"[pipeline:b]\npipeline = g":                                              "",
		"[pipeline:a]\npipeline = nope g":                                         "",
		"[pipeline:a]\npipeline = g nope":                                         "",
		"[pipeline:a]\npipeline =":                                                "",
		"[pipeline:a]\npipeline = f a\n[filter:f]\n@gzip":                         "",
		"[pipeline:a]\npipeline = g\nfoo=1":                                       "",
		"[pipeline:a]\npipeline = g\n[app:a]\nuse=g":                              "",
		"[pipeline:a]\npipeline = f g\n[filter:f]\nx=1":                           "",
		"[pipeline:a]\npipeline = f g\n[filter:f]\npaste.filter_factory = nope:f": "",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx=1\nx=2":               "",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\n[filter:f]\n@gzip":      "",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx=%(nope)s":             "",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx=5%":                   "",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx":                      "",
		"x=1\n[pipeline:a]\npipeline = g":                                         "",
		"[pipeline:a\npipeline = g":                                               "",

		// lazy: what the pipeline does not lead to is not looked at
		"[pipeline:a]\npipeline = g\n[filter:f]\npaste.filter_factory = nope:f\nx=%(nope)s\n[filter:h]\nuse=call:x": "end",
	}
}

func parse(body string) (Pipeline, error) {
	f, err := Parse(strings.NewReader(file(body)), "/e/f.ini")
	if err != nil {
		return Pipeline{}, err
	}
	return f.Pipeline("a")
}

// show writes a pipeline as the cases do.
func show(p Pipeline) string {
	var words []string
	for _, f := range p.Filters {
		words = append(words, string(f.Kind))
		for _, name := range slices.Sorted(maps.Keys(f.Settings)) {
			words = append(words, name+"="+strings.ReplaceAll(f.Settings[name], "\n", "|"))
		}
	}
	return strings.Join(append(words, "end"), " ")
}

func TestPipeline(t *testing.T) {
	t.Parallel()
	for body, want := range cases() {
		p, err := parse(body)
		if (err != nil) != (want == "") || err == nil && show(p) != want {
			t.Errorf("%q: %s, %v; want %s", body, show(p), err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "/e/f.ini") {
			t.Errorf("%q: the error does not name the file: %v", body, err)
		}
		if err == nil && !maps.Equal(p.Apps, map[string]Kind{"/": Versions, "/v2": V2}) {
			t.Errorf("%q: applications %v", body, p.Apps)
		}
	}
}

// TestErrors: an error tells what is wrong where.
func TestErrors(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"[pipeline:a]\npipeline = f g\n[filter:f]\npaste.filter_factory = my.thing:factory": `[filter:f]: the factory "my.thing:factory" is not known`,
		"[pipeline:a]\npipeline = f g\n[filter:f]\nuse = config:other.ini":                  "use = config:other.ini is not supported",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nfilter-with = h":                  "filter-with is not supported",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nrequire = x":                      "require is not supported",
		"[filter-app:a]\nnext = g": "[filter-app:a]: sections of this type",
		"[pipeline:a]\npipeline = f g\n[filter:f]\npaste.filter_factory = glance.api.v2.router:API.factory":  "is not a filter",
		"[app:a]\npaste.app_factory = glance.api.v2.router:API.factory":                                      "cannot serve the path /",
		"[app:a]\npaste.app_factory = glance.api.middleware.gzip:GzipMiddleware.factory":                     "cannot serve the path /",
		"[composite:a]\npaste.composite_factory = glance.api:root_app_factory\n/v3: v2":                      "cannot serve the path /v3",
		"[composite:a]\npaste.composite_factory = glance.api:root_app_factory\nv2: v2":                       `"v2" is not a path`,
		"[composite:a]\nuse = egg:Paste#urlmap\n/: a":                                                        "without end",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx=%(x)s":                                           "more than 10 times over",
		"[pipeline:a]\npipeline = f g\n[filter:f]\n@gzip\nx=%(y)s%(y)s\ny=" + strings.Repeat("y", maxLength): "longer than",
		"\n\n[a]\n=1": "f.ini:4: ",
	} {
		_, err := parse(body)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %s", body, err, want)
		}
	}
	for _, text := range []string{"[a]\nx=\xff", strings.Repeat("#\n", MaxSize/2+1)} {
		if _, err := Parse(strings.NewReader(text), "/e/f.ini"); err == nil {
			t.Errorf("a file of %d bytes that begins with %.10q is read", len(text), text)
		}
	}
}

// TestWithout: applications that are switched off are not looked at.
func TestWithout(t *testing.T) {
	t.Parallel()
	const body = "[pipeline:a]\npipeline = c\n[composite:c]\nuse = egg:Paste#urlmap\n/v1: nope\n/v2: v2\n"
	f, err := Parse(strings.NewReader(file(body)), "/e/f.ini")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := f.Pipeline("a"); err == nil {
		t.Errorf("pipeline %v", p)
	}
	p, err := f.Pipeline("a", "/v1")
	if diff := cmp.Diff(map[string]Kind{"/v2": V2}, p.Apps); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// TestStandard: the pipelines that the reference ships (spec operations 1).
func TestStandard(t *testing.T) {
	t.Parallel()
	common := "cors healthcheck http_proxy_to_wsgi versionnegotiation osprofiler "
	pipelines := map[string]string{
		"glance-api":                              common + "unauthenticated-context",
		"glance-api-caching":                      common + "unauthenticated-context cache",
		"glance-api-cachemanagement":              common + "unauthenticated-context cache cachemanage",
		"glance-api-keystone":                     common + "authtoken context",
		"glance-api-keystone+caching":             common + "authtoken context cache",
		"glance-api-keystone+cachemanagement":     common + "authtoken context cache cachemanage",
		"glance-api-trusted-auth":                 common + "context",
		"glance-api-trusted-auth+cachemanagement": common + "context cache cachemanage",
		"glance-registry":                         "healthcheck osprofiler unauthenticated-context",
		"glance-registry-keystone":                "healthcheck osprofiler authtoken context",
		"glance-registry-trusted-auth":            "healthcheck osprofiler context",
	}
	f, err := Standard()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pipelines {
		p, err := f.Pipeline(name)
		var kinds []string
		for _, filter := range p.Filters {
			kinds = append(kinds, string(filter.Kind))
		}
		apps := map[string]Kind{"/": Versions, "/v1": V1, "/v2": V2}
		if strings.HasPrefix(name, "glance-registry") {
			apps = map[string]Kind{"/": Registry}
		}
		if got := strings.Join(kinds, " "); err != nil || got != want || !maps.Equal(p.Apps, apps) {
			t.Errorf("%s: %s, %v, %v", name, got, p.Apps, err)
		}
	}
	p, err := f.Pipeline("glance-api-keystone")
	if auth, ok := p.Filter(AuthToken); err != nil || !ok || auth.Settings["delay_auth_decision"] != "true" {
		t.Errorf("authtoken: %+v, %v", auth, err)
	}
	if _, ok := p.Filter(Gzip); ok {
		t.Error("gzip is in a pipeline")
	}
}

func TestFakeAuth(t *testing.T) {
	t.Parallel()
	p, err := parse("[pipeline:a]\npipeline = f g\n[filter:f]\npaste.filter_factory = some.site.auth:FakeAuthMiddleware.factory")
	if err != nil || show(p) != "fakeauth end" {
		t.Errorf("%s, %v", show(p), err)
	}
}

// script answers each of the files on its standard input, a JSON list, with the filters that PasteDeploy finds in it.
const script = `
import json, os, sys, tempfile, types
seen = []
def note(kind):
    def factory(global_conf, **local_conf):
        all = {**global_conf, **local_conf}
        here = {k: all.pop(k, None) for k in ("here", "__file__") if k not in local_conf}
        words = [kind] + ["%s=%s" % i for i in sorted(all.items())]
        seen.append(" ".join(words).replace("\n", "|").replace(here.get("__file__", "-"), "/e/f.ini").replace(here.get("here", "-"), "/e"))
        return lambda app: app
    return staticmethod(factory)
def module(name, **attrs):
    m = sys.modules.setdefault(name, types.ModuleType(name))
    m.__dict__.update(attrs)
def root(loader, global_conf, **local_conf):
    for path in sorted(local_conf):
        loader.get_app(local_conf[path], global_conf=global_conf)
def app(global_conf, **local_conf):
    pass
for name in ("glance", "glance.api.middleware", "glance.api.v2"):
    module(name)
module("glance.api", root_app_factory=root)
module("glance.api.versions", create_resource=app)
module("glance.api.v2.router", API=type("API", (), {"factory": staticmethod(app)}))
module("glance.api.middleware.gzip", GzipMiddleware=type("G", (), {"factory": note("gzip")}))
module("glance.api.middleware.context", ContextMiddleware=type("C", (), {"factory": note("context")}))
from paste.deploy import loadapp
answers = []
folder = tempfile.mkdtemp()
for text in json.load(sys.stdin):
    del seen[:]
    path = os.path.join(folder, "f.ini")
    with open(path, "w") as f:
        f.write(text)
    try:
        loadapp("config:" + path, name="a")
        answers.append(" ".join(seen + ["end"]))
    except (Exception, RecursionError):
        answers.append("")
    os.remove(path)
os.rmdir(folder)
print(json.dumps(answers))
`

// TestAgainstReference asks PasteDeploy, where it is installed, what it makes of the same files.
func TestAgainstReference(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3" // Debian's, which python3-pastedeploy is installed for
	if err := exec.CommandContext(t.Context(), python, "-c", "import paste.deploy").Run(); err != nil {
		if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
			t.Fatal("python3-pastedeploy is missing")
		}
		t.Skip("python3-pastedeploy is missing")
	}
	bodies := slices.Sorted(maps.Keys(cases()))
	files := make([]string, len(bodies))
	for i, body := range bodies {
		files[i] = file(body)
	}
	input, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", script)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []string
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(files) {
		t.Fatalf("%s: %v", out, err)
	}
	for i, body := range bodies {
		if want := cases()[body]; answers[i] != want {
			t.Errorf("%q: PasteDeploy says %q, we %q", body, answers[i], want)
		}
	}
}

// FuzzParse: no file makes the reader panic or run away, and whatever pipeline comes out consists of known filters.
func FuzzParse(f *testing.F) {
	for body := range cases() {
		f.Add(file(body))
	}
	f.Add(standard)
	known := slices.Collect(maps.Values(Kinds()))
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := Parse(strings.NewReader(text), "/e/f.ini")
		if err != nil {
			return
		}
		for _, name := range []string{"a", "glance-api", "glance-api-keystone"} {
			p, err := parsed.Pipeline(name)
			if err != nil {
				continue
			}
			for _, filter := range p.Filters {
				if filter.Kind.isApp() || filter.Kind != FakeAuth && !slices.Contains(known, filter.Kind) {
					t.Errorf("filter %+v", filter)
				}
			}
			for path, kind := range p.Apps {
				if !fits(path, kind) {
					t.Error(fmt.Sprint(path, kind))
				}
			}
		}
	})
}
