package glance_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"goglance/glance"
	"goglance/glance/notify"
)

// listener takes down the events.
type listener struct {
	mu     sync.Mutex
	events []notify.Event
}

func (l *listener) Notify(_ context.Context, e notify.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// heard returns the types of the events since it was last called; failures end in an exclamation mark.
func (l *listener) heard() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var types []string
	for _, e := range l.events {
		if e.Err != "" {
			e.Type += "!"
		}
		types = append(types, e.Type)
	}
	l.events = nil
	return strings.Join(types, " ")
}

// Spec operations 9: which event every call sends, and none when it is refused.
func TestEvents(t *testing.T) {
	t.Parallel()
	l := &listener{}
	f := start(t, func(c *glance.Config) { c.Notify, c.Options.SizeCap = l, 10 })
	id := f.as(owner).create(formats)
	expect := func(want string, a answer) {
		t.Helper()
		if got := l.heard(); got != want {
			t.Errorf("%s, answered %d: %q, want %q", a.line, a.code, got, want)
		}
	}
	expect("image.create", answer{line: "POST"})
	path := "/v2/images/" + id
	expect("", f.as(owner).put(id, strings.Repeat("x", 11)))
	chunked := io.MultiReader(strings.NewReader(strings.Repeat("x", 11)))
	expect("image.prepare image.upload!", f.as(owner).send("PUT "+path+"/file", chunked, octets))
	expect("image.prepare image.upload image.activate", f.as(owner).put(id, "data"))
	expect("", f.as(owner).put(id, "data"))
	expect("image.update", f.as(owner).patch(v21, id, v21.op("replace", "/name", `"new"`)))
	expect("", f.as(owner).patch(v21, id))
	expect("", f.as(owner).patch(v21, id, v21.op("replace", "/nothing", `"new"`)))
	expect("image.update", f.as(owner).ask("PUT "+path+"/tags/x", ""))
	expect("image.send", f.as(owner).get(path+"/file"))
	expect("image.send", f.as(owner).ask("GET "+path+"/file", "", "Range: bytes=1-2"))
	expect("", f.as(owner).ask("GET "+path+"/file", "", "Range: bytes=9-"))
	expect("image.update", f.as(owner).ask("POST "+path+"/actions/deactivate", ""))
	expect("", f.as(owner).ask("POST "+path+"/actions/deactivate", ""))
	expect("image.member.create", f.as(owner).ask("POST "+path+"/members", `{"member": "project-member"}`))
	expect("image.member.update", f.as(member).ask("PUT "+path+"/members/project-member", `{"status": "accepted"}`))
	expect("", f.as(stranger).ask("DELETE "+path+"/members/project-member", ""))
	expect("image.member.delete", f.as(owner).ask("DELETE "+path+"/members/project-member", ""))
	expect("image.delete", f.as(owner).ask("DELETE "+path, ""))
	expect("", f.as(owner).ask("DELETE "+path, ""))
}

// The event of a download says how much was sent.
func TestSendEvent(t *testing.T) {
	t.Parallel()
	l := &listener{}
	f := start(t, func(c *glance.Config) { c.Notify = l })
	id := f.as(owner).store("", "0123456789")
	l.heard()
	f.as(owner).ask("GET /v2/images/"+id+"/file", "", "Range: bytes=2-4").want(http.StatusPartialContent)
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.events, func(e notify.Event) bool { return e.Type == "image.send" }); i < 0 || l.events[i].Sent != 3 || l.events[i].Image.ID != id {
		t.Errorf("%+v", l.events)
	}
}
