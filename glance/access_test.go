package glance_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"goglance/glance"
)

// TestAccess: the host is told of every request that was answered: who wanted what, and what came of it. The log then
// has no line of its own for it.
func TestAccess(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []glance.Access
	f := start(t, func(c *glance.Config) {
		c.Access = func(a glance.Access) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, a)
		}
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/v2/images?limit=3", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range owner.identity() {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close() //nolint:errcheck // not read
	f.server.Close()  // waits for the handler
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 1 {
		t.Fatalf("told %d times", len(told))
	}
	a := told[0]
	if a.Method != http.MethodGet || a.URI != "/v2/images?limit=3" || a.Proto != "HTTP/1.1" || a.Route != "images" || a.Status != http.StatusOK ||
		a.Sent == 0 || a.Duration <= 0 || !strings.HasPrefix(a.Client, "127.0.0.1:") || a.ID != resp.Header.Get("X-Openstack-Request-Id") ||
		a.Identity == nil || a.Identity.ProjectID != owner.project() {
		t.Errorf("%+v", a)
	}
	for _, e := range f.log.AllEntries() {
		if strings.Contains(e.Message, "/v2/images") {
			t.Errorf("the log has %q as well", e.Message)
		}
	}
}
