package glance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"goglance/glance"
	"goglance/glance/fault"
)

// locate adds a location.
func (c client) locate(id, position, url string) answer {
	c.t.Helper()
	return c.patch(v21, id, fmt.Sprintf(`{"op": "add", "path": "/locations/%s", "value": {"url": %q, "metadata": {}}}`, position, url))
}

// urls returns the URLs of the locations in a document.
func (a answer) urls() string {
	a.t.Helper()
	list, ok := a.doc()["locations"].([]any)
	if !ok {
		return "none shown"
	}
	var found []string
	for _, l := range list {
		doc, _ := l.(map[string]any)
		url, _ := doc["url"].(string)
		found = append(found, url)
	}
	return strings.Join(found, " ")
}

// Spec security P08: where data is stays hidden unless an option shows it, and the policy can still hide it.
func TestSecLocationsHiddenByDefault(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(admin).store(`"visibility": "public"`, "data")
	for _, who := range everybody() {
		doc := f.as(who).get("/v2/images/" + id).want(http.StatusOK).doc()
		if doc["locations"] != nil || doc["direct_url"] != nil {
			t.Errorf("%s is shown %v, %v", who, doc["locations"], doc["direct_url"])
		}
	}
	m := &memory{}
	f = start(t, rules("get_image_location", "role:admin"), withMemory(m, "a", "data"))
	id = f.as(owner).store("", "data")
	for _, path := range []string{"/v2/images/" + id, "/v2/images"} {
		body := f.as(owner).get(path).want(http.StatusOK).body
		if strings.Contains(body, "file://") || strings.Contains(body, "direct_url") || !strings.Contains(body, `"locations": []`) {
			t.Errorf("%s shows %s", path, body)
		}
		if body = f.as(admin).get(path).body; !strings.Contains(body, `"direct_url": "file:///`) {
			t.Errorf("%s does not show %s", path, body)
		}
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
}

// Spec security P29: a POST, a PATCH, a show and a list show the same.
func TestSecSameFieldsAllRepresentations(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "data"))
	id := f.as(owner).create(`"property": "value", ` + formats)
	patched := f.as(owner).locate(id, "-", "mem://a").want(http.StatusOK)
	shown := f.as(owner).get("/v2/images/" + id)
	if patched.body != shown.body {
		t.Errorf("PATCH shows\n%s\nGET\n%s", patched.body, shown.body)
	}
	if list := f.as(owner).get("/v2/images").body; !strings.Contains(list, shown.body) {
		t.Errorf("GET shows\n%s\nthe list\n%s", shown.body, list)
	}
	if created := f.as(owner).ask("POST /v2/images", "{}").body; !slices.Equal(keysOf(created), keysOf(f.as(owner).get("/v2/images?limit=1").one())) {
		t.Errorf("POST shows %s", created)
	}
}

// one returns the text of the only image of a list.
func (a answer) one() string {
	text := strings.TrimPrefix(a.body, `{"images": [`)
	end := strings.Index(text, "}")
	return text[:end+1]
}

// Spec images-api 4.5: a location makes a queued image active, takes its size from the store, and is where data comes from.
func TestAddLocation(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "some data", "b", "other", "empty", ""))
	id := f.as(owner).create(formats)
	doc := f.as(owner).locate(id, "-", "mem://a").want(http.StatusOK).doc()
	if doc["status"] != "active" || doc["size"] != 9.0 || doc["checksum"] != nil || doc["direct_url"] != "mem://a" {
		t.Errorf("the image is %v", doc)
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("some data")
	// A further one goes where it is put; beyond the end is the end.
	if got := f.as(owner).locate(id, "0", "mem://b").want(http.StatusOK).urls(); got != "mem://b mem://a" {
		t.Error(got)
	}
	if got := f.as(owner).get("/v2/images/" + id).urls(); got != "mem://b mem://a" {
		t.Error(got)
	}
	before := f.state()
	for _, row := range []struct {
		position, url string
		code          int
	}{
		{"-", "mem://a", http.StatusBadRequest}, // it has that
		{"99999999999999999999", "mem://missing", http.StatusBadRequest}, {"-", "mem://empty", http.StatusBadRequest},
		{"-", "nothing://a", http.StatusBadRequest}, {"-", "mem", http.StatusBadRequest}, {"x", "mem://a", http.StatusBadRequest},
		{"-1", "mem://a", http.StatusBadRequest}, {"٣", "mem://a", http.StatusBadRequest},
	} {
		f.as(owner).locate(id, row.position, row.url).want(row.code)
	}
	for _, metadata := range []string{`{"a": 1}`, `{"a": null}`, `{"a": [true]}`, `{"a": {"b": 1.5}}`, `{"a": "\u0000"}`, `[]`, `"x"`, "null"} {
		f.as(owner).patch(v21, id, `{"op": "add", "path": "/locations/-", "value": {"url": "mem://b", "metadata": `+metadata+`}}`).want(http.StatusBadRequest)
	}
	if f.state() != before {
		t.Error("a refused location has changed something")
	}
	f.as(owner).patch(v21, id, `{"op": "add", "path": "/locations/99", "value": {"url": "mem://b", "metadata": {"a": ["b", {"c": "d"}]}}}`).want(http.StatusOK)
}

// Spec images-api 4.5: an image without its formats cannot become active.
func TestAddLocationNeedsFormats(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data"))
	id := f.as(owner).create(`"disk_format": "raw"`)
	before := f.state()
	f.as(owner).locate(id, "-", "mem://a").want(http.StatusBadRequest)
	if f.state() != before {
		t.Error("something has changed")
	}
	f.as(owner).patch(v21, id, `{"op": "add", "path": "/container_format", "value": "bare"},
		{"op": "add", "path": "/locations/-", "value": {"url": "mem://a", "metadata": {}}}`).want(http.StatusOK)
	if got := f.status(id); got != "active" {
		t.Error(got)
	}
}

// Spec images-api 4.5: to replace locations is to change their metadata and their order; on a queued image they are
// stored, and served, while it stays queued.
func TestReplaceLocations(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "some data", "b", "some data"))
	replace := func(id, list string) answer {
		return f.as(owner).patch(v21, id, `{"op": "replace", "path": "/locations", "value": [`+list+`]}`)
	}
	at := func(name, metadata string) string {
		return `{"url": "mem://` + name + `", "metadata": {` + metadata + `}}`
	}
	id := f.as(owner).create(formats)
	replace(id, at("a", "")+","+at("a", "")).want(http.StatusBadRequest)
	doc := replace(id, at("a", `"k": "v"`)+","+at("b", "")).want(http.StatusOK).doc()
	if doc["status"] != "queued" || doc["size"] != 9.0 {
		t.Errorf("the image is %v", doc)
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("some data")
	if got := replace(id, at("b", "")+","+at("a", `"k": "new"`)).want(http.StatusOK); got.urls() != "mem://b mem://a" || !strings.Contains(got.body, "new") {
		t.Error(got.body)
	}
	if got := f.as(owner).get("/v2/images/" + id); got.urls() != "mem://b mem://a" || !strings.Contains(got.body, "new") {
		t.Error(got.body)
	}
	before := f.state()
	replace(id, at("a", "")).want(http.StatusBadRequest)
	replace(id, at("a", "")+","+at("missing", "")).want(http.StatusBadRequest)
	replace(id, "").want(http.StatusForbidden)
	if f.state() != before || !m.has("a") || !m.has("b") {
		t.Error("a refused replacement has changed something")
	}
}

// Spec images-api 4.5: a removed location takes its data along. Spec security P06: the last one stays.
func TestSecLastLocationNotRemovable(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "data"))
	id := f.as(owner).create(formats)
	f.as(owner).locate(id, "-", "mem://a").want(http.StatusOK)
	f.as(owner).locate(id, "-", "mem://b").want(http.StatusOK)
	remove := func(position string) answer {
		return f.as(owner).patch(v21, id, `{"op": "remove", "path": "/locations/`+position+`"}`)
	}
	for _, position := range []string{"2", "x", "-1", "99999999999999999999"} {
		remove(position).want(http.StatusBadRequest)
	}
	if got := remove("0").want(http.StatusOK).urls(); got != "mem://b" || m.has("a") || !m.has("b") {
		t.Errorf("left are %s; %v", got, m.objects)
	}
	remove("0").want(http.StatusForbidden)
	remove("-").want(http.StatusForbidden)
	f.as(owner).patch(v21, id, `{"op": "replace", "path": "/locations", "value": []}`).want(http.StatusForbidden)
	f.as(owner).put(id, "other").want(http.StatusConflict)
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
}

// A store that will not let go of the data keeps the location.
func TestRemoveLocationRefused(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "data"))
	id := f.as(owner).create(formats)
	f.as(owner).locate(id, "-", "mem://a").want(http.StatusOK)
	f.as(owner).locate(id, "-", "mem://b").want(http.StatusOK)
	m.refuse = fault.New(fault.Internal, "out of order")
	f.as(owner).patch(v21, id, `{"op": "remove", "path": "/locations/0"}`).want(http.StatusInternalServerError)
	if got := f.as(owner).get("/v2/images/" + id).urls(); got != "mem://a mem://b" || !m.has("a") {
		t.Errorf("left are %s; %v", got, m.objects)
	}
}

// With delayed delete the data of a removed location waits for the scrubber, as that of a deleted image does
// (spec storage-db 11.2).
func TestDelayedDelete(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "data"), func(c *glance.Config) { c.Options.DelayedDelete = true })
	id, empty := f.as(owner).create(formats), f.as(owner).create("")
	f.as(owner).locate(id, "-", "mem://a").want(http.StatusOK)
	f.as(owner).locate(id, "-", "mem://b").want(http.StatusOK)
	f.as(owner).patch(v21, id, `{"op": "remove", "path": "/locations/0"}`).want(http.StatusOK)
	f.as(owner).ask("DELETE /v2/images/"+empty, "").want(http.StatusNoContent)
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	f.as(admin).get("/v2/images/" + id).want(http.StatusNotFound)
	if f.status(id) != "pending_delete" || f.status(empty) != "deleted" || !m.has("a") || !m.has("b") {
		t.Errorf("%s, %s, %v", f.status(id), f.status(empty), m.objects)
	}
	if n := f.text("SELECT count(*) FROM image_locations WHERE status = 'pending_delete' AND deleted"); n != "2" {
		t.Errorf("%s locations wait for the scrubber", n)
	}
	deactivated := f.as(owner).store("", "data")
	f.as(owner).ask("POST /v2/images/"+deactivated+"/actions/deactivate", "").want(http.StatusNoContent)
	f.as(owner).ask("DELETE /v2/images/"+deactivated, "").want(http.StatusBadRequest)
}

// Spec security P56: deleting an image during its upload leaves nothing, with delayed delete too.
func TestSecDelayedDeleteWhileSaving(t *testing.T) {
	t.Parallel()
	c := start(t, func(c *glance.Config) { c.Options.DelayedDelete = true }).as(owner)
	u := c.begin(c.create(formats))
	c.ask("DELETE /v2/images/"+u.id, "").want(http.StatusNoContent)
	u.finish().want(http.StatusGone)
	if files, status := c.files(), c.status(u.id); len(files) > 0 || status != "deleted" {
		t.Errorf("%v, %s", files, status)
	}
}

// Spec security P07: who may change locations is up to the policy, rule by rule, and to the state of the image.
func TestSecLocationPoliciesEnforced(t *testing.T) {
	t.Parallel()
	ops := map[string]string{
		"add":     `{"op": "add", "path": "/locations/-", "value": {"url": "mem://c", "metadata": {}}}`,
		"replace": `{"op": "replace", "path": "/locations", "value": [{"url": "mem://a", "metadata": {}}]}`,
		"remove":  `{"op": "remove", "path": "/locations/0"}`,
	}
	refused := map[string]string{"add": "set get", "replace": "set delete", "remove": "delete get"}
	for _, right := range []string{"get", "set", "delete"} {
		m := &memory{}
		f := start(t, rules(right+"_image_location", "role:admin"), withMemory(m, "a", "data", "b", "data", "c", "data"))
		id := f.as(admin).create(`"owner": "project-owner", ` + formats)
		f.as(admin).locate(id, "-", "mem://a").want(http.StatusOK)
		f.as(admin).locate(id, "-", "mem://b").want(http.StatusOK)
		before := f.state()
		for name, op := range ops {
			if strings.Contains(refused[name], right) {
				f.as(owner).patch(v21, id, op).want(http.StatusForbidden)
			}
			f.as(stranger).patch(v21, id, op).want(http.StatusNotFound)
		}
		if f.state() != before || !m.has("a") {
			t.Errorf("without the right to %s something has changed", right)
		}
	}
	f := start(t)
	id := f.as(owner).store("", "data")
	for _, op := range ops {
		f.as(admin).patch(v21, id, op).want(http.StatusForbidden) // the option is off
	}
}

// What is deactivated keeps its locations although its owner does not see them (spec images-api 4.5).
func TestDeactivatedLocations(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data"))
	id := f.as(owner).create(formats)
	f.as(owner).locate(id, "-", "mem://a").want(http.StatusOK)
	f.as(owner).ask("POST /v2/images/"+id+"/actions/deactivate", "").want(http.StatusNoContent)
	if got := f.as(owner).get("/v2/images/" + id); got.urls() != "" || got.doc()["direct_url"] != nil {
		t.Errorf("the owner sees %s", got.body)
	}
	if got := f.as(admin).get("/v2/images/" + id).urls(); got != "mem://a" {
		t.Errorf("the administrator sees %s", got)
	}
	f.as(owner).patch(v21, id, `{"op": "replace", "path": "/name", "value": "new"}`).want(http.StatusOK)
	f.as(owner).ask("PUT /v2/images/"+id+"/tags/new", "").want(http.StatusNoContent)
	f.as(owner).ask("POST /v2/images/"+id+"/actions/reactivate", "").want(http.StatusNoContent)
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
	f.as(owner).ask("POST /v2/images/"+id+"/actions/deactivate", "").want(http.StatusNoContent)
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	if m.has("a") {
		t.Error("the data of a deleted image is left")
	}
}

// Quotas of locations and of storage (spec images-api 11).
func TestLocationQuotas(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "data", "c", "data"), func(c *glance.Config) { c.Options.LocationQuota = 2 })
	id := f.as(owner).create(formats)
	f.as(owner).locate(id, "-", "mem://a").want(http.StatusOK)
	f.as(owner).locate(id, "-", "mem://b").want(http.StatusOK)
	f.as(owner).locate(id, "-", "mem://c").want(http.StatusRequestEntityTooLarge)
	f = start(t, withMemory(m, "a", "data", "b", "data", "c", "data"), func(c *glance.Config) { c.Options.UserStorageQuota = "9" })
	id = f.as(owner).create(formats)
	f.as(owner).locate(id, "-", "mem://a").want(http.StatusOK)
	f.as(owner).locate(id, "-", "mem://b").want(http.StatusOK)
	f.as(owner).locate(id, "-", "mem://c").want(http.StatusRequestEntityTooLarge)
	other := f.as(owner).create(formats)
	f.as(owner).locate(other, "-", "mem://c").want(http.StatusRequestEntityTooLarge)
	if got := f.status(other); got != "queued" {
		t.Error(got)
	}
}

// Spec storage-db 10.2: the strategy decides what is shown and what is read first.
func TestLocationStrategy(t *testing.T) {
	t.Parallel()
	m := &memory{}
	set := func(c *glance.Config) {
		c.Options.LocationStrategy, c.Options.StoreTypePreference = "store_type", []string{"rbd", " file ", ""}
	}
	f := start(t, withMemory(m, "a", "from memory"), set)
	id := f.as(owner).store("", "from a file")
	f.as(owner).locate(id, "0", "mem://a").want(http.StatusOK)
	doc := f.as(owner).get("/v2/images/" + id)
	if got := doc.urls(); !strings.HasPrefix(got, "file:///") || !strings.HasSuffix(got, " mem://a") {
		t.Error(got)
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("from a file")
	if got := fmt.Sprint(doc.doc()["direct_url"]); !strings.HasPrefix(got, "file:///") {
		t.Error(got)
	}
}

// Spec security P31, P32, P33: users cannot name files of this host, in whatever spelling, nor the operator's accounts.
func TestSecV2FileLocationRefused(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data"))
	active, queued := f.as(owner).store("", "data"), f.as(owner).create(formats)
	object := f.object(f.as(stranger).store("", "secret"))
	before := f.state()
	for _, url := range []string{
		"file://" + object, "filesystem://" + object, "FileSystem://" + object, "file:" + object, "%66ile://" + object, " file://" + object,
		"file://" + object + "#", "fi\tle://" + object, "file\n://" + object, "swift+config://ref/container/object", "FILE://" + object, "fıle://" + object,
	} {
		for _, id := range []string{active, queued} {
			for _, who := range []caller{owner, admin} {
				f.as(who).locate(id, "-", url).want(http.StatusBadRequest)
				f.as(who).patch(v21, id, fmt.Sprintf(`{"op": "replace", "path": "/locations", "value": [{"url": %q, "metadata": {"store": "file"}}]}`, url)).
					want(http.StatusBadRequest)
			}
		}
	}
	if f.state() != before {
		t.Error("something has changed")
	}
}
