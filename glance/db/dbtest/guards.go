package dbtest

import (
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func guards() []test {
	return []test{
		{name: "FromStatus", run: fromStatus},
		{name: "Claim", options: db.Options{Clock: inZurich}, run: claim},
		{name: "ClaimToDelete", run: claimToDelete},
		{name: "RefusedWhole", run: refusedWhole},
		{name: "ChangeOfMissing", run: changeOfMissing},
	}
}

func fromStatus(s suite) {
	s.insert(minimal(1))
	s.wants(fault.Conflict, s.update(id(1), db.Change{From: []image.Status{image.Saving, image.Active}, Status: image.Killed}))
	s.ok(s.update(id(1), db.Change{From: []image.Status{image.Saving, image.Queued}, Status: image.Active}))
	s.wants(fault.Conflict, s.remove(id(1), db.Deletion{From: []image.Status{image.Queued}}))
	if got := s.get(id(1)).Status; got != image.Active {
		s.Errorf("status %s", got)
	}
	s.ok(s.remove(id(1), db.Deletion{From: []image.Status{image.Active}}))
}

// claim lets two callers who saw the same state try to change it, with a clock that stands still.
func claim(s suite) {
	s.insert(minimal(1))
	seen := s.get(id(1)).UpdatedAt
	s.ok(s.update(id(1), db.Change{IfUpdatedAt: seen}))
	s.wants(fault.Conflict, s.update(id(1), db.Change{IfUpdatedAt: seen}))
	now := s.get(id(1)).UpdatedAt
	if !now.After(seen) {
		s.Errorf("updated_at went from %v to %v", seen, now)
	}
	s.ok(s.update(id(1), db.Change{IfUpdatedAt: now.In(time.FixedZone("x", 3600)).Add(999)}))
	s.wants(fault.Conflict, s.update(id(1), db.Change{IfUpdatedAt: now.Add(-time.Second)}))
}

func claimToDelete(s suite) {
	s.insert(full(1))
	seen := s.get(id(1)).UpdatedAt
	s.ok(s.update(id(1), db.Change{}))
	s.wants(fault.Conflict, s.remove(id(1), db.Deletion{IfUpdatedAt: seen}))
	s.ok(s.remove(id(1), db.Deletion{IfUpdatedAt: s.get(id(1)).UpdatedAt}))
}

// refusedWhole has all sorts of deltas behind a condition that does not hold.
func refusedWhole(s suite) {
	s.insert(full(1))
	s.wants(fault.Conflict, s.update(id(1), db.Change{
		From: []image.Status{image.Queued}, Status: image.Saving, Set: map[db.Column]any{db.ColName: "x"},
		SetProps: map[string]*string{"os": nil}, DropProps: []string{"empty"}, AddTags: []string{"t"},
		DropTags: []string{"a"}, AddLocs: []image.Location{{URL: "file:///x"}}, DropLocs: []int64{1, 2, 3},
	}))
	s.same(s.get(id(1)), full(1))
}

func changeOfMissing(s suite) {
	s.wants(fault.NotFound, s.update(id(1), db.Change{}))
	s.wants(fault.NotFound, s.remove(id(1), db.Deletion{}))
	s.insert(full(1))
	s.ok(s.remove(id(1), db.Deletion{}))
	s.wants(fault.NotFound, s.update(id(1), db.Change{AddTags: []string{"x"}}))
	s.wants(fault.NotFound, s.update(id(1), db.Change{From: []image.Status{image.Active}}))
	s.wants(fault.NotFound, s.remove(id(1), db.Deletion{}))
}
