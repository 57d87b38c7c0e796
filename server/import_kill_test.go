package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKillWhileStaging kills the server again and again, at moments of no plan, while images are staged and imported.
// The next one finds: every image is queued, with nothing of it anywhere; or uploading, with all of its data staged; or
// active, with all of it in the store; and every task agrees with its image. What was answered before is so.
// GLANCE_TEST_KILLS is how often, 4 if it is not set.
func TestKillWhileStaging(t *testing.T) {
	for _, place := range []string{"on the file system of the store", "on another"} {
		t.Run("staged "+place, func(t *testing.T) {
			k := newKilling(t, place == "on another")
			for range k.rounds {
				k.round()
			}
			k.finish()
		})
	}
}

// killing is a site whose server dies, and what its clients know.
type killing struct {
	*site
	staging string
	rounds  int
	random  *rand.Rand
	data    []byte

	mu       sync.Mutex
	sent     map[string]int  // length of what an image is given
	staged   map[string]bool // was answered
	imported map[string]bool // was answered
}

func newKilling(t *testing.T, elsewhere bool) *killing {
	k := &killing{
		site: newSite(t), rounds: 4, random: rand.New(rand.NewSource(time.Now().UnixNano())), data: make([]byte, 3<<20), // not a secret
		sent: map[string]int{}, staged: map[string]bool{}, imported: map[string]bool{},
	}
	if n, err := strconv.Atoi(os.Getenv("GLANCE_TEST_KILLS")); err == nil {
		k.rounds = n
	}
	k.random.Read(k.data)
	k.staging = filepath.Join(k.dir, "staging")
	if elsewhere {
		shm, err := os.MkdirTemp("/dev/shm", "glance-staging")
		if err != nil {
			missing(t, "a second file system in /dev/shm")
		}
		t.Cleanup(func() { os.RemoveAll(shm) }) //nolint:errcheck // a temporary folder
		k.staging = shm
	}
	k.write("enable_image_import = true", "node_staging_uri = file://"+k.staging, "[paste_deploy]", "flavor = trusted-auth")
	return k
}

// round starts a server, lets it work and die, and looks at what the next one has made of it.
func (k *killing) round() {
	d := k.start()
	ctx, cancel := context.WithCancel(k.t.Context())
	var workers sync.WaitGroup
	for range 3 {
		seed := k.random.Int63()
		workers.Go(func() { k.work(ctx, d.url, rand.New(rand.NewSource(seed))) }) // not a secret
	}
	time.Sleep(time.Duration(k.random.Intn(400)) * time.Millisecond)
	d.kill()
	cancel()
	workers.Wait()
	next := k.start()
	next.header = operator()
	k.check(next)
	next.stop()
}

// work makes images until the server is no more.
func (k *killing) work(ctx context.Context, url string, random *rand.Rand) {
	ask := func(method, path, kind string, body []byte) (int, string) {
		r, err := http.NewRequestWithContext(ctx, method, url+path, bytes.NewReader(body))
		if err != nil {
			return 0, ""
		}
		r.Header = operator()
		r.Header.Set("Content-Type", kind)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, ""
		}
		defer resp.Body.Close()          //nolint:errcheck // only read
		text, _ := io.ReadAll(resp.Body) // a cut answer is none
		return resp.StatusCode, string(text)
	}
	for ctx.Err() == nil {
		code, text := ask(http.MethodPost, "/v2/images", "application/json", []byte(rawImage))
		var doc struct{ ID string }
		if code != http.StatusCreated || json.Unmarshal([]byte(text), &doc) != nil {
			return
		}
		n := random.Intn(len(k.data))
		k.note(func() { k.sent[doc.ID] = n })
		code, _ = ask(http.MethodPut, "/v2/images/"+doc.ID+"/stage", "application/octet-stream", k.data[:n])
		if code != http.StatusNoContent {
			return
		}
		k.note(func() { k.staged[doc.ID] = true })
		if random.Intn(4) == 0 {
			continue // it stays uploading
		}
		if code, _ = ask(http.MethodPost, "/v2/images/"+doc.ID+"/import", "application/json", []byte(importBody)); code == http.StatusAccepted {
			k.note(func() { k.imported[doc.ID] = true })
		}
	}
}

const importBody = `{"method": {"name": "glance-direct"}}`

func (k *killing) note(what func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	what()
}

// check waits until the server has tidied up, and compares everything with everything.
func (k *killing) check(d *daemon) {
	k.t.Helper()
	journal := filepath.Join(k.dir, "journal", "*", "*.*")
	await(k.t, "the journals are empty", func() bool {
		entries, err := filepath.Glob(journal)
		return err == nil && len(entries) == 0
	})
	tasks := k.tasks(d)
	inStore, inStaging := k.files(filepath.Join(k.dir, "images")), k.files(k.staging)
	for id, n := range k.sent {
		status, task := d.status(id), tasks[id]
		want := map[string]bool{}
		switch status {
		case "queued":
			if k.staged[id] && task != "failure" || task == "success" {
				k.t.Errorf("%s was staged and is queued again; its task is %q", id, task)
			}
		case "uploading":
			if task != "" || k.imported[id] {
				k.t.Errorf("%s is uploading; its task is %q", id, task)
			}
			want["staging"] = true
		case "active":
			if task != "success" {
				k.t.Errorf("%s is active; its task is %q", id, task)
			}
			want["store"] = true
		default:
			k.t.Errorf("%s is %s; its task is %q", id, status, task)
		}
		for place, has := range map[string]map[string]string{"store": inStore, "staging": inStaging} {
			path, there := has[id]
			if there != want[place] {
				k.t.Errorf("%s is %s; in the %s: %v", id, status, place, there)
			}
			if text, err := os.ReadFile(path); there && (err != nil || !bytes.Equal(text, k.data[:n])) {
				k.t.Errorf("%s is %s; in the %s are %d bytes of %d, %v", id, status, place, len(text), n, err)
			}
			delete(has, id)
		}
		delete(inStaging, "."+id+".memo")
	}
	if len(inStore) != 0 || len(inStaging) != 0 {
		k.t.Errorf("left are %v and %v", inStore, inStaging)
	}
}

// files returns the files of a folder with their paths.
func (k *killing) files(dir string) map[string]string {
	k.t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		k.t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range entries {
		found[e.Name()] = filepath.Join(dir, e.Name())
	}
	return found
}

// tasks returns the status of the task of each image. All must have ended.
func (k *killing) tasks(d *daemon) map[string]string {
	k.t.Helper()
	var list struct {
		Tasks []struct{ ID, Status string }
	}
	_, text := d.call(http.MethodGet, "/v2/tasks?limit=1000", nil)
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		k.t.Fatalf("tasks: %v in %s", err, text)
	}
	ended := map[string]string{}
	for _, task := range list.Tasks {
		var full struct{ Input map[string]string }
		_, text := d.call(http.MethodGet, "/v2/tasks/"+task.ID, nil)
		if err := json.Unmarshal([]byte(text), &full); err != nil || !strings.Contains("success failure", task.Status) {
			k.t.Errorf("a task is %s, %v", text, err)
		}
		ended[full.Input["image_id"]] = task.Status
	}
	return ended
}

// finish imports what is still staged: nothing of it has suffered.
func (k *killing) finish() {
	k.t.Helper()
	d := k.start()
	d.header = operator()
	states := map[string]int{}
	for id := range maps.Clone(k.sent) {
		if d.status(id) == "uploading" {
			if code, text := d.call(http.MethodPost, "/v2/images/"+id+"/import", strings.NewReader(importBody)); code != http.StatusAccepted {
				k.t.Errorf("the import of %s: %d %s", id, code, text)
			}
			k.imported[id] = true
			await(k.t, "it is imported", func() bool { return d.status(id) == "active" })
		}
		states[d.status(id)]++
	}
	k.check(d)
	k.t.Log("the images are " + fmt.Sprint(states))
}
