package dbtest

import (
	"slices"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func guards() []test {
	return []test{
		{name: "FromStatus", run: fromStatus},
		{name: "Unchanged", options: db.Options{Clock: inZurich}, run: unchanged},
		{name: "Marks", run: marks},
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

// unchanged has somebody change one thing after another, with a clock that stands still, behind the back of a caller
// who goes by what he saw before.
func unchanged(s suite) {
	s.insert(full(1))
	for n, c := range somethingElse(s.get(id(1))) {
		seen := s.get(id(1))
		s.ok(s.update(id(1), db.Change{If: seen}))
		seen = s.get(id(1))
		s.ok(s.update(id(1), c))
		s.wants(fault.Conflict, s.update(id(1), db.Change{If: seen, AddTags: []string{"late"}}))
		s.wants(fault.Conflict, s.remove(id(1), db.Deletion{If: seen}))
		if now := s.get(id(1)); slices.Contains(now.Tags, "late") || s.update(id(1), db.Change{If: now}) != nil {
			s.Errorf("change %d: %+v", n, now)
		}
	}
	seen := s.get(id(1))
	seen.UpdatedAt, seen.CreatedAt = seen.UpdatedAt.In(time.FixedZone("x", 3600)).Add(999), seen.CreatedAt.Local()
	seen.Locations[0].Metadata = map[string]any{"n": 1}
	s.ok(s.remove(id(1), db.Deletion{If: seen}))
	s.wants(fault.NotFound, s.update(id(1), db.Change{If: seen}))
	s.wants(fault.NotFound, s.remove(id(1), db.Deletion{If: seen}))
}

// somethingElse are changes each of which is visible in one place only. The last leaves one location.
func somethingElse(im *image.Image) []db.Change {
	changes := []db.Change{
		{SetProps: map[string]*string{"os": ptr("bsd")}}, {SetProps: map[string]*string{"os": nil}}, {DropProps: []string{"null"}},
		{AddTags: []string{"x"}}, {DropTags: []string{"a"}}, {At: epoch().Add(99 * time.Hour)},
		{DropLocs: []int64{im.Locations[0].ID, im.Locations[1].ID}},
		{AddLocs: []image.Location{{URL: "file:///x", Metadata: map[string]any{"n": 1}}}}, {Status: image.Deactivated},
	}
	for column, value := range map[db.Column]any{
		db.ColName: nil, db.ColVisibility: image.Community, db.ColProtected: false, db.ColOwner: "x", db.ColChecksum: nil,
		db.ColSize: 1, db.ColVirtualSize: nil, db.ColContainerFormat: "x", db.ColDiskFormat: nil, db.ColMinDisk: 1, db.ColMinRAM: 1,
	} {
		changes = append(changes, db.Change{Set: map[db.Column]any{column: value}})
	}
	for n := range changes {
		if changes[n].At.IsZero() {
			changes[n].At = epoch()
		}
	}
	return changes
}

// marks go with the state that they were set with, and with nothing else.
func marks(s suite) {
	s.insert(minimal(1))
	s.ok(s.update(id(1), db.Change{Status: image.Saving, Mark: "one"}))
	s.marked("one", true)
	s.marked("two", false)
	// An engine that takes another spelling for the same name refuses the property.
	if err := s.update(id(1), db.Change{SetProps: map[string]*string{"OS_GLANCE_UPLOAD": nil}}); err == nil {
		s.ok(s.update(id(1), db.Change{DropProps: []string{"OS_GLANCE_UPLOAD"}}))
	}
	s.marked("one", true)
	s.ok(s.update(id(1), db.Change{SetProps: map[string]*string{"x": nil}, DropProps: []string{"os_glance_upload"}}))
	s.wants(fault.Conflict, s.update(id(1), db.Change{IfMark: "two"}))
	s.ok(s.update(id(1), db.Change{IfMark: "one", Status: image.Saving, Mark: "two"}))
	s.marked("two", true)
	if got := s.get(id(1)); len(got.Properties) != 1 {
		s.Errorf("the mark shows: %v", got.Properties)
	}
	s.ok(s.update(id(1), db.Change{IfMark: "two", Status: image.Queued}))
	s.marked("two", false)
	if n := s.count("SELECT COUNT(*) FROM image_properties WHERE NOT deleted"); n != 1 {
		s.Errorf("%d rows of properties", n)
	}
	s.wants(fault.Conflict, s.update(id(1), db.Change{IfMark: "two"}))
	s.ok(s.update(id(1), db.Change{SetProps: map[string]*string{"os_glance_upload": ptr("mine")}}))
	s.ok(s.update(id(1), db.Change{Status: image.Saving, Mark: "three"}))
	s.marked("three", true) // under another name
	s.ok(s.update(id(1), db.Change{Status: image.Saving, Mark: "four"}))
	s.marked("three", false)
	s.ok(s.update(id(1), db.Change{IfMark: "four", Status: image.Queued}))
	s.marked("four", false)
	if got := s.get(id(1)).Properties["os_glance_upload"]; got == nil || *got != "mine" {
		s.Errorf("the mark has overwritten a property: %v", got)
	}
}

func (s suite) marked(mark string, want bool) {
	s.Helper()
	if got, err := s.db.Marked(s.ctx, id(1), mark); err != nil || got != want {
		s.Errorf("marked %q: %v, %v", mark, got, err)
	}
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
