package inspect

import (
	"math"
	"slices"
)

const (
	headSize = 4 << 10  // kept from the first byte on: ranges inside it can be asked for at any time
	tailSize = 2 << 10  // kept of the end: the footer of a fixed VHD (512) and of a streamed VMDK (1536)
	maxRange = 64 << 10 // the longest range a format may ask for
	heldSize = 256 << 10

	// MaxHeld bounds the bytes an Inspector holds, whatever is written to it. (The disks in an OVA are inspected one
	// after the other by a second Inspector of half of it.)
	MaxHeld = 2 * (headSize + 2*tailSize + heldSize)

	maxRanges = 32 // ranges under way at once
)

// Inspector looks at a stream. It is not safe for concurrent use. The zero value is not usable: see New.
type Inspector struct {
	head   []byte
	tail   tail
	pos    int64     // bytes written so far
	at     int64     // the end of what has passed, for the step under way; does not depend on how writes are cut
	ranges []*window // asked for and not complete
	next   int64     // nothing before it is asked for
	held   int64     // sum of the buffers of ranges
	sights []*sight
	inner  bool // looks at a disk inside an archive
	ended  bool
}

// New returns an Inspector that has seen nothing.
func New() *Inspector { return &Inspector{} }

// Write looks at the next bytes of the stream. It keeps no reference to p and returns len(p), nil, always.
func (i *Inspector) Write(p []byte) (int, error) {
	n := len(p)
	i.tail.add(p)
	if missing := headSize - len(i.head); missing > 0 {
		take := min(missing, n)
		i.head = append(i.head, p[:take]...)
		i.pos += int64(take)
		p = p[take:]
		if take == missing {
			i.begin()
		}
	}
	if len(i.ranges) > 0 && i.pos+int64(len(p)) > i.next {
		i.feed(p)
	}
	i.pos += int64(len(p))
	return n, nil
}

// begin shows the head to every format.
func (i *Inspector) begin() {
	i.at = int64(len(i.head))
	for _, r := range table() {
		s := &sight{row: r, in: i, name: r.name, size: -1}
		i.sights = append(i.sights, s)
		s.look()
	}
	i.mark()
}

// feed gives p, which stands at i.pos, to the ranges asked for. Ranges complete in the order of their ends, and a
// step may ask for more of the same p behind the end of its own range.
func (i *Inspector) feed(p []byte) {
	end := i.pos + int64(len(p))
	for {
		w := i.earliest()
		if w == nil || w.end() > end {
			break
		}
		w.fill(p, i.pos)
		i.at = w.end()
		i.finish(w)
	}
	for _, w := range i.ranges {
		w.fill(p, i.pos)
	}
	i.mark()
}

// earliest returns the range that ends first.
func (i *Inspector) earliest() *window {
	var first *window
	for _, w := range i.ranges {
		if first == nil || w.end() < first.end() {
			first = w
		}
	}
	return first
}

// finish takes a range off the list and gives what it has to the step that asked.
func (i *Inspector) finish(w *window) {
	i.ranges = slices.DeleteFunc(i.ranges, func(o *window) bool { return o == w })
	i.held -= w.cost()
	w.then(w.buf)
}

// mark notes where the next byte that anybody wants stands.
func (i *Inspector) mark() {
	i.next = math.MaxInt64
	for _, w := range i.ranges {
		i.next = min(i.next, w.off+w.got)
	}
}

// end says to every format that nothing follows. Ranges that are not complete are delivered as far as they came.
func (i *Inspector) end() {
	if i.ended {
		return
	}
	i.ended = true
	if i.sights == nil {
		i.begin()
	}
	for w := i.earliest(); w != nil; w = i.earliest() {
		i.finish(w)
	}
	for _, s := range i.sights {
		if s.atEnd != nil {
			s.atEnd(i.tail.bytes(), i.pos)
		}
	}
}
