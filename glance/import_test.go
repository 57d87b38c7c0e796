package glance_test

import (
	"crypto/md5" // the checksum of the Images API
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance"
)

// withImport turns image import on.
func withImport(c *glance.Config) { c.Options.EnableImport = true }

// withoutImport turns it off, for tests of what is different then.
func withoutImport(c *glance.Config) { c.Options.EnableImport = false }

const direct = `{"method": {"name": "glance-direct"}}`

func (c client) stage(id, data string) answer {
	c.t.Helper()
	return c.ask("PUT /v2/images/"+id+"/stage", data, octets)
}

func (c client) doImport(id string) answer {
	c.t.Helper()
	return c.ask("POST /v2/images/"+id+"/import", direct)
}

// staged makes an image with staged data.
func (c client) staged(data string) string {
	c.t.Helper()
	id := c.create(formats)
	c.stage(id, data).want(http.StatusNoContent)
	return id
}

// await waits until an image has a status.
func (f *fixture) await(id, status string) {
	f.t.Helper()
	f.until("the image is "+status, func() bool { return f.status(id) == status })
}

func (f *fixture) until(what string, done func() bool) {
	f.t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("waited in vain until %s; the log is %s", what, f.logged())
		}
	}
}

// importTask waits until the last task of an image has ended, and returns its status and message.
func (f *fixture) importTask(id string) (status, message string) {
	f.t.Helper()
	const of = ` FROM tasks t JOIN task_info i ON i.task_id = t.id WHERE i.input LIKE ? ORDER BY t.created_at DESC, t.id DESC LIMIT 1`
	f.until("the task has ended", func() bool {
		status = f.text("SELECT t.status"+of, "%"+id+"%")
		return status == "success" || status == "failure"
	})
	return status, f.text("SELECT i.message"+of, "%"+id+"%")
}

// stagedFiles lists what is in the staging folder, hidden files included.
func (f *fixture) stagedFiles() []string {
	f.t.Helper()
	entries, err := os.ReadDir(filepath.Join(f.dir, "staging"))
	f.must(err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// expectClean asserts that nothing is staged, and nothing in the store but the data of these images.
func (f *fixture) expectClean(stored ...string) {
	f.t.Helper()
	if left := f.stagedFiles(); len(left) != 0 {
		f.t.Errorf("the staging folder has %v", left)
	}
	got := f.files()
	slices.Sort(got)
	slices.Sort(stored)
	if !slices.Equal(got, stored) {
		f.t.Errorf("the store has %v, want %v", got, stored)
	}
	f.until("the journal is empty", func() bool {
		entries, err := filepath.Glob(filepath.Join(f.dir, "journal", "*", "*.*"))
		f.must(err)
		return len(entries) == 0
	})
}

// expectFailure asserts that the import of an image has failed with a message, and nothing is left of it.
func (f *fixture) expectFailure(id, message string) {
	f.t.Helper()
	status, got := f.importTask(id)
	if status != "failure" || !strings.Contains(got, message) {
		f.t.Errorf("the task is %s: %q, want %q", status, got, message)
	}
	f.await(id, "queued")
	f.expectClean()
	for _, column := range []string{"checksum", "size", "virtual_size"} {
		if has := f.text("SELECT "+column+" FROM images WHERE id = ?", id); has != "" {
			f.t.Errorf("the image still has %s %s", column, has)
		}
	}
}

// TestImport is the whole way of image data (spec tasks-import D), plain and chunked.
func TestImport(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 1 << 20} {
		for _, length := range []bool{true, false} {
			f := start(t, withImport)
			c, data := f.as(owner), string(noise(n))
			id := c.create(formats)
			if length {
				c.stage(id, data).want(http.StatusNoContent).wantBody("")
			} else {
				c.send("PUT /v2/images/"+id+"/stage", chunked(data), octets).want(http.StatusNoContent)
			}
			doc := c.get("/v2/images/" + id).want(http.StatusOK).doc()
			if doc["status"] != "uploading" || doc["size"] != nil || doc["checksum"] != nil || doc["virtual_size"] != nil {
				t.Errorf("a staged image is %v", doc)
			}
			text, err := os.ReadFile(filepath.Join(f.dir, "staging", id))
			if err != nil || string(text) != data || len(f.files()) != 0 {
				t.Errorf("%d bytes are staged, %v; the store has %v", len(text), err, f.files())
			}
			c.get("/v2/images/" + id + "/file").want(http.StatusNoContent)
			c.put(id, "x").want(http.StatusConflict)
			c.ask("PATCH /v2/images/"+id, `[{"op": "replace", "path": "/disk_format", "value": "iso"}]`, patch21).want(http.StatusForbidden)
			c.ask("POST /v2/images/"+id+"/actions/deactivate", "").want(http.StatusForbidden)

			c.doImport(id).want(http.StatusAccepted).wantBody("")
			if status, message := f.importTask(id); status != "success" {
				t.Fatalf("the task is %s: %s", status, message)
			}
			doc = c.get("/v2/images/" + id).want(http.StatusOK).doc()
			sum := md5.Sum([]byte(data)) // see above
			if doc["status"] != "active" || doc["size"] != float64(n) || doc["checksum"] != hex.EncodeToString(sum[:]) {
				t.Errorf("an imported image is %v", doc)
			}
			if n > 0 {
				c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody(data)
			}
			f.expectClean(id)
		}
	}
}

// TestImportedTask: the task of an import belongs to the caller, and says what it did.
func TestImportedTask(t *testing.T) {
	t.Parallel()
	f := start(t, withImport, rules("tasks_api_access", ""))
	id := f.as(owner).staged("data")
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.importTask(id)
	list, _ := f.as(owner).get("/v2/tasks").want(http.StatusOK).doc()["tasks"].([]any)
	if len(list) != 1 {
		t.Fatalf("tasks are %v", list)
	}
	short, _ := list[0].(map[string]any)
	doc := f.as(owner).get(fmt.Sprint("/v2/tasks/", short["id"])).want(http.StatusOK).doc()
	for key, want := range map[string]string{
		"type": "api_image_import", "status": "success", "owner": owner.project(), "message": "",
		"input": "map[image_id:" + id + "]", "result": "map[image_id:" + id + "]",
	} {
		if fmt.Sprint(doc[key]) != want {
			t.Errorf("%s is %v, want %s", key, doc[key], want)
		}
	}
	f.as(stranger).get(fmt.Sprint("/v2/tasks/", short["id"])).want(http.StatusNotFound)
}

// Spec tasks-import D.1, D.2: what is there to be seen with the feature on.
func TestImportEnabled(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	for _, who := range everybody() {
		f.as(who).get("/v2/info/import").want(http.StatusOK).
			wantBody(`{"import-methods": {"description": "How image data can be imported.", "type": "array", "value": ["glance-direct"]}}`)
		f.as(who).get("/v2.6/info/import").want(http.StatusOK)
		f.as(who).ask("GET /v2/info/import", "x").want(http.StatusBadRequest)
		f.as(who).ask("POST /v2/info/import", "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "GET")
		f.as(who).get("/v2/info/stores").want(http.StatusNotFound)
	}
	f.as(owner).ask("POST /v2/images", "{}").want(http.StatusCreated).wantHeader("OpenStack-image-import-methods", "glance-direct")
	off := start(t, withoutImport)
	off.as(owner).ask("POST /v2/images", "{}").want(http.StatusCreated).wantHeader("OpenStack-image-import-methods", "")
	authenticated := start(t, withImport, func(c *glance.Config) { c.Options.AllowAnonymous = false })
	authenticated.plain().get("/v2/info/import").want(http.StatusUnauthorized)
}
