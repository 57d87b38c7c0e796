package inspect

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math"
)

// Places and limits of the VHDX format, and the GUIDs as they stand in the file.
const (
	vhdxHeader    = 64 << 10  // two of them, 64 KiB apart
	vhdxRegions   = 192 << 10 // two tables, 64 KiB apart
	vhdxTable     = 64 << 10
	vhdxMaxRows   = 2047
	vhdxFirstData = 1 << 20
	vhdxMaxSize   = 64 << 40

	vhdxBAT      = "\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08"
	vhdxMetadata = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e"

	vhdxParameters = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b"
	vhdxDiskSize   = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8"
	vhdxPage83     = "\xab\x12\xca\xbe\xe6\xb2\x23\x45\x93\xef\xc3\x09\xe0\x00\xc7\x46"
	vhdxLogical    = "\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f"
	vhdxPhysical   = "\xc7\x48\xa3\xcd\x5d\x44\x71\x44\x9c\xc9\xe9\x88\x52\x51\xc5\x56"
	vhdxParent     = "\x2d\x5f\xd3\xa8\x0b\xb3\x4d\x45\xab\xf7\xd3\xd8\x48\x34\xab\x0c"
)

// vhdx reads a VHDX: headers, the table of regions, the metadata region's table, and two of its items.
type vhdx struct {
	*sight
	valid    bool   // a header is
	sequence uint64 // of the newest valid one
	log      bool   // which has a log
	regions  [sha256.Size]byte
}

func readVHDX(s *sight) {
	v := &vhdx{sight: s}
	for k := range int64(2) {
		s.ask(vhdxHeader*(1+k), 4<<10, v.header)
		s.ask(vhdxRegions+vhdxTable*k, vhdxTable, func(b []byte) { v.region(b, k == 1) })
	}
	s.atEnd = func([]byte, int64) {
		if !v.valid {
			v.refuse(damaged)
		}
		if v.log {
			v.refuse("it was not closed properly") // replaying its log may change everything that was looked at
		}
	}
}

// header remembers the newest valid header, as a reader does.
func (v *vhdx) header(b []byte) {
	if len(b) < 4<<10 || string(b[:4]) != "head" {
		return
	}
	sum := binary.LittleEndian.Uint32(b[4:])
	clear(b[4:8])
	if crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return
	}
	if binary.LittleEndian.Uint16(b[0x42:]) != 1 {
		v.refuse("unknown version")
	}
	log, n := !zero(b[0x30:0x40]), binary.LittleEndian.Uint64(b[8:])
	switch {
	case v.valid && n < v.sequence:
	case v.valid && n == v.sequence:
		v.log = v.log || log
	default:
		v.valid, v.sequence, v.log = true, n, log
	}
}

// region reads the first table of regions and wants the second to be the same.
func (v *vhdx) region(b []byte, second bool) {
	if len(b) < vhdxTable || string(b[:4]) != "regi" {
		v.refuse(damaged)
		return
	}
	sum := sha256.Sum256(b)
	if second {
		if sum != v.regions {
			v.refuse("two copies of the header do not agree")
		}
		return
	}
	v.regions = sum
	count := binary.LittleEndian.Uint32(b[8:])
	if count > vhdxMaxRows {
		v.refuse(tooDeep)
		return
	}
	off := uint64(0)
	for e := range rows(b[16:], int(count)) {
		switch string(e[:16]) {
		case vhdxBAT:
		case vhdxMetadata:
			if off != 0 {
				v.refuse(damaged)
			}
			off = binary.LittleEndian.Uint64(e[16:])
		default:
			if e[28]&1 != 0 {
				v.refuse("it needs features that are not known to be safe")
			}
		}
	}
	if off < vhdxFirstData || off > math.MaxInt64/2 {
		v.refuse(damaged)
		return
	}
	v.ask(int64(off), vhdxTable, func(b []byte) { v.metadata(b, int64(off)) })
}

// rows yields the entries of a table, 32 bytes each.
func rows(b []byte, count int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for k := 0; k < count && len(b) >= 32*(k+1); k++ {
			if !yield(b[32*k : 32*(k+1)]) {
				return
			}
		}
	}
}

// metadata reads the table of items. Every item is allowed once.
func (v *vhdx) metadata(b []byte, at int64) {
	if len(b) < vhdxTable || !bytes.HasPrefix(b, []byte("metadata")) {
		v.refuse(damaged)
		return
	}
	count := int(binary.LittleEndian.Uint16(b[10:]))
	if count > vhdxMaxRows {
		v.refuse(tooDeep)
		return
	}
	seen := make(map[string]bool, 8)
	for e := range rows(b[32:], count) {
		id, off := string(e[:16]), int64(binary.LittleEndian.Uint32(e[16:]))
		if seen[id] || off < vhdxTable {
			v.refuse(damaged)
			continue
		}
		switch id {
		case vhdxParameters:
			v.ask(at+off, 8, v.parameters)
		case vhdxDiskSize:
			v.ask(at+off, 8, v.diskSize)
		case vhdxPage83, vhdxLogical, vhdxPhysical:
		case vhdxParent:
			v.refuse("it names a parent disk")
		default:
			if e[24]&4 != 0 {
				v.refuse("it needs features that are not known to be safe")
			}
			continue // not remembered: there may be many
		}
		seen[id] = true
	}
	if !seen[vhdxParameters] || !seen[vhdxDiskSize] {
		v.refuse(damaged)
	}
}

func (v *vhdx) parameters(b []byte) {
	if len(b) < 8 {
		v.refuse(damaged)
		return
	}
	if binary.LittleEndian.Uint32(b[4:])&2 != 0 {
		v.refuse("it names a parent disk")
	}
}

func (v *vhdx) diskSize(b []byte) {
	if len(b) < 8 {
		v.refuse(damaged)
		return
	}
	size := binary.LittleEndian.Uint64(b)
	if size > vhdxMaxSize || size%sectorSize != 0 {
		v.refuse(badSize)
		return
	}
	v.bytes(size, 1)
}
