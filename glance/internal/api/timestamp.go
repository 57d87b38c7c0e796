package api

import (
	"strings"
	"time"
)

// parseTimestamp reads a time in ISO 8601 as filters have it: a date, or a year, or a year and month; behind a full
// date the time of day, with a zone or in UTC (spec images-api 16.3). A time outside the years that every database
// has becomes one inside; no image is that old or new (spec security S81).
func parseTimestamp(text string) (time.Time, bool) {
	date, layout := text, ""
	if i := strings.IndexAny(text, "T "); i >= 0 {
		date, layout = text[:i], "T"+clockLayout(text[i+1:])
		text = date + "T" + text[i+1:]
		if layout == "T" || len(date) < len("20060102") {
			return time.Time{}, false
		}
	}
	// Of a date or a time that is none the layout is empty, and what is left of the text does not fit it.
	at, err := time.Parse(dateLayout(date)+layout, text)
	if err != nil || text == "" {
		return time.Time{}, false
	}
	return clamp(at.UTC()), true
}

// dateLayout returns the one layout that a date of this length can have, "" for none.
func dateLayout(date string) string {
	return map[int]string{4: "2006", 7: "2006-01", 8: "20060102", 10: "2006-01-02"}[len(date)]
}

// clockLayout returns the one layout that a time of day can have, "" for none.
func clockLayout(clock string) string {
	zone := ""
	if i := strings.IndexAny(clock, "Z+-"); i >= 0 {
		clock, zone = clock[:i], clock[i:]
	}
	if i := strings.IndexAny(clock, ".,"); i >= len("150405") {
		clock = clock[:i] // time.Parse takes a fraction behind seconds without being asked
	}
	layout, ok := map[int]string{2: "15", 4: "1504", 5: "15:04", 6: "150405", 8: "15:04:05"}[len(clock)]
	if !ok {
		return ""
	}
	if zone == "Z" {
		return layout + zone
	}
	return layout + map[int]string{3: "-07", 5: "-0700", 6: "-07:00"}[len(zone)]
}

func clamp(at time.Time) time.Time {
	first := time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) // the second after it is still a time
	switch {
	case at.Before(first):
		return first
	case at.After(last):
		return last
	}
	return at
}
