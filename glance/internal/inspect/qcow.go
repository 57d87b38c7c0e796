package inspect

import (
	"encoding/binary"
	"math"
)

// Limits of qemu (block/qcow2 refuses what is beyond) and the format's features that stay inside the file: dirty,
// corrupt, compression type. The external data file (bit 2), extended L2 entries (bit 4) and unknown bits are refused.
const (
	qcowKnownBits   = 1<<0 | 1<<1 | 1<<3
	qcowMaxL1       = 32 << 20 / 8
	qcowMaxRefTable = 8 << 20
	qcowMaxSnaps    = 65536
	qcowDataFile    = 0x44415441 // header extension "DATA"
)

// readQcow reads qcow2 (versions 2 and 3) and qcow, which has the same magic and version 1.
func readQcow(s *sight) {
	s.ask(0, 104, func(b []byte) {
		if len(b) < 104 {
			s.refuse(damaged)
			return
		}
		if binary.BigEndian.Uint64(b[8:]) != 0 || binary.BigEndian.Uint32(b[16:]) != 0 {
			s.refuse(backingFile) // whatever the length says: readers differ
		}
		switch binary.BigEndian.Uint32(b[4:]) {
		case 1:
			s.name = "qcow"
			s.bytes(binary.BigEndian.Uint64(b[24:])&^511, 1)
		case 2:
			s.qcow2(b, 72)
		case 3:
			s.qcow3(b)
		default:
			s.refuse("unknown version")
		}
	})
}

// qcow3 reads what version 3 adds to the header.
func (s *sight) qcow3(b []byte) {
	features, length := binary.BigEndian.Uint64(b[72:]), binary.BigEndian.Uint32(b[100:])
	if features&(1<<2) != 0 {
		s.refuse("it names an external data file")
	}
	if features&^qcowKnownBits != 0 {
		s.refuse("it needs features that are not known to be safe")
	}
	if length < 104 || length%8 != 0 || binary.BigEndian.Uint32(b[96:]) > 6 {
		s.refuse(damaged)
		return
	}
	s.qcow2(b, int64(length))
}

func (s *sight) qcow2(b []byte, length int64) {
	bits := binary.BigEndian.Uint32(b[20:])
	if bits < 9 || bits > 21 || length > 1<<bits {
		s.refuse(damaged)
		return
	}
	size, l1 := binary.BigEndian.Uint64(b[24:]), binary.BigEndian.Uint32(b[36:])
	perEntry := uint64(1) << (2*bits - 3) // bytes of the disk that one L1 entry maps
	if size > math.MaxInt64 || size/perEntry > qcowMaxL1 || (size+perEntry-1)/perEntry > uint64(l1) {
		s.refuse(badSize)
	} else {
		s.bytes(size&^511, 1)
	}
	if l1 > qcowMaxL1 || uint64(binary.BigEndian.Uint32(b[56:]))<<bits > qcowMaxRefTable ||
		binary.BigEndian.Uint32(b[60:]) > qcowMaxSnaps || binary.BigEndian.Uint32(b[32:]) > 2 {
		s.refuse(tooDeep)
	}
	s.qcowExtensions(length, 1<<bits)
}

// qcowExtensions walks the header extensions from off; they end inside the first cluster.
func (s *sight) qcowExtensions(off, end int64) {
	if end-off < 8 {
		return
	}
	s.ask(off, 8, func(b []byte) {
		if len(b) < 8 {
			s.refuse(damaged)
			return
		}
		kind, length := binary.BigEndian.Uint32(b), int64(binary.BigEndian.Uint32(b[4:]))
		switch {
		case kind == 0:
			return
		case kind == qcowDataFile:
			s.refuse("it names an external data file")
		case length > end-off-8:
			s.refuse(damaged)
			return
		}
		s.qcowExtensions(off+8+(length+7)&^7, end)
	})
}
