package dbtest

import (
	"slices"
	"strings"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func changes() []test {
	return []test{
		{name: "SetColumns", run: setColumns},
		{name: "SetNull", run: setNull},
		{name: "UnknownColumn", run: unknownColumn},
		{name: "Queued", run: backToQueued},
		{name: "Properties", run: properties},
		{name: "Tags", run: tags},
		{name: "Locations", run: locations},
		{name: "DropBeforeAdd", run: dropBeforeAdd},
	}
}

func setColumns(s suite) {
	im := minimal(1)
	im.CreatedAt = epoch()
	s.insert(im)
	want := full(1)
	want.Properties, want.Tags, want.Locations, want.Status = map[string]*string{}, nil, nil, image.Queued
	s.ok(s.update(id(1), db.Change{At: want.UpdatedAt, Set: map[db.Column]any{
		db.ColName: want.Name, db.ColVisibility: want.Visibility, db.ColProtected: true, db.ColOwner: *want.Owner,
		db.ColChecksum: *want.Checksum, db.ColSize: want.Size, db.ColVirtualSize: *want.VirtualSize,
		db.ColContainerFormat: want.ContainerFormat, db.ColDiskFormat: *want.DiskFormat, db.ColMinDisk: want.MinDisk,
		db.ColMinRAM: 512,
	}}))
	s.same(s.get(id(1)), want)
}

func setNull(s suite) {
	s.insert(full(1))
	s.ok(s.update(id(1), db.Change{Set: map[db.Column]any{
		db.ColName: nil, db.ColOwner: "", db.ColSize: (*int64)(nil), db.ColDiskFormat: (*string)(nil),
	}}))
	got := s.get(id(1))
	if got.Name != nil || got.Owner != nil || got.Size != nil || got.DiskFormat != nil {
		s.Errorf("got %+v", got)
	}
	s.ok(s.update(id(1), db.Change{Set: map[db.Column]any{db.ColOwner: ptr("x"), db.ColName: ""}}))
	s.ok(s.update(id(1), db.Change{Set: map[db.Column]any{db.ColOwner: ptr("")}}))
	if got = s.get(id(1)); got.Owner != nil || got.Name == nil || *got.Name != "" {
		s.Errorf("got %+v", got)
	}
}

// unknownColumn tries to smuggle SQL in.
func unknownColumn(s suite) {
	s.insert(minimal(1))
	for _, column := range []db.Column{"id", "deleted", "name = 'x', owner", ""} {
		s.wants(fault.Internal, s.update(id(1), db.Change{Set: map[db.Column]any{column: "x"}}))
	}
	s.wants(fault.Internal, s.update(id(1), db.Change{Set: map[db.Column]any{db.ColVisibility: "nonsense"}}))
	if got := s.get(id(1)); got.Name != nil || got.Visibility != image.Shared {
		s.Errorf("got %+v", got)
	}
}

func backToQueued(s suite) {
	im := full(1)
	im.Status = image.Saving
	s.insert(im)
	s.ok(s.update(id(1), db.Change{From: []image.Status{image.Saving}, Status: image.Queued,
		Set: map[db.Column]any{db.ColSize: 5, db.ColName: "n"}}))
	got := s.get(id(1))
	if got.Status != image.Queued || got.Size != nil || got.VirtualSize != nil || *got.Name != "n" || got.Checksum == nil {
		s.Errorf("got %+v", got)
	}
}

func properties(s suite) {
	s.insert(full(1))
	s.ok(s.update(id(1), db.Change{DropProps: []string{"os", "null", "never there"}}))
	if got := s.get(id(1)).Properties; len(got) != 2 {
		s.Errorf("left: %v", got)
	}
	if n := s.count("SELECT COUNT(*) FROM image_properties WHERE deleted AND deleted_at IS NOT NULL"); n != 2 {
		s.Errorf("%d rows are marked as deleted", n)
	}
	s.ok(s.update(id(1), db.Change{SetProps: map[string]*string{"os": ptr("bsd"), "empty": nil, "new": ptr("n")}}))
	got := s.get(id(1)).Properties
	if len(got) != 4 || *got["os"] != "bsd" || got["empty"] != nil || *got["new"] != "n" {
		s.Errorf("now: %v", got)
	}
	if n := s.count("SELECT COUNT(*) FROM image_properties WHERE name = 'os' AND NOT deleted AND deleted_at IS NULL"); n != 1 {
		s.Errorf("%d rows were revived", n)
	}
}

func tags(s suite) {
	s.insert(full(1))
	s.ok(s.update(id(1), db.Change{DropTags: []string{"a", "never there"}}))
	s.ok(s.update(id(1), db.Change{AddTags: []string{"b", "a", "c", "c"}}))
	if got := s.get(id(1)).Tags; strings.Join(got, " ") != "b ü a c" {
		s.Errorf("tags %q", got)
	}
	if n := s.count("SELECT COUNT(*) FROM image_tags WHERE value = 'a'"); n != 2 {
		s.Errorf("%d rows for a tag that was removed and set again", n)
	}
	if n := s.count("SELECT COUNT(*) FROM image_tags WHERE value = 'b'"); n != 1 {
		s.Errorf("%d rows for a tag that was set twice", n)
	}
}

func locations(s suite) {
	s.insert(full(1), full(2))
	old, others := s.get(id(1)).Locations, s.get(id(2)).Locations
	s.ok(s.update(id(1), db.Change{
		DropLocs: []int64{old[0].ID, others[0].ID}, LocStatus: image.PendingDelete,
		AddLocs: []image.Location{{URL: "file:///3"}, {ID: 77, URL: "file:///4", Metadata: map[string]any{"k": "v"}}},
	}))
	got := s.get(id(1)).Locations
	urls := make([]string, len(got))
	for i, l := range got {
		urls[i] = l.URL
	}
	if !slices.Equal(urls, []string{old[1].URL, "file:///3", "file:///4"}) || got[2].Metadata["k"] != "v" {
		s.Errorf("now: %v", got)
	}
	if len(s.get(id(2)).Locations) != 2 {
		s.Error("a location of another image was dropped")
	}
	s.ok(s.update(id(1), db.Change{DropLocs: []int64{old[1].ID}}))
	for status, row := range map[string]int64{"pending_delete": old[0].ID, "deleted": old[1].ID} {
		ask := "SELECT COUNT(*) FROM image_locations WHERE id = ? AND status = ? AND deleted AND deleted_at IS NOT NULL"
		if s.count(ask, row, status) != 1 {
			s.Errorf("location %d is not marked as %s", row, status)
		}
	}
}

func dropBeforeAdd(s suite) {
	s.insert(full(1))
	s.ok(s.update(id(1), db.Change{
		At: epoch().Add(24 * time.Hour), DropProps: []string{"os"}, SetProps: map[string]*string{"os": ptr("again")},
		DropTags: []string{"a"}, AddTags: []string{"a"},
	}))
	got := s.get(id(1))
	if *got.Properties["os"] != "again" || strings.Join(got.Tags, " ") != "b ü a" {
		s.Errorf("got %+v", got)
	}
	if got.UpdatedAt != s.kept(epoch().Add(24*time.Hour)) || got.CreatedAt != s.kept(epoch()) {
		s.Errorf("created %v, updated %v", got.CreatedAt, got.UpdatedAt)
	}
}
