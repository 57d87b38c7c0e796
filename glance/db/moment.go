package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// momentFormat is how a Python Glance writes times to SQLite. It sorts as text, and only because the fraction always
// has its six digits.
const momentFormat = "2006-01-02 15:04:05.000000"

// moment is a time as the database keeps it: UTC, microseconds, NULL for zero. The driver's own form of a time.Time
// carries a zone, which SQLAlchemy misreads.
type moment time.Time

// precise returns t in UTC without what the database would drop.
func precise(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Value returns the time as text.
func (m moment) Value() (driver.Value, error) {
	t := time.Time(m)
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format(momentFormat), nil
}

// Scan reads a time in any form that the drivers give and other programs write.
func (m *moment) Scan(src any) error {
	var err error
	var t time.Time
	switch v := src.(type) {
	case nil:
	case time.Time:
		t = v
	case string:
		t, err = parseMoment(v)
	case []byte:
		t, err = parseMoment(string(v))
	default:
		err = fmt.Errorf("a column of time holds a %T", src)
	}
	*m = moment(precise(t))
	return err
}

// parseMoment reads the usual form first. A layout without a fraction accepts one of any length.
func parseMoment(s string) (time.Time, error) {
	for _, layout := range [...]string{time.DateTime, time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("a column of time holds %q", s)
}
