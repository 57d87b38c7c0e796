package inspect

import (
	"math"
	"slices"
)

// Reasons that several formats share. All reasons are fit for clients: they never repeat bytes of the image.
const (
	damaged     = "the header is damaged"
	backingFile = "it names a backing file"
	tooDeep     = "the header is larger than any valid one"
	badSize     = "the virtual size is impossible"
)

const maxReasons = 16

// sight is what one format makes of the stream.
type sight struct {
	row
	in     *Inspector
	name   string // as the Images API names it
	seen   bool   // the bytes are of this format
	size   int64  // of the disk in bytes; -1 unknown
	unsafe []string
	atEnd  func(tail []byte, size int64) // called once when the stream ends; tail is its last tailSize bytes
}

// look asks for the magic, or lets a format without one decide for itself.
func (s *sight) look() {
	if len(s.magic) == 0 {
		s.read(s)
		return
	}
	s.ask(s.off, int64(len(s.magic[0])), func(b []byte) {
		if !slices.Contains(s.magic, string(b)) {
			return
		}
		s.seen = true
		if s.read != nil {
			s.read(s)
		}
	})
}

// refuse notes why the image must not be used.
func (s *sight) refuse(reason string) {
	if len(s.unsafe) < maxReasons && !slices.Contains(s.unsafe, reason) {
		s.unsafe = append(s.unsafe, reason)
	}
}

// ask calls then with n bytes from off when they have passed. It gives fewer when the stream ends before, and none
// when they have passed already or are more than anybody may ask for: then looks at the length.
func (s *sight) ask(off, n int64, then func(b []byte)) {
	if n > maxRange || s.in.held+n > heldSize {
		s.refuse(tooDeep)
		then(nil)
		return
	}
	s.want(&window{off: off, n: n, then: then})
}

// pass lets another Inspector see n bytes from off, and calls then when they have passed. All of them have if whole.
func (s *sight) pass(off, n int64, sub *Inspector, then func(whole bool)) {
	w := &window{off: off, n: n, sub: sub}
	w.then = func([]byte) { then(w.got == w.n) }
	s.want(w)
}

func (s *sight) want(w *window) {
	i := s.in
	if w.off < 0 || w.n < 0 || w.off > math.MaxInt64-w.n || len(i.ranges) == maxRanges {
		s.refuse(damaged)
		w.then(nil)
		return
	}
	w.fill(i.head, 0)
	if w.got == w.n || i.ended || w.off+w.got < i.at {
		w.then(w.buf)
		return
	}
	i.held += w.cost()
	i.ranges = append(i.ranges, w)
}

// bytes sets the virtual size from a number of the header, units of unit bytes.
func (s *sight) bytes(n, unit uint64) {
	if n > math.MaxInt64/unit {
		s.refuse(badSize)
		return
	}
	s.size = int64(n * unit) // fits: checked above
}
