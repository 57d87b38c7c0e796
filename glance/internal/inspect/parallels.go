package inspect

import "encoding/binary"

// readParallels reads an image of Parallels, which OpenVZ calls ploop. It refers to nothing outside itself.
func readParallels(s *sight) {
	s.ask(0, 64, func(b []byte) {
		if len(b) < 64 || binary.LittleEndian.Uint32(b[16:]) != 2 {
			s.refuse(damaged)
			return
		}
		sectors := binary.LittleEndian.Uint64(b[36:])
		if string(b[:16]) == "WithoutFreeSpace" {
			sectors &= 1<<32 - 1 // the older kind has 32 bits
		}
		s.bytes(sectors, 512)
	})
}
