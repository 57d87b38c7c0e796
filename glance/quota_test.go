package glance_test

import (
	"bufio"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"goglance/glance"
)

// announce asks to upload n bytes and waits for leave to send them. It returns 100 for leave, which is then not used,
// else the answer.
func (c client) announce(id string, n int64) int {
	c.t.Helper()
	conn, err := net.Dial("tcp", c.server.Listener.Addr().String())
	c.must(err)
	defer conn.Close() //nolint:errcheck // nothing to lose
	c.must(conn.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(conn, "PUT /v2/images/%s/file HTTP/1.1\r\nHost: glance\r\n%s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n%s\r\n",
		id, octets, n, strings.Join(c.headers, "\r\n")+"\r\n")
	c.must(err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	c.must(err)
	c.must(resp.Body.Close())
	if resp.StatusCode != http.StatusContinue && !resp.Close {
		c.t.Errorf("the connection stays open after %d, and the body may come", resp.StatusCode)
	}
	return resp.StatusCode
}

func quota(text string) func(*glance.Config) {
	return func(c *glance.Config) { c.Options.UserStorageQuota, c.Options.SizeCap = text, math.MaxInt64 }
}

// Spec images-api 11: the syntax of user_storage_quota.
func TestStorageQuotaSyntax(t *testing.T) {
	t.Parallel()
	rows := []struct {
		text  string
		bytes int64
	}{
		{"1", 1}, {"1B", 1}, {"1000", 1000}, {"2KB", 2 << 10}, {"3MB", 3 << 20}, {"4GB", 4 << 30}, {"5TB", 5 << 40},
		{"0001KB", 1 << 10},
		{"9223372036854775807", math.MaxInt64}, {"8388607TB", 8388607 << 40},
	}
	for _, r := range rows {
		c := start(t, quota(r.text)).as(owner)
		if got := c.announce(c.create(formats), r.bytes); got != http.StatusContinue {
			t.Errorf("%s: %d bytes are answered with %d", r.text, r.bytes, got)
		}
		if r.bytes == math.MaxInt64 {
			continue
		}
		id := c.create(formats)
		if got := c.announce(id, r.bytes+1); got != http.StatusRequestEntityTooLarge || c.status(id) != "queued" {
			t.Errorf("%s: %d bytes are answered with %d, the image is %s", r.text, r.bytes+1, got, c.status(id))
		}
	}
	for _, text := range []string{"0", "0B", "0TB"} {
		c := start(t, quota(text)).as(owner)
		if got := c.announce(c.create(formats), math.MaxInt64); got != http.StatusContinue {
			t.Errorf("%s: %d", text, got)
		}
	}
}

func TestStorageQuotaNonsense(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, text := range []string{
		"", "x", "-1", "+1", "1 KB", "1kb", "1K", "1M", "KB", "1.5GB", "1PB", "1KiB", "1KB ", " 1KB", "1,000", "0x10",
		"1KBB", "9223372036854775808", "8388608TB",
		strings.Repeat("9", 5000), "\uff11", "1\n",
	} {
		c := f.made
		c.Options.UserStorageQuota = text
		if svc, err := glance.New(c); err == nil {
			t.Errorf("%q is taken", text)
			f.must(svc.Close())
		}
	}
}

// Spec images-api 11, 7.1 checks 11 and 12: what counts, and against whom.
func TestStorageQuotaUsage(t *testing.T) {
	t.Parallel()
	const fits, over = http.StatusNoContent, http.StatusRequestEntityTooLarge
	f := start(t, quota("10"))
	put := func(c client, data string, code int) string {
		t.Helper()
		id := c.create(formats)
		c.put(id, data).want(code)
		if code == over && (f.status(id) != "queued" || f.text("SELECT size FROM images WHERE id = ?", id) != "") {
			t.Errorf("the image is %s", f.status(id))
		}
		return id
	}
	put(f.as(owner), "0123456789a", over)
	first := put(f.as(owner), "012345", fits)
	put(f.as(owner), "01234", over)
	second := put(f.as(owner), "0123", fits)
	put(f.as(owner), "0", over)
	put(f.as(stranger), "0123456789", fits)
	// An upload for somebody else counts against the uploader (spec images-api 11), one of nobody against nobody.
	mine := f.as(admin).create(`"owner": "project-owner", ` + formats)
	f.as(admin).put(mine, "0123456789").want(fits)
	f.as(owner).ask("DELETE /v2/images/"+mine, "").want(fits)
	// Data awaiting its deletion counts, as does every location; killed and deleted images do not.
	f.setStatus(first, "pending_delete")
	put(f.as(owner), "0", over)
	f.setStatus(first, "killed")
	third := put(f.as(owner), "012345", fits)
	f.as(owner).ask("DELETE /v2/images/"+third, "").want(fits)
	f.exec("UPDATE images SET size = 5 WHERE id = ?", second)
	put(f.as(owner), "012345", over)
	f.exec(`INSERT INTO image_locations (image_id, value, created_at, deleted, status)
		VALUES (?, 'file:///x', '2017-08-01 10:00:00.000000', FALSE, 'active')`, second)
	put(f.as(owner), "0", over)
	f.exec("UPDATE image_locations SET status = 'deleted', deleted = TRUE WHERE value = 'file:///x'")
	put(f.as(owner), "01234", fits)
}

// An upload of unknown size needs some room, and is cut where it takes more (spec images-api 7.1 checks 11 and 12).
func TestStorageQuotaUnknownSize(t *testing.T) {
	t.Parallel()
	c := start(t, quota("10")).as(owner)
	line := func(id string) string { return "PUT /v2/images/" + id + "/file" }
	id := c.create(formats)
	c.send(line(id), chunked("0123456789a"), octets).want(http.StatusRequestEntityTooLarge)
	if len(c.files()) != 0 || c.status(id) != "queued" {
		t.Errorf("the image is %s, the store has %v", c.status(id), c.files())
	}
	c.send(line(id), chunked("0123456789"), octets).want(http.StatusNoContent)
	full := c.create(formats)
	for _, data := range []string{"", "0"} {
		c.send(line(full), chunked(data), octets).want(http.StatusRequestEntityTooLarge)
	}
	c.put(full, "").want(http.StatusRequestEntityTooLarge) // no bytes announced is a size that nobody knows
	if len(c.files()) != 1 || c.status(full) != "queued" {
		t.Errorf("the image is %s, the store has %v", c.status(full), c.files())
	}
}

// Spec images-api 7.1 check 12, security P50 as far as there are paths yet.
func TestSecSizeCapAllUploadPaths(t *testing.T) {
	t.Parallel()
	const room = 1000
	c := start(t, func(c *glance.Config) { c.Options.SizeCap = room }).as(admin)
	data := strings.Repeat("x", room)
	id := c.create(formats)
	if got := c.announce(id, room+1); got != http.StatusRequestEntityTooLarge {
		t.Errorf("announced: %d", got)
	}
	c.put(id, data+"x").want(http.StatusRequestEntityTooLarge)
	c.send("PUT /v2/images/"+id+"/file", chunked(data+"x"), octets).want(http.StatusRequestEntityTooLarge)
	c.send("PUT /v2/images/"+id+"/file", chunked(strings.Repeat(data, 3000)), octets).want(http.StatusRequestEntityTooLarge)
	if len(c.files()) != 0 || c.status(id) != "queued" {
		t.Errorf("the image is %s, the store has %v", c.status(id), c.files())
	}
	c.send("PUT /v2/images/"+id+"/file", chunked(data), octets).want(http.StatusNoContent)
	other := c.create(formats)
	c.put(other, data).want(http.StatusNoContent)
}

// Spec security S37: a refused upload is answered without a byte of it.
func TestSecExpectContinueRefused(t *testing.T) {
	t.Parallel()
	f := start(t, quota("10"))
	active, queued := f.as(owner).store(`"visibility": "community"`, "data"), f.as(owner).create(`"visibility": "community", `+formats)
	rows := []struct {
		by   caller
		id   string
		n    int64
		code int
	}{
		{owner, queued, 11, 413}, {stranger, queued, 1, 403}, {anonymous, queued, 1, 403}, {owner, active, 1, 409},
		{owner, "missing", 1, 404}, {owner, queued, 1, 100},
	}
	for _, r := range rows {
		if got := f.as(r.by).announce(r.id, r.n); got != r.code {
			t.Errorf("%s, %d bytes: %d, want %d", r.by, r.n, got, r.code)
		}
	}
}
