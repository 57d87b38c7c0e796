package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// steady is work that goes on until it is stopped, each round of which must succeed.
type steady struct {
	stop   chan struct{}
	ended  chan struct{}
	rounds atomic.Int64
}

func (l *steady) end(t *testing.T) {
	t.Helper()
	close(l.stop)
	<-l.ended
	if l.rounds.Load() == 0 {
		t.Error("nothing was done meanwhile")
	}
}

func begin(round func(n int)) *steady {
	l := &steady{stop: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		for {
			select {
			case <-l.stop:
				return
			default:
				round(int(l.rounds.Load()))
				l.rounds.Add(1)
			}
		}
	}()
	return l
}

// serve has a server read and write, and asserts each answer.
func serve(t *testing.T, d *daemon) *steady {
	client := &http.Client{}
	t.Cleanup(client.CloseIdleConnections)
	call := func(method, path, body string, want int) {
		req, err := http.NewRequestWithContext(t.Context(), method, d.url+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		if method == http.MethodPatch {
			req.Header.Set("Content-Type", "application/openstack-images-v2.1-json-patch")
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close() //nolint:errcheck // only read
		if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != want {
			t.Errorf("%s %s: %d %s %v", method, path, resp.StatusCode, text, err)
		}
	}
	return begin(func(n int) {
		id := fmt.Sprintf("%08d-0000-4000-8000-%012d", n, time.Now().UnixNano()%1e12)
		call(http.MethodPost, "/v2/images", `{"id": "`+id+`", "visibility": "public", "p": "v", "tags": ["t"]}`, http.StatusCreated)
		call(http.MethodPatch, "/v2/images/"+id, `[{"op": "replace", "path": "/visibility", "value": "private"}]`, http.StatusOK)
		call(http.MethodGet, "/v2/images?limit=20", "", http.StatusOK)
		call(http.MethodGet, "/v2/images/"+id, "", http.StatusOK)
		call(http.MethodDelete, "/v2/images/"+id, "", http.StatusNoContent)
	})
}

// servicesGoOn: no service of the older release, nor one of ours, has an error while a database is upgraded.
func servicesGoOn(t *testing.T, newURL func() string) {
	t.Run("from Ocata", func(t *testing.T) {
		s := newSite(t, "[database]\nconnection = "+newURL())
		s.managed(0, "", "", "db", "sync", "ocata01")
		d := s.start()
		l := serve(t, d)
		for _, action := range []string{"expand", "migrate", "contract"} {
			s.managed(0, "", "", "db", action)
		}
		l.end(t)
		s.managed(0, "up to date", "", "db", "check")
		d.stop()
	})
	t.Run("from Newton", func(t *testing.T) { fromNewton(t, newURL()) })
}

func fromNewton(t *testing.T, url string) {
	s, raw := newSite(t, "[database]\nconnection = "+url), sqlOf(t, url)
	s.managed(0, "", "", "db", "sync", "mitaka02")
	oldImages(t, raw, 0, 900)
	old := begin(func(n int) { // what a service of Newton writes and reads
		oldImages(t, raw, 1000+n, 1)
		for _, text := range []string{"UPDATE images SET is_public = ?, name = 'x' WHERE id = ?", "UPDATE images SET is_public = NOT ?, name = 'y' WHERE id = ?"} {
			if _, err := raw.ExecContext(t.Context(), raw.Rebind(text), true, fmt.Sprintf("old-%06d", 1000+n)); err != nil {
				t.Error(err)
			}
		}
		var count int
		if err := raw.GetContext(t.Context(), &count, raw.Rebind("SELECT COUNT(*) FROM images WHERE is_public = ?"), true); err != nil || count < 300 {
			t.Errorf("Newton sees %d public images, %v", count, err)
		}
	})
	s.managed(0, "", "", "db", "expand")
	if said, _ := s.refused(); !strings.Contains(said, "db migrate") {
		t.Errorf("a server that came too early says %s", said)
	}
	s.managed(0, "Migrated ", "", "db", "migrate")
	d := s.start()
	l := serve(t, d)
	id := d.create(`{"visibility": "public"}`)
	var seen bool
	if err := raw.GetContext(t.Context(), &seen, raw.Rebind("SELECT is_public FROM images WHERE id = ?"), id); err != nil || !seen {
		t.Errorf("Newton sees that a new image is public: %v, %v", seen, err)
	}
	before := old.rounds.Load()
	await(t, "Newton goes on", func() bool { return old.rounds.Load() > before+3 })
	old.end(t)
	s.managed(0, "Migrated 0 rows", "", "db", "migrate")
	s.managed(0, "pike_contract01", "", "db", "contract")
	l.end(t)
	last := fmt.Sprintf("/v2/images/old-%06d", 1000+old.rounds.Load()-1)
	var shown struct{ Name, Visibility string }
	if code, text := d.call(http.MethodGet, last, nil); code != http.StatusOK || json.Unmarshal([]byte(text), &shown) != nil ||
		shown.Name != "y" || shown.Visibility != "shared" {
		t.Errorf("an image of Newton: %d %s", code, text)
	}
	if n := publicImages(t, raw); n < 300 {
		t.Errorf("%d public images", n)
	}
	s.managed(0, "up to date", "", "db", "check")
	d.stop()
}
