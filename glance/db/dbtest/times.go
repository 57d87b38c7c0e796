package dbtest

import (
	"time"

	"goglance/glance/db"
	"goglance/glance/image"
)

func times() []test {
	return []test{
		{name: "TimesInMicroseconds", run: microseconds},
		{name: "TimesFromClock", options: db.Options{Clock: inZurich}, run: fromClock},
	}
}

// inZurich is a clock with a zone and nanoseconds.
func inZurich() time.Time {
	return time.Date(2020, 2, 29, 23, 59, 59, 999999999, time.FixedZone("CET", 3600))
}

// microseconds writes fractions of all lengths; what is read back must equal what was written, cut to microseconds.
func microseconds(s suite) {
	base := time.Date(2017, 8, 30, 12, 0, 0, 0, time.FixedZone("x", -5*3600))
	for n, fraction := range []time.Duration{0, 1, 999, 1000, 1999, 100 * time.Millisecond, time.Second - 1} {
		im := minimal(n)
		im.CreatedAt = base.Add(fraction)
		im.UpdatedAt = im.CreatedAt.Add(time.Microsecond)
		s.insert(im)
		got := s.get(im.ID)
		want := im.CreatedAt.Truncate(time.Microsecond)
		if !got.CreatedAt.Equal(want) || !got.UpdatedAt.Equal(want.Add(time.Microsecond)) {
			s.Errorf("wrote %v, read %v and %v", im.CreatedAt, got.CreatedAt, got.UpdatedAt)
		}
		if got.CreatedAt.Location() != time.UTC {
			s.Errorf("read in %v", got.CreatedAt.Location())
		}
		s.ok(s.update(im.ID, db.Change{IfUpdatedAt: got.UpdatedAt, At: im.CreatedAt.Add(time.Hour)}))
	}
}

func fromClock(s suite) {
	want := time.Date(2020, 2, 29, 22, 59, 59, 999999000, time.UTC)
	s.insert(minimal(1), &image.Image{ID: id(2), Status: image.Active, Visibility: image.Public, CreatedAt: epoch()})
	if got := s.get(id(1)); got.CreatedAt != want || got.UpdatedAt != want {
		s.Errorf("created %v, updated %v", got.CreatedAt, got.UpdatedAt)
	}
	if got := s.get(id(2)); got.UpdatedAt != epoch() {
		s.Errorf("updated %v without having been", got.UpdatedAt)
	}
	s.ok(s.update(id(2), db.Change{}))
	if got := s.get(id(2)); got.CreatedAt != epoch() || got.UpdatedAt != want {
		s.Errorf("created %v, updated %v", got.CreatedAt, got.UpdatedAt)
	}
	s.ok(s.remove(id(2), db.Deletion{}))
	got, err := s.db.ImageAny(s.ctx, id(2))
	s.ok(err)
	if !got.Deleted || got.DeletedAt != want {
		s.Errorf("deleted %v at %v", got.Deleted, got.DeletedAt)
	}
}
