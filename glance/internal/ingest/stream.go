package ingest

import (
	"errors"
	"hash"
	"io"
	"sync"
	"sync/atomic"

	"goglance/glance/fault"
)

// blockSize is the most that is read at once. A block is the unit that travels to the store and to the digests.
const blockSize = 256 << 10

// waitSize is what a stream waits for bytes with. It is all the memory that a slow client costs; net/http buffers as
// much, so a wait does not split what has already arrived.
const waitSize = 4 << 10

// backlog is how many blocks a digest may lag behind the store.
const backlog = 2

type block struct {
	buf  [blockSize]byte
	n    int
	refs atomic.Int32
	pool *sync.Pool
}

func (b *block) release() {
	if b.refs.Add(-1) == 0 {
		b.pool.Put(b)
	}
}

// stream is a body on its way into a store. A store takes it by WriteTo (blocks of our own, nothing copied) or by
// Read. It gives the store no byte beyond the limit, and EOF only when the whole body was there.
type stream struct {
	Upload
	pool *sync.Pool

	n       int64 // bytes seen
	err     error // why the source ended; io.EOF when it was complete
	fast    bool  // the last read filled its block: the client is ahead of us
	small   [waitSize]byte
	digests []*digest
}

func newStream(u Upload, pool *sync.Pool, hashes ...hash.Hash) *stream {
	s := &stream{Upload: u, pool: pool}
	for _, h := range hashes {
		s.digests = append(s.digests, newDigest(h))
	}
	return s
}

// finish waits for the digests and ends their goroutines. To be called once, after the last read.
func (s *stream) finish() {
	for _, d := range s.digests {
		d.finish()
	}
}

// complete reports whether the body was read to its proper end.
func (s *stream) complete() bool { return errors.Is(s.err, io.EOF) }

// Read lets a store pull. The digests get a copy, as p is the store's.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.read(p[:min(len(p), blockSize)])
	if n > 0 {
		b := s.take()
		b.n = copy(b.buf[:], p[:n])
		s.digest(b)
		b.release()
	}
	return n, err
}

// WriteTo pushes the body into w, the digests running beside the writes.
func (s *stream) WriteTo(w io.Writer) (int64, error) {
	var written int64
	for {
		b, err := s.next()
		if b != nil {
			s.digest(b)
			n, werr := w.Write(b.buf[:b.n])
			b.release()
			written += int64(n)
			if werr != nil {
				return written, werr
			}
		}
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, err
		}
	}
}

// next returns the next bytes in a block. It takes the block only when bytes are there, unless the client is so fast
// that they surely are: a thousand slow clients must not hold a thousand blocks.
func (s *stream) next() (*block, error) {
	if s.fast {
		b := s.take()
		return b, s.fill(b)
	}
	n, err := s.read(s.small[:])
	if n == 0 {
		return nil, err
	}
	b := s.take()
	b.n = copy(b.buf[:], s.small[:n])
	if n < waitSize || err != nil {
		return b, err
	}
	return b, s.fill(b)
}

// fill adds the bytes of one read to b.
func (s *stream) fill(b *block) error {
	n, err := s.read(b.buf[b.n:])
	b.n += n
	s.fast = b.n == blockSize
	return err
}

// read is one read of the source, held to the limit and to the announced length.
func (s *stream) read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.Body.Read(p)
	if s.n += int64(n); s.n > s.Limit.Bytes {
		n -= int(s.n - s.Limit.Bytes)
		s.n, err = s.Limit.Bytes, s.Limit.Over
	}
	if errors.Is(err, io.EOF) && s.Length >= 0 && s.n != s.Length {
		err = fault.New(fault.Invalid, "the body has %d bytes, %d were announced", s.n, s.Length)
	}
	s.err = err
	return n, err
}

func (s *stream) take() *block {
	b, ok := s.pool.Get().(*block)
	if !ok {
		b = &block{pool: s.pool}
	}
	b.n = 0
	b.refs.Store(1)
	return b
}

func (s *stream) digest(b *block) {
	if b.n == 0 {
		return
	}
	b.refs.Add(int32(len(s.digests))) // a handful of digests
	for _, d := range s.digests {
		d.blocks <- b
	}
}

// digest hashes blocks in a goroutine of its own.
type digest struct {
	hash.Hash
	blocks chan *block
	done   chan struct{}
}

func newDigest(h hash.Hash) *digest {
	d := &digest{Hash: h, blocks: make(chan *block, backlog), done: make(chan struct{})}
	go d.run()
	return d
}

func (d *digest) run() {
	defer close(d.done)
	for b := range d.blocks {
		d.Write(b.buf[:b.n]) // a hash never fails
		b.release()
	}
}

func (d *digest) finish() {
	close(d.blocks)
	<-d.done
}
