package storetest

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// start runs a Put beside the test. Whoever ends the test must have let it end before.
func (s *subject) start(t *testing.T, o store.Object, body io.Reader) <-chan result {
	done := make(chan result, 1)
	go func() {
		stored, err := s.w.Put(t.Context(), o, body)
		done <- result{stored, err}
	}()
	return done
}

func wait(t *testing.T, done <-chan result) result {
	t.Helper()
	select {
	case r := <-done:
		return r
	case <-time.After(patience):
		t.Fatal("Put does not return")
		return result{}
	}
}

func aborter(t *testing.T, s *subject) store.Aborter {
	t.Helper()
	a, ok := s.Driver.(store.Aborter)
	if !ok {
		t.Skip("the driver has no Abort")
	}
	return a
}

// testAbortCrashed stops a Put in the middle, which leaves the medium as the death of its process would.
func testAbortCrashed(t *testing.T, s *subject) {
	a := aborter(t, s)
	for _, n := range []int{0, 1, s.Block, 3*s.Block + 1} {
		o, before := object(-1), s.left()
		died := errors.New("this process is dead")
		g := newGate(died)
		done := s.start(t, o, sequence(bytes.NewReader(sample(n, 18)), g))
		g.await(t)
		for range 2 { // the second time there is nothing to remove
			if err := a.Abort(t.Context(), o); err != nil {
				t.Errorf("Abort: %v", err)
			}
		}
		s.expectLeft(t, before)
		close(g.release)
		if r := wait(t, done); !errors.Is(r.err, died) {
			t.Errorf("Put: error is %v, want the body's", r.err)
		}
		s.expectLeft(t, before)
		s.expectRoundTrip(t, again(o), plain([]byte("x")), []byte("x"))
	}
}

// testAbortFinished removes an object that is complete but was never recorded.
func testAbortFinished(t *testing.T, s *subject) {
	a := aborter(t, s)
	before := s.left()
	o := object(100)
	url := s.put(t, o, plain(sample(100, 19))).URL
	if err := a.Abort(t.Context(), o); err != nil {
		t.Errorf("Abort: %v", err)
	}
	_, err := s.Driver.Open(t.Context(), url, 0, -1)
	expectKind(t, "Open", err, fault.NotFound)
	s.expectLeft(t, before)
}

// testAbortOthers aborts beside other objects, one of them being written.
func testAbortOthers(t *testing.T, s *subject) {
	a := aborter(t, s)
	data := sample(2*s.Block, 20)
	finished := s.plant(t, data)
	g := newGate(io.EOF)
	done := s.start(t, object(len(data)), sequence(bytes.NewReader(data[:s.Block]), g, bytes.NewReader(data[s.Block:])))
	g.await(t)
	if err := a.Abort(t.Context(), object(-1)); err != nil {
		t.Errorf("Abort of nothing: %v", err)
	}
	close(g.release)
	r := wait(t, done)
	if r.err != nil {
		t.Fatalf("Put: %v", r.err)
	}
	s.expectData(t, finished, data)
	s.expectData(t, r.stored.URL, data)
}
