package db

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestURLCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := strings.Repeat("k", rapid.SampledFrom([]int{0, 16, 24, 32}).Draw(t, "key length"))
		c, err := newURLCodec(key)
		if err != nil {
			t.Fatal(err)
		}
		url := rapid.String().Draw(t, "url")
		stored := c.encode(url)
		if got, err := c.decode(stored); err != nil || got != url {
			t.Fatalf("%q was stored as %q and read as %q, %v", url, stored, got, err)
		}
		if key != "" && (stored == c.encode(url) || len(stored)%4 != 0) {
			t.Fatalf("%q was stored as %q twice", url, stored)
		}
	})
}

func TestURLCodecKeys(t *testing.T) {
	for _, n := range []int{1, 15, 17, 31, 33, 64} {
		if _, err := newURLCodec(strings.Repeat("k", n)); err == nil {
			t.Errorf("a key of %d bytes was taken", n)
		}
	}
}

// TestURLCodecForeign decrypts the published vector with the right key and with a wrong one.
func TestURLCodecForeign(t *testing.T) {
	const text = "AAECAwQFBgcICQoLDA0ODwj-hUg3YMk1PMMRhtwRMJM1-hxwLpDyBteng57BK29ZN9vqbgiuBRKAPSe3tYV3eg=="
	c, _ := newURLCodec("0123456789abcdef")
	if got, err := c.decode(text); err != nil || got != "file:///var/lib/glance/images/abc" {
		t.Errorf("decrypted %q, %v", got, err)
	}
	c, _ = newURLCodec("0123456789abcdeF")
	if got, err := c.decode(text); err == nil {
		t.Errorf("decrypted %q with a wrong key", got)
	}
	for _, broken := range []string{"", "=", "AAECAwQFBgcICQoLDA0ODw==", text[:len(text)-8], "file:///clear", strings.ReplaceAll(text, "-", "+")} {
		if got, err := c.decode(broken); err == nil {
			t.Errorf("decrypted %q as %q", broken, got)
		}
	}
}

func TestPadding(t *testing.T) {
	for n := range 40 {
		padded := pad(make([]byte, n))
		if len(padded)%16 != 0 || len(padded) == n || len(padded) > n+16 || padded[n] != 0 {
			t.Errorf("%d bytes were padded to %v", n, padded)
		}
		for _, b := range padded[n+1:] {
			if b == 0 {
				t.Errorf("%d bytes were padded with a second zero: %v", n, padded)
			}
		}
	}
}

// TestPythonic has texts that json.dumps gave.
func TestPythonic(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"a": "b"}`, `{"a": [1, 2.5, true, null, {}], "b": {"c": "d, e: f"}}`, `{"q": "\"\\"}`,
		`{"u": "\u00e9\u4e16\ud83d\ude00\u2028\u007f"}`, `{"c": "\u0000\b\f\n\r\t<>&"}`, `{"m": 12345678901234567890, "n": 1.0}`,
	} {
		m, err := decodeMetadata(text)
		if err != nil {
			t.Error(err)
		}
		if got, err := encodeMetadata(m); err != nil || got != text {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
	if _, err := encodeMetadata(map[string]any{"f": func() {}}); err == nil {
		t.Error("a function was encoded")
	}
}

func TestPythonicAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOf(rapid.String(), rapid.String().AsAny()).Draw(t, "metadata")
		text, err := encodeMetadata(m)
		if err != nil || !json.Valid([]byte(text)) || strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
			t.Fatalf("%v became %q, %v", m, text, err)
		}
		if got, err := decodeMetadata(text); err != nil || !maps.Equal(got, m) {
			t.Fatalf("%v became %q and %v, %v", m, text, got, err)
		}
	})
}

func TestMoment(t *testing.T) {
	zone := time.FixedZone("x", 3600)
	at := time.Date(2017, 8, 30, 12, 0, 0, 1999, zone)
	if v, err := moment(at).Value(); err != nil || v != "2017-08-30 11:00:00.000001" {
		t.Errorf("written as %v, %v", v, err)
	}
	if v, err := moment(time.Time{}).Value(); v != nil || err != nil {
		t.Errorf("zero is written as %v, %v", v, err)
	}
	for _, src := range []any{at, "2017-08-30 11:00:00.000001", []byte("2017-08-30 11:00:00.000001999")} {
		var m moment
		if err := m.Scan(src); err != nil || time.Time(m) != precise(at) {
			t.Errorf("%v was read as %v, %v", src, time.Time(m), err)
		}
	}
	m := moment(at)
	if err := m.Scan(nil); err != nil || !time.Time(m).IsZero() {
		t.Errorf("NULL was read as %v, %v", time.Time(m), err)
	}
	for _, src := range []any{"", "now", 3.5, int64(7)} {
		if err := m.Scan(src); err == nil {
			t.Errorf("%v was read as %v", src, time.Time(m))
		}
	}
}
