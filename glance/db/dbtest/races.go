package dbtest

import (
	"fmt"
	"slices"
	"sync"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

const racers = 16

func races() []test {
	return []test{
		{name: "RaceForStatus", run: raceForStatus},
		{name: "RaceForClaim", options: db.Options{Clock: inZurich}, run: raceForClaim},
		{name: "RaceForID", run: raceForID},
		{name: "RaceOfDeletes", run: raceOfDeletes},
		{name: "DeltasInParallel", run: deltasInParallel},
	}
}

// race runs fn in many goroutines at once and returns their errors.
func race(fn func(n int) error) []error {
	errs := make([]error, racers)
	start := make(chan struct{})
	var all sync.WaitGroup
	for n := range racers {
		all.Go(func() {
			<-start
			errs[n] = fn(n)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// oneWins checks that one racer succeeded and the others were told so.
func (s suite) oneWins(errs []error, others fault.Kind) {
	s.Helper()
	winners := 0
	for _, err := range errs {
		if err == nil {
			winners++
		} else {
			s.wants(others, err)
		}
	}
	if winners != 1 {
		s.Errorf("%d won", winners)
	}
}

func raceForStatus(s suite) {
	s.insert(minimal(1))
	s.oneWins(race(func(int) error {
		return s.update(id(1), db.Change{From: []image.Status{image.Queued}, Status: image.Saving})
	}), fault.Conflict)
}

func raceForClaim(s suite) {
	s.insert(minimal(1))
	seen := s.get(id(1))
	s.oneWins(race(func(n int) error {
		return s.update(id(1), db.Change{If: seen, Set: map[db.Column]any{db.ColMinDisk: n + 1}})
	}), fault.Conflict)
}

func raceForID(s suite) {
	s.oneWins(race(func(int) error {
		return s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertImage(s.ctx, full(1)) })
	}), fault.Conflict)
	s.same(s.get(id(1)), full(1))
}

func raceOfDeletes(s suite) {
	s.insert(full(1))
	s.oneWins(race(func(int) error { return s.remove(id(1), db.Deletion{}) }), fault.NotFound)
}

// deltasInParallel has everybody add what is his and drop what was his, while others read.
func deltasInParallel(s suite) {
	im := minimal(1)
	im.Properties = map[string]*string{}
	for n := range racers {
		im.Properties[fmt.Sprint("old", n)] = ptr("x")
		im.Tags = append(im.Tags, fmt.Sprint("old", n))
		im.Locations = append(im.Locations, image.Location{URL: fmt.Sprint("file:///old", n)})
	}
	s.insert(im)
	before := s.get(id(1))
	errs := race(func(n int) error {
		old, fresh := fmt.Sprint("old", n), fmt.Sprint("new", n)
		err := s.update(id(1), db.Change{
			DropProps: []string{old}, SetProps: map[string]*string{fresh: ptr("x"), "common": ptr(fresh)},
			DropTags: []string{old}, AddTags: []string{fresh, "common"},
			DropLocs: []int64{before.Locations[n].ID}, AddLocs: []image.Location{{URL: "file:///" + fresh}},
		})
		if seen, e := s.db.Image(s.ctx, id(1)); e != nil || len(seen.Locations) != racers {
			return fmt.Errorf("a reader saw %v, %w", seen, e)
		}
		return err
	})
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		s.Fatal(errs[i])
	}
	got := s.get(id(1))
	for n := range racers {
		fresh := fmt.Sprint("new", n)
		at := slices.IndexFunc(got.Locations, func(l image.Location) bool { return l.URL == "file:///"+fresh })
		if got.Properties[fresh] == nil || !slices.Contains(got.Tags, fresh) || at < 0 {
			s.Errorf("what %d added is gone", n)
		}
	}
	if len(got.Properties) != racers+1 || len(got.Tags) != racers+1 || len(got.Locations) != racers {
		s.Errorf("got %+v", got)
	}
}
