package inspect_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// places are where the headers of a format stand, [from, to).
func places(format string, b []byte) [][2]int {
	all := [][2]int{{0, 128}, {0, 600}}
	switch format {
	case "vmdk":
		all = append(all, [2]int{0, 0x50}, [2]int{512, 900})
	case "vhd":
		all = append(all, [2]int{512, 1600}, [2]int{len(b) - 512, len(b)})
	case "vhdx":
		all = append(all, [2]int{64 << 10, 64<<10 + 80}, [2]int{192 << 10, 192<<10 + 96}, [2]int{256 << 10, 256<<10 + 96},
			[2]int{3 * mib, 3*mib + 256}, [2]int{3*mib + 64<<10, 3*mib + 64<<10 + 64})
	}
	return slices.DeleteFunc(all, func(p [2]int) bool { return p[0] < 0 || p[1] > len(b) })
}

// values are numbers that headers are not expected to have.
func values(random *rand.Rand) uint64 {
	return []uint64{0, 1, 2, 4, 0x7fffffff, 1 << 31, 1<<32 - 1, 1 << 62, 1 << 63, 1<<64 - 1, random.Uint64()}[random.IntN(11)]
}

// damage changes a few bytes of a copy of b, where headers are, or cuts it.
func damage(b []byte, format string, random *rand.Rand) []byte {
	b = slices.Clone(b)
	words := []string{
		"parentFileNameHint=\"base.raw\"\n", "\nRW 2048 FLAT \"base.raw\" 0\n", "\nRW 2048 SPARSE \"vmdk-2gb-s001.vmdk\"\n", "#", "\n", "\x00",
		"createType=\"monolithicFlat\"\n", "version=1\n", "parentCID=00000000\n", "DATA" + be32(8) + "base.raw", "QFI\xfb", "KDMV", "conectix",
	}
	if random.IntN(12) == 0 {
		return b[:random.IntN(len(b))&^(1<<random.IntN(10)-1)]
	}
	for range 1 + random.IntN(3) {
		p := places(format, b)
		if len(p) == 0 {
			return b
		}
		place := p[random.IntN(len(p))]
		at := place[0] + random.IntN(place[1]-place[0]-8)
		switch n := values(random); random.IntN(8) {
		case 0:
			b[at] ^= 1 << random.IntN(8)
		case 1:
			b[at] = byte(random.Uint32())
		case 2:
			binary.BigEndian.PutUint32(b[at&^3:], uint32(n))
		case 3:
			binary.LittleEndian.PutUint32(b[at&^3:], uint32(n))
		case 4:
			binary.BigEndian.PutUint64(b[at&^7:], n)
		case 5, 6:
			copy(b[at:], words[random.IntN(len(words))])
		default:
			binary.LittleEndian.PutUint64(b[at&^7:], n)
		}
	}
	if random.IntN(4) > 0 {
		heal(b, format)
	}
	return b
}

// heal puts the checksums right, so that qemu-img reads on.
func heal(b []byte, format string) {
	fix := func(off, n, field int, sum func([]byte) string) {
		if off >= 0 && off+n <= len(b) {
			clear(b[off+field : off+field+4])
			copy(b[off+field:], sum(b[off:off+n]))
		}
	}
	crc := func(b []byte) string { return le32(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))) }
	plain := func(b []byte) string { return string(summed(b, 0)[:4]) }
	switch format {
	case "vhdx":
		for k := range 2 {
			fix((1+k)<<16, 4<<10, 4, crc)
			fix((3+k)<<16, 64<<10, 4, crc)
		}
	case "vhd":
		fix(0, 512, 0x40, plain)
		fix(512, 1024, 0x24, plain)
		fix(len(b)-512, 512, 0x40, plain)
	}
}

// corpusDamaged damages headers; the seed is fixed. What qemu-img still opens must agree.
func corpusDamaged(t *testing.T, dir string) {
	times := 5
	if long() {
		times = 200
	}
	random := rand.New(rand.NewPCG(9, 9)) // repeatable
	path, opened := filepath.Join(dir, "damaged"), 0
	for _, m := range corpus() {
		if m.skip() {
			continue
		}
		whole := read(t, filepath.Join(dir, m.name))
		for k := range times {
			b := damage(whole, m.format, random)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			opened += agree(t, fmt.Sprintf("%s damaged %d times", m.name, k), path, inspectAll(b))
		}
	}
	if all := len(corpus()) * times; opened < all/5 {
		t.Errorf("qemu-img opens %d of %d damaged images: that shows nothing", opened, all)
	}
}
