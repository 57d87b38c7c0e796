package dbtest

import (
	"slices"
	"strings"

	"goglance/glance/db"
)

func secrets() []test {
	key := strings.Repeat("k", 32)
	return []test{
		{name: "ClearLocations", run: clearLocations},
		{name: "EncryptedLocations", options: db.Options{MetadataEncryptionKey: key}, run: encryptedLocations},
		{name: "ForeignLocations", options: db.Options{MetadataEncryptionKey: "0123456789abcdef"}, run: foreignLocations},
	}
}

func (s suite) storedURLs() []string {
	s.Helper()
	var values []string
	s.ok(s.raw.SelectContext(s.ctx, &values, "SELECT value FROM image_locations ORDER BY id"))
	return values
}

func clearLocations(s suite) {
	s.insert(full(1))
	if got := s.storedURLs(); got[0] != full(1).Locations[0].URL {
		s.Errorf("stored %q", got)
	}
}

func encryptedLocations(s suite) {
	s.insert(full(1), full(2))
	s.same(s.get(id(1)), full(1))
	s.ok(s.update(id(2), db.Change{AddLocs: full(2).Locations[:1]}))
	stored := s.storedURLs()
	for _, text := range stored {
		if strings.Contains(text, ":") || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=") != "" {
			s.Errorf("stored %q", text)
		}
	}
	if slices.Sort(stored); len(slices.Compact(stored)) != 5 {
		s.Error("equal URLs are stored as equal texts")
	}
}

// unreadable checks that the locations of the first image, which nobody can understand, are there all the same, give
// nothing away, and outlive a change of the image.
func (s suite) unreadable() {
	s.Helper()
	stored := s.storedURLs()
	s.ok(s.update(id(1), db.Change{If: s.get(id(1)), AddTags: []string{"another"}, Set: map[db.Column]any{db.ColName: "new"}}))
	if !slices.Equal(s.storedURLs(), stored) {
		s.Errorf("%q became %q", stored, s.storedURLs())
	}
	for _, l := range s.get(id(1)).Locations {
		if !l.Unreadable || l.URL != "" || len(l.Metadata) != 0 {
			s.Errorf("got %+v", l)
		}
	}
}

// foreignLocations reads what the reference wrote, and what nobody can.
func foreignLocations(s suite) {
	s.insert(full(1))
	s.sql("UPDATE image_locations SET value = ?",
		"AAECAwQFBgcICQoLDA0ODwj-hUg3YMk1PMMRhtwRMJM1-hxwLpDyBteng57BK29ZN9vqbgiuBRKAPSe3tYV3eg==")
	if got := s.get(id(1)).Locations[1].URL; got != "file:///var/lib/glance/images/abc" {
		s.Errorf("read %q", got)
	}
	for _, text := range []string{"file:///secret", "", "AAAA", strings.Repeat("secret==", 16), strings.Repeat("A", 64)} {
		s.sql("UPDATE image_locations SET value = ?", text)
		s.unreadable()
	}
}
