package ingest

import (
	"bytes"
	"crypto/md5" // the checksum of the Images API
	"encoding/hex"
	"errors"
	"io"
	"math/rand"
	"testing"
	"testing/iotest"
	"time"

	"goglance/glance/fault"
)

// pattern returns n bytes that differ from block to block.
func pattern(n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(int64(n))).Read(b) // not a secret
	return b
}

func sizes() []int {
	all := []int{0, 1}
	for _, edge := range []int{waitSize, blockSize, blockSize + waitSize, 2 * blockSize, 5 * blockSize} {
		all = append(all, edge-1, edge, edge+1)
	}
	return all
}

// readOnly hides WriteTo.
type readOnly struct{ io.Reader }

func TestStreamGivesWhatItGets(t *testing.T) {
	sources := map[string]func(io.Reader) io.Reader{
		"fast":         func(r io.Reader) io.Reader { return r },
		"half":         iotest.HalfReader,
		"EOF with end": iotest.DataErrReader,
		"by 5000":      func(r io.Reader) io.Reader { return &chunked{r, 5000} },
	}
	for name, source := range sources {
		for _, pull := range []bool{false, true} {
			for _, n := range sizes() {
				body := pattern(n)
				s := newStream(Upload{Body: source(bytes.NewReader(body)), Length: int64(n), Limit: Limit{Bytes: int64(n)}}, new(blocks))
				var src io.Reader = s
				if pull {
					src = readOnly{s}
				}
				var got bytes.Buffer
				_, err := io.Copy(&got, src)
				s.finish()
				want := md5.Sum(body) // see above
				if err != nil || !bytes.Equal(got.Bytes(), body) || s.checksum() != hex.EncodeToString(want[:]) || !s.complete() {
					t.Errorf("%s, pull %v, %d bytes: got %d, error %v, complete %v", name, pull, n, got.Len(), err, s.complete())
				}
			}
		}
	}
}

// chunked returns at most n bytes a read.
type chunked struct {
	io.Reader
	n int
}

func (c *chunked) Read(p []byte) (int, error) { return c.Reader.Read(p[:min(len(p), c.n)]) }

func TestStreamKeepsTheLimit(t *testing.T) {
	over := fault.New(fault.TooLarge, "too much")
	for _, limit := range sizes() {
		for _, pull := range []bool{false, true} {
			s := newStream(Upload{Body: bytes.NewReader(pattern(limit + 1)), Length: -1, Limit: Limit{int64(limit), over}}, new(blocks))
			var src io.Reader = s
			if pull {
				src = readOnly{s}
			}
			var got bytes.Buffer
			_, err := io.Copy(&got, src)
			s.finish()
			if !errors.Is(err, over) || got.Len() > limit || s.complete() {
				t.Errorf("limit %d, pull %v: %d bytes, error %v, complete %v", limit, pull, got.Len(), err, s.complete())
			}
		}
	}
}

func TestStreamMissesAnnouncedBytes(t *testing.T) {
	for _, n := range sizes() {
		for _, announced := range []int{n - 1, n + 1} {
			s := newStream(Upload{Body: bytes.NewReader(pattern(n)), Length: int64(announced), Limit: Limit{Bytes: 1 << 30}}, new(blocks))
			_, err := io.Copy(io.Discard, s)
			s.finish()
			if announced >= 0 && (!fault.Is(err, fault.Invalid) || s.complete()) {
				t.Errorf("%d bytes of %d announced: error %v, complete %v", n, announced, err, s.complete())
			}
		}
	}
}

// TestStreamWaitsWithoutBlock is the promise that a slow client costs no block (spec security P62): it waits for
// bytes with a small buffer, and only then takes one.
func TestStreamWaitsWithoutBlock(t *testing.T) {
	slow := readerFunc(func(p []byte) (int, error) {
		if len(p) != waitSize {
			t.Errorf("the stream waits with a buffer of %d bytes", len(p))
		}
		return copy(p, "a few bytes"), nil
	})
	s := newStream(Upload{Body: slow, Length: -1, Limit: Limit{Bytes: 1 << 20}}, new(blocks))
	for range 1000 {
		b, err := s.next()
		if err != nil || b.n != 11 {
			t.Fatalf("next: %d bytes, error %v", b.n, err)
		}
		b.release()
	}
	s.finish()
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestStreamShowsWhatPasses: who looks at a body sees all of it in order, and a panic of his is one of the reader.
func TestStreamShowsWhatPasses(t *testing.T) {
	for _, n := range sizes() {
		var seen bytes.Buffer
		s := newStream(Upload{Body: bytes.NewReader(pattern(n)), Length: -1, Limit: Limit{Bytes: 1 << 30}, Look: &seen}, new(blocks))
		if _, err := io.Copy(io.Discard, s); err != nil {
			t.Fatal(err)
		}
		s.finish()
		if !bytes.Equal(seen.Bytes(), pattern(n)) {
			t.Errorf("%d bytes of %d were seen", seen.Len(), n)
		}
	}
	s := newStream(Upload{Body: bytes.NewReader(pattern(9 * blockSize)), Length: -1, Limit: Limit{Bytes: 1 << 30}, Look: defect{}}, new(blocks))
	if _, err := io.Copy(io.Discard, s); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
	}()
	s.finish()
}

// TestStreamWaitsForItsOwnBlocks: one that is ahead of its digests has them finish rather than go on in pieces.
func TestStreamWaitsForItsOwnBlocks(t *testing.T) {
	t.Parallel()
	var all blocks
	for range mostBlocks - 3 {
		defer all.take().release()
	}
	slow := writerFunc(func(p []byte) (int, error) {
		time.Sleep(time.Millisecond)
		return len(p), nil
	})
	const n = 9
	s := newStream(Upload{Body: bytes.NewReader(pattern(n * blockSize)), Length: -1, Limit: Limit{Bytes: 1 << 30}, Look: slow}, &all)
	_, err := s.WriteTo(writerFunc(func(p []byte) (int, error) {
		if len(p) != blockSize {
			t.Errorf("the store gets %d bytes", len(p))
		}
		return len(p), nil
	}))
	s.finish()
	if err != nil || s.n != n*blockSize || all.used.Load() != mostBlocks-3 {
		t.Errorf("%d bytes, %d blocks in use, error %v", s.n, all.used.Load(), err)
	}
}

type defect struct{}

func (defect) Write([]byte) (int, error) { panic("a defect in who looks") }
