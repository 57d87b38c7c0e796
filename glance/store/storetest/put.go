package storetest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"goglance/glance/fault"
	"goglance/glance/store"
)

func testRoundTrip(t *testing.T, s *subject) {
	eachShape(t, func(t *testing.T, shape func(io.Reader) io.Reader) {
		for _, n := range []int{0, 1, s.Block - 1, s.Block, s.Block + 1, 10 << 20} {
			data := sample(n, 5)
			for _, size := range []int{n, -1} {
				t.Run(fmt.Sprintf("%d of %d", n, size), func(t *testing.T) {
					s.expectRoundTrip(t, object(size), shape(bytes.NewReader(data)), data)
				})
			}
		}
	})
}

// expectRoundTrip puts, reads and deletes one object.
func (s *subject) expectRoundTrip(t *testing.T, o store.Object, body io.Reader, data []byte) {
	t.Helper()
	before := s.left()
	stored := s.put(t, o, body)
	if stored.Size != int64(len(data)) {
		t.Errorf("Stored.Size is %d, want %d", stored.Size, len(data))
	}
	if scheme, _, _ := strings.Cut(stored.URL, ":"); !slices.Contains(s.Driver.Schemes(), scheme) {
		t.Errorf("the scheme of %q is not among the driver's", stored.URL)
	}
	if !storable(stored.Metadata) {
		t.Errorf("metadata %v is not made of strings, lists and maps", stored.Metadata)
	}
	s.expectData(t, stored.URL, data)
	if err := s.w.Delete(t.Context(), stored.URL); err != nil {
		t.Errorf("Delete: %v", err)
	}
	s.expectLeft(t, before)
}

func storable(v any) bool {
	switch v := v.(type) {
	case string:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !storable(item) })
	case map[string]any:
		for _, item := range v {
			if !storable(item) {
				return false
			}
		}
		return true
	}
	return false
}

// testOddBodies reads bodies that give their bytes in unusual portions, as network connections do.
func testOddBodies(t *testing.T, s *subject) {
	data := sample(3*s.Block+7, 6)
	s.expectRoundTrip(t, object(len(data)), iotest.HalfReader(bytes.NewReader(data)), data)
	s.expectRoundTrip(t, object(-1), iotest.DataErrReader(bytes.NewReader(data)), data)
	s.expectRoundTrip(t, object(3000), iotest.OneByteReader(bytes.NewReader(data[:3000])), data[:3000])
}

// testBodyClosed has a body with a Close, as the body of a request is: some HTTP clients close what they send.
func testBodyClosed(t *testing.T, s *subject) {
	body := &closeWatch{Reader: plain(sample(100, 21))}
	s.put(t, object(100), body)
	again := &closeWatch{Reader: iotest.ErrReader(io.ErrUnexpectedEOF)}
	if _, err := s.w.Put(t.Context(), object(100), again); err == nil {
		t.Error("Put of a broken body succeeded")
	}
	if body.closed || again.closed {
		t.Error("Put closed the body")
	}
}

func testExisting(t *testing.T, s *subject) {
	first := sample(s.Block+1, 7)
	o := object(len(first))
	url := s.put(t, o, plain(first)).URL
	before := s.left()
	for _, n := range []int{0, 1, 2 * s.Block} {
		_, err := s.w.Put(t.Context(), again(o), plain(sample(n, 8)))
		expectKind(t, "Put", err, fault.Conflict)
		s.expectLeft(t, before)
	}
	s.expectData(t, url, first)
}

// testAtOnce lets several Puts of one object race: one wins, and the object is what that one was given.
func testAtOnce(t *testing.T, s *subject) {
	before := s.left()
	for range 10 {
		bodies := [][]byte{sample(s.Block+1, 9), sample(2*s.Block, 10), sample(1, 11)}
		results := s.race(t, bodies)
		won := -1
		for i, r := range results {
			if r.err == nil {
				if won >= 0 {
					t.Fatalf("Puts %d and %d both succeeded", won, i)
				}
				won = i
				continue
			}
			expectKind(t, "Put", r.err, fault.Conflict)
		}
		if won < 0 {
			t.Fatal("no Put succeeded")
		}
		s.expectData(t, results[won].stored.URL, bodies[won])
		if err := s.w.Delete(t.Context(), results[won].stored.URL); err != nil {
			t.Errorf("Delete: %v", err)
		}
		s.expectLeft(t, before)
	}
}

type result struct {
	stored store.Stored
	err    error
}

// race puts all bodies as one object at the same time.
func (s *subject) race(t *testing.T, bodies [][]byte) []result {
	o := object(-1)
	results := make([]result, len(bodies))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, data := range bodies {
		attempt := again(o)
		all.Go(func() {
			<-start
			results[i].stored, results[i].err = s.w.Put(t.Context(), attempt, plain(data))
		})
	}
	close(start)
	all.Wait()
	return results
}

func testDelete(t *testing.T, s *subject) {
	before := s.left()
	data := sample(s.Block+1, 12)
	keep, o := sample(5, 13), object(len(data))
	kept, url := s.plant(t, keep), s.put(t, o, plain(data)).URL
	if err := s.w.Delete(t.Context(), url); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	_, err := s.Driver.Open(t.Context(), url, 0, -1)
	expectKind(t, "Open", err, fault.NotFound)
	expectKind(t, "Delete", s.w.Delete(t.Context(), url), fault.NotFound)
	s.expectData(t, kept, keep)
	s.expectRoundTrip(t, again(o), plain(keep), keep) // the name is free again
	if err := s.w.Delete(t.Context(), kept); err != nil {
		t.Errorf("Delete: %v", err)
	}
	s.expectLeft(t, before)
}
