package glance_test

import (
	"crypto/md5" // the checksum of the API
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/fault"
	"goglance/glance/store"
)

// Spec images-api 7.1 check 22: an upload that succeeds.
func TestUpload(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, data := range []string{"", "x", strings.Repeat("0123456789", 100000)} {
		for _, how := range []string{"length", "chunked"} {
			id := f.as(owner).create(formats)
			f.clock.add(time.Minute)
			line, body := "PUT /v2/images/"+id+"/file", chunked(data)
			if how == "length" {
				body = strings.NewReader(data)
			}
			f.as(owner).send(line, body, octets).want(http.StatusNoContent).wantBody("").wantHeader("Content-Type", "")
			sum := md5.Sum([]byte(data)) // see the import
			checksum := hex.EncodeToString(sum[:])
			doc := f.as(owner).get("/v2/images/" + id).doc()
			if doc["status"] != "active" || doc["size"] != float64(len(data)) || doc["checksum"] != checksum || doc["virtual_size"] != nil {
				t.Errorf("%d bytes: the image is %v", len(data), doc)
			}
			if doc["updated_at"] == doc["created_at"] {
				t.Error("updated_at has not changed")
			}
			got := f.as(owner).get("/v2/images/"+id+"/file").want(http.StatusOK).wantBody(data).wantHeader("Content-MD5", checksum)
			got.wantHeader("Content-Type", "application/octet-stream").wantHeader("Content-Range", "").wantHeader("Accept-Ranges", "").wantHeader("ETag", "")
			if got := f.text("SELECT value FROM image_locations WHERE image_id = ?", id); got != "file://"+f.object(id) {
				t.Errorf("the location is %s", got)
			}
		}
	}
	if empty := "d41d8cd98f00b204e9800998ecf8427e"; f.text("SELECT COUNT(*) FROM images WHERE size = 0 AND checksum = ?", empty) != "2" {
		t.Error("an empty image has no size or not the checksum of nothing")
	}
}

// refusal is an upload that is turned away.
type refusal struct {
	attrs string // of owner's image
	rule  string // of the policy that is "!"
	by    caller
	kind  string // Content-Type
	code  int
}

func refusals() []refusal {
	const full, octet = `"visibility": "public", ` + formats, "application/octet-stream"
	return []refusal{
		{full, "", owner, "", 415}, {full, "", owner, "text/plain", 415}, {full, "", owner, "application/json", 415},
		{full, "", owner, "application/octet-streams", 415}, {full, "", owner, "octet-stream", 415},
		{full, "", owner, "application/octet-stream, text/plain", 415},
		{full, "", owner, "*/*", 415}, {full, "", owner, ";", 415}, {full, "", anonymous, "", 415},
		{full, "", stranger, "text/plain", 415},
		{full, "", anonymous, octet, 403},
		{`"visibility": "private", ` + formats, "", stranger, octet, 404},
		{`"visibility": "shared", ` + formats, "", stranger, octet, 404},
		{full, "get_image", owner, octet, 403}, {`"visibility": "private"`, "get_image", stranger, octet, 403},
		{full, "", stranger, octet, 403}, {`"visibility": "shared", ` + formats, "", member, octet, 403},
		{`"visibility": "community"`, "", stranger, octet, 403},
		{`"name": "x"`, "", owner, octet, 400}, {`"disk_format": "raw"`, "", owner, octet, 400},
		{`"container_format": "bare"`, "", admin, octet, 400},
		{`"name": "x"`, "modify_image", owner, octet, 400},
		{full, "modify_image", owner, octet, 403}, {full, "upload_image", owner, octet, 403},
		{full, "upload_image", admin, octet, 403},
	}
}

// Spec images-api 7.1 checks 1 to 5, 7, 8 and 10: a refusal changes nothing, and the image can be tried again.
func TestUploadRefused(t *testing.T) {
	t.Parallel()
	for _, r := range refusals() {
		f := start(t, rules(r.rule, "!"))
		id := f.as(admin).create(r.attrs + `, "owner": "project-owner"`)
		f.share(id, "accepted")
		before := f.state()
		headers := []string{}
		if r.kind != "" {
			headers = append(headers, "Content-Type: "+r.kind)
		}
		a := f.as(r.by).ask("PUT /v2/images/"+id+"/file", "data", headers...).want(r.code)
		f.as(r.by).send("PUT /v2/images/"+id+"/file", chunked("data"), headers...).want(r.code)
		if r.code == http.StatusBadRequest && strings.Contains(a.body, "disk_format") == strings.Contains(r.attrs, "disk_format") {
			t.Errorf("%s: the client is told %q", r.attrs, a.body)
		}
		if after := f.state(); after != before {
			t.Errorf("%+v: before %s\nafter %s", r, before, after)
		}
	}
}

// Spec images-api 7.1 checks 14 to 17 and 21, storage-db 8.3: a store that does not take the data.
func TestUploadRefusedByStore(t *testing.T) {
	t.Parallel()
	rows := []struct {
		err  error
		code int
	}{
		{fault.New(fault.TooLarge, "full"), 413}, {fault.New(fault.Unavailable, "denied"), 503}, {fault.New(fault.Conflict, "exists"), 409},
		{fault.New(fault.Forbidden, "locked"), 403}, {fault.New(fault.Invalid, "bad value"), 400}, {errors.New("broken"), 500},
	}
	for _, r := range rows {
		b := &broken{}
		f := start(t, breakable(b))
		id := f.as(owner).create(formats)
		b.add = r.err
		f.as(owner).put(id, "data").want(r.code)
		if f.status(id) != "queued" || f.text("SELECT size FROM images WHERE id = ?", id) != "" {
			t.Errorf("%v: the image is %s", r.err, f.status(id))
		}
		b.add = nil
		f.as(owner).put(id, "data").want(http.StatusNoContent)
	}
	readOnly := start(t, func(c *glance.Config) { only(c, struct{ store.Driver }{c.Stores.Default().Driver}) })
	id := readOnly.as(owner).create(formats)
	readOnly.as(owner).put(id, "data").want(http.StatusGone)
	if got := readOnly.status(id); got != "queued" {
		t.Errorf("the image is %s", got)
	}
}

// Spec images-api 7.1 check 1: parameters of the media type do not matter.
func TestUploadMediaTypes(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	for _, kind := range []string{
		"application/octet-stream", "application/octet-stream; charset=x", "application/octet-stream;",
		"application/octet-stream;a", `application/octet-stream;a="`,
		"application/octet-stream ; a=b", "Application/Octet-Stream",
	} {
		id := c.create(formats)
		c.ask("PUT /v2/images/"+id+"/file", "data", "Content-Type: "+kind).want(http.StatusNoContent)
	}
}

// Spec images-api 6.2: uploads and downloads in every state.
func TestDataByStatus(t *testing.T) {
	t.Parallel()
	f := start(t)
	rows := []struct {
		status                        string
		put, empty, full, part, admin int // PUT, GET without data, GET with data, of a part, by an admin
	}{
		{"queued", 204, 204, 200, 206, 200}, {"saving", 409, 204, 200, 206, 200}, {"uploading", 409, 204, 200, 206, 200},
		{"importing", 409, 204, 200, 206, 200}, {"active", 409, 204, 200, 206, 200},
		{"deactivated", 409, 403, 403, 403, 200},
		{"killed", 409, 204, 200, 206, 200}, {"pending_delete", 404, 404, 404, 404, 404},
	}
	for _, r := range rows {
		full, empty := f.as(owner).store(`"visibility": "community"`, "data"), f.as(owner).create(`"visibility": "community", `+formats)
		f.setStatus(full, r.status)
		f.setStatus(empty, r.status)
		before := f.state()
		for _, c := range []caller{owner, stranger, anonymous} {
			f.as(c).get("/v2/images/" + empty + "/file").want(r.empty)
			f.as(c).get("/v2/images/" + full + "/file").want(r.full)
			f.as(c).ask("GET /v2/images/"+full+"/file", "", "Range: bytes=0-0").want(r.part)
		}
		f.as(admin).get("/v2/images/" + full + "/file").want(r.admin)
		if r.status != "queued" {
			f.as(owner).put(full, "other").want(r.put)
			if f.state() != before {
				t.Errorf("%s: something has changed", r.status)
			}
		}
		f.as(owner).put(empty, "data").want(r.put)
	}
}

// Spec images-api 7.4: the answers to a download.
func TestDownload(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store("", "0123456789")
	empty := f.as(owner).create(formats)
	f.as(owner).ask("GET /v2/images/"+id+"/file", "x").want(http.StatusBadRequest)
	f.as(owner).get("/v2/images/missing/file").want(http.StatusNotFound)
	f.as(stranger).get("/v2/images/" + id + "/file").want(http.StatusNotFound)
	f.as(owner).get("/v2/images/"+empty+"/file").want(http.StatusNoContent).wantBody("").wantHeader("Content-MD5", "")
	f.as(owner).ask("GET /v2/images/"+empty+"/file", "", "Range: bytes=0-1").want(http.StatusNoContent)
	f.as(owner).ask("GET /v2/images/"+empty+"/file", "", "Range: nonsense").want(http.StatusRequestedRangeNotSatisfiable)
	f.as(owner).get("/v2/images/"+id+"/file").want(http.StatusOK).wantHeader("Content-Length", "10").wantBody("0123456789")
	f.exec("UPDATE images SET checksum = NULL WHERE id = ?", id)
	f.as(owner).get("/v2/images/"+id+"/file").want(http.StatusOK).wantHeader("Content-MD5", "").wantBody("0123456789")
	f.must(os.Remove(f.object(id)))
	f.as(owner).get("/v2/images/"+id+"/file").want(http.StatusNoContent).wantBody("").wantHeader("Content-MD5", "")
	f.as(owner).ask("GET /v2/images/"+id+"/file", "", "Range: bytes=0-1").want(http.StatusNoContent)
}

// Spec images-api 7.4: policies, and the order in which a download is checked.
func TestDownloadChecks(t *testing.T) {
	t.Parallel()
	f := start(t, rules("download_image", "not 'secret':%(level)s"))
	open, secret := f.as(owner).store(`"level": "low"`, "data"), f.as(owner).store(`"level": "secret"`, "data")
	unmarked, empty := f.as(owner).store("", "data"), f.as(owner).create(`"level": "secret"`)
	f.as(owner).get("/v2/images/" + open + "/file").want(http.StatusOK)
	f.as(owner).get("/v2/images/" + unmarked + "/file").want(http.StatusOK)
	for _, c := range []caller{admin, owner} {
		f.as(c).get("/v2/images/" + secret + "/file").want(http.StatusForbidden)
		f.as(c).get("/v2/images/" + empty + "/file").want(http.StatusForbidden)
		f.as(c).ask("GET /v2/images/"+secret+"/file", "", "Range: bytes=9-").want(http.StatusRequestedRangeNotSatisfiable)
		f.as(c).ask("GET /v2/images/"+secret+"/file", "", "Range: bytes=0-1,3-4").want(http.StatusBadRequest)
	}
	f.setStatus(secret, "deactivated")
	f.as(owner).ask("GET /v2/images/"+secret+"/file", "", "Range: bytes=9-").want(http.StatusForbidden)
	f.as(admin).ask("GET /v2/images/"+secret+"/file", "", "Range: bytes=9-").want(http.StatusRequestedRangeNotSatisfiable)
	denied := start(t, rules("get_image", "!"))
	denied.as(owner).get("/v2/images/missing/file").want(http.StatusForbidden)
}

// A truncated object must never look whole, nor one that has grown.
func TestDownloadOfWrongSize(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, content := range []string{"012345678", "", "0123456789a"} {
		id := f.as(owner).store("", "0123456789")
		f.must(os.WriteFile(f.object(id), []byte(content), 0o600))
		for _, part := range []string{"", "bytes=0-1", "bytes=-1", "bytes=0-"} {
			headers := []string{}
			if part != "" {
				headers = append(headers, "Range: "+part)
			}
			f.as(owner).ask("GET /v2/images/"+id+"/file", "", headers...).want(http.StatusInternalServerError).wantHeader("Content-MD5", "")
		}
	}
}

// Spec images-api 7.4: locations are tried in their order until one can be read.
func TestDownloadLocations(t *testing.T) {
	t.Parallel()
	f := start(t)
	const stamp = "2017-08-01 10:00:00.000000"
	id, other := f.as(owner).store("", "0123456789"), f.as(owner).store("", "abcdefghij")
	short := f.as(owner).store("", "short")
	add := func(value string) {
		f.exec(`INSERT INTO image_locations (image_id, value, created_at, deleted, status) VALUES (?, ?, ?, FALSE, 'active')`, id, value, stamp)
	}
	for _, value := range []string{"file://" + f.object(short), "nowhere://x", "file:///etc/passwd", "file://" + f.object(other)} {
		add(value)
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("0123456789")
	f.must(os.Remove(f.object(id)))
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("abcdefghij")
	f.as(owner).ask("GET /v2/images/"+id+"/file", "", "Range: bytes=-2").want(http.StatusPartialContent).wantBody("ij")
	f.must(os.Remove(f.object(other)))
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusNoContent) // the last location decides
	f.exec("DELETE FROM image_locations WHERE value = ?", "file://"+f.object(other))
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusInternalServerError)
	f.exec("UPDATE image_locations SET deleted = TRUE WHERE image_id = ?", id)
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusNoContent)
	if !slices.Contains(f.files(), short) {
		t.Error("the other image's data is gone")
	}
}
