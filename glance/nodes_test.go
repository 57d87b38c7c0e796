package glance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"goglance/glance"
	"goglance/glance/db"
)

// elsewhere starts another service on the same database and store, as another node has it: with connections and a
// journal of its own.
func (f *fixture) elsewhere() *fixture {
	f.t.Helper()
	return f.second(func(c *glance.Config) {
		var err error
		c.DB, err = db.Open(f.t.Context(), f.options)
		f.must(err)
		f.t.Cleanup(func() { f.must(c.DB.Close()) })
		c.StateDir = f.t.TempDir()
	})
}

// atOnce runs fn n times at the same time.
func atOnce(n int, fn func(n int)) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	all.Wait()
}

// TestUploadsOnTwoNodes: of the uploads that race for an image exactly one wins, and its bytes are the image's.
func TestUploadsOnTwoNodes(t *testing.T) {
	t.Parallel()
	f := start(t)
	nodes := []*fixture{f, f.elsewhere()}
	for range 10 {
		id := f.as(owner).create(formats)
		codes := make([]int, 4)
		atOnce(len(codes), func(n int) {
			codes[n] = nodes[n%2].as(owner).put(id, strings.Repeat(fmt.Sprint(n), 100_000)).code
		})
		winner := slices.Index(codes, http.StatusNoContent)
		for n, code := range codes {
			if n != winner && code != http.StatusConflict && code != http.StatusGone {
				t.Errorf("codes %v", codes)
			}
		}
		body := nodes[1].as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).body
		if winner < 0 || body != strings.Repeat(fmt.Sprint(winner), 100_000) {
			t.Errorf("codes %v, %d bytes of %.1s", codes, len(body), body)
		}
	}
	if files := f.files(); len(files) != 10 {
		t.Errorf("the store has %v", files)
	}
}

// TestQuotaOnTwoNodes: what uploads found room for one by one, they have no room for together (spec images-api 11).
func TestQuotaOnTwoNodes(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.UserStorageQuota = "1000B" })
	nodes := []*fixture{f, f.elsewhere()}
	const images = 8
	ids := make([]string, images)
	for n := range ids {
		ids[n] = f.as(owner).create(formats)
	}
	atOnce(images, func(n int) { nodes[n%2].as(owner).put(ids[n], strings.Repeat("x", 400)) })
	for n := range 2 { // what had to give way in the race finds the room that is left
		for _, id := range ids {
			nodes[n].as(owner).put(id, strings.Repeat("x", 400))
		}
	}
	if n := f.text("SELECT COUNT(*) FROM images WHERE status = 'active'"); n != "2" || len(f.files()) != 2 {
		t.Errorf("%s images of 400 bytes, %d files", n, len(f.files()))
	}
}

// TestMembersOnTwoNodes: no more members than the quota, and none twice, which no key of the table prevents.
func TestMembersOnTwoNodes(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.MemberQuota = 3 })
	nodes := []*fixture{f, f.elsewhere()}
	for range 5 {
		id := f.as(owner).create(formats)
		atOnce(12, func(n int) {
			nodes[n%2].as(owner).ask("POST /v2/images/"+id+"/members", fmt.Sprintf(`{"member": "m%d"}`, n/2))
		})
		live := f.text("SELECT COUNT(*) FROM image_members WHERE image_id = ? AND NOT deleted", id)
		different := f.text("SELECT COUNT(DISTINCT member) FROM image_members WHERE image_id = ? AND NOT deleted", id)
		if live != "3" || different != "3" {
			t.Errorf("%s members, %s different ones", live, different)
		}
	}
}

// TestManyClients has 32 clients on two nodes, each with images of his own and all of them at one that they share.
func TestManyClients(t *testing.T) {
	t.Parallel()
	const clients = 32
	f := start(t)
	nodes := []*fixture{f, f.elsewhere()}
	common := f.as(owner).store("", "data")
	atOnce(clients, func(n int) {
		c := nodes[n%2].as(owner)
		for round := range 3 {
			data := fmt.Sprintf("%d-%d", n, round)
			id := c.store(`"tags": ["t"], "n": "`+data+`"`, data)
			if got := c.get("/v2/images/" + id + "/file").want(http.StatusOK); got.body != data {
				t.Errorf("%q came back as %q", data, got.body)
			}
			c.ask("PUT /v2/images/"+id+"/tags/x", "").want(http.StatusNoContent)
			doc := nodes[(n+1)%2].as(owner).get("/v2/images/" + id).want(http.StatusOK).doc()
			if doc["n"] != data || fmt.Sprint(doc["tags"]) != "[t x]" && fmt.Sprint(doc["tags"]) != "[x t]" {
				t.Errorf("image %s is %v", data, doc)
			}
			if round > 0 {
				c.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
			}
			c.get("/v2/images?limit=5").want(http.StatusOK)
		}
		c.ask(fmt.Sprintf("PUT /v2/images/%s/tags/tag%d", common, n), "").want(http.StatusNoContent)
		patch := fmt.Sprintf(`[{"op": "add", "path": "/p%d", "value": "%d"}]`, n, n)
		for code := 0; code != http.StatusOK; {
			code = c.ask("PATCH /v2/images/"+common, patch, "Content-Type: application/openstack-images-v2.1-json-patch").code
			if code != http.StatusOK && code != http.StatusConflict {
				t.Errorf("PATCH: %d", code)
				return
			}
		}
	})
	doc := f.as(owner).get("/v2/images/" + common).want(http.StatusOK).doc()
	tags, _ := doc["tags"].([]any)
	for n := range clients {
		if doc[fmt.Sprint("p", n)] != fmt.Sprint(n) || !slices.Contains(tags, any(fmt.Sprint("tag", n))) {
			t.Errorf("what client %d added is gone", n)
		}
	}
	if files := f.files(); len(files) != clients+1 {
		t.Errorf("%d files in the store", len(files))
	}
}
