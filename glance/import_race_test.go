package glance_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"goglance/glance"
	"goglance/glance/store"
)

// TestSecStageImportConcurrency is spec security S130: what cannot go on at the same time is a conflict, and does nothing.
func TestSecStageImportConcurrency(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	c := f.as(owner)
	id := c.create(formats)
	slow := f.stageSlowly(id)
	c.stage(id, "other").want(http.StatusConflict)
	c.doImport(id).want(http.StatusConflict) // not all of it is there
	c.put(id, "other").want(http.StatusConflict)
	if got := f.status(id); got != "uploading" {
		t.Errorf("the image is %s", got)
	}
	_, err := slow.feed.Write([]byte(" data"))
	f.must(err)
	f.must(slow.feed.Close())
	if code := <-slow.code; code != http.StatusNoContent {
		t.Errorf("the first staging is answered %d", code)
	}
	c.stage(id, "other").want(http.StatusConflict)
	c.doImport(id).want(http.StatusAccepted)
	f.await(id, "active")
	c.stage(id, "other").want(http.StatusConflict)
	c.doImport(id).want(http.StatusConflict)
	c.get("/v2/images/" + id + "/file").wantBody("some data")
	f.expectClean(id)
}

// TestSecTwoStagings: of the bodies that race for an image exactly one is staged, on whichever node.
func TestSecTwoStagings(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	nodes := []*fixture{f, f.elsewhere()}
	for range 5 {
		id := f.as(owner).create(formats)
		codes := make([]int, 4)
		atOnce(len(codes), func(n int) {
			codes[n] = nodes[n%2].as(owner).stage(id, strings.Repeat(fmt.Sprint(n), 100_000)).code
		})
		winner := slices.Index(codes, http.StatusNoContent)
		for n, code := range codes {
			if n != winner && code != http.StatusConflict {
				t.Errorf("codes %v", codes)
			}
		}
		f.as(owner).doImport(id).want(http.StatusAccepted)
		f.await(id, "active")
		f.as(owner).get("/v2/images/" + id + "/file").wantBody(strings.Repeat(fmt.Sprint(winner), 100_000))
		f.expectClean(f.files()...)
	}
}

// TestSecTwoImports: of two requests at once, on two nodes, one is accepted and has a task, and the other has neither.
func TestSecTwoImports(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	nodes := []*fixture{f, f.elsewhere()}
	for n := range 5 {
		id := f.as(owner).staged("data")
		codes := make([]int, 4)
		atOnce(len(codes), func(n int) { codes[n] = nodes[n%2].as(owner).doImport(id).code })
		slices.Sort(codes)
		if want := []int{http.StatusAccepted, 409, 409, 409}; !slices.Equal(codes, want) {
			t.Errorf("codes %v", codes)
		}
		f.await(id, "active")
		if status, message := f.importTask(id); status != "success" || len(f.dump("tasks", "")) != n+1 {
			t.Errorf("the task is %s %q; tasks are %v", status, message, f.dump("tasks", ""))
		}
	}
}

// TestDeleteWhileUploading: what was staged goes with its image, also what comes only then (spec security P52).
func TestDeleteWhileUploading(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).staged("data")
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	f.expectClean()
	id = f.as(owner).create(formats)
	slow := f.stageSlowly(id)
	f.elsewhere().as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	f.must(slow.feed.Close())
	if code := <-slow.code; code != http.StatusGone {
		t.Errorf("staging for a deleted image is answered %d", code)
	}
	f.as(owner).get("/v2/images/" + id).want(http.StatusNotFound)
	f.expectClean()
}

// TestSecDeleteWhileImporting is spec security P52: the image is deleted while its data is on the way into the store.
func TestSecDeleteWhileImporting(t *testing.T) {
	t.Parallel()
	slow := newGated()
	f := start(t, withImport, slow.in)
	id := f.as(owner).staged(string(noise(1 << 20)))
	f.as(owner).doImport(id).want(http.StatusAccepted)
	<-slow.begun
	if got := f.status(id); got != "importing" {
		t.Errorf("the image is %s", got)
	}
	f.as(owner).stage(id, "x").want(http.StatusConflict)
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	close(slow.release)
	if status, message := f.importTask(id); status != "failure" || !strings.Contains(message, "deleted") {
		t.Errorf("the task is %s %q", status, message)
	}
	f.as(owner).get("/v2/images/" + id).want(http.StatusNotFound)
	f.expectClean()
}

// gated is a store whose Put waits before it takes a byte. It is no Linker.
type gated struct {
	*broken
	begun, release chan struct{}
}

func newGated() *gated {
	return &gated{&broken{}, make(chan struct{}), make(chan struct{})}
}

func (g *gated) in(c *glance.Config) {
	breakable(g.broken)(c)
	only(c, g)
}

func (g *gated) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	close(g.begun)
	<-g.release
	return g.broken.Put(ctx, o, body)
}

// TestDeleteAnyTime deletes images while they are staged and imported, at whatever moment that comes.
func TestDeleteAnyTime(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	other := f.elsewhere()
	for n := range 20 {
		id := f.as(owner).create(formats)
		var all sync.WaitGroup
		all.Go(func() {
			if f.as(owner).stage(id, string(noise(300_000))).code == http.StatusNoContent {
				f.as(owner).doImport(id)
			}
		})
		all.Go(func() {
			for range n {
				other.as(owner).get("/v2/images/" + id)
			}
			other.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
		})
		all.Wait()
	}
	f.until("no task is under way", func() bool {
		return f.text("SELECT COUNT(*) FROM tasks WHERE status NOT IN ('success', 'failure')") == "0"
	})
	f.expectClean()
}
