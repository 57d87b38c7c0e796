package glance_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/fault"
	"goglance/glance/store"
	"goglance/glance/store/all"
)

// TestSecImportInspects is spec security P36 and P39 for imports: what names files of the host, or is something else than
// it was said to be, is staged and never becomes active.
func TestSecImportInspects(t *testing.T) {
	t.Parallel()
	backed := make([]byte, 1<<16) // a qcow2 with a backing file
	copy(backed, "QFI\xfb\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x0b\x00\x00\x00\x10")
	copy(backed[0x200:], "/etc/passwd")
	vmdk := "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n\nRW 2048 FLAT \"/etc/passwd\" 0\n"
	rows := []struct{ disk, data, message string }{
		{"qcow2", string(backed), "refused"}, {"raw", string(backed), "refused"}, {"vmdk", vmdk, "refused"},
		{"qcow2", "no qcow2", "disk_format"}, {"iso", strings.Repeat("x", 70_000), "disk_format"},
	}
	f := start(t, withImport)
	for _, row := range rows {
		id := f.as(owner).create(`"disk_format": "` + row.disk + `", "container_format": "bare"`)
		f.as(owner).stage(id, row.data).want(http.StatusNoContent)
		f.as(owner).doImport(id).want(http.StatusAccepted)
		f.expectFailure(id, row.message)
		_, message := f.importTask(id)
		if strings.Contains(message, "/etc") {
			t.Errorf("the message is %q", message)
		}
	}
}

// badFolder is a staging folder whose Put fails in the middle of the body, once.
type badFolder struct {
	store.Driver
	store.Writer
	store.Aborter
	err error
}

func (s *badFolder) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	if s.err != nil {
		if _, err := body.Read(make([]byte, 2)); err != nil {
			return store.Stored{}, err
		}
		return store.Stored{}, s.err
	}
	return s.Writer.Put(ctx, o, body)
}

// TestStageFailures: what a staging folder may refuse (spec tasks-import D.3, 14 to 16).
func TestStageFailures(t *testing.T) {
	t.Parallel()
	bad := &badFolder{}
	f := start(t, withImport, func(c *glance.Config) {
		bad.Driver = c.Staging.Driver
		bad.Writer, _ = bad.Driver.(store.Writer)
		bad.Aborter, _ = bad.Driver.(store.Aborter)
		c.Staging = &store.Staging{Driver: bad, Dir: c.Staging.Dir}
	})
	id := f.as(owner).create(formats)
	for kind, code := range map[fault.Kind]int{
		fault.TooLarge: http.StatusRequestEntityTooLarge, fault.Unavailable: http.StatusServiceUnavailable,
		fault.Internal: http.StatusInternalServerError,
	} {
		bad.err = fault.New(kind, "the image store has trouble")
		a := f.as(owner).stage(id, "data").want(code)
		if strings.Contains(a.body, "image store") {
			t.Errorf("the client is told %q", a.body)
		}
		if got := f.status(id); got != "queued" {
			t.Errorf("after %v the image is %s", kind, got)
		}
		f.expectClean()
	}
	bad.err = nil
	f.as(owner).stage(id, "data").want(http.StatusNoContent)
}

// TestSecStagingDiskFull is spec security S96 for a staging folder of its own file system, from which the store then has
// to copy.
func TestSecStagingDiskFull(t *testing.T) {
	t.Parallel()
	dir := small(t)
	f := start(t, withImport, func(c *glance.Config) {
		var err error
		if c.Staging, err = all.Staging("file://"+filepath.Join(dir, "staging"), c.Stores, c.Log); err != nil {
			t.Fatal(err)
		}
	})
	id := f.as(owner).create(formats)
	f.as(owner).stage(id, string(noise(2<<20))).want(http.StatusRequestEntityTooLarge)
	f.as(owner).send("PUT /v2/images/"+id+"/stage", chunked(string(noise(2<<20))), octets).want(http.StatusRequestEntityTooLarge)
	if left, err := os.ReadDir(filepath.Join(dir, "staging")); err != nil || len(left) != 0 || f.status(id) != "queued" {
		t.Errorf("left are %v, %v; the image is %s", left, err, f.status(id))
	}
	data := string(noise(1 << 19))
	f.as(owner).stage(id, data).want(http.StatusNoContent)
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.await(id, "active")
	f.as(owner).get("/v2/images/" + id + "/file").wantBody(data)
	if left, err := os.ReadDir(filepath.Join(dir, "staging")); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// TestImportIntoFullStore: the other way round.
func TestImportIntoFullStore(t *testing.T) {
	t.Parallel()
	dir := small(t)
	f := start(t, withImport, func(c *glance.Config) {
		var err error
		if c.Stores, err = all.Files(dir, c.Log); err != nil {
			t.Fatal(err)
		}
	})
	id := f.as(owner).staged(string(noise(2 << 20)))
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.expectFailure(id, "full")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("the store has %v, %v", left, err)
	}
}

// TestImportIsStopped: a service that ends gives back the images of the imports that run and of those that wait.
func TestImportIsStopped(t *testing.T) {
	t.Parallel()
	slow := newGated()
	f := start(t, withImport, slow.in, func(c *glance.Config) { c.Options.EngineMode = "serial" })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.svc.Run(ctx) }()
	running, waits := f.as(owner).staged("data"), f.as(owner).staged("more")
	f.as(owner).doImport(running).want(http.StatusAccepted)
	<-slow.begun
	f.as(owner).doImport(waits).want(http.StatusAccepted)
	stop()
	time.AfterFunc(100*time.Millisecond, func() { close(slow.release) })
	f.must(<-ended)
	for _, id := range []string{running, waits} {
		if status, message := f.importTask(id); status != "failure" || !strings.Contains(message, "stopped") {
			t.Errorf("the task is %s %q", status, message)
		}
		f.await(id, "queued")
	}
	f.expectClean()
}

// TestImportBesideOthers: the staged file is where a Python Glance on the same folder looks for it, and one that it has
// staged is taken.
func TestImportBesideOthers(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).create(formats)
	f.must(os.WriteFile(filepath.Join(f.dir, "staging", id), []byte("theirs"), 0o600))
	f.setStatus(id, "uploading")
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.await(id, "active")
	f.as(owner).get("/v2/images/" + id + "/file").wantBody("theirs")
	f.expectClean(id)
}

// TestImportElsewhere: data that was staged on a server with another folder is not lost by asking the wrong one.
func TestImportElsewhere(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	other := f.second(func(c *glance.Config) {
		var err error
		c.Staging, err = all.Staging("file://"+filepath.Join(f.dir, "elsewhere"), c.Stores, c.Log)
		f.must(err)
	})
	id := f.as(owner).staged("data")
	other.as(owner).doImport(id).want(http.StatusConflict)
	if got := f.status(id); got != "uploading" || len(f.stagedFiles()) == 0 {
		t.Errorf("the image is %s", got)
	}
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.await(id, "active")
}

// TestImportSigned: data that is to be verified, and cannot be, does not become active.
func TestImportSigned(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	id := f.as(owner).create(formats + `, "img_signature": "x", "img_signature_hash_method": "SHA-256",
		"img_signature_key_type": "RSA-PSS", "img_signature_certificate_uuid": "` + numbered(999) + `"`)
	f.as(owner).stage(id, "data").want(http.StatusNoContent)
	f.as(owner).doImport(id).want(http.StatusAccepted)
	f.expectFailure(id, "signature")
}

// TestNewNeedsStaging: import without a folder is a mistake of whoever made the configuration.
func TestNewNeedsStaging(t *testing.T) {
	t.Parallel()
	f := start(t, withImport)
	c := f.made
	c.Staging = nil
	if _, err := glance.New(c); err == nil || !strings.Contains(err.Error(), "Staging") {
		t.Errorf("error is %v", err)
	}
}
