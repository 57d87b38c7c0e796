package dbtest

import (
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func deletions() []test {
	return []test{
		{name: "Delete", run: deleteNow},
		{name: "DeletePending", run: deletePending},
	}
}

func children() []string {
	return []string{"image_properties", "image_tags", "image_members", "image_locations"}
}

func deleteNow(s suite) {
	s.insert(full(1), full(2))
	s.share(id(1), "m", "accepted", false)
	s.share(id(2), "m", "accepted", false)
	s.ok(s.update(id(1), db.Change{DropLocs: []int64{s.get(id(1)).Locations[0].ID}, LocStatus: image.PendingDelete}))
	at := epoch().Add(time.Hour)
	s.ok(s.remove(id(1), db.Deletion{At: at}))
	_, err := s.db.Image(s.ctx, id(1))
	s.wants(fault.NotFound, err)
	im, err := s.db.ImageAny(s.ctx, id(1))
	s.ok(err)
	if im.Status != image.Deleted || !im.Deleted || im.DeletedAt != s.kept(at) || im.UpdatedAt != s.kept(at) {
		s.Errorf("got %+v", im)
	}
	if len(im.Properties)+len(im.Tags)+len(im.Locations) != 0 {
		s.Errorf("a deleted image has %+v", im)
	}
	for _, table := range children() {
		same := "SELECT COUNT(*) FROM " + table + ` c JOIN images i ON i.id = c.image_id
			WHERE c.deleted AND c.deleted_at = i.deleted_at`
		live := "SELECT COUNT(*) FROM " + table + " WHERE image_id = ? AND NOT deleted"
		if s.count(same) == 0 || s.count(live, id(1)) != 0 || s.count(live, id(2)) == 0 {
			s.Errorf("%s: %d together with the image, %d left alive, %d of the other image", table,
				s.count(same), s.count(live, id(1)), s.count(live, id(2)))
		}
	}
	for status, want := range map[string]int{"deleted": 1, "pending_delete": 1, "active": 2} {
		if n := s.count("SELECT COUNT(*) FROM image_locations WHERE status = ?", status); n != want {
			s.Errorf("%d locations are %s, want %d", n, status, want)
		}
	}
}

func deletePending(s suite) {
	s.insert(full(1))
	s.ok(s.remove(id(1), db.Deletion{From: []image.Status{image.Active}, Status: image.PendingDelete}))
	im, err := s.db.ImageAny(s.ctx, id(1))
	s.ok(err)
	if im.Status != image.PendingDelete || !im.Deleted {
		s.Errorf("got %+v", im)
	}
	if n := s.count("SELECT COUNT(*) FROM image_locations WHERE status = 'pending_delete' AND deleted"); n != 2 {
		s.Errorf("%d locations await deletion", n)
	}
}
