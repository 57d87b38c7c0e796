package glance_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"goglance/glance"
	"goglance/glance/notify"
)

// told collects events.
type told struct {
	mu     sync.Mutex
	events []string
	about  []notify.Metadef
}

// Notify keeps an event.
func (n *told) Notify(_ context.Context, e notify.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, e.Type)
	if e.Metadef != nil {
		n.about = append(n.about, *e.Metadef)
	}
}

// Spec metadefs 13: what is told, and that nothing is told of what failed.
func TestMetadefNotifications(t *testing.T) {
	t.Parallel()
	n := &told{}
	f := start(t, func(c *glance.Config) { c.Notify = n })
	const one = `{"name": "x", "type": "string", "title": "T"}`
	for _, s := range []struct {
		line, body string
		code       int
		events     string
	}{
		{"POST " + definitions, `{"namespace": "n", ` + everything + `}`, 201, "namespace.create resource_type.create resource_type.create object.create tag.create property.create"},
		{"POST " + definitions, `{"namespace": "n"}`, 409, ""},
		{"POST " + definitions + "/n/objects", `{"name": "x"}`, 201, "object.create"},
		{"PUT " + definitions + "/n/objects/x", `{"name": "y"}`, 200, "object.update"},
		{"DELETE " + definitions + "/n/objects/y", "", 204, "object.delete"},
		{"POST " + definitions + "/n/properties", one, 201, "property.create"},
		{"PUT " + definitions + "/n/properties/x", one, 200, "property.update"},
		{"DELETE " + definitions + "/n/properties/x", "", 204, "property.delete"},
		{"POST " + definitions + "/n/tags/x", "", 201, "tag.create"},
		{"PUT " + definitions + "/n/tags/x", `{"name": "y"}`, 200, "tag.update"},
		{"DELETE " + definitions + "/n/tags/y", "", 204, "tag.delete"},
		{"POST " + definitions + "/n/tags", `{"tags": [{"name": "1"}, {"name": "2"}]}`, 201, "tag.create tag.create"},
		{"POST " + definitions + "/n/tags", `{"tags": []}`, 201, ""},
		{"POST " + definitions + "/n/resource_types", `{"name": "x"}`, 201, "resource_type.create"},
		{"DELETE " + definitions + "/n/resource_types/x", "", 204, "resource_type.delete"},
		{"DELETE " + definitions + "/n/objects", "", 204, "namespace.delete_objects"},
		{"DELETE " + definitions + "/n/properties", "", 204, "namespace.delete_properties"},
		{"DELETE " + definitions + "/n/tags", "", 204, "namespace.delete_tags"},
		{"PUT " + definitions + "/n", `{"namespace": "m"}`, 200, "namespace.update"},
		{"DELETE " + definitions + "/n", "", 404, ""},
		{"GET " + definitions + "/m", "", 200, ""},
		{"DELETE " + definitions + "/m", "", 204, "namespace.delete"},
	} {
		n.events, n.about = nil, nil
		f.as(owner).ask(s.line, s.body).want(s.code)
		if got := strings.ReplaceAll(strings.Join(n.events, " "), "metadef_", ""); got != s.events || len(n.about) != len(n.events) {
			t.Errorf("%s: %s", s.line, got)
		}
		for _, a := range n.about {
			if deleted := strings.HasPrefix(s.line, "DELETE"); a.Namespace == nil || a.OldName == "" || a.DeletedAt.IsZero() == deleted {
				t.Errorf("%s: %+v", s.line, a)
			}
		}
	}
}
