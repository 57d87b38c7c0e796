package glance_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/store"
)

// stall is how long a client may stand still in these tests, and step a delay that is clearly less.
const (
	stall = 400 * time.Millisecond
	step  = stall / 4
)

func impatient(c *glance.Config) { c.Options.Stall = stall }

// TestStalledUpload: a client that sends no more is told so, and the image waits for the next one.
func TestStalledUpload(t *testing.T) {
	c := start(t, impatient).as(owner)
	for _, encoding := range []string{"length", "chunked"} {
		id := c.create(formats)
		conn := c.dial()
		if _, err := conn.Write(c.beginning(id, encoding, block+10, 2*block)); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusRequestTimeout || !resp.Close {
			t.Errorf("%s: answered %d, close %v", encoding, resp.StatusCode, resp.Close)
		}
		c.must(errors.Join(resp.Body.Close(), conn.Close()))
		await(t, "the upload is over", func() bool { return c.answered("PUT /v2/images/" + id) })
		c.expectUntouched(id)
	}
}

// TestSecSlowBody is spec security S41: slow is not stalled, however long it takes.
func TestSecSlowBody(t *testing.T) {
	c := start(t, impatient).as(owner)
	id := c.create(formats)
	body, feed := io.Pipe()
	done := make(chan answer, 1)
	go func() { done <- c.send("PUT /v2/images/"+id+"/file", body, octets) }()
	for begin := time.Now(); time.Since(begin) < 3*stall; time.Sleep(step) {
		if _, err := feed.Write([]byte("drip ")); err != nil {
			t.Fatal(err)
		}
	}
	c.must(feed.Close())
	(<-done).want(http.StatusNoContent)
}

// big makes an image that no socket buffer can hold.
func (c client) big() (id string, size int64) {
	c.t.Helper()
	const n = 48 << 20
	id = c.create(formats)
	c.send("PUT /v2/images/"+id+"/file", io.LimitReader(zeros{}, n), octets).want(http.StatusNoContent)
	return id, n
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// ask for a download and read its header.
func (c client) download(id string) (*net.TCPConn, *bufio.Reader) {
	c.t.Helper()
	conn := c.dial()
	c.must(conn.SetReadBuffer(64 << 10))
	if _, err := fmt.Fprintf(conn, "GET /v2/images/%s/file HTTP/1.1\r\nHost: glance\r\nConnection: close\r\n%s\r\n", id, wire(owner)); err != nil {
		c.t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	for line := ""; line != "\r\n"; {
		var err error
		line, err = in.ReadString('\n')
		c.must(err)
	}
	return conn, in
}

// TestSecSlowReader is spec security S42: a reader that takes nothing is dropped, and its handler, file and connection
// with it; a slow one is served to the end.
func TestSecSlowReader(t *testing.T) {
	c := start(t, impatient).as(owner)
	id, size := c.big()

	dead, in := c.download(id)
	await(t, "the reader is dropped", func() bool { return c.answered("GET /v2/images/" + id) })
	if n, err := io.Copy(io.Discard, in); n == size {
		t.Errorf("a reader that stood still got all, error %v", err)
	}
	c.must(dead.Close())

	slow, in := c.download(id)
	var got int64
	for begin := time.Now(); time.Since(begin) < 3*stall; time.Sleep(step) {
		n, err := io.CopyN(io.Discard, in, 1<<20)
		c.must(err)
		got += n
	}
	n, err := io.Copy(io.Discard, in)
	if err != nil || got+n != size {
		t.Errorf("a slow reader got %d of %d bytes, error %v", got+n, size, err)
	}
	c.must(slow.Close())
}

// brittle is a store whose objects break off in the middle.
type brittle struct{ store.Driver }

func (b brittle) Put(ctx context.Context, o store.Object, body io.Reader) (store.Stored, error) {
	w, ok := b.Driver.(store.Writer)
	if !ok {
		return store.Stored{}, errors.New("the file driver does not write")
	}
	return w.Put(ctx, o, body)
}

func (brittle) Delete(context.Context, string) error { return nil }

func (b brittle) Open(ctx context.Context, url string, off, n int64) (store.Body, error) {
	body, err := b.Driver.Open(ctx, url, off, n)
	half := io.MultiReader(io.LimitReader(body, body.N/2), deadDisk{})
	body.ReadCloser = struct {
		io.Reader
		io.Closer
	}{half, body.ReadCloser}
	return body, err
}

type deadDisk struct{}

func (deadDisk) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

// TestBrokenDownloadIsNoImage: an error after the header cuts the connection, so half an image never looks whole.
func TestBrokenDownloadIsNoImage(t *testing.T) {
	c := start(t, func(c *glance.Config) {
		set, err := store.NewSet("file", store.Named{Name: "file", Driver: brittle{c.Stores.Default().Driver}})
		if err != nil {
			t.Fatal(err)
		}
		c.Stores = set
	}).as(owner)
	id := c.store("", strings.Repeat("x", 1<<20))
	for _, part := range []string{"Accept: */*", "Range: bytes=0-99999"} {
		a := c.ask("GET /v2/images/"+id+"/file", "", part)
		if !errors.Is(a.err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: got %d bytes, error %v", part, len(a.body), a.err)
		}
	}
}

// TestUnaskedBody: who announces a body that nobody asked for, and does not send it, holds up nobody, himself included.
func TestUnaskedBody(t *testing.T) {
	f := start(t)
	const expecting = "Expect: 100-continue\r\n"
	rows := []struct{ line, expect string }{
		{"GET /versions", ""}, {"GET /v2", ""}, {"GET /v2/images", ""},
		{"GET /", expecting}, {"GET /v2/images", expecting}, {"DELETE /v2/images/x", expecting},
	}
	for _, row := range rows {
		line := row.line
		conn := f.dial()
		head := line + " HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n" + row.expect + wire(owner) + "\r\n"
		if _, err := io.WriteString(conn, head); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if _, err := io.Copy(io.Discard, in); err != nil || !resp.Close {
			t.Errorf("%s: answered %d, close %v, then %v", line, resp.StatusCode, resp.Close, err)
		}
		f.must(errors.Join(resp.Body.Close(), conn.Close()))
	}
}

// TestHalfClosedUpload: a client that has sent all, and says that it sends no more, is not gone.
func TestHalfClosedUpload(t *testing.T) {
	c := start(t).as(owner)
	for range 15 {
		id := c.create(formats)
		conn := c.dial()
		if _, err := conn.Write(c.beginning(id, "length", 2*block, 2*block)); err != nil {
			t.Fatal(err)
		}
		c.must(conn.CloseWrite())
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusNoContent || c.status(id) != "active" {
			t.Errorf("answered %d, the image is %s", resp.StatusCode, c.status(id))
		}
		c.must(errors.Join(resp.Body.Close(), conn.Close()))
	}
}
