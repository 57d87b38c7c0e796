package tasks

import (
	"context"
	"testing"
	"time"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/task"
)

func admin(t testing.TB) context.Context {
	return auth.WithIdentity(t.Context(), &auth.Identity{UserID: "a", ProjectID: "a", Roles: []string{"admin"}, Admin: true})
}

// Spec tasks-import A.4, A.5: whose tasks a caller sees, and what becomes of those that have expired.
func TestSights(t *testing.T) {
	t.Parallel()
	p := newNode(t).start(func(context.Context, *Job) (map[string]any, error) { return nil, nil })
	id := p.create()
	p.await(id, task.Success)
	sees := func(who context.Context, want bool) {
		t.Helper()
		k, err := p.Get(who, id)
		if want != (err == nil && k.ID == id) || !want && !fault.Is(err, fault.NotFound) {
			t.Errorf("sees %v, %v", k, err)
		}
	}
	sees(as(t, "p"), true)
	sees(as(t, "q"), false)
	sees(as(t, ""), false)
	sees(admin(t), true)
	p.now.add(48 * time.Hour)
	for _, who := range []context.Context{as(t, "q"), admin(t)} { // theirs have not expired
		if _, _, err := p.List(who, Page{Limit: -1}); err != nil {
			t.Error(err)
		}
	}
	sees(as(t, "p"), true)
	page, more, err := p.List(as(t, "p"), Page{Limit: -1})
	if err != nil || len(page) != 0 || more {
		t.Errorf("%v %v %v", page, more, err)
	}
	sees(as(t, "p"), false)
	sees(admin(t), true)
	if _, _, err := p.List(as(t, "p"), Page{Marker: &id, Limit: -1}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a deleted marker: %v", err)
	}
	if _, _, err := p.List(as(t, "q"), Page{Marker: &id, Limit: -1}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a deleted marker of somebody else: %v", err)
	}
}

// Spec tasks-import A.4: pages.
func TestPages(t *testing.T) {
	t.Parallel()
	p := newNode(t).start(func(context.Context, *Job) (map[string]any, error) { return nil, nil }, func(c *Config) { c.Images.PageSize, c.Images.PageMax = 2, 3 })
	for range 4 {
		p.await(p.create(), task.Success)
	}
	for limit, want := range map[int]int{-1: 2, 0: 0, 1: 1, 3: 3, 9: 3} {
		page, more, err := p.List(as(t, "p"), Page{Limit: limit})
		if err != nil || len(page) != want || more != (want > 0) {
			t.Errorf("limit %d: %d, more %v, %v", limit, len(page), more, err)
		}
	}
	page, _, err := p.List(as(t, "p"), Page{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	last := page[2].ID
	if page, more, err := p.List(as(t, "p"), Page{Limit: 3, Marker: &last}); err != nil || len(page) != 1 || more {
		t.Errorf("behind the third: %d, more %v, %v", len(page), more, err)
	}
	if _, _, err := p.List(as(t, "q"), Page{Limit: 3, Marker: &last}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the marker of somebody else: %v", err)
	}
	if _, _, err := p.List(admin(t), Page{Limit: 3, Marker: &last}); err != nil {
		t.Errorf("the marker of somebody else, for an administrator: %v", err)
	}
}
