package db_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/image"
)

// purgeEnv says how many soft-deleted rows, of all tables together, to purge beside a service:
//
//	GLANCE_TEST_PURGE=1000000 GLANCE_TEST_DB=mysql go test -run '^TestPurgeBeside$' -timeout 60m -v ./glance/db
const purgeEnv = "GLANCE_TEST_PURGE"

const (
	alone      = 40 * time.Second      // how long the service is watched before the purge
	everySoOne = 50 * time.Millisecond // a client asks again
	watched    = 3 * time.Minute       // of the purge, at most; the rest of it is not waited for
	bothered   = 2                     // times as long as without a purge is what the slowest of a hundred may take
)

// TestPurgeBeside compares how long a service waits for its database before and during a purge.
func TestPurgeBeside(t *testing.T) {
	rows, err := strconv.Atoi(os.Getenv(purgeEnv))
	if err != nil {
		t.Skip(purgeEnv + " does not say how many rows to purge")
	}
	c := cloud{images: rows / 7, public: 200, own: 50, member: 20, gone: 45} // a deleted image is a row with about 15 of other tables
	engine := os.Getenv(engineEnv)
	d, raw := clouds(t, engine)(c)
	settle(t, engine, raw)
	dead, live := rowsOf(t, raw)
	quiet := serve(t, d, alone, nil)
	begin, done := time.Now(), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		defer close(done)
		err := d.Purge(ctx, db.Purge{Before: time.Now(), MaxRows: math.MaxInt32, Begin: func(string) {}, Done: func(string, int64) {}})
		if err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}()
	busy := serve(t, d, watched, done)
	stop()
	<-done
	took := time.Since(begin)
	left, kept := rowsOf(t, raw)
	fmt.Printf("%d of %d deleted rows purged in %s\n%-8s %10s %10s %6s\n", dead-left, dead, took.Round(time.Second), "p99", "before", "during", "ratio")
	for _, work := range []string{"list", "show", "create"} {
		a, b := p99(quiet[work]), p99(busy[work])
		fmt.Printf("%-8s %10s %10s %6.2f  of %d\n", work, a.Round(10*time.Microsecond), b.Round(10*time.Microsecond), float64(b)/float64(a), len(busy[work]))
		if b > bothered*a && b > 10*unfelt {
			t.Errorf("%s: a hundredth takes %s during a purge, %s before", work, b, a)
		}
	}
	if kept < live {
		t.Errorf("%d of %d live rows are left", kept, live)
	}
}

// rowsOf counts the rows that a purge may take, and those that it may not.
func rowsOf(t *testing.T, raw *sqlx.DB) (dead, live int) {
	t.Helper()
	for _, table := range []string{"images", "image_properties", "image_tags", "image_locations", "image_members"} {
		var n, m int
		if err := raw.QueryRow("SELECT SUM(CASE WHEN deleted THEN 1 ELSE 0 END), SUM(CASE WHEN deleted THEN 0 ELSE 1 END) FROM "+table).Scan(&n, &m); err != nil {
			t.Fatal(err)
		}
		dead, live = dead+n, live+m
	}
	return dead, live
}

// serve does the work of a service for some time, or until done, and returns how long each answer took.
func serve(t *testing.T, d *db.DB, most time.Duration, done <-chan struct{}) map[string][]time.Duration {
	t.Helper()
	page, err := d.Images(t.Context(), image.Query{Viewer: image.Viewer{Owner: project}, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	var lock sync.Mutex
	took := map[string][]time.Duration{}
	var clients sync.WaitGroup
	end := time.After(most)
	stop := make(chan struct{})
	for work, do := range map[string]func(n int) error{
		"list": func(int) error {
			_, err := d.Images(t.Context(), image.Query{Viewer: image.Viewer{Owner: project}, Limit: limit})
			return err
		},
		"show": func(n int) error { _, err := d.Image(t.Context(), page[n%len(page)].ID); return err },
		"create": func(int) error {
			return insert(t.Context(), d, record(fmt.Sprintf("%08x-1111-4000-8000-%012x", time.Now().Unix(), time.Now().UnixNano()%(1<<48))))
		},
	} {
		clients.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				case <-time.After(everySoOne):
				}
				begin := time.Now()
				if err := do(n); err != nil {
					t.Errorf("%s: %v", work, err)
				}
				lock.Lock()
				took[work] = append(took[work], time.Since(begin))
				lock.Unlock()
			}
		})
	}
	select {
	case <-end:
	case <-done:
	}
	close(stop)
	clients.Wait()
	return took
}

func p99(all []time.Duration) time.Duration {
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)*99/100]
}
