// Package storetest is what every store driver must pass. A driver's test gives Run a function that opens the driver
// on an empty medium:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Subject {
//			dir := t.TempDir()
//			return storetest.Subject{Driver: open(t, dir), Leftovers: func() []string { return list(t, dir) }}
//		})
//	}
//
// Writer, Aborter, Linker and Path are tested where the driver has them.
package storetest

import (
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"goglance/glance/fault"
	"goglance/glance/store"
)

// Subject is a driver on a medium of its own, which is empty when a test begins.
type Subject struct {
	Driver store.Driver

	// Leftovers lists whatever is in the medium: objects, and parts of objects that nobody finished. Needed for a
	// store.Writer only.
	Leftovers func() []string

	// Block is the unit in which the driver writes, in bytes; data around this size is tried. 0 means 256 KiB.
	Block int

	// Plant and Absent are for a driver without store.Writer. Plant puts data into the medium and returns its URL;
	// Absent is the URL of an object that is not there.
	Plant  func(data []byte) string
	Absent string
}

// check is one property of a driver.
type check struct {
	name   string
	writes bool // needs a store.Writer
	run    func(t *testing.T, s *subject)
}

func checks() []check {
	return []check{
		{"Schemes", false, testSchemes},
		{"OpenRanges", false, testRanges},
		{"OpenTwice", false, testTwoReaders},
		{"Missing", false, testMissing},
		{"ForeignURL", false, testForeign},
		{"Path", false, testPath},
		{"RoundTrip", true, testRoundTrip},
		{"OddBodies", true, testOddBodies},
		{"BodyClosed", true, testBodyClosed},
		{"PutExisting", true, testExisting},
		{"PutAtOnce", true, testAtOnce},
		{"PutBodyFails", true, testBodyFails},
		{"PutBodyError", true, testBodyError},
		{"PutCancelled", true, testCancelled},
		{"PutUnfinished", true, testUnfinished},
		{"Delete", true, testDelete},
		{"AbortCrashed", true, testAbortCrashed},
		{"AbortFinished", true, testAbortFinished},
		{"AbortOthers", true, testAbortOthers},
		{"Link", true, testLink},
		{"LinkRefused", true, testLinkRefused},
		{"LinkAborted", true, testLinkAborted},
	}
}

// Run runs the suite. open is called for every test anew and registers its own clean-up.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			s := &subject{Subject: open(t)}
			s.w, _ = s.Driver.(store.Writer)
			if c.writes && s.w == nil {
				t.Skip("the driver is read-only")
			}
			if s.Block == 0 {
				s.Block = 256 << 10
			}
			c.run(t, s)
		})
	}
}

// subject is a Subject with what the tests do to it again and again.
type subject struct {
	Subject
	w store.Writer // nil: read-only
}

// object names a new object, and a new attempt at it.
func object(size int) store.Object {
	return store.Object{ID: uuid.NewString(), Size: int64(size), Owner: "d0c1a9d2e4f84b6b9f0e6f1f7a3b5c77", Upload: uuid.NewString()}
}

// again is another attempt at the same object.
func again(o store.Object) store.Object {
	o.Upload = uuid.NewString()
	return o
}

// sample returns n bytes that do not repeat and are the same in every run.
func sample(n int, seed byte) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(data) // never fails
	return data
}

// put stores data and expects that to succeed.
func (s *subject) put(t *testing.T, o store.Object, body io.Reader) store.Stored {
	t.Helper()
	stored, err := s.w.Put(t.Context(), o, body)
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	return stored
}

// plant puts data into the medium, by Put where there is one, and returns its URL.
func (s *subject) plant(t *testing.T, data []byte) string {
	t.Helper()
	if s.w == nil {
		return s.Plant(data)
	}
	return s.put(t, object(len(data)), plain(data)).URL
}

// absent returns the URL of an object that is not there.
func (s *subject) absent(t *testing.T) string {
	t.Helper()
	if s.w == nil {
		return s.Absent
	}
	url := s.plant(t, sample(10, 1))
	if err := s.w.Delete(t.Context(), url); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	return url
}

// expectData reads the whole object and compares it.
func (s *subject) expectData(t *testing.T, url string, want []byte) {
	t.Helper()
	body, err := s.Driver.Open(t.Context(), url, 0, -1)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	expectBody(t, body, want, len(want))
	size, err := s.Driver.Size(t.Context(), url)
	if err != nil || size != int64(len(want)) {
		t.Errorf("Size = %d, %v, want %d", size, err, len(want))
	}
}

// expectLeft compares what is in the medium with an earlier list.
func (s *subject) expectLeft(t *testing.T, before []string) {
	t.Helper()
	if diff := cmp.Diff(before, s.left()); diff != "" {
		t.Errorf("the medium does not have what it should have (-want +got):\n%s", diff)
	}
}

// left lists what is in the medium.
func (s *subject) left() []string {
	return append([]string{}, slices.Sorted(slices.Values(s.Leftovers()))...)
}

// expectKind expects an error of a kind, with nothing in its message that a client should not see.
func expectKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: error is %v (%v), want kind %q", what, err, fault.KindOf(err), kind)
	}
	if msg := fault.Message(err); strings.ContainsAny(msg, `/\@`) {
		t.Errorf("%s: the message %q looks as if it had a path or an address in it", what, msg)
	}
}
