package glance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"goglance/glance"
)

// declaring makes text the schema file.
func declaring(text string) func(*glance.Config) {
	return func(c *glance.Config) { c.ImageSchema = []byte(text) }
}

// shipped has the schema file that goes with the release.
func shipped(c *glance.Config) { c.ImageSchema = glance.ShippedImageSchema() }

// closedSchema lets images have declared properties only.
func closedSchema(c *glance.Config) { c.Options.CustomProperties = false }

func schemaNames() []string { return []string{"image", "images", "member", "members", "task", "tasks"} }

// Spec images-api 15: the documents themselves.
func TestSchemasGolden(t *testing.T) {
	t.Parallel()
	open, closed := start(t, shipped), start(t, shipped, closedSchema)
	var all strings.Builder
	for _, name := range schemaNames() {
		a := open.as(stranger).get("/v2/schemas/"+name).want(http.StatusOK).wantHeader("Content-Type", "application/json")
		fmt.Fprintf(&all, "%s\n%s\n", name, a.body)
		b := closed.as(stranger).get("/v2/schemas/" + name).want(http.StatusOK)
		if changes := strings.HasPrefix(name, "image"); (a.body != b.body) != changes {
			t.Errorf("%s without custom properties: %s", name, b.body)
		}
	}
	fmt.Fprintf(&all, "image, without custom properties\n%s\n", closed.as(stranger).get("/v2/schemas/image").body)
	golden(t, "schemas.golden", all.String())
	image, images := open.as(owner).get("/v2/schemas/image").body, open.as(owner).get("/v2/schemas/images").body
	if !strings.Contains(images, `"items": `+image) {
		t.Error("a list does not have the images of which the schema tells")
	}
}

// Spec images-api 15, 2.1: who gets them, and how else they cannot be asked for.
func TestSchemaRoutes(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, name := range schemaNames() {
		path := "/v2/schemas/" + name
		for _, c := range everybody() {
			f.as(c).get(path).want(http.StatusOK)
		}
		for _, verb := range append(ordinaryVerbs(), oddVerbs()...) {
			if verb != http.MethodGet {
				f.as(owner).ask(verb+" "+path, "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "GET")
			}
		}
		code := http.StatusBadRequest
		if strings.HasPrefix(name, "task") {
			code = http.StatusOK
		}
		f.as(owner).ask("GET "+path, "{}").want(code)
		f.as(owner).ask("GET "+path, "x").want(code)
		f.as(owner).get(path + "/").want(http.StatusNotFound)
		f.as(owner).get(path + "x").want(http.StatusNotFound)
	}
	f.as(owner).get("/v2/schemas").want(http.StatusNotFound)
	known := start(t, func(c *glance.Config) { c.Options.AllowAnonymous = false })
	known.as(anonymous).get("/v2/schemas/image").want(http.StatusUnauthorized)
}

// The formats of the schema are the operator's.
func TestSchemaFormats(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.DiskFormats, c.Options.ContainerFormats = []string{"tape"}, nil })
	body := f.as(owner).get("/v2/schemas/image").body
	for _, want := range []string{`"enum": [null, "tape"]`, `"enum": [null], "type": ["null", "string"]`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

// Spec images-api 3.2, 3.3: properties of the schema file follow their own type, and are custom properties else.
func TestDeclaredProperties(t *testing.T) {
	t.Parallel()
	f := start(t, shipped, func(c *glance.Config) { c.Options.PropertyQuota = 2 })
	const uuid = `"00000000-0000-4000-8000-00000000000A"`
	rows := []struct {
		attrs string
		code  int
	}{
		{`"kernel_id": null`, 201}, {`"kernel_id": ` + uuid, 201}, {`"ramdisk_id": ` + uuid + `, "kernel_id": null`, 201}, {`"os_distro": "", "x": ""`, 201},
		{`"kernel_id": ""`, 400}, {`"kernel_id": "x"`, 400}, {`"kernel_id": 1`, 400}, {`"kernel_id": "00000000-0000-4000-8000-00000000000A\n"`, 400},
		{`"os_distro": null`, 400}, {`"os_version": 7`, 400}, {`"x": null`, 400}, {`"os_distro": "a", "os_version": "b", "x": "c"`, 413},
	}
	for _, row := range rows {
		before := f.state()
		a := f.as(owner).ask("POST /v2/images", "{"+row.attrs+"}").want(row.code)
		if row.code != http.StatusCreated {
			if f.state() != before {
				t.Errorf("%s has left something", row.attrs)
			}
			continue
		}
		id, _ := a.doc()["id"].(string)
		for _, doc := range []string{a.body, f.as(owner).get("/v2/images/" + id).body, f.as(owner).get("/v2/images?limit=1").body} {
			for attr := range strings.SplitSeq(row.attrs, ", ") {
				if !strings.Contains(doc, attr) {
					t.Errorf("no %s in %s", attr, doc)
				}
			}
		}
	}
}

// A value that is no text keeps its type, by POST and by PATCH.
func TestDeclaredTypes(t *testing.T) {
	t.Parallel()
	f := start(t, declaring(`{"cpus": {"type": "integer", "minimum": 1}, "gpu": {"type": ["boolean", "null"]}, "nics": {"type": "array", "items": {"type": "string"}}}`))
	id := f.as(owner).create(`"cpus": 4, "gpu": true, "nics": ["a", "<b>"]`)
	doc := f.as(owner).get("/v2/images/" + id).want(http.StatusOK).body
	for _, want := range []string{`"cpus": 4`, `"gpu": true`, `"nics": ["a","<b>"]`} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %s in %s", want, doc)
		}
	}
	patch := func(path, value string) answer {
		return f.as(owner).ask("PATCH /v2/images/"+id, `[{"op": "replace", "path": "`+path+`", "value": `+value+`}]`,
			"Content-Type: application/openstack-images-v2.1-json-patch")
	}
	for _, bad := range []string{`"4"`, "0", "4.5", "null", "1e99999999"} {
		patch("/cpus", bad).want(http.StatusBadRequest)
	}
	patch("/cpus", "8").want(http.StatusOK)
	doc = patch("/gpu", "null").want(http.StatusOK).body
	if !strings.Contains(doc, `"cpus": 8`) || !strings.Contains(doc, `"gpu": null`) {
		t.Errorf("got %s", doc)
	}
}

// Spec images-api 16.1: what the old API may have stored, and what was allowed once.
func TestStoredProperties(t *testing.T) {
	t.Parallel()
	open, closed := start(t, shipped), start(t, shipped, closedSchema)
	for _, f := range []*fixture{open, closed} {
		id := f.as(owner).create(`"os_version": "1"`)
		for _, name := range []string{"kernel_id", "os_distro", "other", "name"} {
			f.exec(`INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES (?, ?, NULL, '2017-08-01 10:00:00.000000', FALSE)`, id, name)
		}
		f.exec(`INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES (?, 'more', 'x', '2017-08-01 10:00:00.000000', FALSE)`, id)
		doc := f.as(owner).get("/v2/images/" + id).want(http.StatusOK).doc()
		want := map[string]any{"kernel_id": nil, "os_distro": "", "os_version": "1", "name": nil}
		if f == open {
			want["other"], want["more"] = "", "x"
		}
		for _, name := range []string{"kernel_id", "os_distro", "os_version", "name", "other", "more"} {
			value, wanted := want[name]
			if got, there := doc[name]; there != wanted || got != value {
				t.Errorf("%s is %v, %v", name, got, there)
			}
		}
	}
}

func TestOnlyDeclaredProperties(t *testing.T) {
	t.Parallel()
	c := start(t, shipped, closedSchema).as(owner)
	c.ask("POST /v2/images", `{"os_distro": "x"}`).want(http.StatusCreated)
	c.ask("POST /v2/images", `{"os_distro": "x", "other": "x"}`).want(http.StatusBadRequest)
	c.ask("POST /v2/images", `{"Name": "x"}`).want(http.StatusBadRequest)
}

// Spec security S83: with a schema file that is no good the service does not start, fetches nothing and leaves its
// place in the state directory to the next.
func TestSecSchemaFileHostile(t *testing.T) {
	t.Parallel()
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the canary was asked") }))
	t.Cleanup(canary.Close)
	for _, file := range []string{
		"x", "[]", `{"name": {"type": "integer"}}`, `{"x": {"pattern": "("}}`, `{"x": {"$ref": "` + canary.URL + `"}}`,
		`{"x": {"items": {"$ref": "` + canary.URL + `#/x"}}}`, `{"x": {"$schema": "` + canary.URL + `"}}`, `{"x": {"type": "text"}}`,
	} {
		f := &fixture{t: t, dir: t.TempDir(), clock: newClock()}
		c := f.config(logrus.New())
		good := c
		c.ImageSchema = []byte(file)
		if svc, err := glance.New(c); svc != nil || err == nil || strings.Contains(err.Error(), filepath.Dir(f.dir)) {
			t.Errorf("%s: %v", file, err)
		}
		svc, err := glance.New(good)
		f.must(err)
		f.must(svc.Close())
	}
}
