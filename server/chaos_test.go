package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ledger is what clients know of their images.
type ledger struct {
	mu      sync.Mutex
	sent    map[string]byte // id: every byte of the data is this one
	active  map[string]bool // the upload was acknowledged
	deleted map[string]bool // the deletion was acknowledged, or may have been done
}

func (l *ledger) note(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
}

// size of an image in the chaos: a few blocks and a bit.
const chaosSize = 700_001

// TestKillOften kills the server again and again while clients upload and delete. What was acknowledged is there, what
// is active is whole, and nothing else is left.
func TestKillOften(t *testing.T) {
	rounds := 25
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	l := &ledger{sent: map[string]byte{}, active: map[string]bool{}, deleted: map[string]bool{}}
	for range rounds {
		d := start(t, dir)
		var clients sync.WaitGroup
		for range 3 {
			clients.Go(func() { l.live(d.url) })
		}
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		d.kill()
		clients.Wait()
	}
	l.audit(t, dir)
}

// live is a client: it uploads images, and deletes every third, until the server is gone.
func (l *ledger) live(url string) {
	for i := 0; ; i++ {
		id, ok := try(http.MethodPost, url+"/v2/images", strings.NewReader(rawImage), http.StatusCreated)
		if !ok {
			return
		}
		fill := byte(rand.IntN(256))
		l.note(func() { l.sent[id] = fill })
		body := bytes.NewReader(bytes.Repeat([]byte{fill}, chaosSize))
		if _, ok = try(http.MethodPut, url+"/v2/images/"+id+"/file", body, http.StatusNoContent); !ok {
			return
		}
		l.note(func() { l.active[id] = true })
		if i%3 == 0 {
			l.note(func() { l.deleted[id] = true })
			try(http.MethodDelete, url+"/v2/images/"+id, nil, http.StatusNoContent)
		}
	}
}

// try sends a request; not ok is any other answer than the wanted one, or none. It returns the id in the answer.
func try(verb, url string, body io.Reader, want int) (id string, ok bool) {
	r, err := http.NewRequest(verb, url, body) // the server's end is the context
	if err != nil {
		return "", false
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return "", false
	}
	text, err := io.ReadAll(resp.Body)
	_, rest, _ := strings.Cut(string(text), `"id": "`)
	id, _, _ = strings.Cut(rest, `"`)
	return id, err == nil && resp.Body.Close() == nil && resp.StatusCode == want
}

// audit starts the server once more and compares what is there with what is known.
func (l *ledger) audit(t *testing.T, dir string) {
	t.Helper()
	d := start(t, dir)
	var found map[string]string
	await(t, "every image is settled", func() bool {
		found = d.list()
		for _, status := range found {
			if status != "active" && status != "queued" {
				return false
			}
		}
		return true
	})
	files := stored(t, dir)
	t.Logf("%d images sent, %d acknowledged, %d left in the list, %d files", len(l.sent), len(l.active), len(found), len(files))
	for _, name := range files {
		if found[name] != "active" {
			t.Errorf("the store has %s, whose image is %q", name, found[name])
		}
	}
	for id, status := range found {
		if l.deleted[id] && l.active[id] {
			continue // the answer to the deletion was lost
		}
		if l.active[id] && status != "active" {
			t.Errorf("image %s was acknowledged and is %s", id, status)
		}
		if status == "active" && !slices.Contains(files, id) {
			t.Errorf("image %s has no data", id)
		}
	}
	for id := range l.active {
		if found[id] == "" && !l.deleted[id] {
			t.Errorf("image %s is lost", id)
		}
	}
	for id, status := range found {
		if status == "active" {
			_, data := d.call(http.MethodGet, "/v2/images/"+id+"/file", nil)
			if data != strings.Repeat(string([]byte{l.sent[id]}), chaosSize) {
				t.Errorf("image %s has other data than was sent", id)
			}
		}
	}
}

// list returns the status of every image.
func (d *daemon) list() map[string]string {
	d.t.Helper()
	found := map[string]string{}
	for path := "/v2/images?limit=1000"; path != ""; {
		_, text := d.call(http.MethodGet, path, nil)
		var page struct {
			Images []struct{ ID, Status string }
			Next   string
		}
		if err := json.Unmarshal([]byte(text), &page); err != nil {
			d.t.Fatal(err)
		}
		for _, img := range page.Images {
			found[img.ID] = img.Status
		}
		path = page.Next
	}
	return found
}
