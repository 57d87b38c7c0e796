package glance_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goglance/glance"
)

// call is a request of the matrix. %s stands for the id of the image.
type call struct {
	name    string
	line    string
	body    string
	headers []string
}

const (
	patch21 = "Content-Type: application/openstack-images-v2.1-json-patch"
	patch20 = "Content-Type: application/openstack-images-v2.0-json-patch"
)

// calls are all calls on one image. The locations they name are refused by the filter of addresses, after everything
// that depends on caller and state.
func calls() []call {
	patch := func(name, ops string) call {
		return call{name, "PATCH /v2/images/%s", "[" + ops + "]", []string{patch21}}
	}
	location := `{"url": "http://127.0.0.1:1/x", "metadata": {}}`
	me := member.project()
	return []call{
		{"show", "GET /v2/images/%s", "", nil},
		patch("nothing", ""),
		patch("name", `{"op": "replace", "path": "/name", "value": "new"}`),
		patch("format", `{"op": "replace", "path": "/disk_format", "value": "iso"}`),
		patch("add location", `{"op": "add", "path": "/locations/-", "value": `+location+`}`),
		patch("replace locations", `{"op": "replace", "path": "/locations", "value": [`+location+`]}`),
		patch("remove location", `{"op": "remove", "path": "/locations/0"}`),
		{"download", "GET /v2/images/%s/file", "", nil},
		{"upload", "PUT /v2/images/%s/file", "data", []string{octets}},
		{"stage", "PUT /v2/images/%s/stage", "data", []string{octets}},
		{"import", "POST /v2/images/%s/import", `{"method": {"name": "glance-direct"}}`, nil},
		{"deactivate", "POST /v2/images/%s/actions/deactivate", "", nil},
		{"reactivate", "POST /v2/images/%s/actions/reactivate", "", nil},
		{"tag", "PUT /v2/images/%s/tags/new", "", nil},
		{"untag", "DELETE /v2/images/%s/tags/old", "", nil},
		{"members", "GET /v2/images/%s/members", "", nil},
		{"share", "POST /v2/images/%s/members", `{"member": "somebody"}`, nil},
		{"member", "GET /v2/images/%s/members/" + me, "", nil},
		{"answer", "PUT /v2/images/%s/members/" + me, `{"status": "accepted"}`, nil},
		{"unshare", "DELETE /v2/images/%s/members/" + me, "", nil},
		{"delete", "DELETE /v2/images/%s", "", nil},
	}
}

func states() []string {
	return []string{"queued", "saving", "uploading", "importing", "active", "deactivated", "killed"}
}

// expected is what the specification says of a call on an image shared with member (spec images-api 5.7, 6.2, 8, 14.2).
func expected(who caller, state, call string) int {
	reads := call == "show" || call == "download" || call == "members" || call == "member"
	switch {
	case call == "stage", call == "import":
		return forImport(who, state, call, importsOn())
	case who == anonymous && !reads:
		return http.StatusForbidden
	case who == anonymous, who == stranger:
		return http.StatusNotFound
	case who == member && !reads && call != "answer" && call != "nothing":
		return forMember(state, call)
	}
	return forOwner(who, state, call)
}

// forImport is what the calls of image import answer (spec tasks-import D.3, D.4). Nothing was staged for the image, so
// there is nothing to import in any state.
func forImport(who caller, state, call string, on bool) int {
	switch {
	case !on, who == stranger:
		return http.StatusNotFound
	case who == anonymous, who == member:
		return http.StatusForbidden
	case call == "stage" && state == "queued":
		return http.StatusNoContent
	}
	return http.StatusConflict
}

func forMember(state, call string) int {
	queued, active := state == "queued", state == "active"
	switch {
	case strings.HasSuffix(call, "locations") && !queued && !active, call == "add location" && !queued && !active,
		call == "remove location" && !active:
		return http.StatusConflict
	}
	return http.StatusForbidden
}

func forOwner(who caller, state, call string) int {
	queued, active, deactivated := state == "queued", state == "active", state == "deactivated"
	choose := func(yes bool, code, otherwise int) int {
		if yes {
			return code
		}
		return otherwise
	}
	switch call {
	case "format":
		return choose(queued, http.StatusOK, http.StatusForbidden)
	case "add location", "replace locations":
		return choose(queued || active, http.StatusBadRequest, http.StatusConflict)
	case "remove location":
		return choose(active, http.StatusForbidden, http.StatusConflict) // it is the last one
	case "upload":
		return choose(queued, http.StatusNoContent, http.StatusConflict)
	case "download":
		if deactivated && who != admin {
			return http.StatusForbidden
		}
		return choose(active || deactivated, http.StatusOK, http.StatusNoContent)
	case "deactivate", "reactivate":
		return choose(active || deactivated, http.StatusNoContent, http.StatusForbidden)
	case "answer":
		return choose(who == owner, http.StatusForbidden, http.StatusOK)
	case "tag", "untag", "unshare", "delete":
		return http.StatusNoContent
	}
	return http.StatusOK
}

// TestMatrix makes every call as every caller on an image in every state. A refusal changes nothing.
func TestMatrix(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.ShowLocations = true })
	for _, state := range states() {
		for _, who := range everybody() {
			for _, c := range calls() {
				id := f.inState(state)
				before := f.rows(id)
				a := f.as(who).ask(fmt.Sprintf(c.line, id), c.body, c.headers...)
				if want := expected(who, state, c.name); a.code != want {
					t.Errorf("%s by %s on a %s image: got %d, want %d; %q", c.name, who, state, a.code, want, shortened(a.body))
				}
				if a.code >= 300 && f.rows(id) != before {
					t.Errorf("%s by %s on a %s image is refused and changes\n%s\nto\n%s", c.name, who, state, before, f.rows(id))
				}
			}
		}
	}
}

// TestMatrixImport makes the calls of image import as every caller on an image in every state, with import on and off. To
// import, the data is there: it was staged while the image was queued.
func TestMatrixImport(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		f := start(t, func(c *glance.Config) { c.Options.EnableImport = on })
		for _, state := range states() {
			for _, who := range everybody() {
				for _, c := range calls() {
					if c.name != "stage" && c.name != "import" {
						continue
					}
					id := f.inState(state)
					want := forImport(who, state, c.name, on)
					if c.name == "import" {
						f.must(os.WriteFile(filepath.Join(f.dir, "staging", id), []byte("data"), 0o600))
						if on && state == "uploading" && (who == owner || who == admin) {
							want = http.StatusAccepted
						}
					}
					before := f.rows(id)
					f.as(who).ask(fmt.Sprintf(c.line, id), c.body, c.headers...).want(want)
					if want >= 300 && f.rows(id) != before {
						t.Errorf("%s by %s on a %s image is refused and changes\n%s\nto\n%s", c.name, who, state, before, f.rows(id))
					}
				}
			}
		}
	}
}

// inState makes an image of owner, shared with member, that is in a state of the machine; with data where it should be.
func (f *fixture) inState(state string) string {
	f.t.Helper()
	attrs := `"tags": ["old"], "property": "value", ` + formats
	id := f.as(owner).create(attrs)
	if state == "active" || state == "deactivated" {
		f.as(owner).put(id, "data").want(http.StatusNoContent)
	}
	f.setStatus(id, state)
	f.share(id, "pending")
	return id
}

// rows describes what is stored of one image.
func (f *fixture) rows(id string) string {
	f.t.Helper()
	var lines []string
	for _, table := range tables() {
		column := "image_id"
		if table == "images" {
			column = "id"
		}
		lines = append(lines, f.dump(table, " WHERE "+column+" = ?", id)...)
	}
	return strings.Join(lines, "\n")
}

// TestMatrixGone: what is deleted, or waits for that, is not there for anybody, an administrator included.
func TestMatrixGone(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.ShowLocations = true })
	deleted := f.inState("active")
	f.as(owner).ask("DELETE /v2/images/"+deleted, "").want(http.StatusNoContent)
	pending := f.inState("pending_delete")
	for _, id := range []string{deleted, pending, "missing", strings.Repeat("x", 300)} {
		for _, who := range everybody() {
			for _, c := range calls() {
				want := expected(stranger, "active", c.name)
				if who == anonymous {
					want = expected(anonymous, "active", c.name)
				}
				f.as(who).ask(fmt.Sprintf(c.line, id), c.body, c.headers...).want(want)
			}
		}
	}
}

// TestMatrixPublic: everybody sees a public image, nobody else changes it, and it has no members.
func TestMatrixPublic(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, c := range calls() {
		if strings.Contains(c.name, "location") || c.name == "stage" || c.name == "import" {
			continue
		}
		for _, who := range []caller{stranger, member, anonymous} {
			id := f.inState("active")
			f.exec("UPDATE images SET visibility = 'public' WHERE id = ?", id)
			want := http.StatusForbidden
			switch {
			case c.name == "show", c.name == "download", c.name == "nothing" && who != anonymous:
				want = http.StatusOK
			case c.name == "member":
				want = http.StatusNotFound
			}
			f.as(who).ask(fmt.Sprintf(c.line, id), c.body, c.headers...).want(want)
		}
	}
}

// TestMatrixIsComplete compares the matrix with the routes: a call that is added must be added here.
func TestMatrixIsComplete(t *testing.T) {
	t.Parallel()
	var made []string
	for _, c := range calls() {
		verb, path, _ := strings.Cut(c.line, " ")
		path = strings.NewReplacer("%s", "{id}", member.project(), "{member}", "tags/new", "tags/{tag}", "tags/old", "tags/{tag}").Replace(path)
		made = append(made, verb+" "+path)
	}
	for _, route := range goldenRoutes(t) {
		if strings.Contains(route, "/v2/images/{id}") && !slices.Contains(made, route) {
			t.Errorf("the matrix does not make the call %s", route)
		}
	}
}
