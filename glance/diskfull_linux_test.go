package glance_test

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"goglance/glance"
	"goglance/glance/store/all"
)

// small mounts a file system of 1 MiB and returns its folder.
func small(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skipf("missing: the right to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestSecDiskFull is spec security S96: a full disk is 413, whenever that is noticed, and nothing of the body stays.
func TestSecDiskFull(t *testing.T) {
	dir := small(t)
	c := start(t, func(c *glance.Config) {
		var err error
		if c.Stores, err = all.Files(dir, c.Log); err != nil {
			t.Fatal(err)
		}
	}).as(owner)
	id := c.create(formats)
	for _, n := range []int{2 << 20, 1<<20 + 1} {
		c.put(id, string(noise(n))).want(http.StatusRequestEntityTooLarge)
		c.send("PUT /v2/images/"+id+"/file", chunked(string(noise(n))), octets).want(http.StatusRequestEntityTooLarge)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("the store has %v, error %v", left, err)
	}
	if status := c.status(id); status != "queued" {
		t.Errorf("the image is %s", status)
	}
	c.put(id, string(noise(1<<19))).want(http.StatusNoContent)
}

// TestDeleteOnFullDisk: with everything on one full file system, an upload is 413 and a deletion still makes room.
func TestDeleteOnFullDisk(t *testing.T) {
	dir := small(t)
	c := start(t, func(c *glance.Config) {
		c.StateDir = filepath.Join(dir, "journal")
		var err error
		if c.Stores, err = all.Files(filepath.Join(dir, "images"), c.Log); err != nil {
			t.Fatal(err)
		}
	}).as(owner)
	id := c.store("", string(noise(1<<19)))
	tooBig := c.create(formats)
	c.send("PUT /v2/images/"+tooBig+"/file", chunked(string(noise(1<<20))), octets).want(http.StatusRequestEntityTooLarge)
	if status := c.status(tooBig); status != "queued" {
		t.Errorf("after a full disk during the upload the image is %s", status)
	}
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, noise(1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	waiting := c.create(formats)
	c.put(waiting, "data").want(http.StatusRequestEntityTooLarge)
	if status := c.status(waiting); status != "queued" {
		t.Errorf("the image that waits is %s", status)
	}
	c.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	c.put(waiting, "data").want(http.StatusNoContent)
	c.ask("DELETE /v2/images/"+waiting, "").want(http.StatusNoContent)
	for _, folder := range []string{"images", "journal/*"} {
		left, err := filepath.Glob(filepath.Join(dir, folder, "*"))
		if err != nil || len(left) > 1 || len(left) == 1 && filepath.Base(left[0]) != "lock" {
			t.Errorf("%s has %v, %v", folder, left, err)
		}
	}
	if err := os.Remove(filler); err != nil {
		t.Error(err)
	}
}
