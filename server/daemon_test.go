package main_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStartsFast: the first answer comes within 150 ms of the start, database and all. The machine may be busy, so the
// best of a few starts counts.
func TestStartsFast(t *testing.T) {
	const floor = 150 * time.Millisecond
	best := time.Hour
	for range 5 {
		begin := time.Now()
		d := start(t, t.TempDir())
		if code, text := d.call(http.MethodGet, "/v2/images", nil); code != http.StatusOK {
			t.Fatalf("first answer: %d %s", code, text)
		}
		best = min(best, time.Since(begin))
		d.stop()
	}
	t.Logf("first answer after %v", best)
	if best > floor {
		t.Errorf("the first answer takes %v, more than %v", best, floor)
	}
}

// TestStopLeavesOneFile: after SIGTERM the database is one file and the journal is empty, and the next start finds all.
func TestStopLeavesOneFile(t *testing.T) {
	dir := t.TempDir()
	d := start(t, dir)
	id := d.create(rawImage)
	if code, text := d.call(http.MethodPut, "/v2/images/"+id+"/file", strings.NewReader("some bytes")); code != http.StatusNoContent {
		t.Fatalf("upload: %d %s", code, text)
	}
	d.stop()
	for folder, want := range map[string][]string{".": {"glance.sqlite", "images", "journal"}, "journal": {}, "images": {id}} {
		files, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, f := range files {
			names = append(names, f.Name())
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s has %v, want %v", folder, names, want)
		}
	}
	again := start(t, dir)
	if code, text := again.call(http.MethodGet, "/v2/images/"+id+"/file", nil); code != http.StatusOK || text != "some bytes" {
		t.Errorf("download after a restart: %d %q", code, text)
	}
}

// TestStopLetsUploadsFinish: an upload under way at SIGTERM still becomes an image.
func TestStopLetsUploadsFinish(t *testing.T) {
	dir := t.TempDir()
	d := start(t, dir)
	id := d.create(rawImage)
	body, feed := io.Pipe()
	code := make(chan int, 1)
	go func() {
		c, _ := d.call(http.MethodPut, "/v2/images/"+id+"/file", body)
		code <- c
	}()
	if _, err := feed.Write([]byte("first half, ")); err != nil {
		t.Fatal(err)
	}
	await(t, "the image is saving", func() bool { return d.status(id) == "saving" })
	stopped := make(chan struct{})
	go func() { d.stop(); close(stopped) }()
	await(t, "the server stops listening", func() bool {
		resp, err := http.Get(d.url + "/") // a probe
		if err == nil {
			resp.Body.Close() //nolint:errcheck // a probe
		}
		return err != nil
	})
	if _, err := feed.Write([]byte("second half")); err != nil {
		t.Fatal(err)
	}
	feed.Close() //nolint:errcheck // never fails
	if c := <-code; c != http.StatusNoContent {
		t.Errorf("the upload was answered %d", c)
	}
	<-stopped
	if got := start(t, dir).status(id); got != "active" {
		t.Errorf("the image is %s", got)
	}
}

// TestServesLoopbackOnly: without being told otherwise nobody but this machine is served, as everyone is an admin.
func TestServesLoopbackOnly(t *testing.T) {
	if d := start(t, t.TempDir()); !strings.HasPrefix(d.url, "http://127.0.0.1:") {
		t.Errorf("the server listens on %s", d.url)
	}
}

// TestRefusesNonsense: a command line that would not do what it says is refused.
func TestRefusesNonsense(t *testing.T) {
	for line, want := range map[string]string{
		"--trusted-peers 127.0.0.1":                  "--trusted-auth",
		"--trusted-auth --trusted-peers here":        "trusted peer",
		"--prefix image":                             "Prefix",
		"--bind-host 192.0.2.1":                      "bind",
		"--nonsense":                                 "unknown flag",
		"--data-dir /proc/nowhere":                   "data directory",
		"--trusted-auth --trusted-peers 127.0.0.1 x": "unknown command",
	} {
		args := append([]string{"--bind-port", "0", "--data-dir", t.TempDir()}, strings.Fields(line)...)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		out, err := exec.CommandContext(ctx, "server", args...).CombinedOutput()
		cancel()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", line, err, out)
		}
	}
}

// TestGuardsAgainstWebPages: a browser on this machine cannot be used against the open default.
func TestGuardsAgainstWebPages(t *testing.T) {
	d := start(t, t.TempDir())
	port := d.url[strings.LastIndex(d.url, ":"):]
	rows := []struct {
		host, origin string
		want         int
	}{
		{"", "", http.StatusCreated}, {"localhost" + port, "", http.StatusCreated}, {"localhost:8080", "", http.StatusCreated},
		{"127.0.0.1", "", http.StatusCreated}, {"[::1]:9292", "", http.StatusCreated},
		{"rebound.example" + port, "", http.StatusForbidden}, {"192.0.2.7" + port, "", http.StatusForbidden},
		{"", "https://page.example", http.StatusForbidden},
	}
	for _, row := range rows {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url+"/v2/images", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if row.host != "" {
			r.Host = row.host
		}
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close() //nolint:errcheck // not read
		if resp.StatusCode != row.want {
			t.Errorf("Host %q, Origin %q: %d, want %d", row.host, row.origin, resp.StatusCode, row.want)
		}
	}
}
