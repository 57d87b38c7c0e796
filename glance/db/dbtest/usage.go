package dbtest

import (
	"math"

	"goglance/glance/db"
	"goglance/glance/image"
)

func usage() []test { return []test{{name: "Usage", run: sumOfSizes}} }

func sumOfSizes(s suite) {
	locations := []image.Location{{URL: "file:///1"}, {URL: "file:///2"}}
	put := func(n int, owner string, status image.Status, size int64, copies int) {
		im := minimal(n)
		im.Owner, im.Status, im.Size, im.Locations = &owner, status, &size, locations[:copies]
		s.insert(im)
	}
	put(1, "a", image.Active, 1000, 2)
	put(2, "a", image.Deactivated, 100, 1)
	put(3, "a", image.Killed, 7, 1)
	put(4, "a", image.Active, 7, 0)
	put(5, "b", image.Active, 50, 1)
	put(6, "a", image.Active, 10, 2)
	put(7, "a", image.Active, 0, 1)
	put(8, "a", image.Active, 1, 1)
	s.insert(minimal(9))
	put(10, "", image.Active, 40, 1)
	for n, size := range []int64{1<<62 + 1<<32 - 1, 1 << 33, 1<<62 - 1} {
		put(11+n, "large", image.Active, size, 1)
	}
	s.usage("large", id(13), 1<<62+1<<33+1<<32-1)
	s.usage("large", "", math.MaxInt64)
	s.ok(s.update(id(6), db.Change{DropLocs: []int64{s.get(id(6)).Locations[0].ID}}))
	s.usage("a", "", 2000+100+10+1)
	s.usage("a", id(1), 100+10+1)
	s.usage("b", id(1), 50)
	s.usage("nobody", "", 0)
	s.usage("", "", 40)
	s.ok(s.remove(id(2), db.Deletion{}))
	s.ok(s.remove(id(8), db.Deletion{Status: image.PendingDelete}))
	s.usage("a", "", 2000+10+1)
	s.ok(s.update(id(1), db.Change{DropLocs: []int64{s.get(id(1)).Locations[0].ID}, LocStatus: image.PendingDelete}))
	s.usage("a", "", 2000+10+1)
}

func (s suite) usage(owner, except string, want int64) {
	s.Helper()
	got, err := s.db.Usage(s.ctx, owner, except)
	s.ok(err)
	if got != want {
		s.Errorf("usage of %q without %q is %d, want %d", owner, except, got, want)
	}
}
