package operator

import (
	"runtime"
	"runtime/debug"
)

// reference is the release of Glance whose behaviour this is.
const reference = "15.0.1"

// version names this program and what it stands in for.
func version() string {
	own := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		own = info.Main.Version
	}
	return "goglance " + own + " (as Glance " + reference + ", " + runtime.Version() + ")"
}
