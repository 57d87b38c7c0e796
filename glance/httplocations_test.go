package glance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"goglance/glance"
	"goglance/glance/egress"
	"goglance/glance/option"
	"goglance/glance/store/all"
)

// reading lets http locations be read from hosts, none: from those that the defaults allow.
func reading(hosts ...string) func(*glance.Config) {
	return func(c *glance.Config) {
		var o all.Options
		var e egress.Options
		for _, target := range []any{&o, &e} {
			if err := option.SetDefaults(target); err != nil {
				panic(err) // a mistake in the test
			}
		}
		e.AllowedHosts, o.File.Datadir = hosts, filepath.Join(filepath.Dir(c.StateDir), "images")
		filter, err := egress.New(e)
		if err != nil {
			panic(err)
		}
		if c.Stores, err = all.New(o, filter, c.Log); err != nil {
			panic(err)
		}
		c.Options.ShowLocations, c.Options.ShowDirectURL = true, true
	}
}

// canary is a web server that counts who comes.
func canary(t *testing.T, h http.HandlerFunc) (url string, visits *atomic.Int32) {
	t.Helper()
	visits = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, visits
}

func serveText(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", newClock().now, strings.NewReader(text))
	}
}

// An http location is read, in parts too, and deleting its image leaves what is elsewhere (spec storage-db 9.2).
func TestHTTPLocation(t *testing.T) {
	t.Parallel()
	url, _ := canary(t, serveText("0123456789"))
	f := start(t, reading("127.0.0.1"))
	id := f.as(owner).create(formats)
	doc := f.as(owner).locate(id, "-", url+"/image").want(http.StatusOK).doc()
	if doc["status"] != "active" || doc["size"] != 10.0 || doc["direct_url"] != url+"/image" {
		t.Errorf("the image is %v", doc)
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("0123456789")
	f.as(owner).ask("GET /v2/images/"+id+"/file", "", "Range: bytes=2-4").want(http.StatusPartialContent).wantBody("234")
	f.as(owner).ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	if got := f.status(id); got != "deleted" {
		t.Error(got)
	}
}

// Spec security P78: a location on this machine is not looked at, nor read when it has come into the database otherwise.
func TestSecHTTPLocationFiltered(t *testing.T) {
	t.Parallel()
	url, visits := canary(t, serveText("secret"))
	f := start(t, reading())
	id := f.as(owner).create(formats)
	before := f.state()
	for _, u := range []string{url + "/x", strings.Replace(url, "127.0.0.1", "localhost", 1), strings.Replace(url, "127.0.0.1", "2130706433", 1)} {
		f.as(owner).locate(id, "-", u).want(http.StatusBadRequest)
	}
	f.unchanged(before)
	stored := f.as(owner).store("", "secret")
	f.exec("UPDATE image_locations SET value = ? WHERE image_id = ?", url+"/x", stored)
	if a := f.as(owner).get("/v2/images/" + stored + "/file"); a.code < 400 || strings.Contains(a.body, "secret") {
		t.Errorf("the planted location is answered %d %s", a.code, a.body)
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("the canary was visited %d times", n)
	}
}

// Spec security S153: whatever is wrong with a location is told in the same words.
func TestSecNoSSRFOracle(t *testing.T) {
	t.Parallel()
	missing, _ := canary(t, http.NotFound)
	empty, _ := canary(t, serveText(""))
	broken, _ := canary(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	f := start(t, reading("127.0.0.1"))
	id := f.as(owner).create(formats)
	texts := map[string]bool{}
	for _, u := range []string{missing, empty, broken, "http://127.0.0.1:1/", "http://127.0.0.2:80/", "http://127.0.0.1:x/", "ftp://127.0.0.1/", "file:///etc/passwd"} {
		texts[f.as(owner).locate(id, "-", u).want(http.StatusBadRequest).body] = true
	}
	if len(texts) != 1 {
		t.Errorf("the answers are %v", texts)
	}
}

// One patch sends no storm of requests to another server.
func TestManyLocationProbes(t *testing.T) {
	t.Parallel()
	url, visits := canary(t, serveText("0123456789"))
	f := start(t, reading("127.0.0.1"))
	id := f.as(owner).store("", "0123456789")
	var ops []string
	for range 200 {
		ops = append(ops, v21.op("add", "/locations/-", `{"url": "`+url+`/x", "metadata": {}}`), v21.op("remove", "/locations/1", ""))
	}
	before := f.state()
	f.as(owner).patch(v21, id, ops...).want(http.StatusRequestEntityTooLarge)
	f.unchanged(before)
	if n := visits.Load(); n > 100 {
		t.Errorf("the server was asked %d times", n)
	}
}

// A location that breaks off in the middle cuts the download: nobody takes the part for the whole.
func TestHTTPLocationBreaks(t *testing.T) {
	t.Parallel()
	url, _ := canary(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100000")
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, "0123456789")
		}
	})
	f := start(t, reading("127.0.0.1"))
	id := f.as(owner).create(formats)
	f.as(owner).locate(id, "-", url).want(http.StatusOK)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/v2/images/"+id+"/file", http.NoBody)
	f.must(err)
	r.Header = header(owner.identity()...)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return // cut before the first byte
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if data, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("a download of %d bytes ends well", len(data))
	}
}
