package glance_test

import (
	"errors"
	"net/http"
	"strconv"
	"testing"

	"goglance/glance/fault"
)

// part is a request for a part of an image of ten bytes, and the answer.
type part struct {
	header  string
	code    int
	content string // Content-Range of the answer
	body    string
}

func (c client) tryParts(id string, parts []part) {
	c.t.Helper()
	checksum := c.text("SELECT checksum FROM images WHERE id = ?", id)
	for _, p := range parts {
		a := c.ask("GET /v2/images/"+id+"/file", "", p.header).want(p.code).wantHeader("Content-Range", p.content)
		a.wantHeader("Accept-Ranges", "")
		if p.code != http.StatusPartialContent && p.code != http.StatusOK {
			a.wantHeader("Content-MD5", "")
			continue
		}
		a.wantBody(p.body).wantHeader("Content-MD5", checksum).wantHeader("Content-Type", "application/octet-stream")
		a.wantHeader("Content-Length", strconv.Itoa(len(p.body)))
	}
}

const digits = "0123456789"

// Spec images-api 7.5, the first table.
func TestRange(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	const huge = "99999999999999999999"
	c.tryParts(c.store("", digits), []part{
		{"Range: bytes=0-4", 206, "bytes 0-4/10", "01234"}, {"Range: bytes=3-3", 206, "bytes 3-3/10", "3"},
		{"Range: bytes=9-9", 206, "bytes 9-9/10", "9"},
		{"Range: bytes=0-9", 206, "bytes 0-9/10", digits}, {"Range: bytes=0-", 206, "bytes 0-9/10", digits},
		{"Range: bytes=4-", 206, "bytes 4-9/10", "456789"},
		{"Range: bytes=4-10", 206, "bytes 4-9/10", "456789"}, {"Range: bytes=9-99", 206, "bytes 9-9/10", "9"},
		{"Range: bytes=0-" + huge, 206, "bytes 0-9/10", digits},
		{"Range: bytes=-1", 206, "bytes 9-9/10", "9"}, {"Range: bytes=-3", 206, "bytes 7-9/10", "789"},
		{"Range: bytes=-10", 206, "bytes 0-9/10", digits},
		{"Range: bytes=-11", 206, "bytes 0-9/10", digits}, {"Range: bytes=-" + huge, 206, "bytes 0-9/10", digits},
		{"Range: bytes=00-04", 206, "bytes 0-4/10", "01234"},
		{"Range: Bytes=0-4", 206, "bytes 0-4/10", "01234"}, {"Range:  bytes=0-4 ", 206, "bytes 0-4/10", "01234"},
		{"Range: bytes=0-1,3-4", 400, "", ""}, {"Range: bytes=0-1,", 400, "", ""}, {"Range: ,", 400, "", ""},
		{"Range: bytes=99-,0-1", 400, "", ""},
		{"Range: nonsense", 416, "", ""}, {"Range: items=0-4", 416, "", ""}, {"Range: bytes=", 416, "", ""},
		{"Range: bytes=-", 416, "", ""},
		{"Range: bytes=5", 416, "", ""}, {"Range: bytes", 416, "", ""}, {"Range: 0-4", 416, "", ""},
		{"Range: bytes=4-2", 416, "", ""}, {"Range: bytes=1-0", 416, "", ""},
		{"Range: bytes=10-", 416, "", ""}, {"Range: bytes=10-10", 416, "", ""}, {"Range: bytes=10-99", 416, "", ""},
		{"Range: bytes=" + huge + "-", 416, "", ""},
		{"Range: bytes=-0", 416, "", ""}, {"Range: bytes=0x0-4", 416, "", ""}, {"Range: bytes=+0-4", 416, "", ""},
		{"Range: bytes=--1", 416, "", ""},
		{"Range: bytes=0-4x", 416, "", ""}, {"Range: bytes=a-b", 416, "", ""}, {"Range: bytes=\u0660-\u0664", 416, "", ""},
		{"Range: bytes=0-4-6", 416, "", ""},
		{"If-Range: x", 200, "", digits}, {"If-None-Match: *", 200, "", digits},
		{"If-Modified-Since: Sun, 22 Nov 2037 10:00:00 GMT", 200, "", digits},
	})
}

// Spec images-api 7.5, the second table: how old clients ask.
func TestContentRange(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	id := c.store("", digits)
	c.tryParts(id, []part{
		{"Content-Range: bytes 0-4/10", 206, "bytes 0-4/10", "01234"},
		{"Content-Range: bytes 0-4/*", 206, "bytes 0-4/10", "01234"},
		{"Content-Range: bytes 9-9/10", 206, "bytes 9-9/10", "9"},
		{"Content-Range: bytes 0-9/*", 206, "bytes 0-9/10", digits},
		{"Content-Range: bytes 0-4/20", 206, "bytes 0-4/10", "01234"},
		{"Content-Range: bytes 0-4/5", 206, "bytes 0-4/10", "01234"},
		{"Content-Range: nonsense", 416, "", ""}, {"Content-Range: bytes", 416, "", ""},
		{"Content-Range: bytes 0-4", 416, "", ""}, {"Content-Range: items 0-4/10", 416, "", ""},
		{"Content-Range: bytes=0-4/10", 416, "", ""}, {"Content-Range: bytes 4-/10", 416, "", ""},
		{"Content-Range: bytes -4/10", 416, "", ""},
		{"Content-Range: bytes 4-2/10", 416, "", ""}, {"Content-Range: bytes 0-4/4", 416, "", ""},
		{"Content-Range: bytes 0-10/11", 416, "", ""},
		{"Content-Range: bytes 0-10/10", 416, "", ""}, {"Content-Range: bytes 0-10/*", 416, "", ""},
		{"Content-Range: bytes 10-10/*", 416, "", ""},
		{"Content-Range: bytes 10-11/20", 416, "", ""}, {"Content-Range: bytes */10", 416, "", ""},
		{"Content-Range: bytes */*", 416, "", ""},
		{"Content-Range: bytes 0-18446744073709551615/*", 416, "", ""}, {"Content-Range: bytes 5-15/100", 416, "", ""},
	})
	both := c.ask("GET /v2/images/"+id+"/file", "", "Range: bytes=1-2", "Content-Range: bytes 3-4/10")
	both.want(http.StatusPartialContent).wantBody("12").wantHeader("Content-Range", "bytes 1-2/10")
	c.ask("GET /v2/images/"+id+"/file", "", "Range: nonsense", "Content-Range: bytes 3-4/10").want(http.StatusRequestedRangeNotSatisfiable)
	c.ask("GET /v2/images/"+id+"/file", "", "Range: bytes=1-2", "Range: bytes=3-4").want(http.StatusBadRequest)
	c.ask("GET /v2/images/"+id+"/file", "", "Content-Range: bytes 1-2/*", "Content-Range: bytes 1-2/*").want(http.StatusRequestedRangeNotSatisfiable)
}

// Spec images-api 7.5: an image of no bytes, which is not an image without data.
func TestRangeOfEmptyImage(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	id := c.store("", "")
	whole := c.get("/v2/images/"+id+"/file").want(http.StatusOK).wantBody("").wantHeader("Content-Length", "0")
	whole.wantHeader("Content-MD5", "d41d8cd98f00b204e9800998ecf8427e")
	for _, h := range []string{
		"Range: bytes=0-0", "Range: bytes=0-", "Range: bytes=-1", "Range: bytes=-0", "Content-Range: bytes 0-0/*",
		"Content-Range: bytes 0-0/1",
	} {
		c.ask("GET /v2/images/"+id+"/file", "", h).want(http.StatusRequestedRangeNotSatisfiable).wantHeader("Content-Range", "")
	}
}

// Spec images-api 7.4: what a failing store means for the client.
func TestDownloadFromBrokenStore(t *testing.T) {
	t.Parallel()
	b := &broken{}
	f := start(t, breakable(b))
	id := f.as(owner).store("", digits)
	rows := []struct {
		err  error
		code int
	}{
		{fault.New(fault.NotFound, "gone"), 204}, {fault.New(fault.Unavailable, "away"), 503},
		{fault.New(fault.Invalid, "not my URL"), 500},
		{fault.New(fault.Internal, "broken"), 500}, {errors.New("secret"), 500}, {fault.New(fault.BadRange, "short"), 500},
	}
	for _, r := range rows {
		b.open = r.err
		f.as(owner).get("/v2/images/"+id+"/file").want(r.code).wantHeader("Content-MD5", "")
		f.as(owner).ask("GET /v2/images/"+id+"/file", "", "Range: bytes=0-1").want(r.code).wantHeader("Content-Range", "")
	}
}

// Spec security S55.
func TestSecDownloadContentType(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	const page = "<!DOCTYPE html><html><script>alert(1)</script></html>"
	id := c.store(`"name": "x.html", "content_type": "text/html"`, page)
	for _, headers := range [][]string{nil, {"Accept: text/html"}, {"Range: bytes=0-"}} {
		a := c.ask("GET /v2/images/"+id+"/file?name=x.html", "", headers...).wantBody(page)
		a.wantHeader("Content-Type", "application/octet-stream").wantHeader("X-Content-Type-Options", "nosniff").wantHeader("Content-Disposition", "")
	}
}
