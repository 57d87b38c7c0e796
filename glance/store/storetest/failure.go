package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"testing/iotest"

	"goglance/glance/fault"
)

// testBodyFails cuts the body at several points: the caller sees his own error, nothing stays, and the same Put can
// be done again.
func testBodyFails(t *testing.T, s *subject) {
	eachShape(t, func(t *testing.T, shape func(io.Reader) io.Reader) {
		data := sample(4*s.Block, 14)
		cut := errors.New("the body was cut")
		for _, n := range []int{0, 1, s.Block - 1, s.Block, s.Block + 1, 3*s.Block - 1, 3 * s.Block} {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				o, before := object(len(data)), s.left()
				broken := io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(cut))
				if _, err := s.w.Put(t.Context(), o, shape(broken)); !errors.Is(err, cut) {
					t.Errorf("Put: error is %v, want the body's", err)
				}
				s.expectLeft(t, before)
				broken = iotest.DataErrReader(io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(cut)))
				if _, err := s.w.Put(t.Context(), o, shape(broken)); !errors.Is(err, cut) {
					t.Errorf("Put: error is %v, want the one that came with the last bytes", err)
				}
				s.expectLeft(t, before)
				s.expectRoundTrip(t, o, shape(bytes.NewReader(data)), data)
			})
		}
	})
}

// testBodyError makes sure that a driver does not take an error of the body for one of its own medium.
func testBodyError(t *testing.T, s *subject) {
	eachShape(t, func(t *testing.T, shape func(io.Reader) io.Reader) {
		for _, cut := range []error{
			fault.New(fault.Timeout, "the client stopped sending"),
			fault.Wrap(fault.TooLarge, "quota", io.ErrUnexpectedEOF),
			fmt.Errorf("another disk: %w", syscall.EACCES),
			fmt.Errorf("another disk: %w", syscall.ENOSPC),
		} {
			before := s.left()
			body := io.MultiReader(bytes.NewReader(sample(s.Block, 15)), iotest.ErrReader(cut))
			_, err := s.w.Put(t.Context(), object(-1), shape(body))
			if !errors.Is(err, cut) || fault.KindOf(err) != fault.KindOf(cut) {
				t.Errorf("Put: error is %v (%v), want %v (%v)", err, fault.KindOf(err), cut, fault.KindOf(cut))
			}
			s.expectLeft(t, before)
		}
	})
}

// testCancelled ends the context while the body still gives bytes.
func testCancelled(t *testing.T, s *subject) {
	eachShape(t, func(t *testing.T, shape func(io.Reader) io.Reader) {
		data := sample(4*s.Block, 16)
		for _, n := range []int{0, s.Block, 2*s.Block + 1} {
			o, before := object(len(data)), s.left()
			ctx, cancel := context.WithCancel(t.Context())
			body := io.MultiReader(bytes.NewReader(data[:n]), call(cancel), bytes.NewReader(data[n:]))
			if _, err := s.w.Put(ctx, o, shape(body)); err == nil {
				t.Errorf("Put succeeded, its context ended after %d bytes", n)
			}
			s.expectLeft(t, before)
			s.expectRoundTrip(t, o, shape(bytes.NewReader(data)), data)
			if _, err := s.w.Put(ctx, o, shape(bytes.NewReader(nil))); err == nil {
				t.Error("Put of nothing succeeded under a context that had ended")
			}
			s.expectLeft(t, before)
		}
	})
}

// testUnfinished looks for an object while its Put waits for the rest of the body.
func testUnfinished(t *testing.T, s *subject) {
	data := sample(2*s.Block+1, 17)
	o := object(len(data))
	url := s.put(t, o, plain(data)).URL // where it will be
	if err := s.w.Delete(t.Context(), url); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	g := newGate(io.EOF)
	done := s.start(t, o, sequence(bytes.NewReader(data[:s.Block+1]), g, bytes.NewReader(data[s.Block+1:])))
	g.await(t)
	body, err := s.Driver.Open(t.Context(), url, 0, -1)
	expectKind(t, "Open", err, fault.NotFound)
	expectNoBody(t, body, err)
	_, err = s.Driver.Size(t.Context(), url)
	expectKind(t, "Size", err, fault.NotFound)
	close(g.release)
	r := wait(t, done)
	if r.err != nil {
		t.Fatalf("Put: %v", r.err)
	}
	s.expectData(t, r.stored.URL, data)
}
