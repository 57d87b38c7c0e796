package glance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"goglance/glance"
	"goglance/glance/fault"
)

// located is an operation that adds a location at the end.
func located(url, metadata string) string {
	text, _ := json.Marshal(url) //nolint:errchkjson // a string can always be encoded
	return v21.op("add", "/locations/-", fmt.Sprintf(`{"url": %s, "metadata": %s}`, text, metadata))
}

// Spec images-api 4.4: formats belong to images that are queued, and an operation sees what those before it did. No
// image becomes active without them.
func TestPatchFormatsBehindLocation(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data"))
	c := f.as(owner)
	for _, value := range []string{"null", `"iso"`} {
		id := c.create(formats)
		before := f.state()
		c.patch(v21, id, located("mem://a", "{}"), v21.op("replace", "/disk_format", value)).want(http.StatusForbidden)
		c.patch(v21, id, located("mem://a", "{}"), v21.op("add", "/container_format", "null")).want(http.StatusForbidden)
		c.patch(v21, id, v21.op("replace", "/disk_format", "null"), located("mem://a", "{}")).want(http.StatusBadRequest)
		f.unchanged(before)
	}
	id := c.create("")
	c.patch(v21, id, v21.op("replace", "/disk_format", `"raw"`), v21.op("replace", "/container_format", `"bare"`), located("mem://a", "{}")).
		want(http.StatusOK)
	if got := c.status(id); got != "active" {
		t.Error(got)
	}
}

// What a patch removes and adds again it still has, data included (spec images-api 4.5).
func TestPatchLocationRemovedAndAdded(t *testing.T) {
	t.Parallel()
	for _, delayed := range []bool{false, true} {
		m := &memory{}
		f := start(t, withMemory(m, "a", "data", "b", "data"), func(c *glance.Config) { c.Options.DelayedDelete = delayed })
		c := f.as(owner)
		id := c.create(formats)
		c.patch(v21, id, located("mem://a", "{}"), located("mem://b", "{}")).want(http.StatusOK)
		for _, metadata := range []string{"{}", `{"k": "v"}`} {
			a := c.patch(v21, id, v21.op("remove", "/locations/0", ""), located("mem://a", metadata)).want(http.StatusOK)
			if a.urls() != "mem://b mem://a" || !m.has("a") || !m.has("b") {
				t.Errorf("%s are left, with data %v", a.urls(), m.objects)
			}
			c.patch(v21, id, located("mem://b", `{"k": "v"}`), v21.op("remove", "/locations/0", "")).want(http.StatusOK)
			c.patch(v21, id, located("mem://b", "{}"), v21.op("remove", "/locations/1", "")).want(http.StatusOK)
		}
		c.patch(v21, id, located("mem://a", `{"k": "w"}`), v21.op("remove", "/locations/-", ""), v21.op("remove", "/locations/0", "")).
			want(http.StatusOK)
		if c.get("/v2/images/"+id).urls() != "mem://b" || m.has("a") != delayed {
			t.Errorf("%s are left, with data %v", c.get("/v2/images/"+id).urls(), m.objects)
		}
	}
}

// An image may name the same data twice, with different metadata. The data goes with the last of them only.
func TestRemoveOneOfTwoEqualLocations(t *testing.T) {
	t.Parallel()
	for _, delayed := range []bool{false, true} {
		m := &memory{}
		f := start(t, withMemory(m, "a", "data"), func(c *glance.Config) { c.Options.DelayedDelete = delayed })
		c := f.as(owner)
		id := c.create(formats)
		c.patch(v21, id, located("mem://a", "{}"), located("mem://a", `{"k": "v"}`)).want(http.StatusOK)
		c.patch(v21, id, v21.op("remove", "/locations/0", "")).want(http.StatusOK)
		c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
		if n := f.text("SELECT COUNT(*) FROM image_locations WHERE status = 'pending_delete'"); n != "0" {
			t.Errorf("%s locations wait for the scrubber", n)
		}
		c.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
		if m.has("a") != delayed {
			t.Errorf("left are %v", m.objects)
		}
	}
}

// Spec images-api 7.1: data that is uploaded is the image's one location. A queued image may have had others; they never
// hide what was uploaded, and an upload that fails leaves an image that answers.
func TestUploadToLocatedImage(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "from memory"), func(c *glance.Config) { c.Options.SizeCap = 20 })
	c := f.as(owner)
	id := c.create(formats)
	c.patch(v21, id, v21.op("replace", "/locations", `[{"url": "mem://a", "metadata": {}}]`)).want(http.StatusOK)
	c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("from memory")
	c.send("PUT /v2/images/"+id+"/file", chunked("this is more than twenty bytes"), octets).want(http.StatusRequestEntityTooLarge)
	if doc := c.get("/v2/images/" + id).doc(); doc["status"] != "queued" || doc["size"] != nil {
		t.Errorf("the image is %v", doc)
	}
	c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("from memory")
	c.get("/v2/images/"+id+"/file").want(http.StatusOK).wantHeader("Content-Length", "11")
	c.with("Range: bytes=5-").get("/v2/images/"+id+"/file").want(http.StatusPartialContent).wantBody("memory").wantHeader("Content-Range", "bytes 5-10/11")
	c.put(id, "from a file").want(http.StatusNoContent) // as long as the other
	c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("from a file")
	if got := c.get("/v2/images/" + id).urls(); got != "file://"+f.object(id) {
		t.Errorf("the locations are %s", got)
	}
}

// Spec images-api 11: what the image has already does not count against what is uploaded in its place.
func TestUploadToLocatedImageQuota(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "eight..."), func(c *glance.Config) { c.Options.UserStorageQuota = "10" })
	c := f.as(owner)
	id := c.create(formats)
	c.patch(v21, id, v21.op("replace", "/locations", `[{"url": "mem://a", "metadata": {}}]`)).want(http.StatusOK)
	c.put(id, "nine bytes").want(http.StatusNoContent)
}

// The store refuses to let go of the data of an image that somebody deletes meanwhile: nothing of it comes to life.
func TestRemovedLocationOfDeletedImage(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "data"))
	c := f.as(owner)
	id := c.create(formats)
	c.patch(v21, id, located("mem://a", "{}"), located("mem://b", "{}")).want(http.StatusOK)
	m.during = func() {
		m.during = nil
		c.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
		m.refuse = fault.New(fault.Internal, "out of order")
	}
	c.patch(v21, id, v21.op("remove", "/locations/0", "")).want(http.StatusInternalServerError)
	if n := f.text("SELECT COUNT(*) FROM image_locations WHERE NOT deleted"); n != "0" {
		t.Errorf("a deleted image has %s locations", n)
	}
}
