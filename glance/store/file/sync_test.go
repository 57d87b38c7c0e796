package file

import (
	"os"
	"sync"
	"sync/atomic"
	"testing"
)

// TestSyncsAreBounded: however many uploads end together, few files are synced at once.
func TestSyncsAreBounded(t *testing.T) {
	t.Parallel()
	var now, most, all atomic.Int64
	sync1 := bounded(func(*os.File) error {
		most.Store(max(most.Load(), now.Add(1)))
		all.Add(1)
		now.Add(-1)
		return nil
	})
	var uploads sync.WaitGroup
	for range 10 * syncs {
		uploads.Go(func() {
			if err := sync1(nil); err != nil {
				t.Error(err)
			}
		})
	}
	uploads.Wait()
	if most.Load() > syncs || all.Load() != 10*syncs {
		t.Errorf("%d of %d at once", most.Load(), all.Load())
	}
}
