package main_test

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// slowUpload is an upload that stands still until it is finished.
type slowUpload struct {
	id   string
	feed *io.PipeWriter
	code chan int
}

// begin starts an upload and waits until bytes of it are in the store.
func (d *daemon) begin(first []byte) *slowUpload {
	d.t.Helper()
	body, feed := io.Pipe()
	u := &slowUpload{id: d.create(rawImage), feed: feed, code: make(chan int, 1)}
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPut, d.url+"/v2/images/"+u.id+"/file", body)
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			u.code <- 0
			return
		}
		resp.Body.Close() //nolint:errcheck // empty
		u.code <- resp.StatusCode
	}()
	if _, err := feed.Write(first); err != nil {
		d.t.Fatal(err)
	}
	await(d.t, "the upload has reached the store", func() bool {
		return d.status(u.id) == "saving" && slices.ContainsFunc(stored(d.t, d.dir), func(name string) bool {
			return strings.Contains(name, u.id)
		})
	})
	return u
}

// TestKillWhileUploading: what a killed server was uploading is undone by the next one on its node; the upload of
// another server on the same database and store goes on untouched.
func TestKillWhileUploading(t *testing.T) {
	dir := t.TempDir()
	doomed, other := start(t, dir), start(t, dir)
	half := bytes.Repeat([]byte("half"), 1<<18)
	cut, running := doomed.begin(half), other.begin(half)
	doomed.kill()
	cut.feed.CloseWithError(io.ErrClosedPipe)
	if code := <-cut.code; code != 0 {
		t.Errorf("the killed upload was answered %d", code)
	}
	if got := other.status(cut.id); got != "saving" {
		t.Errorf("before the restart the image is %s", got)
	}

	next := start(t, dir)
	await(t, "the image is given back", func() bool { return next.status(cut.id) == "queued" })
	for _, name := range stored(t, dir) {
		if strings.Contains(name, cut.id) {
			t.Errorf("the store still has %s", name)
		}
	}
	if got := next.status(running.id); got != "saving" {
		t.Errorf("the other server's image is %s", got)
	}
	if code, text := next.call(http.MethodPut, "/v2/images/"+cut.id+"/file", bytes.NewReader(half)); code != http.StatusNoContent {
		t.Errorf("the same upload again: %d %s", code, text)
	}
	if _, err := running.feed.Write(half); err != nil {
		t.Fatal(err)
	}
	running.feed.Close() //nolint:errcheck // never fails
	if code := <-running.code; code != http.StatusNoContent {
		t.Errorf("the other server's upload was answered %d", code)
	}
	if _, text := next.call(http.MethodGet, "/v2/images/"+running.id+"/file", nil); text != string(half)+string(half) {
		t.Errorf("the other server's image has %d bytes", len(text))
	}
	left, err := filepath.Glob(filepath.Join(dir, "journal", "*", "*.*"))
	if err != nil || len(left) != 0 {
		t.Errorf("journal entries are left: %v, %v", left, err)
	}
}
