package glance_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance"
)

// block is how the service reads bodies, and wait what it waits for bytes with: the places where an end could be
// mistaken.
const (
	block = 256 << 10
	wait  = 4 << 10
)

// await waits until the condition holds.
func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// noise returns n bytes.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(int64(n))).Read(b) // not a secret
	return b
}

// answered reports whether the service is done with a request that begins with line.
func (f *fixture) answered(line string) bool {
	for _, e := range f.log.AllEntries() {
		if strings.HasPrefix(e.Message, line) && e.Data["route"] != nil {
			return true
		}
	}
	return false
}

// expectUntouched asserts that an image waits for data, that the store is empty, and that data is now taken.
func (c client) expectUntouched(id string) {
	c.t.Helper()
	if status := c.status(id); status != "queued" {
		c.t.Errorf("the image is %s", status)
	}
	if files := c.files(); len(files) != 0 {
		c.t.Errorf("the store has %v", files)
	}
	c.put(id, "new data").want(http.StatusNoContent)
	c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("new data")
	c.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
}

// beginning returns the first n bytes of a body of total bytes, as they go over the wire, after their header.
func (c client) beginning(id, encoding string, n, total int) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "PUT /v2/images/%s/file HTTP/1.1\r\nHost: glance\r\n%s\r\n%s", id, octets, wire(owner))
	body := noise(total)
	if encoding == "length" {
		fmt.Fprintf(&out, "Content-Length: %d\r\n\r\n", total)
		out.Write(body[:n])
		return out.Bytes()
	}
	out.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	for at := 0; at < n; at += block {
		size := min(block, total-at)
		fmt.Fprintf(&out, "%x\r\n", size)
		out.Write(body[at:min(at+size, n)])
		if at+size <= n {
			out.WriteString("\r\n")
		}
	}
	return out.Bytes()
}

// dial connects to the server.
func (f *fixture) dial() *net.TCPConn {
	f.t.Helper()
	conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
	f.must(err)
	f.must(conn.SetDeadline(time.Now().Add(patience)))
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		f.t.Fatalf("a connection is a %T", conn)
	}
	return tcp
}

// TestSecTruncatedUpload is spec security S35: a body that is cut never makes an image, wherever that happens.
func TestSecTruncatedUpload(t *testing.T) {
	c := start(t).as(owner)
	const total = 3*block + 100
	for _, edge := range []int{0, wait, block, block + wait, 2 * block, 3 * block, total} {
		for _, cut := range []int{edge - 1, edge, edge + 1} {
			for _, encoding := range []string{"length", "chunked"} {
				if cut < 0 || cut > total || cut == total && encoding == "length" {
					continue
				}
				t.Run(fmt.Sprintf("%s %d", encoding, cut), func(t *testing.T) {
					cutUpload(t, c, c.beginning(c.create(formats), encoding, cut, total), cut%2 == 0)
				})
			}
		}
	}
}

// cutUpload sends the beginning of an upload and then hangs up: gently, still listening for the answer, or with a
// reset.
func cutUpload(t *testing.T, c client, beginning []byte, gently bool) {
	t.Helper()
	line, _, _ := strings.Cut(string(beginning), " HTTP")
	conn := c.dial()
	defer conn.Close() //nolint:errcheck // it is cut anyway
	if _, err := conn.Write(beginning); err != nil {
		t.Fatal(err)
	}
	if gently {
		c.must(conn.CloseWrite())
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		defer resp.Body.Close() //nolint:errcheck // only read
		if resp.StatusCode != http.StatusBadRequest || !resp.Close {
			t.Errorf("answered %d, close %v", resp.StatusCode, resp.Close)
		}
	} else {
		await(t, "the upload begins", func() bool { return c.status(imageOf(line)) == "saving" })
		c.must(conn.SetLinger(0))
		c.must(conn.Close())
	}
	await(t, "the service has noticed", func() bool { return c.answered(line) })
	c.expectUntouched(imageOf(line))
}

// imageOf returns the id in a request line.
func imageOf(line string) string { return strings.Split(line, "/")[3] }

// TestUploadOverCap: what is too long is refused, announced or not, and exactly the cap is not too long.
func TestUploadOverCap(t *testing.T) {
	for _, limit := range []int{1000, block, 2*block + 1} {
		c := start(t, func(c *glance.Config) { c.Options.SizeCap = int64(limit) }).as(owner)
		id := c.create(formats)
		for _, more := range []int{1, 2, block} {
			c.send("PUT /v2/images/"+id+"/file", bytes.NewReader(noise(limit+more)), octets).want(http.StatusRequestEntityTooLarge)
			c.send("PUT /v2/images/"+id+"/file", chunked(string(noise(limit+more))), octets).want(http.StatusRequestEntityTooLarge)
			if files, status := c.files(), c.status(id); len(files) != 0 || status != "queued" {
				t.Errorf("after %d bytes over: %s, %v", more, status, files)
			}
		}
		c.send("PUT /v2/images/"+id+"/file", chunked(string(noise(limit))), octets).want(http.StatusNoContent)
	}
}

// running is an upload that stands still until it is fed.
type running struct {
	id   string
	feed *io.PipeWriter
	done chan answer
}

// begin starts an upload and waits until a first part of it is in the store.
func (c client) begin(id string) *running {
	c.t.Helper()
	body, feed := io.Pipe()
	u := &running{id, feed, make(chan answer, 1)}
	go func() { u.done <- c.send("PUT /v2/images/"+id+"/file", body, octets) }()
	if _, err := feed.Write(noise(block)); err != nil {
		c.t.Fatal(err)
	}
	await(c.t, "the upload has begun", func() bool { return c.status(id) == "saving" && len(c.files()) > 0 })
	return u
}

// finish sends the end of the body and returns the answer.
func (u *running) finish() answer {
	_ = u.feed.Close() // never fails
	return <-u.done
}

// TestSecDeleteWhileSavingLeavesNothing is spec security P51 and P53.
func TestSecDeleteWhileSavingLeavesNothing(t *testing.T) {
	c := start(t).as(owner)
	for range 20 {
		u := c.begin(c.create(formats))
		c.ask("DELETE /v2/images/"+u.id, "").want(http.StatusNoContent)
		u.finish().want(http.StatusGone)
		if files, status := c.files(), c.status(u.id); len(files) != 0 || status != "deleted" {
			t.Fatalf("the image is %s, the store has %v", status, files)
		}
	}
}

// TestUploadWhileUploading: the second upload is refused, and does the first no harm.
func TestUploadWhileUploading(t *testing.T) {
	c := start(t).as(owner)
	u := c.begin(c.create(formats))
	c.put(u.id, "late").want(http.StatusConflict)
	u.finish().want(http.StatusNoContent)
	c.get("/v2/images/" + u.id + "/file").wantBody(string(noise(block)))
	c.put(u.id, "later").want(http.StatusConflict)
	if files := c.files(); len(files) != 1 {
		t.Errorf("the store has %v", files)
	}
}

// TestUploadsRace: of uploads at the same moment one wins, and the image is what it sent.
func TestUploadsRace(t *testing.T) {
	c := start(t).as(owner)
	for range 10 {
		id := c.create(formats)
		answers := make([]answer, 6)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = c.put(id, strings.Repeat(fmt.Sprint(i), 1000+i)) })
		}
		wg.Wait()
		winner := -1
		for i, a := range answers {
			switch {
			case a.code == http.StatusNoContent && winner < 0:
				winner = i
			case a.code != http.StatusConflict && a.code != http.StatusGone:
				t.Errorf("upload %d was answered %d", i, a.code)
			}
		}
		c.get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody(strings.Repeat(fmt.Sprint(winner), 1000+winner))
		c.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
		if files := c.files(); len(files) != 0 {
			t.Errorf("the store has %v", files)
		}
	}
}

// TestSecStorageQuotaRace is spec security S72: uploads at the same time do not exceed the quota together.
func TestSecStorageQuotaRace(t *testing.T) {
	c := start(t, func(c *glance.Config) { c.Options.UserStorageQuota = "1000B" }).as(owner)
	uploads := make([]*running, 8)
	for i := range uploads {
		body, feed := io.Pipe()
		uploads[i] = &running{c.create(formats), feed, make(chan answer, 1)}
		go func() { uploads[i].done <- c.send("PUT /v2/images/"+uploads[i].id+"/file", body, octets) }()
		if _, err := feed.Write(noise(300)); err != nil {
			t.Fatal(err)
		}
	}
	taken := 0
	for _, u := range uploads {
		a := u.finish()
		if a.code == http.StatusNoContent {
			taken++
			continue
		}
		a.want(http.StatusRequestEntityTooLarge)
		if status := c.status(u.id); status != "queued" {
			t.Errorf("a refused image is %s", status)
		}
	}
	if files := c.files(); taken != 3 || len(files) != 3 {
		t.Errorf("%d uploads of 300 bytes fit into 1000, the store has %v", taken, files)
	}
}
