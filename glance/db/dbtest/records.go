package dbtest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func records() []test {
	return []test{
		{name: "RoundTrip", run: roundTrip},
		{name: "Empty", run: emptyImage},
		{name: "NotFound", run: missing},
		{name: "UsedID", run: usedID},
		{name: "TagsOnce", run: tagsOnce},
		{name: "Metadata", run: metadata},
		{name: "OneNotTheOther", run: oneNotTheOther},
	}
}

// same compares images but for the IDs of their locations, which only the database knows.
func (s suite) same(got, want *image.Image) {
	s.Helper()
	kept, plain := *want, *got
	kept.CreatedAt, kept.UpdatedAt = s.kept(want.CreatedAt), s.kept(want.UpdatedAt)
	plain.Locations = nil
	for i, l := range got.Locations {
		if l.ID == 0 || i > 0 && l.ID <= got.Locations[i-1].ID {
			s.Errorf("locations have the IDs %d and before it %v", l.ID, plain.Locations)
		}
		l.ID = 0
		plain.Locations = append(plain.Locations, l)
	}
	if diff := cmp.Diff(&kept, &plain); diff != "" {
		s.Errorf("read back (-want +got):\n%s", diff)
	}
}

func roundTrip(s suite) {
	s.insert(full(1))
	s.same(s.get(id(1)), full(1))
	whatever, err := s.db.ImageAny(s.ctx, id(1))
	s.ok(err)
	s.same(whatever, full(1))
	list, err := s.db.Images(s.ctx, image.Query{Limit: 9})
	s.ok(err)
	s.same(list[0], full(1))
}

func emptyImage(s suite) {
	im := minimal(1)
	im.Owner, im.CreatedAt = ptr(""), epoch()
	s.insert(im)
	want := minimal(1)
	want.Owner, want.Properties, want.CreatedAt, want.UpdatedAt = nil, map[string]*string{}, epoch(), epoch()
	s.same(s.get(id(1)), want)
}

func missing(s suite) {
	for _, name := range []string{id(1), "", "not a uuid", strings.Repeat("x", 37), strings.Repeat("é", 36)} {
		_, err := s.db.Image(s.ctx, name)
		s.wants(fault.NotFound, err)
		if want := "image " + name + " not found"; fault.Message(err) != want {
			s.Errorf("message %q, want %q", fault.Message(err), want)
		}
		_, err = s.db.ImageAny(s.ctx, name)
		s.wants(fault.NotFound, err)
	}
}

func usedID(s suite) {
	again := func() error {
		return s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertImage(s.ctx, minimal(1)) })
	}
	s.ok(again())
	s.wants(fault.Conflict, again())
	s.ok(s.remove(id(1), db.Deletion{}))
	s.wants(fault.Conflict, again())
}

func tagsOnce(s suite) {
	im := minimal(1)
	im.Tags = []string{"x", "y", "x"}
	s.insert(im)
	if got := s.get(id(1)).Tags; !slices.Equal(got, []string{"x", "y"}) {
		s.Errorf("tags %q", got)
	}
}

// metadata checks the spelling on disk and that the spellings of others are understood.
func metadata(s suite) {
	im := minimal(1)
	im.Locations = []image.Location{
		{URL: "file:///1", Metadata: map[string]any{"a": []any{1, "b,:\"\\é😀<"}, "b": nil}}, {URL: "file:///2"},
	}
	s.insert(im)
	var texts []string
	s.ok(s.raw.SelectContext(s.ctx, &texts, "SELECT meta_data FROM image_locations ORDER BY id"))
	want := []string{`{"a": [1, "b,:\"\\\u00e9\ud83d\ude00<"], "b": null}`, "{}"}
	if !slices.Equal(texts, want) {
		s.Errorf("stored %q, want %q", texts, want)
	}
	for _, text := range []any{nil, "null", "", "\n{ }\t"} {
		s.sql("UPDATE image_locations SET meta_data = ?", text)
		if got := s.get(id(1)).Locations[0].Metadata; got == nil || len(got) != 0 {
			s.Errorf("%v was read as %#v", text, got)
		}
	}
	s.sql("UPDATE image_locations SET meta_data = ?", "{\"store\" :\r\n\t\"one\"}")
	if got := s.get(id(1)).Locations[1].Metadata; !maps.EqualFunc(got, map[string]any{"store": "one"}, func(a, b any) bool { return a == b }) {
		s.Errorf("read %v", got)
	}
	s.sql("UPDATE image_locations SET meta_data = ?", "[]")
	s.unreadable()
}

// oneNotTheOther puts similar images side by side: children must not stray.
func oneNotTheOther(s suite) {
	for n := range 3 {
		im := full(n)
		im.Tags = []string{id(n)}
		im.Properties = map[string]*string{"self": ptr(id(n))}
		im.Locations = im.Locations[:n%2]
		im.CreatedAt = epoch().Add(time.Duration(n) * time.Second)
		s.insert(im)
	}
	s.ok(s.update(id(1), db.Change{DropTags: []string{id(1)}, SetProps: map[string]*string{"self": ptr("me")}}))
	list, err := s.db.Images(s.ctx, image.Query{Limit: 9, Sort: []image.Order{{Key: image.ByID}}})
	s.ok(err)
	for n, want := range []struct {
		self       string
		tags, locs int
	}{{id(0), 1, 0}, {"me", 0, 1}, {id(2), 1, 0}} {
		if got := list[n]; *got.Properties["self"] != want.self || len(got.Tags) != want.tags || len(got.Locations) != want.locs {
			s.Errorf("image %d is %+v", n, got)
		}
	}
}
