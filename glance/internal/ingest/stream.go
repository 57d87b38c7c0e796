package ingest

import (
	"crypto/md5" // the checksum of the Images API is MD5; it guards against accidents, not attacks
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"sync"

	"goglance/glance/fault"
)

// waitSize is what a stream waits for bytes with. It is all the memory that a slow client costs; net/http buffers as
// much, so a wait does not split what has already arrived.
const waitSize = 4 << 10

// backlog is how many blocks a digest may lag behind the store. MD5 is what takes longest, so it must always have
// something to do, also when the system lets the other side wait for some milliseconds.
const backlog = 8

// stream is a body on its way into a store. A store takes it by WriteTo (blocks of our own, nothing copied) or by
// Read. It gives the store no byte beyond the limit, and EOF only when the whole body was there.
type stream struct {
	Upload
	blocks *blocks

	n       int64 // bytes seen
	err     error // why the source ended; io.EOF when it was complete
	small   [waitSize]byte
	sum     hash.Hash
	digests []*digest
	lag     sync.WaitGroup // whole blocks that the digests still have
}

// newStream returns a stream of the body of u. The MD5 sum of what passes is computed beside it, and u.Look sees it.
func newStream(u Upload, from *blocks) *stream {
	s := &stream{Upload: u, blocks: from, sum: md5.New()}
	s.digests = append(s.digests, newDigest(s.sum, &s.lag))
	if u.Look != nil {
		s.digests = append(s.digests, newDigest(u.Look, &s.lag))
	}
	return s
}

// checksum is that of all that has passed. To be called after finish.
func (s *stream) checksum() string { return hex.EncodeToString(s.sum.Sum(nil)) }

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
	for rest := p[:n]; len(rest) > 0; {
		b := s.take()
		b.n = copy(b.buf, rest)
		rest = rest[b.n:]
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

// next returns the next bytes in a block. It takes the block only when bytes are there: a thousand slow clients must not
// hold a thousand blocks while they wait for their next packet, also when each sent a lot before it.
func (s *stream) next() (*block, error) {
	n, err := s.read(s.small[:])
	if n == 0 {
		return nil, err
	}
	b := s.take()
	b.n = copy(b.buf, s.small[:n])
	if n < waitSize || b.n == len(b.buf) || err != nil {
		return b, err
	}
	n, err = s.read(b.buf[b.n:])
	b.n += n
	return b, err
}

// take returns an empty block, or a piece. When all blocks are in use it first waits for those that this stream's own
// digests still have: that takes less than to go on in pieces, and is no wait for another stream, a store or a client.
func (s *stream) take() *block {
	if s.blocks.used.Load() >= mostBlocks {
		s.lag.Wait()
	}
	return s.blocks.take()
}

// whole reports whether a block is no piece.
func (b *block) whole() bool { return len(b.buf) == blockSize }

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

func (s *stream) digest(b *block) {
	if b.n == 0 {
		return
	}
	b.refs.Add(int32(len(s.digests))) // a handful of digests
	if b.whole() {
		s.lag.Add(len(s.digests))
	}
	for _, d := range s.digests {
		d.blocks <- b
	}
}

// digest feeds blocks to a hash, or to whatever else looks at them, in a goroutine of its own. A panic there becomes one
// of the goroutine that waits for it, which can do something about it.
type digest struct {
	to     io.Writer
	blocks chan *block
	lag    *sync.WaitGroup // done for every whole block
	done   chan struct{}
	defect any // what it panicked with
}

func newDigest(to io.Writer, lag *sync.WaitGroup) *digest {
	d := &digest{to: to, blocks: make(chan *block, backlog), lag: lag, done: make(chan struct{})}
	go d.run()
	return d
}

func (d *digest) run() {
	defer close(d.done)
	for b := range d.blocks {
		if d.defect == nil {
			d.take(b)
		}
		whole := b.whole()
		b.release()
		if whole {
			d.lag.Done()
		}
	}
}

func (d *digest) take(b *block) {
	defer func() { d.defect = recover() }()
	_, _ = d.to.Write(b.buf[:b.n]) // it never fails
}

func (d *digest) finish() {
	close(d.blocks)
	<-d.done
	if d.defect != nil {
		panic(d.defect)
	}
}
