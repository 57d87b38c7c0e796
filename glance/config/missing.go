package config

import "fmt"

// missing is the error for a part that this release does not have. Whoever adds the part takes the call away.
func missing(part string) error { return fmt.Errorf("%s is not available yet", part) }
