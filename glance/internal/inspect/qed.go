package inspect

import "encoding/binary"

// readQED reads a QED image. The format is dead, its one feature is the backing file, and no consumer needs it: always
// refused (fixture E1).
func readQED(s *sight) {
	s.refuse("no image format of this service")
	s.ask(0, 0x40, func(b []byte) {
		if len(b) < 0x40 {
			s.refuse(damaged)
			return
		}
		if binary.LittleEndian.Uint64(b[0x10:])&1 != 0 || binary.LittleEndian.Uint32(b[0x38:]) != 0 {
			s.refuse(backingFile)
		}
		s.bytes(binary.LittleEndian.Uint64(b[0x30:]), 1)
	})
}
