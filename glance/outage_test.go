package glance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/option"
)

// TestOutage kills a database server under load, twice, and starts it again. In between clients are told to come back,
// at once; afterwards the service goes on by itself, every upload that was acknowledged is there, and nothing else is
// in the store.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{dbserver.MariaDB, dbserver.PostgreSQL} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			outage(t, kind)
		})
	}
}

// crowd is what the clients of an outage share.
type crowd struct {
	*fixture
	http    *http.Client
	mu      sync.Mutex
	stored  map[string]string // what was acknowledged: data by id
	good    atomic.Int64
	refused atomic.Int64
}

func outage(t *testing.T, kind string) {
	var o db.Options
	if err := option.SetDefaults(&o); err != nil {
		t.Fatal(err)
	}
	server := connectServer(t, kind, &o)
	f := start(t).second(func(c *glance.Config) {
		var err error
		c.Clock, c.NewID, c.StateDir = nil, nil, t.TempDir()
		if c.DB, err = db.Open(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		d := c.DB
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() { _ = f.svc.Run(ctx) })
	c := &crowd{fixture: f, http: &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}, stored: map[string]string{}}
	defer c.http.CloseIdleConnections()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 32 {
		clients.Go(func() { c.work(n, stop) })
	}
	for range 2 {
		c.until(&c.good, 64)
		f.must(server.Kill())
		c.until(&c.refused, 200)
		f.must(server.Up())
	}
	c.until(&c.good, 64)
	close(stop)
	clients.Wait()
	c.settled()
}

// do sends a request and counts how it went: done, or refused for now. Anything else is an error.
func (c *crowd) do(line, body string, done ...int) (string, bool) {
	verb, path, _ := strings.Cut(line, " ")
	r, err := http.NewRequestWithContext(context.Background(), verb, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return "", false
	}
	r.Header = header(append(owner.identity(), octets)...)
	resp, err := c.http.Do(r)
	if err != nil {
		c.t.Errorf("%s: %v", line, err)
		return "", false
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		c.t.Errorf("%s: %v", line, err)
	case slices.Contains(done, resp.StatusCode):
		c.good.Add(1)
		return string(text), true
	case resp.StatusCode == http.StatusServiceUnavailable:
		c.refused.Add(1)
		time.Sleep(5 * time.Millisecond)
	default:
		c.t.Errorf("%s: %d %s", line, resp.StatusCode, text)
	}
	return "", false
}

// work is one client, with images of his own.
func (c *crowd) work(client int, stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		id := fmt.Sprintf("%08x-0000-4000-8000-%012x", client, n)
		data := strings.Repeat(id, 500)
		c.do("GET /v2/images", "", http.StatusOK)
		if _, ok := c.do("POST /v2/images", `{"id": "`+id+`", `+formats+`}`, http.StatusCreated); !ok {
			continue
		}
		if _, ok := c.do("PUT /v2/images/"+id+"/file", data, http.StatusNoContent); ok {
			c.mu.Lock()
			c.stored[id] = data
			c.mu.Unlock()
		}
	}
}

// until waits for a number to grow.
func (c *crowd) until(n *atomic.Int64, by int64) {
	c.t.Helper()
	goal := n.Load() + by
	for end := time.Now().Add(time.Minute); n.Load() < goal; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("%d good, %d refused, and no more of what is waited for", c.good.Load(), c.refused.Load())
		}
	}
}

// settled looks at what is left: images that were acknowledged are whole, no image is stuck in an upload, and the store
// has the data of active images only.
func (c *crowd) settled() {
	c.t.Helper()
	for id, data := range c.stored {
		if text, ok := c.do("GET /v2/images/"+id+"/file", "", http.StatusOK); !ok || text != data {
			c.t.Errorf("image %s was acknowledged and has %d bytes", id, len(text))
		}
	}
	var saving, active int
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		text, _ := c.do("GET /v2/images?limit=1000&status=saving", "", http.StatusOK)
		if saving = strings.Count(text, `"checksum"`); saving == 0 || time.Now().After(end) {
			break
		}
	}
	for path := "/v2/images?limit=1000&status=active"; path != ""; {
		text, _ := c.do("GET "+path, "", http.StatusOK)
		active += strings.Count(text, `"checksum"`)
		_, next, _ := strings.Cut(text, `"next": "`)
		path, _, _ = strings.Cut(next, `"`)
	}
	if files := len(c.files()); saving != 0 || files != active {
		c.t.Errorf("%d images are stuck; %d are active, %d files are in the store", saving, active, files)
	}
	c.t.Logf("%d uploads acknowledged, %d images active, %d requests refused", len(c.stored), active, c.refused.Load())
}

// connectServer starts a server of the kind and names an empty database of it in o. Where it is not installed the test
// is skipped, unless nothing may be missing.
func connectServer(t *testing.T, kind string, o *db.Options) *dbserver.Server {
	t.Helper()
	server, err := dbserver.Start(kind)
	if errors.Is(err, dbserver.ErrMissing) && os.Getenv("GLANCE_TEST_REQUIRE") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	if o.Connection, err = server.URL(); err != nil {
		t.Fatal(err)
	}
	return server
}
