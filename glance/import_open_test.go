package glance_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"goglance/glance"
	"goglance/glance/store/all"
)

// TestSecImportBesideWriter: whoever has staged data may still have the file open, and cannot change the active image
// through it. Only of our own stagings we know that they are over.
func TestSecImportBesideWriter(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).create(formats)
	theirs, err := os.Create(filepath.Join(f.dir, "staging", id))
	f.must(err)
	defer theirs.Close() //nolint:errcheck // what was written is read back
	_, err = theirs.WriteString("theirs")
	f.must(err)
	f.setStatus(id, "uploading")
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.await(id, "active")
	_, err = theirs.WriteAt([]byte("attack"), 0)
	f.must(err)
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("theirs")
	f.expectClean(id)
}

// TestDeleteElsewhere: what was staged for an image goes also when the image is deleted through a server with another folder.
func TestDeleteElsewhere(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	other := f.second(func(c *glance.Config) {
		var err error
		c.Staging, err = all.Staging("file://"+filepath.Join(f.dir, "elsewhere"), c.Stores, c.Log)
		f.must(err)
	})
	gone, kept := f.as(owner).staged("gone"), f.as(owner).staged("kept")
	unknown := numbered(999)
	f.must(os.WriteFile(filepath.Join(f.dir, "staging", unknown), nil, 0o600)) // of a service with another database
	other.as(owner).ask("DELETE /v2/images/"+gone, "").want(http.StatusNoContent)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.svc.Run(ctx) }()
	f.until("what was staged is gone", func() bool { return len(f.stagedFiles()) == 3 })
	stop()
	f.must(<-ended)
	if left := f.stagedFiles(); !slices.Equal(left, []string{"." + kept + ".memo", kept, unknown}) {
		t.Errorf("left are %v", left)
	}
	f.as(owner).doImport(kept).want(http.StatusServiceUnavailable) // it has stopped
}

// TestSecMarkNameTaken: a property with the name of our mark, which a Python Glance lets users set, does not leave an image
// in importing or saving for ever (spec security S30).
func TestSecMarkNameTaken(t *testing.T) {
	t.Parallel()
	f := start(t, withImport, func(c *glance.Config) { c.Options.SizeCap = 8 })
	name := "os_glance_upload"
	if f.mariadb() {
		name = "OS_GLANCE_UPLOAD" // to it they are one
	}
	taken := func(attributes string) string {
		id := f.as(owner).create(attributes)
		f.exec("INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES (?, ?, 'x', '2020-01-01 00:00:00', FALSE)", id, name)
		return id
	}
	id := taken(`"disk_format": "qcow2", "container_format": "bare"`)
	f.as(owner).stage(id, "no qcow2").want(http.StatusNoContent)
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.expectFailure(id, "disk_format")
	for _, way := range []string{"stage", "file"} {
		id = taken(formats)
		f.as(owner).send("PUT /v2/images/"+id+"/"+way, chunked("more than that"), octets).want(http.StatusRequestEntityTooLarge)
		if got := f.status(id); got != "queued" {
			t.Errorf("after PUT %s the image is %s", way, got)
		}
		f.expectClean()
	}
}
