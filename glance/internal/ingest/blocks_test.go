package ingest

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestBlocksAreBounded: whoever comes when all blocks are in use gets a small one at once, and bodies pass as they are.
func TestBlocksAreBounded(t *testing.T) {
	t.Parallel()
	var all blocks
	var held []*block
	for range mostBlocks {
		b := all.take()
		if len(b.buf) != blockSize {
			t.Fatalf("block %d has %d bytes", len(held), len(b.buf))
		}
		held = append(held, b)
	}
	for _, n := range sizes() {
		for _, pull := range []bool{false, true} {
			body := pattern(n)
			s := newStream(Upload{Body: bytes.NewReader(body), Length: -1, Limit: Limit{Bytes: 1 << 30}}, &all)
			var src io.Reader = s
			if pull {
				src = readOnly{s}
			}
			w := &largest{}
			_, err := io.Copy(w, src)
			s.finish()
			if err != nil || !bytes.Equal(w.Bytes(), body) || !pull && w.most > pieceSize {
				t.Errorf("%d bytes, pull %v: got %d, up to %d at once, %v", n, pull, w.Len(), w.most, err)
			}
		}
	}
	for _, b := range held {
		b.release()
	}
	if b := all.take(); len(b.buf) != blockSize || all.used.Load() != 1 {
		t.Errorf("afterwards a block has %d bytes, %d are in use", len(b.buf), all.used.Load())
	}
}

// largest is a buffer that notes the largest write.
type largest struct {
	bytes.Buffer
	most int
}

func (l *largest) Write(p []byte) (int, error) {
	l.most = max(l.most, len(p))
	return l.Buffer.Write(p)
}

// ReadFrom is not the buffer's: it would hide how much is written at once.
func (l *largest) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{l}, r)
}

// TestBlocksComeBack: whatever ends a stream, no block stays in use.
func TestBlocksComeBack(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, w := range map[string]io.Writer{
		"well":               io.Discard,
		"a store that fails": writerFunc(func([]byte) (int, error) { return 0, broken }),
	} {
		var all blocks
		s := newStream(Upload{Body: bytes.NewReader(pattern(3 * blockSize)), Length: -1, Limit: Limit{Bytes: 1 << 30}}, &all)
		_, _ = s.WriteTo(w) // it may fail
		s.finish()
		if n := all.used.Load(); n != 0 {
			t.Errorf("%s: %d blocks are in use", name, n)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
