package operator

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How much may be allocated before the garbage is collected again. What the service keeps is small, a few MiB, of which Go
// would let it allocate as much again: under load it would collect hundreds of times a second, a quarter of what a request
// costs. A percentage that is right there is wrong with a thousand slow connections, which keep ten times as much and
// hardly make garbage. So it is less the more is kept, until it would take too long to look through all that so often.
const (
	headroom = 12 << 20 // bytes, when nothing is kept
	lessGC   = 24       // percent of what is kept that it is less
	leastGC  = 12       // percent of what is kept that it is at least
	smallest = 4 << 20  // bytes that count as kept while there is less, as before the first collection
)

// collectLess has the garbage collected as the constants say, unless GOGC is in the environment.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		(&collection{kept: make([]metrics.Sample, len(counted()))}).ended()
	}
}

// counted returns the names of what GOGC is a percentage of.
func counted() []string {
	return []string{"/gc/heap/live:bytes", "/gc/scan/stack:bytes", "/gc/scan/globals:bytes"}
}

// collection notices when the garbage has been collected: it is garbage itself, until it is told so.
type collection struct {
	kept    []metrics.Sample
	percent int
}

// ended sets how much may be allocated until the next one.
func (c *collection) ended() {
	for i, name := range counted() {
		c.kept[i].Name = name
	}
	metrics.Read(c.kept)
	kept := uint64(0)
	for _, s := range c.kept {
		kept += s.Value.Uint64()
	}
	kept = max(kept, smallest)
	// It stops the program for a moment, and a tenth more or less is no matter.
	if percent := max(leastGC, int(100*headroom/kept)-lessGC); percent*10 < c.percent*9 || percent*9 > c.percent*10 {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.SetFinalizer(c, (*collection).ended)
}
