package inspect

import (
	"encoding/binary"
	"math"
)

// readVDI reads a VirtualBox image: dynamic (1) and static (2) ones stand alone; undo and differencing images, and any
// that links to another by its UUID, do not.
func readVDI(s *sight) {
	s.ask(0, 512, func(b []byte) {
		if len(b) < 512 {
			s.refuse(damaged)
			return
		}
		if kind := binary.LittleEndian.Uint32(b[0x4c:]); kind != 1 && kind != 2 {
			s.refuse("it is a differencing disk")
		}
		if !zero(b[0x1a8:0x1c8]) {
			s.refuse("it belongs to another image")
		}
		size := binary.LittleEndian.Uint64(b[0x170:])
		if size > math.MaxInt64-511 {
			s.refuse(badSize)
			return
		}
		s.bytes((size+511)&^511, 1)
	})
}

// zero reports whether b is nothing but zeros.
func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
