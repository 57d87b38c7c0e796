package paste

import (
	_ "embed" // for standard.ini
	"strings"
)

//go:embed standard.ini
var standard string

// Standard returns the pipelines of the reference, for a service that has no paste file.
func Standard() (*File, error) {
	return Parse(strings.NewReader(standard), "/built-in/glance-paste.ini")
}
