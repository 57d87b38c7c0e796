// Package storable knows which text every database can keep. MariaDB's utf8 has no characters of four bytes and
// PostgreSQL no NUL (spec security S66), so neither is taken, whatever the engine: a record can always be moved.
package storable

import (
	"unicode/utf8"

	"goglance/glance/fault"
)

// Text refuses text that some database cannot keep. The error is fault.Invalid.
func Text(s string) error {
	for _, r := range s {
		if r == 0 || r > 0xFFFF {
			return fault.New(fault.Invalid, "text cannot hold NUL or characters of four bytes")
		}
	}
	if !utf8.ValidString(s) {
		return fault.New(fault.Invalid, "text must be UTF-8")
	}
	return nil
}
