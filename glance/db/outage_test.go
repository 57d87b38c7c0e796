package db_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func TestOutageOfMariaDB(t *testing.T) {
	t.Parallel()
	outage(t, startServer(t, dbserver.MariaDB))
}

func TestOutageOfPostgreSQL(t *testing.T) {
	t.Parallel()
	outage(t, startServer(t, dbserver.PostgreSQL))
}

// load writes and reads without end, and remembers what it was told.
type load struct {
	*testing.T
	db *db.DB

	mu      sync.Mutex
	written []string // acknowledged
	good    atomic.Int64
	refused atomic.Int64
}

// patience bounds every single call while the server is away.
const patience = 5 * time.Second

// work is one client. Every error must be one that says to come back.
func (l *load) work(ctx context.Context, client int) {
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("%d-%d", client, n)
		begin := time.Now()
		err := insert(context.Background(), l.db, record(id))
		if err == nil {
			l.mu.Lock()
			l.written = append(l.written, id)
			l.mu.Unlock()
		}
		l.count(err)
		_, err = l.db.Image(context.Background(), "first")
		l.count(err)
		_, err = l.db.Usage(context.Background(), "x", "")
		l.count(err)
		if took := time.Since(begin); took > patience {
			l.Errorf("three calls took %v", took)
		}
	}
}

func (l *load) count(err error) {
	switch {
	case err == nil:
		l.good.Add(1)
	case fault.Is(err, fault.Unavailable):
		l.refused.Add(1)
		time.Sleep(time.Millisecond) // as a client would, if not as short
	default:
		l.Errorf("%v: %v", fault.KindOf(err), err)
	}
}

// outage kills a server twice under load and starts it again: what was acknowledged is there, calls in between fail at
// once, and the same DB goes on by itself.
func outage(t *testing.T, s *dbserver.Server) {
	d, _ := opener(s)(t, db.Options{})
	l := &load{T: t, db: d}
	if err := insert(t.Context(), d, record("first")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for n := range 16 {
		clients.Go(func() { l.work(ctx, n) })
	}
	defer clients.Wait()
	defer cancel()
	for range 2 {
		l.until("calls succeed", &l.good)
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		l.until("calls are refused", &l.refused)
		if err := s.Up(); err != nil {
			t.Fatal(err)
		}
	}
	l.until("calls succeed", &l.good)
	cancel()
	clients.Wait()
	found := map[string]bool{}
	all, err := d.Images(t.Context(), image.Query{Limit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, im := range all {
		found[im.ID] = true
	}
	for _, id := range l.written {
		if !found[id] {
			t.Errorf("image %s was acknowledged and is lost", id)
		}
	}
	t.Logf("%d images acknowledged, %d found, %d calls refused", len(l.written), len(all), l.refused.Load())
}

// until waits for a number to grow.
func (l *load) until(what string, n *atomic.Int64) {
	l.Helper()
	const enough = 200
	goal := n.Load() + enough
	for end := time.Now().Add(time.Minute); n.Load() < goal; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			l.Fatalf("it is not so after a minute that %s", what)
		}
	}
}
