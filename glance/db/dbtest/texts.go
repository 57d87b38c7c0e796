package dbtest

import (
	"fmt"
	"slices"
	"strings"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func wordings() []test {
	return []test{
		{name: "ExactID", run: exactID},
		{name: "ExactProperties", run: exactProperties},
		{name: "ExactTags", run: exactTags},
		{name: "ExactOwner", run: exactOwner},
		{name: "Longest", run: longest},
		{name: "AnyCharacter", run: anyCharacter},
		{name: "Injection", run: injection},
	}
}

// similar are texts that a collation may take for equal, and that are not.
func similar() []string {
	return []string{"straße", "Straße", "strasse", "STRASSE", "strásse", "straße "}
}

func exactID(s suite) {
	im := minimal(1)
	im.ID = "abcdef00-0000-4000-8000-00000000000a"
	s.insert(im)
	for _, other := range []string{strings.ToUpper(im.ID), im.ID[:35] + "á", im.ID[:35] + "A"} {
		_, err := s.db.Image(s.ctx, other)
		s.wants(fault.NotFound, err)
		s.wants(fault.NotFound, s.update(other, db.Change{AddTags: []string{"x"}}))
		s.wants(fault.NotFound, s.remove(other, db.Deletion{}))
		s.wants(fault.NotFound, s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.LockImage(s.ctx, other) }))
	}
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.LockImage(s.ctx, im.ID) }))
	if got := s.get(im.ID); len(got.Tags) != 0 {
		s.Errorf("got %+v", got)
	}
}

// exactProperties sets similar names one after the other. An engine that cannot keep them apart says so and changes
// nothing; what it took it keeps to the letter.
func exactProperties(s suite) {
	s.insert(minimal(1))
	var kept []string
	for _, name := range similar() {
		err := s.update(id(1), db.Change{SetProps: map[string]*string{name: ptr(name)}})
		switch {
		case err == nil:
			kept = append(kept, name)
		case s.loose():
			s.wants(fault.Invalid, err)
		default:
			s.Error(err)
		}
	}
	for _, name := range similar() {
		got := s.get(id(1)).Properties
		if value := got[name]; slices.Contains(kept, name) != (value != nil) || value != nil && *value != name {
			s.Errorf("%q is %v", name, value)
		}
		s.ok(s.update(id(1), db.Change{DropProps: []string{name}}))
	}
	if got := s.get(id(1)).Properties; len(got) != 0 {
		s.Errorf("left: %v", got)
	}
	for _, name := range similar() { // each in the place of the one before
		s.ok(s.update(id(1), db.Change{SetProps: map[string]*string{name: ptr("x")}}))
		if got := s.get(id(1)).Properties; len(got) != 1 || got[name] == nil {
			s.Errorf("set %q, got %v", name, got)
		}
		s.ok(s.update(id(1), db.Change{DropProps: []string{name}}))
	}
}

// loose reports whether the engine takes some names for the same that are not.
func (s suite) loose() bool { return s.raw.DriverName() == "mysql" }

func exactTags(s suite) {
	im := minimal(1)
	im.Tags = similar()
	s.insert(im)
	for n, tag := range similar() {
		if got := s.get(id(1)).Tags; !slices.Equal(got, similar()[n:]) {
			s.Errorf("got %q, want %q", got, similar()[n:])
		}
		s.ok(s.update(id(1), db.Change{DropTags: []string{tag}}))
	}
}

func exactOwner(s suite) {
	locations := []image.Location{{URL: "file:///1"}}
	for n, owner := range similar() {
		im := minimal(n)
		im.Owner, im.Size, im.Locations, im.Visibility = &owner, ptr(int64(1)<<n), locations, image.Private
		s.insert(im)
		s.share(id(0), owner, "accepted", false)
		s.sql("DELETE FROM image_members WHERE member <> ? OR member = ?", owner, "straße ")
	}
	for n, owner := range similar() {
		s.usage(owner, "", 1<<n)
		if got := s.listing(image.Viewer{Owner: owner}); len(got) != 1 || got[0] != id(n) {
			s.Errorf("%q sees %v", owner, got)
		}
	}
}

// longest is a value of 1 MiB: kept whole, or refused and nothing stored.
func longest(s suite) {
	for n, size := range []int{65535, 65536, 1 << 20} {
		value := strings.Repeat("x", size)
		im := minimal(n)
		im.Properties = map[string]*string{"long": &value}
		s.whole(im)
	}
	for n, name := range []string{strings.Repeat("n", 255), strings.Repeat("é", 255)} {
		im := minimal(n + 10)
		im.Name, im.Properties, im.Tags = &name, map[string]*string{name: ptr("x")}, []string{name}
		s.insert(im)
		if got := s.get(im.ID); *got.Name != name || got.Properties[name] == nil || got.Tags[0] != name {
			s.Errorf("got %+v", got)
		}
	}
}

// whole inserts an image and expects to find all of it, or that it was refused and left no row.
func (s suite) whole(im *image.Image) {
	s.Helper()
	err := s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertImage(s.ctx, im) })
	if err == nil {
		want := *im
		if want.Properties == nil {
			want.Properties = map[string]*string{}
		}
		got := s.get(im.ID)
		want.CreatedAt, want.UpdatedAt = got.CreatedAt, got.UpdatedAt
		s.same(got, &want)
		return
	}
	s.wants(fault.Invalid, err)
	if fault.Message(err) == "" {
		s.Errorf("no message: %v", err)
	}
	s.gone(im.ID)
	if n := s.count("SELECT COUNT(*) FROM image_properties WHERE image_id = ?", im.ID); n != 0 {
		s.Errorf("%d rows of properties", n)
	}
}

func anyCharacter(s suite) {
	for n, text := range []string{"😀", "a\U0010ffffb", "\x00", "\\", "'", `\'`, "%_?$1:name", "\u2028\u00a0", "e\u0301", "\r\n\t\x7f\x01", "\ufeff"} {
		for k, im := range []*image.Image{{Name: &text}, {Tags: []string{text}}, {Properties: map[string]*string{"p": &text}}, {Properties: map[string]*string{text: ptr("v")}}} {
			im.ID, im.Status, im.Visibility = id(n*10+k), image.Queued, image.Shared
			s.whole(im)
		}
		if _, err := s.db.Image(s.ctx, text); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
			s.Errorf("an image with the id %q: %v", text, err)
		}
		if _, err := s.db.Usage(s.ctx, text, ""); err != nil && !fault.Is(err, fault.Invalid) {
			s.Errorf("usage of %q: %v", text, err)
		}
	}
}

// injection has texts that would end a literal, in every place.
func injection(s suite) {
	for n, text := range []string{`' OR 1=1 -- `, `\' OR 1=1 -- `, `" OR ""="`, `'; DROP TABLE images; -- `, "$1", "?", `\`, `${x}`} {
		im := minimal(n)
		im.Name, im.Owner, im.Tags, im.Properties = &text, &text, []string{text}, map[string]*string{text: &text}
		s.insert(im)
		s.ok(s.update(im.ID, db.Change{SetProps: map[string]*string{text: ptr("x" + text)}, DropTags: []string{text}, AddTags: []string{text, "x"}}))
		got := s.get(im.ID)
		if *got.Name != text || *got.Properties[text] != "x"+text || fmt.Sprint(got.Tags) != fmt.Sprint([]string{text, "x"}) {
			s.Errorf("got %+v", got)
		}
		if seen := s.listing(image.Viewer{Owner: text}); len(seen) != 1 {
			s.Errorf("%q sees %v", text, seen)
		}
	}
}
