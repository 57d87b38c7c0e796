package dbtest

import (
	"time"

	"goglance/glance/db"
	"goglance/glance/image"
)

func times() []test {
	return []test{
		{name: "TimesWithFractions", run: fractions},
		{name: "TimesFromClock", options: db.Options{Clock: inZurich}, run: fromClock},
	}
}

// inZurich is a clock with a zone and nanoseconds.
func inZurich() time.Time {
	return time.Date(2020, 2, 29, 23, 59, 59, 999999999, time.FixedZone("CET", 3600))
}

// fractions writes fractions of all lengths; what is read back must equal what was written, cut and never rounded.
func fractions(s suite) {
	base := time.Date(2017, 8, 30, 12, 0, 0, 0, time.FixedZone("x", -5*3600))
	for n, fraction := range []time.Duration{0, 1, 999, 1000, 1999, 100 * time.Millisecond, time.Second - 1} {
		im := minimal(n)
		im.CreatedAt = base.Add(fraction)
		im.UpdatedAt = im.CreatedAt.Add(time.Microsecond)
		s.insert(im)
		got := s.get(im.ID)
		if got.CreatedAt != s.kept(im.CreatedAt) || got.UpdatedAt != s.kept(im.UpdatedAt) {
			s.Errorf("wrote %v, read %v and %v", im.CreatedAt, got.CreatedAt, got.UpdatedAt)
		}
		if got.CreatedAt.Location() != time.UTC {
			s.Errorf("read in %v", got.CreatedAt.Location())
		}
		s.ok(s.update(im.ID, db.Change{If: got, At: im.CreatedAt.Add(time.Hour)}))
	}
}

func fromClock(s suite) {
	want := s.kept(inZurich())
	s.insert(minimal(1), &image.Image{ID: id(2), Status: image.Active, Visibility: image.Public, CreatedAt: epoch()})
	if got := s.get(id(1)); got.CreatedAt != want || got.UpdatedAt != want {
		s.Errorf("created %v, updated %v", got.CreatedAt, got.UpdatedAt)
	}
	if got := s.get(id(2)); got.UpdatedAt != s.kept(epoch()) {
		s.Errorf("updated %v without having been", got.UpdatedAt)
	}
	s.ok(s.update(id(2), db.Change{}))
	if got := s.get(id(2)); got.CreatedAt != s.kept(epoch()) || got.UpdatedAt != want {
		s.Errorf("created %v, updated %v", got.CreatedAt, got.UpdatedAt)
	}
	s.ok(s.remove(id(2), db.Deletion{}))
	got, err := s.db.ImageAny(s.ctx, id(2))
	s.ok(err)
	if !got.Deleted || got.DeletedAt != want {
		s.Errorf("deleted %v at %v", got.Deleted, got.DeletedAt)
	}
}
