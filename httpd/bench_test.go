package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"goglance/httpd/front"
)

// match is two ways to move the same bytes. The first must reach a part of the speed of the second.
type match struct {
	name         string
	floor        float64
	rounds       int // more of them where one takes no time
	ours, theirs func() error
}

// play moves the bytes in both ways, again and again, each time in another order, and returns how fast the first is as
// part of the second, and its bytes a second. The best of all rounds counts: what else the machine does makes both slower,
// but not always.
func (m match) play(tb testing.TB, size int64, rounds int) (ratio, speed float64) {
	tb.Helper()
	var best [2]time.Duration
	for round := range rounds {
		for i := range best {
			which := (i + round) % len(best)
			began := time.Now()
			if err := []func() error{m.ours, m.theirs}[which](); err != nil {
				tb.Fatalf("%s: %v", m.name, err)
			}
			if took := time.Since(began); best[which] == 0 || took < best[which] {
				best[which] = took
			}
		}
	}
	return best[1].Seconds() / best[0].Seconds(), float64(size) / best[0].Seconds()
}

// matches are the races behind nginx and Apache: the service before a bare handler, and nginx sending images for the
// service before nginx sending files.
func matches(tb testing.TB, k front.Kind, size int64) []match {
	ours := newSite(tb, k, sendfile, edit("        internal;", ""))
	bare := newSite(tb, k, withoutService)
	id := ours.create()
	up := func(s *site) func() error {
		return func() error { return s.push(id, size) }
	}
	down := func(url string, headers ...string) func() error {
		return func() error { return pull(ours.client(), url, size, headers) }
	}
	for _, s := range []*site{ours, bare} {
		ours.must(s.push(id, size))
	}
	file := "/v2/images/" + id + "/file"
	// A part is always sent by the service, even one that is the whole.
	whole := []string{"Range", fmt.Sprintf("bytes=0-%d", size-1)}
	all := []match{
		{k.String() + " upload", 0.8, 15, func() error { return ours.pushNew(size) }, up(bare)},
		{k.String() + " download", 0.8, 30, down(ours.url+file, whole...), down(bare.url+file, whole...)},
	}
	if k.Sends {
		plain := strings.TrimSuffix(ours.url, "/image") + "/image-data/" + id
		all = append(all, match{k.String() + " download by X-Accel-Redirect", 0.9, 60, down(ours.url + file), down(plain)})
	}
	return all
}

// push uploads to an image that waits for it.
func (s *site) push(id string, size int64) error {
	got, err := s.try("PUT", "/v2/images/"+id+"/file", bytesOf(size), "Content-Length", fmt.Sprint(size))
	if err == nil && got.code != http.StatusNoContent {
		err = fmt.Errorf("%d %s", got.code, got.body)
	}
	return err
}

// pushNew uploads a new image, and deletes it: the bare handler replaces what it has.
func (s *site) pushNew(size int64) error {
	id := s.create()
	if err := s.push(id, size); err != nil {
		return err
	}
	_, err := s.try("DELETE", "/v2/images/"+id, nil)
	return err
}

// pull downloads.
func pull(c *http.Client, url string, size int64, headers []string) error {
	r, err := http.NewRequest(http.MethodGet, url, nil) // the test's time bounds it
	if err != nil {
		return err
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, resp.Body, make([]byte, 1<<20))
	if err == nil && n != size {
		err = fmt.Errorf("%s: %d, %d bytes", url, resp.StatusCode, n)
	}
	return err
}

// BenchmarkFront prints how fast the service is behind nginx and Apache, as part of what the same front end does before a
// bare handler, or by itself. It fails where that is too slow.
func BenchmarkFront(b *testing.B) {
	const size = 256 << 20
	for _, k := range []front.Kind{overHTTP("nginx"), overHTTP("apache2")} {
		for _, m := range matches(b, k, size) {
			b.Run(m.name, func(b *testing.B) {
				ratio, speed := m.play(b, size, m.rounds)
				b.ReportMetric(0, "ns/op") // says nothing: there are always as many rounds
				b.ReportMetric(speed/(1<<20), "MiB/s")
				b.ReportMetric(ratio, "ratio")
				b.ReportMetric(m.floor, "floor")
				if ratio < m.floor {
					b.Errorf("%.2f of the other one's speed, below %.2f", ratio, m.floor)
				}
			})
		}
	}
}

// TestBenchmark: what BenchmarkFront measures works, however fast.
func TestBenchmark(t *testing.T) {
	t.Parallel()
	const size = 4 << 20
	for _, k := range []front.Kind{overHTTP("nginx"), overHTTP("apache2")} {
		for _, m := range matches(t, k, size) {
			ratio, speed := m.play(t, size, 1)
			t.Logf("%s: %.2f, %.0f MiB/s", m.name, ratio, speed/(1<<20))
		}
	}
}
