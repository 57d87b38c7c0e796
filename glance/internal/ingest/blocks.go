package ingest

import (
	"sync"
	"sync/atomic"
)

const (
	blockSize = 256 << 10 // the most that is read at once
	pieceSize = waitSize  // what is read at once when all blocks are in use

	// mostBlocks is how many blocks there are for all streams of an Ingest together. One fast upload keeps ten busy.
	mostBlocks = 16
)

// blocks is where streams get their memory. It is bounded: who comes when all blocks are in use gets a piece instead, with
// which he is slower but does not wait. So no stream waits for another, and neither a store that has stopped nor clients
// that stop in the middle of something keep others from going on. The zero value is ready.
type blocks struct {
	whole, pieces sync.Pool
	used          atomic.Int32 // whole ones
}

// block is the unit that travels to the store and to the digests.
type block struct {
	buf  []byte
	n    int
	refs atomic.Int32
	of   *blocks
}

// take returns an empty block, or a piece, with one reference.
func (p *blocks) take() *block {
	pool, size := &p.whole, blockSize
	if p.used.Add(1) > mostBlocks {
		p.used.Add(-1)
		pool, size = &p.pieces, pieceSize
	}
	b, ok := pool.Get().(*block)
	if !ok {
		b = &block{buf: make([]byte, size), of: p}
	}
	b.n = 0
	b.refs.Store(1)
	return b
}

// release gives a reference back.
func (b *block) release() {
	if b.refs.Add(-1) > 0 {
		return
	}
	if len(b.buf) < blockSize {
		b.of.pieces.Put(b)
		return
	}
	b.of.whole.Put(b)
	b.of.used.Add(-1)
}
