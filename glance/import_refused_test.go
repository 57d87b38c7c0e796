package glance_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goglance/glance"
)

// TestStageRefused has the conditions of spec tasks-import D.3 in their order. Nothing is staged by any of them, and the
// image stays what it was.
func TestStageRefused(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).create(formats)
	f.share(id, "accepted")
	before := f.state()
	c, line := f.as(owner), "PUT /v2/images/"+id+"/stage"
	for _, verb := range []string{"GET", "POST", "DELETE", "PATCH", "HEAD"} {
		c.ask(verb+" /v2/images/"+id+"/stage", "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "PUT")
	}
	c.ask(line, "data").want(http.StatusUnsupportedMediaType)
	f.as(anonymous).ask(line, "data").want(http.StatusUnsupportedMediaType)
	c.ask(line, "data", "Content-Type: application/json").want(http.StatusUnsupportedMediaType)
	f.as(anonymous).stage(id, "data").want(http.StatusForbidden)
	f.as(stranger).stage(id, "data").want(http.StatusNotFound)
	c.stage("missing", "data").want(http.StatusNotFound)
	f.as(member).stage(id, "data").want(http.StatusForbidden)
	if f.state() != before {
		t.Errorf("a refusal changes something")
	}
	for _, state := range states() {
		if state == "queued" {
			continue
		}
		f.setStatus(id, state)
		c.stage(id, "data").want(http.StatusConflict)
		if got := f.status(id); got != state {
			t.Errorf("the %s image is now %s", state, got)
		}
	}
	f.setStatus(id, "queued")
	f.expectClean()
}

// TestSecImportForeignImage is spec security S29: nobody stages or imports for an image that was only shown to him.
func TestSecImportForeignImage(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	for _, state := range []string{"queued", "uploading"} {
		for _, visibility := range []string{"shared", "public", "community", "private"} {
			id := f.as(owner).create(formats)
			if state == "uploading" {
				f.as(owner).stage(id, "data").want(http.StatusNoContent)
			}
			f.exec("UPDATE images SET visibility = ? WHERE id = ?", visibility, id)
			f.share(id, "accepted")
			before := f.state()
			for _, who := range []caller{member, stranger} {
				want := http.StatusForbidden
				if visibility == "private" || visibility == "shared" && who == stranger {
					want = http.StatusNotFound
				}
				f.as(who).stage(id, "attack").want(want)
				f.as(who).doImport(id).want(want)
			}
			if f.state() != before {
				t.Errorf("a %s image that is %s has changed", visibility, state)
			}
		}
	}
}

// TestSecStuckImportsDeletable is spec security S131: whatever has stopped half-way can be deleted, with what was staged.
func TestSecStuckImportsDeletable(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	for _, state := range []string{"uploading", "importing", "saving"} {
		id := f.as(owner).staged("data")
		f.setStatus(id, state)
		f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
		f.expectClean()
	}
}

// TestStagePolicies: which rules are asked, and which is not (spec tasks-import D.3).
func TestStagePolicies(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"get_image", "modify_image"} {
		f := start(t, withImport, rules(rule, "!"))
		id := f.as(owner).create(formats)
		f.as(owner).stage(id, "data").want(http.StatusForbidden)
		if got := f.status(id); got != "queued" {
			t.Errorf("without %s the image is %s", rule, got)
		}
		f.expectClean()
	}
	f := start(t, withImport, rules("upload_image", "!"))
	id := f.as(owner).staged("data")
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.expectFailure(id, "")
}

// TestStageOverFile: a file of the image's name in the staging folder is nobody's to replace (spec tasks-import D.3, 13).
func TestStageOverFile(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).create(formats)
	path := filepath.Join(f.dir, "staging", id)
	f.must(os.WriteFile(path, []byte("other"), 0o600))
	f.as(owner).stage(id, "data").want(http.StatusConflict)
	if got := f.status(id); got != "queued" {
		t.Errorf("the image is %s", got)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "other" {
		t.Errorf("the file has %q, %v", text, err)
	}
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	f.expectClean()
}

// TestSecStageFollowsNoLink is spec security S70: what a link in the place of the file points to is not touched.
func TestSecStageFollowsNoLink(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	sentinel := filepath.Join(f.dir, "sentinel")
	f.must(os.WriteFile(sentinel, []byte("untouched"), 0o600))
	id := f.as(owner).create(formats)
	link := filepath.Join(f.dir, "staging", id)
	f.must(os.Symlink(sentinel, link))
	f.as(owner).stage(id, "attack").want(http.StatusConflict)
	f.setStatus(id, "uploading")
	f.as(owner).doImport(id).want(http.StatusConflict)
	f.must(os.Remove(link))
	// The link may also come after the data.
	f.setStatus(id, "queued")
	f.as(owner).stage(id, "data").want(http.StatusNoContent)
	f.must(os.Remove(link))
	f.must(os.Symlink(sentinel, link))
	f.as(owner).doImport(id).want(http.StatusConflict)
	if text, err := os.ReadFile(sentinel); err != nil || string(text) != "untouched" {
		t.Errorf("the sentinel has %q, %v", text, err)
	}
	if len(f.files()) != 0 {
		t.Errorf("the store has %v", f.files())
	}
}

// TestSecStageCutOff is spec security S35: a body that does not come to its end leaves nothing.
func TestSecStageCutOff(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).create(formats)
	slow := f.stageSlowly(id)
	slow.feed.CloseWithError(io.ErrUnexpectedEOF)
	if code := <-slow.code; code != 0 {
		t.Errorf("half a body is answered %d", code)
	}
	f.await(id, "queued")
	f.expectClean()
	f.as(owner).stage(id, "whole").want(http.StatusNoContent)
}

// slowStaging is a staging that stands still until it is finished.
type slowStaging struct {
	feed *io.PipeWriter
	code chan int // 0: there was no answer
}

// stageSlowly begins to stage data for an image of owner and waits until some of it has come.
func (f *fixture) stageSlowly(id string) slowStaging {
	f.t.Helper()
	body, feed := io.Pipe()
	s := slowStaging{feed, make(chan int, 1)}
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodPut, f.url+"/v2/images/"+id+"/stage", body)
	f.must(err)
	r.Header = header(append(owner.identity(), octets)...)
	go func() {
		code := 0
		if resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r); err == nil {
			resp.Body.Close() //nolint:errcheck // only read
			code = resp.StatusCode
		}
		s.code <- code
	}()
	_, err = feed.Write([]byte("some"))
	f.must(err)
	f.await(id, "uploading")
	f.until("bytes are staged", func() bool { return len(f.stagedFiles()) > 0 })
	return s
}

// TestSecStageLimits is spec security P50 and S72 for staged data: what is too much is refused when it comes, and again
// when it is imported.
func TestSecStageLimits(t *testing.T) {
	t.Parallel()
	limits := map[string]func(*glance.Config){
		"cap":   func(c *glance.Config) { c.Options.SizeCap = 1000 },
		"quota": func(c *glance.Config) { c.Options.UserStorageQuota = "1000B" },
	}
	data := strings.Repeat("x", 1001)
	for name, limit := range limits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, withImport, limit)
			c := f.as(owner)
			id := c.create(formats)
			c.stage(id, data).want(http.StatusRequestEntityTooLarge)
			c.send("PUT /v2/images/"+id+"/stage", chunked(data), octets).want(http.StatusRequestEntityTooLarge)
			if got := f.status(id); got != "queued" {
				t.Errorf("the image is %s", got)
			}
			f.expectClean()
			loose := f.second(withImport, func(c *glance.Config) { c.Options.SizeCap, c.Options.UserStorageQuota = 1<<40, "0" })
			loose.as(owner).stage(id, data).want(http.StatusNoContent)
			c.doImport(id).want(http.StatusAccepted)
			f.expectFailure(id, "bytes")
			c.stage(id, data[:1000]).want(http.StatusNoContent)
			c.doImport(id).want(http.StatusAccepted)
			f.await(id, "active")
		})
	}
}

// TestSecQuotaOfTwoImports: what both may stage, only one may import.
func TestSecQuotaOfTwoImports(t *testing.T) {
	t.Parallel()
	f := start(t, withImport, func(c *glance.Config) { c.Options.UserStorageQuota = "1000B" })
	ids := []string{f.as(owner).staged(strings.Repeat("a", 600)), f.as(owner).staged(strings.Repeat("b", 600))}
	atOnce(len(ids), func(n int) { f.as(owner).doImport(ids[n]).want(http.StatusAccepted) })
	ended := map[string]int{}
	for _, id := range ids {
		f.importTask(id)
		ended[f.status(id)]++
	}
	if ended["active"] != 1 || ended["queued"] != 1 {
		t.Errorf("the images are %v", ended)
	}
}

// TestImportBodies has what may be wrong with the body of an import (spec tasks-import D.4, 3 to 8).
func TestImportBodies(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).staged("data")
	for _, body := range []string{
		"", "{", "5", `"x"`, "null", "[]", "[1]", "{}", `{"method": null}`, `{"method": "glance-direct"}`, `{"method": ["glance-direct"]}`,
		`{"method": {}}`, `{"method": {"name": null}}`, `{"method": {"name": 5}}`, `{"method": {"name": ""}}`,
		`{"method": {"name": "Glance-Direct"}}`, `{"method": {"name": "web-download", "uri": "http://x.test/"}}`,
		`{"method": {"name": "copy-image"}}`, `{"method": {"name": ["glance-direct"]}}`, `{"Method": {"name": "glance-direct"}}`,
	} {
		f.as(owner).ask("POST /v2/images/"+id+"/import", body).want(http.StatusBadRequest)
	}
	for _, verb := range []string{"GET", "PUT", "DELETE", "PATCH"} {
		f.as(owner).ask(verb+" /v2/images/"+id+"/import", "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "POST")
	}
	if got := f.status(id); got != "uploading" || len(f.dump("tasks", "")) != 0 {
		t.Errorf("the image is %s, tasks are %v", got, f.dump("tasks", ""))
	}
	f.as(owner).ask("POST /v2/images/"+id+"/import", `{"x": [], "method": {"name": "glance-direct", "y": 1}}`, "Content-Type: text/plain").
		want(http.StatusAccepted)
	f.await(id, "active")
}

// TestImportRefused has the conditions of spec tasks-import D.4 from 9 on. There is no task then, and nothing has changed.
func TestImportRefused(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).staged("data")
	f.share(id, "accepted")
	before := f.state()
	f.as(anonymous).doImport(id).want(http.StatusForbidden)
	f.as(stranger).doImport(id).want(http.StatusNotFound)
	f.as(owner).doImport("missing").want(http.StatusNotFound)
	f.as(member).doImport(id).want(http.StatusForbidden)
	if f.state() != before {
		t.Error("a refusal changes something")
	}
	for _, state := range states() {
		if state == "uploading" {
			continue
		}
		f.setStatus(id, state)
		f.as(owner).doImport(id).want(http.StatusConflict)
		if got := f.status(id); got != state {
			t.Errorf("the %s image is now %s", state, got)
		}
	}
	f.setStatus(id, "uploading")
	for _, formats := range []string{"disk_format = NULL", "container_format = NULL", "disk_format = NULL, container_format = NULL"} {
		f.exec("UPDATE images SET disk_format = 'raw', container_format = 'bare' WHERE id = ?", id)
		f.exec("UPDATE images SET "+formats+" WHERE id = ?", id)
		f.as(owner).doImport(id).want(http.StatusConflict)
	}
	if got := f.dump("tasks", ""); len(got) != 0 || f.status(id) != "uploading" {
		t.Errorf("tasks are %v, the image is %s", got, f.status(id))
	}
	f.exec("UPDATE images SET disk_format = 'raw', container_format = 'bare' WHERE id = ?", id)
	f.as(admin).doImport(id).want(http.StatusAccepted)
	f.await(id, "active")
}

// TestImportPolicies: add_task is asked, and the rules of the Tasks API are not. A caller who owns nothing has no tasks.
func TestImportPolicies(t *testing.T) {
	t.Parallel()
	f := start(t, withImport, rules("add_task", "!"))
	id := f.as(owner).staged("data")
	f.as(owner).doImport(id).want(http.StatusForbidden)
	f.as(owner).doImport("missing").want(http.StatusForbidden) // before the image is looked at
	if got := f.status(id); got != "uploading" {
		t.Errorf("the image is %s", got)
	}
	f = start(t, withImport, rules("tasks_api_access", "!"))
	id = f.as(owner).staged("data")
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.await(id, "active")
	for _, rule := range []string{"get_task", "modify_task"} {
		f = start(t, withImport, rules(rule, "!"))
		id = f.as(owner).staged("data")
		f.as(owner).doImport(id).want(http.StatusAccepted)
		f.expectFailure(id, "policy")
	}
	f = start(t, withImport, unauthenticated)
	id = f.plain().staged("data")
	f.plain().doImport(id).want(http.StatusForbidden)
}

// TestImportPolicySettings: with these settings, which the README names, users import and the Tasks API stays closed to
// them (spec tasks-import A.8).
func TestImportPolicySettings(t *testing.T) {
	t.Parallel()
	f := start(t, withImport, rules("get_task", "", "get_tasks", "", "add_task", "", "modify_task", "", "tasks_api_access", "role:admin"))
	id := f.as(owner).staged("data")
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.await(id, "active")
	f.as(owner).get("/v2/tasks").want(http.StatusForbidden)
	f.as(owner).ask("POST /v2/tasks", `{"type": "api_image_import", "input": {"image_id": "`+id+`"}}`).want(http.StatusForbidden)
	f.as(admin).get("/v2/tasks").want(http.StatusOK)
}

// TestSecStagedTaskPrivilege posts the task of an import by hand (spec tasks-import D.5, security S28).
func TestSecStagedTaskPrivilege(t *testing.T) {
	t.Parallel()
	f := start(t, withImport, rules("tasks_api_access", ""))
	mine, other, formatless := f.as(owner).staged("mine"), f.as(stranger).staged("other"), f.as(owner).create("")
	f.as(owner).stage(formatless, "data").want(http.StatusNoContent)
	queued, active := f.as(owner).create(formats), f.as(owner).store("", "data")
	f.share(other, "accepted")
	post := func(who caller, input string) (string, string) {
		t.Helper()
		body := `{"type": "api_image_import", "input": ` + input + `}`
		id := fmt.Sprint(f.as(who).ask("POST /v2/tasks", body).want(http.StatusCreated).doc()["id"])
		f.until("the task has ended", func() bool {
			s := f.text("SELECT status FROM tasks WHERE id = ?", id)
			return s == "success" || s == "failure"
		})
		return f.text("SELECT status FROM tasks WHERE id = ?", id), f.text("SELECT message FROM task_info WHERE task_id = ?", id)
	}
	of := func(id string) string { return `{"image_id": "` + id + `"}` }
	before := f.state()
	for input, want := range map[string]string{
		"{}": "image_id", "null": "image_id", `{"image_id": null}`: "image_id", `{"image_id": 5}`: "image_id",
		`{"image_id": {"x": 1}}`: "image_id", of(""): "image_id",
		of("missing"): "no image", of("../" + mine): "no image", of(queued): "queued", of(active): "active",
		of(formatless): "disk_format", of(other): "no image",
	} {
		if status, message := post(owner, input); status != "failure" || !strings.Contains(message, want) {
			t.Errorf("%s: %s %q", input, status, message)
		}
	}
	if status, message := post(member, of(other)); status != "failure" || !strings.Contains(message, "somebody else") {
		t.Errorf("a member's import: %s %q", status, message)
	}
	if f.state() != before || len(f.stagedFiles()) != 6 {
		t.Errorf("something has changed; staged are %v", f.stagedFiles())
	}
	if status, message := post(owner, of(mine)); status != "success" || f.status(mine) != "active" {
		t.Errorf("%s %q, the image is %s", status, message, f.status(mine))
	}
}
