package inspect

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

const (
	elsewhere   = "it describes data that is in other files"
	oddPlace    = "the descriptor does not stand where readers look for it"
	sectorSize  = 512
	descSectors = 20 // qemu reads so many from sector 1, whatever the header says
)

// readSparse reads a VMDK with data in it: a header, a descriptor as text in sector 1, grains. The descriptor may name
// extents and a parent; a plain file (monolithicSparse, streamOptimized) has one extent, itself.
func readSparse(s *sight) {
	s.ask(0, sectorSize, func(b []byte) {
		if len(b) < sectorSize {
			s.refuse(damaged)
			return
		}
		if string(b[:4]) == "COWD" {
			s.refuse(elsewhere) // an extent of ESX: never without a descriptor beside it
			return
		}
		if v := binary.LittleEndian.Uint32(b[4:]); v < 1 || v > 3 {
			s.refuse("unknown version")
		}
		capacity := binary.LittleEndian.Uint64(b[0x0c:])
		if capacity == 0 {
			s.refuse(elsewhere) // qemu then opens what the descriptor names
		}
		s.bytes(capacity, sectorSize)
		if binary.LittleEndian.Uint64(b[0x38:]) == math.MaxUint64 {
			s.sparseFooter(b)
		}
		s.embedded(b, capacity)
	})
}

// sparseFooter is for images that were written as a stream: the header stands again before the end and counts there.
func (s *sight) sparseFooter(header []byte) {
	s.atEnd = func(tail []byte, _ int64) {
		if len(tail) < 3*sectorSize {
			s.refuse(damaged)
			return
		}
		tail = tail[len(tail)-3*sectorSize:]
		marker, footer, last := tail[:sectorSize], tail[sectorSize:2*sectorSize], tail[2*sectorSize:]
		if binary.LittleEndian.Uint32(marker[12:]) != 3 || !zero(last) ||
			!bytes.Equal(footer[:0x30], header[:0x30]) || !bytes.Equal(footer[0x49:0x4f], header[0x49:0x4f]) {
			s.refuse("header and footer do not agree")
		}
	}
}

// embedded reads the descriptor inside a sparse VMDK.
func (s *sight) embedded(header []byte, capacity uint64) {
	off, sectors := binary.LittleEndian.Uint64(header[0x1c:]), binary.LittleEndian.Uint64(header[0x24:])
	switch {
	case off != 1:
		s.refuse(oddPlace)
		return
	case sectors == 0 || sectors > maxRange/sectorSize:
		s.refuse(tooDeep)
		return
	}
	length := int64(sectors) * sectorSize // fits: checked above
	s.ask(sectorSize, max(length, descSectors*sectorSize), func(d []byte) {
		if int64(len(d)) < length {
			s.refuse(damaged)
			return
		}
		end := bytes.IndexByte(d[:length], 0)
		if end < 0 || !zero(d[end:length]) {
			s.refuse("the descriptor is damaged") // readers disagree where it ends
			return
		}
		s.descriptor(string(d[:end]), capacity)
	})
}

// readDescriptorFile recognises a descriptor that is a file of its own: it has no data, only names of files that have.
// It is refused however it looks, also where only half of it is right. What qemu takes for one is blank lines and
// comments and then a version, in the first sector; others want the comment that says it.
func readDescriptorFile(s *sight) {
	head := s.in.head
	if bytes.HasPrefix(head, []byte("KDMV")) {
		return
	}
	text := strings.ToLower(string(head))
	intro, _, _ := strings.Cut(text, "\x00") // an archive may have a disk in it within the head
	if strings.Contains(intro, "disk descriptorfile") || startsVersion(text) {
		s.seen = true
		s.refuse(elsewhere)
	}
}

func startsVersion(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			return strings.HasPrefix(line, "version=")
		}
	}
	return false
}
