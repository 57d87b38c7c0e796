package operator

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// TestHeadroom: what may be allocated between two collections stays about the same when much is kept, and when it is no
// more.
func TestHeadroom(t *testing.T) {
	began := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(began) })
	t.Setenv("GOGC", "")
	collectLess()
	percent := func() int {
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(s)
		return int(s[0].Value.Uint64())
	}
	until := func(what string, ok func(int) bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !ok(percent()); runtime.GC() {
			if time.Now().After(end) {
				t.Fatalf("%s: GOGC is %d", what, percent())
			}
			time.Sleep(time.Millisecond)
		}
	}
	kept := make([]byte, 512<<20/8) // nobody touches it
	until("much is kept", func(p int) bool { return p <= 100*headroom/len(kept)*5/4 || p == leastGC })
	runtime.KeepAlive(kept)
	kept = nil
	until("little is kept", func(p int) bool { return p > 2*leastGC })
}
