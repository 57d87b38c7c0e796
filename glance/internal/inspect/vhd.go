package inspect

import (
	"bytes"
	"encoding/binary"
	"math"
)

const (
	vhdFixed       = 2
	vhdDynamic     = 3
	vhdMaxGeometry = 65535 * 16 * 255 // sectors: the geometry says no more, and then does not count
)

// readDynamicVHD reads a dynamic VHD: a copy of the footer at the start, which says where the dynamic header is.
func readDynamicVHD(s *sight) {
	s.ask(0, 512, func(b []byte) {
		if len(b) < 512 {
			s.refuse(damaged)
			return
		}
		s.vhdFooter(b)
		if binary.BigEndian.Uint32(b[0x3c:]) != vhdDynamic {
			s.refuse("it is a differencing disk or of an unknown type")
		}
		off := binary.BigEndian.Uint64(b[0x10:])
		if off < 512 || off > math.MaxInt64 {
			s.refuse(damaged)
			return
		}
		s.ask(int64(off), 1024, s.vhdDynamicHeader)
		s.atEnd = func(tail []byte, _ int64) {
			// A reader may take the footer at the end instead. What follows the end, if anything, is nobody's footer.
			footer := tail[max(0, len(tail)-512):]
			if bytes.HasPrefix(footer, []byte("conectix")) && !bytes.Equal(footer[0x10:0x40], b[0x10:0x40]) {
				s.refuse("header and footer do not agree")
			}
		}
	})
}

// vhdDynamicHeader judges the second header: a parent's UUID, name or place means a differencing disk, whatever the
// first one says.
func (s *sight) vhdDynamicHeader(b []byte) {
	if len(b) < 1024 || string(b[:8]) != "cxsparse" {
		s.refuse(damaged)
		return
	}
	if !zero(b[0x28:0x38]) || !zero(b[0x40:0x300]) {
		s.refuse("it names a parent disk")
	}
}

// readFixedVHD looks for the footer of a fixed VHD, which is the disk as it is and 512 bytes.
func readFixedVHD(s *sight) {
	if bytes.HasPrefix(s.in.head, []byte("conectix")) {
		return
	}
	s.atEnd = func(tail []byte, size int64) {
		if len(tail) < 512 || string(tail[len(tail)-512:][:8]) != "conectix" {
			return
		}
		s.seen = true
		b := tail[len(tail)-512:]
		if binary.BigEndian.Uint32(b[0x3c:]) != vhdFixed {
			s.refuse("it is a differencing disk or of an unknown type")
		}
		s.vhdFooter(b)
		if s.size > size-512 {
			s.refuse(badSize)
		}
	}
}

// vhdFooter reads the size. Some writers mean the geometry, as Virtual PC did; others round it and mean the number.
func (s *sight) vhdFooter(b []byte) {
	original, current := binary.BigEndian.Uint64(b[0x28:]), binary.BigEndian.Uint64(b[0x30:])
	if original > math.MaxInt64 || current > math.MaxInt64 {
		s.refuse(badSize)
		return
	}
	geometry := uint64(binary.BigEndian.Uint16(b[0x38:])) * uint64(b[0x3a]) * uint64(b[0x3b])
	switch string(b[0x1c:0x20]) {
	case "win ", "qem2", "d2v ", "tap\x00", "CTXS", "wa\x00\x00":
		geometry = vhdMaxGeometry
	}
	if geometry == vhdMaxGeometry {
		geometry = current / sectorSize
	}
	s.bytes(geometry, sectorSize)
}
