package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// crowd is clients that upload, list, read and delete without a pause, on connections that they keep.
type crowd struct {
	t      *testing.T
	url    string
	ended  atomic.Bool
	done   atomic.Int64 // requests
	uses   []*http.Transport
	people sync.WaitGroup
}

// gather starts a crowd.
func (d *daemon) gather(people int) *crowd {
	c := &crowd{t: d.t, url: d.url}
	for i := range people {
		transport := &http.Transport{}
		c.uses = append(c.uses, transport)
		c.people.Go(func() { c.live(&http.Client{Transport: transport}, i) })
	}
	return c
}

// disperse ends the crowd.
func (c *crowd) disperse() {
	c.ended.Store(true)
	c.people.Wait()
	for _, transport := range c.uses {
		transport.CloseIdleConnections()
	}
}

func (c *crowd) live(client *http.Client, i int) {
	data := bytes.Repeat([]byte{byte(i)}, 300_001)
	for !c.ended.Load() {
		text, ok := c.ask(client, http.MethodPost, "/v2/images", strings.NewReader(rawImage))
		_, rest, _ := strings.Cut(text, `"id": "`)
		id, _, _ := strings.Cut(rest, `"`)
		if !ok {
			return
		}
		c.ask(client, http.MethodPut, "/v2/images/"+id+"/file", &trickle{data: data})
		c.ask(client, http.MethodGet, "/v2/images?limit=5", nil)
		if got, ok := c.ask(client, http.MethodGet, "/v2/images/"+id+"/file", nil); ok && got != string(data) {
			c.t.Errorf("image %s has other bytes", id)
		}
		c.ask(client, http.MethodDelete, "/v2/images/"+id, nil)
	}
}

// ask sends a request that must be answered well. None is tried again: a body that Go cannot rewind sees to that.
func (c *crowd) ask(client *http.Client, verb, path string, body io.Reader) (string, bool) {
	if body != nil {
		body = io.MultiReader(body)
	}
	r, err := http.NewRequest(verb, c.url+path, body) // the crowd's end bounds it
	if err != nil {
		c.t.Error(err)
		return "", false
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	resp, err := client.Do(r)
	if err != nil {
		c.t.Errorf("%s %s: %v", verb, path, err)
		return "", false
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	c.done.Add(1)
	ok := err == nil && resp.StatusCode < http.StatusMultipleChoices
	if !ok {
		c.t.Errorf("%s %s: %d, %v", verb, path, resp.StatusCode, err)
	}
	return string(text), ok
}

// trickle gives its data in pieces, so that an upload lasts longer than a reload.
type trickle struct {
	data []byte
	at   int
}

// Read gives the next piece.
func (r *trickle) Read(p []byte) (int, error) {
	if r.at == len(r.data) {
		return 0, io.EOF
	}
	time.Sleep(time.Millisecond)
	n := copy(p[:min(len(p), 30_000)], r.data[r.at:])
	r.at += n
	return n, nil
}

// resources returns what a daemon has open.
func resources(t *testing.T, metrics string) (goroutines, files int) {
	t.Helper()
	return number(t, metrics, "go_goroutines"), number(t, metrics, "process_open_fds")
}

// reloadOften reloads a daemon under load: no request fails, and nothing is left of the generations that were.
func reloadOften(t *testing.T, s *site, d *daemon, metrics string) {
	t.Helper()
	times := 40
	if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
		times = 200
	}
	if testing.Short() {
		times = 5
	}
	d.roundTrip()
	goroutines, files := resources(t, metrics)
	slow := d.begin([]byte("before, "))
	c := d.gather(4)
	for i := range times {
		d.signal(syscall.SIGHUP)
		await(t, fmt.Sprintf("reload %d is done", i+1), func() bool {
			return number(t, metrics, `glance_reloads_total{result="ok"}`) == i+1
		})
	}
	c.disperse()
	if got := number(t, metrics, "glance_generation"); got != times+1 {
		t.Errorf("generation %d, want %d", got, times+1)
	}
	if got := number(t, metrics, "glance_generations"); got != 2 {
		t.Errorf("%d generations, want the one in use and that of the slow upload", got)
	}
	if got := metric(t, metrics, `glance_under_way{kind="upload"}`); got != "1" {
		t.Errorf("%s uploads are under way", got)
	}
	if _, err := slow.feed.Write([]byte("after")); err != nil {
		t.Error(err)
	}
	slow.feed.Close() //nolint:errcheck // never fails
	if code := <-slow.code; code != http.StatusNoContent {
		t.Errorf("the slow upload: %d", code)
	}
	t.Logf("%d reloads, %d requests", times, c.done.Load())
	http.DefaultClient.CloseIdleConnections()
	await(t, "one generation is left", func() bool { return number(t, metrics, "glance_generations") == 1 })
	await(t, "nothing is left of the generations before", func() bool {
		g, f := resources(t, metrics)
		return g <= goroutines+6 && f <= files+6 // connections of ours come and go
	})
	if _, text := d.call(http.MethodGet, "/v2/images/"+slow.id+"/file", nil); text != "before, after" {
		t.Errorf("the slow upload has %q", text)
	}
	audited(t, s, d)
}

// audited stops a daemon and looks at what is left on the disk: two images, one database, no journal.
func audited(t *testing.T, s *site, d *daemon) {
	t.Helper()
	journals, err := filepath.Glob(filepath.Join(s.dir, "journal", "*"))
	if err != nil || len(journals) != 1 {
		t.Errorf("journals: %v, %v", journals, err)
	}
	d.stop()
	if names := stored(t, s.dir); len(names) != 2 {
		t.Errorf("the store has %d images, want two", len(names))
	}
	left, err := filepath.Glob(filepath.Join(s.dir, "glance.sqlite*"))
	if err != nil || len(left) != 1 {
		t.Errorf("the database is left as %v, %v", left, err)
	}
}

// TestReloadUnderLoad reloads again and again while clients are served.
func TestReloadUnderLoad(t *testing.T) {
	metrics := "127.0.0.1:" + freePort(t)
	s := newSite(t, "[metrics]\nbind_port = "+metrics[len("127.0.0.1:"):])
	reloadOften(t, s, s.start(), metrics)
}

// TestSecReloadRace does the same with the race detector in the daemon (S164).
func TestSecReloadRace(t *testing.T) {
	if !raced {
		t.Skip("without the race detector TestReloadUnderLoad does the same")
	}
	program := filepath.Join(t.TempDir(), "glance-api")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-race", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	metrics := "127.0.0.1:" + freePort(t)
	s := newSite(t, "[metrics]\nbind_port = "+metrics[len("127.0.0.1:"):])
	d := s.run(exec.Command(program, "--config-file", s.conf)) // ended by the site
	reloadOften(t, s, d, metrics)
	if text := d.log.String(); strings.Contains(text, "DATA RACE") {
		t.Errorf("the race detector: %s", text)
	}
}

// TestReloadChangesManner: clients are served over reloads that change how connections are served.
func TestReloadChangesManner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.start()
	c := d.gather(2)
	for i := range 6 {
		s.write(fmt.Sprintf("max_header_line = %d", 20000+i))
		s.reload(d, reloaded)
	}
	c.disperse()
	d.stop()
}

// TestMetrics: what is measured is served on a port of its own, in a bounded number of series.
func TestMetrics(t *testing.T) {
	t.Parallel()
	first, second := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	s := newSite(t, "[metrics]\nbind_port = "+first[len("127.0.0.1:"):])
	d := s.start()
	d.roundTrip()
	for i := range 20 {
		d.call("M"+strings.Repeat("X", i), fmt.Sprintf("/v2/nothing/%d", i), nil)
	}
	for name, want := range map[string]string{
		`glance_requests_total{method="PUT",route="image data",status="204"}`:    "1",
		`glance_requests_total{method="POST",route="images",status="201"}`:       "1",
		`glance_requests_total{method="other",route="none",status="501"}`:        "20",
		`glance_received_bytes_total{route="image data"}`:                        "10",
		`glance_sent_bytes_total{route="image data"}`:                            "10",
		`glance_request_duration_seconds_count{method="GET",route="image data"}`: "1",
		`glance_under_way{kind="download"}`:                                      "0",
		`glance_generation`:                                                      "1",
		`glance_db_connections_open{pool="writes"}`:                              "1",
	} {
		await(t, name+" is "+want, func() bool { return metric(t, first, name) == want })
	}
	if code, text := d.call(http.MethodGet, "/metrics", nil); strings.Contains(text, "glance_") {
		t.Errorf("the metrics are on the API: %d %s", code, text)
	}
	resp, err := http.Get("http://" + first + "/debug/pprof/") // a probe
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close() //nolint:errcheck // not read
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("beside the metrics is more: %d", resp.StatusCode)
	}
	s.write("[metrics]\nbind_port = " + second[len("127.0.0.1:"):])
	s.reload(d, reloaded)
	if got := metric(t, second, "glance_generation"); got != "2" {
		t.Errorf("at the new port: generation %s", got)
	}
	s.write()
	s.reload(d, reloaded)
	for _, address := range []string{first, second} {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close() //nolint:errcheck // a probe
			t.Errorf("%s is still served", address)
		}
	}
}
