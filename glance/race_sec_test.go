package glance_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/policy"
)

// pausing is a policy that stops once, when it is asked for a rule: between the check of a request and what it does.
type pausing struct {
	policy.Enforcer
	rule    string
	once    sync.Once
	reached chan struct{}
	resume  chan struct{}
}

func pauseAt(rule string) *pausing {
	return &pausing{Enforcer: policy.Pike(), rule: rule, reached: make(chan struct{}), resume: make(chan struct{})}
}

func (p *pausing) in(c *glance.Config) { c.Policy = p }

func (p *pausing) Enforce(ctx context.Context, rule string, who *auth.Identity, t policy.Target) error {
	err := p.Enforcer.Enforce(ctx, rule, who, t)
	if rule == p.rule {
		p.once.Do(func() {
			close(p.reached)
			<-p.resume
		})
	}
	return err
}

// during sends a request, lets between happen when its checks have passed, and returns the answer.
func (p *pausing) during(send func() answer, between func()) answer {
	done := make(chan answer, 1)
	go func() { done <- send() }()
	<-p.reached
	between()
	close(p.resume)
	return <-done
}

// Spec security S17: what a check saw is what is changed; else it is checked anew.
func TestSecPolicyUseRace(t *testing.T) {
	t.Parallel()
	rows := []struct {
		rule, line, body, change string
		code                     int
	}{
		{"delete_image", "DELETE /v2/images/%", "", `{"op": "replace", "path": "/protected", "value": true}`, http.StatusForbidden},
		{"delete_image", "DELETE /v2/images/%", "", `{"op": "replace", "path": "/owner", "value": "project-stranger"}`, http.StatusNotFound},
		{"modify_image", "PATCH /v2/images/%", `[{"op": "replace", "path": "/name", "value": "late"}]`,
			`{"op": "replace", "path": "/owner", "value": "project-stranger"}`, http.StatusNotFound},
		{"modify_image", "PUT /v2/images/%/tags/late", "", `{"op": "replace", "path": "/owner", "value": "project-stranger"}`, http.StatusNotFound},
		{"deactivate", "POST /v2/images/%/actions/deactivate", "", `{"op": "replace", "path": "/owner", "value": "project-stranger"}`, http.StatusNotFound},
		{"modify_image", "PATCH /v2/images/%", `[{"op": "replace", "path": "/name", "value": "late"}]`,
			`{"op": "add", "path": "/other", "value": "early"}`, http.StatusOK},
	}
	for _, row := range rows {
		f := start(t)
		id := f.as(owner).store("", "data")
		p := pauseAt(row.rule)
		slow := f.second(p.in)
		a := p.during(
			func() answer { return slow.as(owner).ask(strings.Replace(row.line, "%", id, 1), row.body, patch21) },
			func() { f.as(admin).patch(v21, id, row.change).want(http.StatusOK) })
		a.want(row.code)
		doc := f.as(admin).get("/v2/images/" + id).want(http.StatusOK).doc()
		if late := doc["name"] == "late"; late != (row.code == http.StatusOK) || doc["status"] != "active" || len(f.files()) != 1 {
			t.Errorf("%s left %v", row.line, doc)
		}
		if row.code == http.StatusOK && doc["other"] != "early" {
			t.Errorf("%s has undone the other change: %v", row.line, doc)
		}
	}
}

// Spec security S17 for uploads: who has lost the right to the image, or the image what an upload needs, between check
// and begin, uploads nothing.
func TestSecUploadUseRace(t *testing.T) {
	t.Parallel()
	rows := map[string]int{
		v21.op("replace", "/disk_format", "null"):         http.StatusBadRequest,
		v21.op("replace", "/container_format", "null"):    http.StatusBadRequest,
		v21.op("replace", "/owner", `"project-stranger"`): http.StatusNotFound,
		v21.op("add", "/other", `"early"`):                http.StatusNoContent,
	}
	for change, code := range rows {
		f := start(t)
		id := f.as(owner).create(`"visibility": "private", ` + formats)
		p := pauseAt("upload_image")
		slow := f.second(p.in)
		p.during(
			func() answer { return slow.as(owner).put(id, "data") },
			func() { f.as(admin).patch(v21, id, change).want(http.StatusOK) }).want(code)
		stored, status := 0, "queued"
		if code == http.StatusNoContent {
			stored, status = 1, "active"
		}
		if got := f.status(id); got != status || len(f.files()) != stored {
			t.Errorf("%s: the image is %s, the store has %v", change, got, f.files())
		}
	}
}

// Spec security S17 for members: an image is not shared by one who has just given it away, or made it private.
func TestSecMemberUseRace(t *testing.T) {
	t.Parallel()
	calls := []struct{ rule, line, body string }{
		{"add_member", "POST /v2/images/%/members", `{"member": "project-stranger"}`},
		{"modify_member", "PUT /v2/images/%/members/project-member", `{"status": "rejected"}`},
		{"delete_member", "DELETE /v2/images/%/members/project-member", ""},
	}
	for _, call := range calls {
		who := owner
		if call.rule == "modify_member" {
			who = member
		}
		for change, code := range map[string]int{
			v21.op("replace", "/visibility", `"private"`):  http.StatusForbidden,
			v21.op("replace", "/owner", `"project-admin"`): http.StatusNotFound,
		} {
			if who == member && code == http.StatusForbidden {
				code = http.StatusNotFound // it is hidden from him
			} else if who == member {
				code = http.StatusOK // he still is a member
			}
			f := start(t)
			id := f.as(owner).create("")
			f.share(id, "accepted")
			before := f.dump("image_members", "")
			p := pauseAt(call.rule)
			slow := f.second(p.in)
			p.during(
				func() answer { return slow.as(who).ask(strings.Replace(call.line, "%", id, 1), call.body) },
				func() { f.as(admin).patch(v21, id, change).want(http.StatusOK) }).want(code)
			if after := f.dump("image_members", ""); code != http.StatusOK && strings.Join(after, "") != strings.Join(before, "") {
				t.Errorf("%s, %s: %v", call.line, change, after)
			}
		}
	}
}

// Spec security S18: who is no longer a member may finish the download he began, and begins no other.
func TestSecMemberRevokedMidDownload(t *testing.T) {
	t.Parallel()
	f := start(t)
	data := strings.Repeat("0123456789", 1<<20)
	id := f.as(owner).store("", data)
	f.as(owner).ask("POST /v2/images/"+id+"/members", `{"member": "project-member"}`).want(http.StatusOK)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/v2/images/"+id+"/file", http.NoBody)
	f.must(err)
	r.Header = header(member.identity()...)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	f.must(err)
	defer resp.Body.Close() //nolint:errcheck // only read
	first := make([]byte, 10)
	_, err = io.ReadFull(resp.Body, first)
	f.must(err)
	f.as(owner).ask("DELETE /v2/images/"+id+"/members/project-member", "").want(http.StatusNoContent)
	rest, err := io.ReadAll(resp.Body)
	f.must(err)
	if string(first)+string(rest) != data {
		t.Errorf("%d bytes came", len(first)+len(rest))
	}
	f.as(member).get("/v2/images/" + id + "/file").want(http.StatusNotFound)
}

// Spec security S19, without the cache: every way to the data asks for the status.
func TestSecDeactivateRaces(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store("", "data")
	f.share(id, "accepted")
	for _, headers := range [][]string{nil, {"Range: bytes=0-1"}, {"Content-Range: bytes 0-1/4"}} {
		f.as(owner).ask("POST /v2/images/"+id+"/actions/reactivate", "").want(http.StatusNoContent)
		a := f.as(member).ask("GET /v2/images/"+id+"/file", "", headers...)
		if a.code != http.StatusOK && a.code != http.StatusPartialContent {
			t.Errorf("%v: %d", headers, a.code)
		}
		f.as(owner).ask("POST /v2/images/"+id+"/actions/deactivate", "").want(http.StatusNoContent)
		for _, who := range []caller{owner, member} {
			f.as(who).ask("GET /v2/images/"+id+"/file", "", headers...).want(http.StatusForbidden)
		}
	}
}

// Spec security S131: an image that a crash has left in between can be deleted, and leaves nothing.
func TestSecStuckImagesDeletable(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"saving", "uploading", "importing", "killed"} {
		f := start(t)
		id := f.inState(state)
		f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
		if got := f.status(id); got != "deleted" || len(f.files()) != 0 {
			t.Errorf("%s: %s, %v", state, got, f.files())
		}
	}
}

// Spec security S108: what clients send begins no line of the log.
func TestSecLogInjection(t *testing.T) {
	t.Parallel()
	f := start(t)
	const forged = "2026-01-01 ERROR forged"
	id := f.as(owner).create(`"name": "a\n` + forged + `", "p\n` + forged + `": "\u001b[31m\u2028` + forged + `", ` + formats)
	for _, line := range []string{
		"GET /v2/images/%0a" + strings.ReplaceAll(forged, " ", "%20"), "PUT /v2/images/" + id + "/tags/%0a" + strings.ReplaceAll(forged, " ", "%20"),
		"GET /v2/images?name=%0a" + strings.ReplaceAll(forged, " ", "%20"), "GET /%0a" + strings.ReplaceAll(forged, " ", "%20"),
	} {
		f.as(owner).ask(line, "", "User-Agent: x\t"+forged)
	}
	for line := range strings.Lines(f.logged()) {
		if strings.HasPrefix(strings.TrimSpace(line), "2026-01-01") || strings.Contains(line, "\x1b") {
			t.Errorf("a line of the log: %q", line)
		}
	}
}

// Spec security P23: credentials in a location are told to nobody.
func TestSecBadLocationErrorMasksUserinfo(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m))
	id := f.as(owner).create(formats)
	for _, url := range []string{"http://u:S3CRET@127.0.0.1:1/x", "mem://u:S3CRET@missing", "swift://u:S3CRET@x/y", "http://u:S3CRET@:x/"} {
		a := f.as(owner).locate(id, "-", url).want(http.StatusBadRequest)
		if strings.Contains(a.body, "S3CRET") {
			t.Errorf("%s: the answer is %s", url, a.body)
		}
	}
	if strings.Contains(f.logged(), "S3CRET") {
		t.Error("the log has the secret")
	}
}
