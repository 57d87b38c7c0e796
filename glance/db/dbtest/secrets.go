package dbtest

import (
	"slices"
	"strings"

	"goglance/glance/db"
	"goglance/glance/fault"
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
		_, err := s.db.Image(s.ctx, id(1))
		s.wants(fault.Internal, err)
		if err != nil && text != "" && strings.Contains(err.Error(), text) {
			s.Errorf("the error gives away %q: %v", text, err)
		}
	}
}
