package main_test

import (
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// soak is how long the load lasts: an hour, or what the environment says.
//
//	GLANCE_TEST_SOAK=1h go test -count=1 -run '^TestSoak$' -v -timeout 2h ./server
func soak(t *testing.T) (time.Duration, bool) {
	t.Helper()
	text := os.Getenv("GLANCE_TEST_SOAK")
	if text == "" {
		return 3 * time.Second, false
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d, true
}

// sample is what a daemon uses at some moment, and how long its answers took since the last.
type sample struct {
	memory            float64 // MiB, not backed by files
	goroutines, files int
	p99               time.Duration
	requests          int
}

// TestSoak has clients do everything for a long time: at its end the daemon needs as much memory, goroutines and
// descriptors as at its beginning, and answers as fast.
func TestSoak(t *testing.T) {
	long, judged := soak(t)
	metrics := "127.0.0.1:" + freePort(t)
	s := newSite(t, "[metrics]\nbind_port = "+metrics[len("127.0.0.1:"):])
	d := s.start()
	samples := d.soaked(metrics, long)
	for i, n := range samples {
		t.Logf("%2d of %d: %.1f MiB, %d goroutines, %d files, p99 %v of %d requests", i+1, len(samples), n.memory, n.goroutines, n.files, n.p99, n.requests)
	}
	if !judged || t.Failed() {
		return
	}
	// The first part warms up. Of the others the first half is compared with the second.
	rest := samples[len(samples)/10:]
	before, after := typical(rest[:len(rest)/2]), typical(rest[len(rest)/2:])
	if after.memory > 1.1*before.memory+4 || after.goroutines > before.goroutines+4 || after.files > before.files+4 {
		t.Errorf("it grows: from %+v to %+v", before, after)
	}
	if float64(after.p99) > 1.2*float64(before.p99) {
		t.Errorf("it slows down: from %v to %v", before.p99, after.p99)
	}
}

// typical is the median of every part of some samples.
func typical(samples []sample) sample {
	middle := func(of func(sample) float64) float64 {
		var values []float64
		for _, s := range samples {
			values = append(values, of(s))
		}
		return median(values)
	}
	return sample{
		memory:     middle(func(s sample) float64 { return s.memory }),
		goroutines: int(middle(func(s sample) float64 { return float64(s.goroutines) })),
		files:      int(middle(func(s sample) float64 { return float64(s.files) })),
		p99:        time.Duration(middle(func(s sample) float64 { return float64(s.p99) })),
		requests:   int(middle(func(s sample) float64 { return float64(s.requests) })),
	}
}

// parts is how many samples there are.
const soakParts = 20

// soaked runs the load and takes samples.
func (d *daemon) soaked(metrics string, long time.Duration) []sample {
	d.t.Helper()
	seed := rand.Uint64()
	d.t.Logf("seed %d", seed)
	stop := time.Now().Add(long)
	var tempo stopwatch
	var all sync.WaitGroup
	clients := make([]*client, 6)
	for i := range clients {
		c := &client{r: rand.New(rand.NewPCG(seed, uint64(i)))} //nolint:gosec // not a secret
		clients[i] = c
		all.Go(func() { c.liveTimed(d.url, stop, &tempo) })
	}
	var samples []sample
	for time.Now().Before(stop) {
		time.Sleep(long / soakParts)
		s := sample{memory: d.memory("RssAnon")}
		s.goroutines, s.files = resources(d.t, metrics)
		s.p99, s.requests = tempo.take()
		samples = append(samples, s)
	}
	all.Wait()
	for _, c := range clients {
		pending, wrong := c.settle(d.url, true, false)
		for _, text := range slices.Concat(pending, wrong, c.faults) {
			d.t.Error(text)
		}
	}
	return samples
}

// stopwatch collects how long requests took.
type stopwatch struct {
	mu   sync.Mutex
	took []time.Duration
}

func (w *stopwatch) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took = append(w.took, d)
}

// take returns the 99th percentile of what was collected, and how much that was, and begins anew.
func (w *stopwatch) take() (time.Duration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	took := slices.Sorted(slices.Values(w.took))
	w.took = nil
	if len(took) == 0 {
		return 0, 0
	}
	return took[len(took)*99/100], len(took)
}

// liveTimed is live with a stopwatch, and with lists, until a time.
func (c *client) liveTimed(url string, until time.Time, tempo *stopwatch) {
	s := session{c, url, plainClient()}
	defer s.http.CloseIdleConnections()
	for n := 0; time.Now().Before(until); n++ {
		begin := time.Now()
		there := s.step()
		if n%10 == 0 {
			_, _, there = s.ask(http.MethodGet, "/v2/images?limit=25&sort=name:asc", strings.NewReader(""), http.StatusOK)
		}
		tempo.add(time.Since(begin))
		if !there {
			c.fault("the daemon has gone")
			return
		}
		if n%100 == 0 { // what is deleted need not be remembered
			c.images = slices.DeleteFunc(c.images, func(k *known) bool { return k.gone == yes })
		}
	}
}
