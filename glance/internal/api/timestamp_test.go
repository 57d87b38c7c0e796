package api

import (
	"strings"
	"testing"
	"time"
)

// Spec images-api 16.3.
func TestTimestamp(t *testing.T) {
	t.Parallel()
	rows := map[string]time.Time{
		"2015":       time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC),
		"2015-02":    time.Date(2015, 2, 1, 0, 0, 0, 0, time.UTC),
		"2015-02-03": time.Date(2015, 2, 3, 0, 0, 0, 0, time.UTC), "20150203": time.Date(2015, 2, 3, 0, 0, 0, 0, time.UTC),
		"2016-02-29T23": time.Date(2016, 2, 29, 23, 0, 0, 0, time.UTC), "20150203T04": time.Date(2015, 2, 3, 4, 0, 0, 0, time.UTC),
		"2015-02-03T04:05": time.Date(2015, 2, 3, 4, 5, 0, 0, time.UTC), "20150203T0405": time.Date(2015, 2, 3, 4, 5, 0, 0, time.UTC),
		"20150203T040506.123456789": time.Date(2015, 2, 3, 4, 5, 6, 123456789, time.UTC),
		"2015-02-03 04:05:06,5":     time.Date(2015, 2, 3, 4, 5, 6, 5e8, time.UTC),
	}
	for text, want := range rows {
		if got, ok := parseTimestamp(text); !ok || got != want {
			t.Errorf("%s is read as %v, %v", text, got, ok)
		}
	}
	zones := map[string]time.Duration{
		"": 0, "Z": 0, "+00:00": 0, "-00": 0, "+02:00": -2 * time.Hour, "-0330": 210 * time.Minute, "+05": -5 * time.Hour,
		"+23:59": time.Minute - 24*time.Hour, ".000001Z": time.Microsecond, ",5+01": time.Second/2 - time.Hour,
		"." + strings.Repeat("0", 100) + "1": 0,
	}
	for zone, later := range zones {
		for _, form := range []string{"2015-02-03T04:05:06", "20150203T040506", "2015-02-03 04:05:06"} {
			want := time.Date(2015, 2, 3, 4, 5, 6, 0, time.UTC).Add(later)
			if got, ok := parseTimestamp(form + zone); !ok || got != want {
				t.Errorf("%s is read as %v, %v", form+zone, got, ok)
			}
		}
	}
}

func TestNoTimestamp(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "T", "Z", "now", "20", "201", "201502", "2015-", "2015-2", "2015-2-3", "2015-02-30", "2015-13", "2015-02-00", "2015/02/03",
		"2015-034", "2015-W06", "2015Z", "2015-02Z", "2015-02-03Z", "2015T10", "2015-02T10", "2015-02-03T", "2015-02-03TZ",
		"2015-02-03T+02:00", "2015-02-03T4", "2015-02-03T24:00", "2015-02-03T04:60", "2015-02-03T04:05:60", "2015-02-03T04:05:06.",
		"2015-02-03T04:05:06.x", "2015-02-03T04:05.5", "2015-02-03T04:05:06 02:00", "2015-02-03T04:05:06z", "2015-02-03t04:05:06Z",
		"2015-02-03T04:05:06ZZ", "2015-02-03T04:05:06+2", "2015-02-03T04:05:06+02:0", "2015-02-03T04:05:06+02:61", "2015-02-03T04:05:06+99:00",
		"2015-02-03T04:05:06Z+02:00", " 2015", "2015 ", "2015-02-03  04", "-2015", "+2015", "12015-02-03", "\uff12\uff10\uff11\uff15", "2015-02-03T0x:05",
		strings.Repeat("9", 100), "2015-02-03T04:05:06" + strings.Repeat("0", 100), "2015-02-03T04:0506", "2015-02-03T0405:06",
	} {
		if got, ok := parseTimestamp(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// Spec security S81: what no database has is moved to where one has it.
func TestTimestampClamped(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"0000", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "0999-12-31T23:59:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999999",
		"0000-01-01T00:00:00+24:00",
	} {
		got, ok := parseTimestamp(text)
		if !ok || got.Year() != 1000 && got.Year() != 9999 || got.Add(time.Second).Year() > 9999 {
			t.Errorf("%s is read as %v, %v", text, got, ok)
		}
	}
}

func FuzzTimestamp(f *testing.F) {
	for _, seed := range []string{
		"", "2015", "2015-02", "20150203", "2015-02-03T04:05:06.7+02:00", "20150203T0405Z", "2015-02-03 04", "0000-00-00T99:99:99", "9999-12-31T23:59:60-24:00",
		"2015-02-03T4:05:06+00:00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseTimestamp(text)
		if ok && (got.Location() != time.UTC || got.Year() < 1000 || got.Year() > 9999) {
			t.Errorf("%q is read as %v", text, got)
		}
		want, err := time.Parse(time.RFC3339, text)
		if err == nil && text[13] == ':' && // it takes an hour of one digit too
			(!ok || got != clamp(want.UTC())) {
			t.Errorf("%q is read as %v, %v, want %v", text, got, ok, want)
		}
	})
}
