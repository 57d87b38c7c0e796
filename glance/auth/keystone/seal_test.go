package keystone

import (
	"bytes"
	"testing"
)

// FuzzSeal: what was closed opens to what it was; nothing that was changed opens.
func FuzzSeal(f *testing.F) {
	f.Add("token", []byte("data"), uint(3), byte(1))
	f.Add("", []byte{}, uint(70), byte(0x80))
	f.Add("t", bytes.Repeat([]byte{16}, 32), uint(200), byte(7))
	f.Fuzz(func(t *testing.T, token string, data []byte, at uint, bit byte) {
		for _, strategy := range []string{"MAC", "ENCRYPT"} {
			s, err := newSeal(strategy, "secret")
			if err != nil {
				t.Fatal(err)
			}
			k := s.keys(token)
			closed, err := k.close(data)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := k.open(closed); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: %q opens to %q, %v", strategy, data, got, err)
			}
			if strategy == "ENCRYPT" && len(data) > 8 && bytes.Contains(closed, data) {
				t.Error("the data is in the clear")
			}
			if bit != 0 {
				closed[at%uint(len(closed))] ^= bit
				if got, err := k.open(closed); err == nil {
					t.Errorf("%s: what was changed opens to %q", strategy, got)
				}
			}
			if _, err := k.open(data); err == nil {
				t.Errorf("%s: %q opens", strategy, data)
			}
		}
	})
}

// FuzzParse: nothing that is said of a token makes trouble.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"token": {"expires_at": "2100-01-01T00:00:00.000000Z", "user": {"id": "u", "domain": {"id": "d"}}, "roles": [{"name": "a"}]}}`))
	f.Add([]byte(`{"token": {"catalog": [{"type": "image", "endpoints": [{"interface": "public", "region_id": "r", "url": "x"}]}]}}`))
	f.Add([]byte(`{"token": {"user": {"id": 1}, "bind": []}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if token, err := parse(text); err == nil && (token.who.UserID == "" || token.expires.IsZero() && token.expires.Year() != 1) {
			t.Errorf("%q is %+v", text, token)
		}
	})
}
