package file

import (
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// TestSyncsAreBounded: however many uploads end together, few files are synced at once, and all in the end.
func TestSyncsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int64
		disk := make(chan struct{})
		slow := bounded(func(*os.File) error {
			begun.Add(1)
			<-disk
			return nil
		})
		const uploads = 3 * syncs
		for range uploads {
			go func() {
				if err := slow(nil); err != nil {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		if n := begun.Load(); n != syncs {
			t.Errorf("%d at once", n)
		}
		close(disk)
		synctest.Wait()
		if n := begun.Load(); n != uploads {
			t.Errorf("%d of %d", n, uploads)
		}
	})
}
