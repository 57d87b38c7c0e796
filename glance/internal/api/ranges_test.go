package api

import (
	"math"
	"net/http"
	"testing"

	"goglance/glance/fault"
)

func TestWanted(t *testing.T) {
	t.Parallel()
	const size = 10
	rows := []struct {
		name, text string
		want       span
	}{
		{"X-Range", "bytes=0-1", span{0, size, false}},
		{"Range", "bytes=0-1", span{0, 2, true}}, {"Range", "bytes=0-", span{0, size, true}},
		{"Range", "bytes=-1", span{9, 1, true}},
		{"Range", "bytes=-100", span{0, size, true}}, {"Range", "bytes=5-100", span{5, 5, true}},
		{"Range", "bytes=9-9223372036854775808", span{9, 1, true}},
		{"Content-Range", "bytes 0-1/10", span{0, 2, true}}, {"Content-Range", "bytes 9-9/*", span{9, 1, true}},
	}
	for _, row := range rows {
		h := http.Header{}
		h.Set(row.name, row.text)
		if got, err := wanted(h, size); err != nil || got != row.want {
			t.Errorf("%s: %s: %v %v, want %v", row.name, row.text, got, err, row.want)
		}
	}
	if got := (span{off: 3, n: 4}).contentRange(size); got != "bytes 3-6/10" {
		t.Error(got)
	}
}

// The largest sizes there are must not overflow.
func TestRangeOfHugeImage(t *testing.T) {
	t.Parallel()
	const size = math.MaxInt64
	rows := map[string]span{
		"bytes=9223372036854775806-": {size - 1, 1, true}, "bytes=0-9223372036854775807": {0, size, true},
		"bytes=-9223372036854775807":   {0, size, true},
		"bytes=0-99999999999999999999": {0, size, true}, "bytes=-1": {size - 1, 1, true},
	}
	for text, want := range rows {
		if got, err := parseRange(text, size); err != nil || got != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"bytes=9223372036854775807-", "bytes=9223372036854775808-"} {
		if got, err := parseRange(text, size); !fault.Is(err, fault.BadRange) {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{
		"bytes 0-9223372036854775807/*", "bytes 0-99999999999999999999/99999999999999999999",
		"bytes 99999999999999999998-99999999999999999999/*",
	} {
		if got, err := parseContentRange(text, size); !fault.Is(err, fault.BadRange) {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}

func FuzzRange(f *testing.F) {
	for _, seed := range []string{
		"", "bytes=0-4", "bytes=-3", "bytes=4-", "bytes=0-1,3-4", "bytes 0-4/10", "bytes 0-4/*", "bytes */10",
		"bytes=9223372036854775807-9223372036854775807", "items=\xff",
	} {
		f.Add(seed, int64(10))
		f.Add(seed, int64(0))
		f.Add(seed, int64(math.MaxInt64))
	}
	f.Fuzz(func(t *testing.T, text string, size int64) {
		if size < 0 {
			return
		}
		for _, parse := range []func(string, int64) (span, error){parseRange, parseContentRange} {
			s, err := parse(text, size)
			switch {
			case err != nil && !fault.Is(err, fault.BadRange) && !fault.Is(err, fault.Invalid):
				t.Errorf("error %v", err)
			case err == nil && (s.off < 0 || s.n < 1 || s.n > size || s.off > size-s.n || !s.partial):
				t.Errorf("%v of %d bytes", s, size)
			}
		}
	})
}
