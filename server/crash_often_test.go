package main_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // what locks the database from outside
)

// crashes is how often a server is killed: a few times, or as often as the environment says.
//
//	GLANCE_TEST_CRASHES=1000 go test -run '^TestCrash' -v -timeout 60m ./server
func crashes(few int) int {
	if n, err := strconv.Atoi(os.Getenv("GLANCE_TEST_CRASHES")); err == nil {
		return n
	}
	if testing.Short() {
		return 2
	}
	return few
}

// crash is a server that is killed again and again under load, and what else goes on meanwhile.
type crash struct {
	*testing.T
	dir     string                                  // of database and images
	start   func() *daemon                          // again
	alive   time.Duration                           // at most, before it is killed
	trouble func(r *rand.Rand, end <-chan struct{}) // until end is closed; then all is well again
	other   string                                  // URL of a server that lives on
	foreign bool                                    // that is not ours
	clients []*client
	daemon  *daemon // the last one
}

// TestCrashOften: what was acknowledged is there, what is active is whole, no image stays behind in saving, and the store
// has no file that no image owns.
func TestCrashOften(t *testing.T) {
	dir := t.TempDir()
	c := &crash{T: t, dir: dir, start: func() *daemon { return start(t, dir) }, alive: 200 * time.Millisecond}
	c.run(crashes(12))
}

// TestCrashBesideOther: nothing changes for a server of ours on the same database and store.
func TestCrashBesideOther(t *testing.T) {
	dir := t.TempDir()
	c := &crash{T: t, dir: dir, start: func() *daemon { return start(t, dir) }, alive: 200 * time.Millisecond}
	c.other = c.start().url
	c.run(crashes(6))
}

// TestCrashBesidePython: nor for a Python Glance.
func TestCrashBesidePython(t *testing.T) {
	s := newSite(t)
	first := s.start() // makes the tables
	c := &crash{T: t, dir: s.dir, start: s.start, alive: time.Second / 2, other: s.python(), foreign: true}
	first.stop()
	c.run(crashes(2))
}

// TestCrashDiskFull: the disk, with the database on it, is full at any moment.
func TestCrashDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		missing(t, fmt.Sprintf("the right to mount a tmpfs: %v", err))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	c := &crash{T: t, dir: dir, start: func() *daemon { return start(t, dir) }, alive: 400 * time.Millisecond}
	c.trouble = func(r *rand.Rand, end <-chan struct{}) {
		for path := filepath.Join(dir, "filler"); !over(r, end, 60); {
			if os.WriteFile(path, make([]byte, 24<<20), 0o600) == nil {
				t.Error("the disk is not full")
			}
			over(r, end, 60)
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		}
	}
	c.run(crashes(8))
}

// TestCrashLocked: another program locks the database for seconds at any moment.
func TestCrashLocked(t *testing.T) {
	dir := t.TempDir()
	c := &crash{T: t, dir: dir, start: func() *daemon { return start(t, dir) }, alive: 4 * time.Second}
	c.trouble = func(r *rand.Rand, end <-chan struct{}) {
		for !over(r, end, 500) {
			release := locked(t, dir)
			over(r, end, 3000)
			release()
		}
	}
	c.run(max(1, crashes(20)/10))
}

// over waits for up to so many milliseconds and reports whether the end has come.
func over(r *rand.Rand, end <-chan struct{}, most int) bool {
	select {
	case <-end:
		return true
	case <-time.After(time.Duration(r.IntN(most)) * time.Millisecond):
		return false
	}
}

// locked locks the database of the folder against writers until release is called.
func locked(t *testing.T, dir string) (release func()) {
	t.Helper()
	d, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "glance.sqlite")+"?_busy_timeout=60000")
	if err != nil {
		t.Fatal(err)
	}
	d.SetMaxOpenConns(1)
	if _, err := d.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Error(err)
	}
	return func() {
		_, err := d.Exec("ROLLBACK") // also after the test
		if err = errors.Join(err, d.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestLockedForGood: whatever needs a locked database says so, within the time that one wait has, however many wait.
func TestLockedForGood(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const wait = 2
	s.write(fmt.Sprintf("[database]\nconnection = sqlite:///%s/glance.sqlite?timeout=%d", s.dir, wait))
	d := s.start()
	d.roundTrip() // so that it has read which tables there are
	var waiting sync.WaitGroup
	ids := make([]string, 12)
	for i := range ids {
		ids[i] = d.create(rawImage)
	}
	release := locked(t, s.dir)
	for _, id := range ids {
		for _, row := range [][3]string{
			{http.MethodPost, "/v2/images", rawImage}, {http.MethodPut, "/v2/images/" + id + "/file", "data"}, {http.MethodDelete, "/v2/images/" + id, ""},
		} {
			waiting.Go(func() {
				begin := time.Now()
				code, text := d.call(row[0], row[1], strings.NewReader(row[2]))
				if code != http.StatusServiceUnavailable {
					t.Errorf("%s %s: %d %s", row[0], row[1], code, text)
				}
				if took := time.Since(begin); took > 5*wait*time.Second { // a bound for one step, and there are some
					t.Errorf("%s %s: the answer took %v", row[0], row[1], took)
				}
			})
		}
	}
	waiting.Wait()
	release()
	d.roundTrip()
	if t.Failed() {
		t.Log(s.log())
	}
}

// run kills the server n times and looks at what is left each time, and at everything at the end.
func (c *crash) run(n int) {
	c.Helper()
	seed := rand.Uint64()
	c.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // not a secret
	for i := range 4 {
		c.clients = append(c.clients, &client{r: rand.New(rand.NewPCG(seed, uint64(i+1)))}) //nolint:gosec // likewise
	}
	steady := &client{r: rand.New(rand.NewPCG(seed, 9)), slowly: true} //nolint:gosec // likewise
	end := make(chan struct{})
	var living sync.WaitGroup
	if c.other != "" {
		living.Go(func() {
			for open := true; open; {
				select {
				case <-end:
					open = false
				default:
					steady.live(c.other, time.Now().Add(100*time.Millisecond))
				}
			}
		})
	}
	for range n {
		c.round(r)
		if c.Failed() {
			break
		}
	}
	close(end)
	living.Wait()
	c.final(steady)
}

// round starts the server, looks at what the kill before has left, and kills it again.
func (c *crash) round(r *rand.Rand) {
	c.Helper()
	if r.IntN(8) == 0 {
		c.stillborn(time.Duration(r.IntN(60)) * time.Millisecond)
	}
	d := c.start()
	c.settled(d, false)
	end := make(chan struct{})
	var all, bad sync.WaitGroup
	for _, client := range c.clients {
		all.Go(func() { client.live(d.url, time.Now().Add(time.Hour)) })
	}
	if c.trouble != nil {
		other := rand.New(rand.NewPCG(r.Uint64(), 0)) //nolint:gosec // not a secret
		bad.Go(func() { c.trouble(other, end) })
	}
	time.Sleep(time.Duration(r.Int64N(int64(c.alive))))
	d.kill()
	close(end)
	bad.Wait()
	all.Wait()
}

// stillborn starts a server that is killed before it says anything.
func (c *crash) stillborn(after time.Duration) {
	c.Helper()
	cmd := exec.Command("server", "--bind-port", "0", "--data-dir", c.dir) // ended below
	if c.foreign {
		cmd = exec.Command("glance-api", "--config-file", filepath.Join(c.dir, "glance-api.conf")) // likewise
	}
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Kill() // it cannot have ended
	_ = cmd.Wait()         // as killed
}

// settled waits until every image is what a client may expect.
func (c *crash) settled(d *daemon, all bool) {
	c.Helper()
	for _, client := range c.clients {
		var pending, wrong []string
		for end := time.Now().Add(3 * patience); ; time.Sleep(5 * time.Millisecond) {
			pending, wrong = client.settle(d.url, all, false)
			if len(pending) == 0 || len(wrong) > 0 || time.Now().After(end) {
				break
			}
		}
		for _, text := range append(append(pending, wrong...), client.faults...) {
			c.Error(text)
		}
		client.faults = nil
	}
}

// final looks at everything.
func (c *crash) final(steady *client) {
	c.Helper()
	d := c.start()
	c.daemon = d
	c.settled(d, true)
	c.clients = append(c.clients, steady)
	pending, wrong := steady.settle(d.url, true, c.foreign)
	for _, text := range slices.Concat(pending, wrong, steady.faults) {
		c.Errorf("the other's: %s", text)
	}
	done := 0
	for _, client := range c.clients {
		done += client.done
	}
	if done > 0 {
		c.Logf("%d changes were acknowledged, %d of them by the other", done, steady.done)
	}
	await(c.T, "the journals are empty", func() bool {
		left, err := filepath.Glob(filepath.Join(c.dir, "journal", "*", "*.*"))
		return err == nil && len(left) == 0
	})
	c.files(d, steady)
}

// files compares the store with the images.
func (c *crash) files(d *daemon, steady *client) {
	c.Helper()
	status := d.list()
	theirs := map[string]bool{}
	for _, k := range steady.images {
		theirs[k.id] = c.foreign
	}
	files := stored(c.T, c.dir)
	for _, name := range files {
		if status[name] != "active" && !theirs[name] {
			c.Errorf("the store has %s, whose image is %q", name, status[name])
		}
	}
	for id, status := range status {
		if status == "active" != slices.Contains(files, id) && !theirs[id] {
			c.Errorf("image %s is %s, and its file is or is not there", id, status)
		}
		if status != "active" && status != "queued" && !theirs[id] {
			c.Errorf("image %s is %s", id, status)
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
