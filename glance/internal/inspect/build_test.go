package inspect_test

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"goglance/glance/internal/inspect"
)

// The builders make the smallest images that qemu-img opens (see TestBuildersAgainstQemu; of a VHDX only the part that
// says what it is); rows damage them.

const mib = 1 << 20

// patch returns a copy of b with the text at off, longer if it must be.
func patch(b []byte, off int, text string) []byte {
	out := make([]byte, max(len(b), off+len(text)))
	copy(out, b)
	copy(out[off:], text)
	return out
}

func be32(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }
func be64(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }
func le32(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
func le64(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }

// qcow2 is Q0: version 3, clusters of 64 KiB, a disk of 1 MiB; extensions stand at 0x70.
func qcow2() []byte {
	b := make([]byte, 4<<16)
	b = patch(b, 0, "QFI\xfb"+be32(3))
	b = patch(b, 0x14, be32(16)+be64(mib)+be32(0)+be32(1)+be64(3<<16)+be64(1<<16)+be32(1))
	b = patch(b, 0x60, be32(4)+be32(112))
	b = patch(b, 1<<16, be64(2<<16)) // refcount table
	return patch(b, 2<<16, "\x00\x01\x00\x01\x00\x01\x00\x01")
}

const sparseDescriptor = "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\n\n" +
	"# Extent description\nRW 2048 SPARSE \"v3.vmdk\"\n\n# The Disk Data Base\n#DDB\n\nddb.adapterType = \"ide\"\n"

// sparse is a monolithicSparse VMDK of 1 MiB with the descriptor in sector 1.
func sparse(descriptor string) []byte {
	b := make([]byte, 128<<9)
	b = patch(b, 0, "KDMV"+le32(1)+le32(3)+le64(2048)+le64(128)+le64(1)+le64(20)+le32(512)+le64(21)+le64(26)+le64(128))
	b = patch(b, 0x49, "\n \r\n")
	return patch(b, 512, descriptor)
}

// streamed is a VMDK of which the header stands again before the end.
func streamed() []byte {
	header := sparse(strings.Replace(sparseDescriptor, "monolithicSparse", "streamOptimized", 1))
	header = patch(header, 0x38, le64(1<<64-1))
	marker := patch(make([]byte, 512), 0, le64(1)+le32(0)+le32(3))
	footer := patch(header[:512], 0x38, le64(26))
	return bytes.Join([][]byte{header, marker, footer, make([]byte, 512)}, nil)
}

// vhdFooter is the footer of a VHD of size bytes.
func vhdFooter(kind uint32, size uint64) []byte {
	b := patch(make([]byte, 512), 0, "conectix"+be32(2)+be32(0x10000)+be64(512))
	b = patch(b, 0x1c, "qem2")
	return summed(patch(b, 0x28, be64(size)+be64(size)+"\x00\x1f\x04\x11"+be32(kind)), 0x40)
}

// summed puts the checksum of a VHD header at off.
func summed(b []byte, off int) []byte {
	sum := uint32(0)
	for _, c := range b {
		sum += uint32(c)
	}
	return patch(b, off, be32(^sum))
}

// vhd is a dynamic VHD of 1 MiB without data.
func vhd(kind uint32) []byte {
	b := patch(make([]byte, 2560), 0, string(vhdFooter(kind, mib)))
	second := patch(make([]byte, 1024), 0, "cxsparse"+be64(1<<64-1)+be64(1536)+be32(0x10000)+be32(1)+be32(0x200000))
	b = patch(b, 512, string(summed(second, 0x24)))
	b = patch(b, 1536, "\xff\xff\xff\xff")
	return patch(b, 2048, string(vhdFooter(kind, mib)))
}

func fixedVHD(disk []byte) []byte {
	return append(bytes.Clone(disk), vhdFooter(2, uint64(len(disk)))...)
}

func vdi() []byte {
	b := patch(make([]byte, 1024), 0, "<<< a disk >>>\n")
	b = patch(b, 0x40, "\x7f\x10\xda\xbe"+le32(0x10001)+le32(0x180)+le32(1))
	b = patch(b, 0x154, le32(512)+le32(1024))
	b = patch(b, 0x168, le32(512)+le32(0)+le64(mib)+le32(mib)+le32(0)+le32(1))
	return patch(b, 0x200, "\xff\xff\xff\xff")
}

const (
	guidBAT      = "\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08"
	guidMetadata = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e"
	guidParams   = "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b"
	guidSize     = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8"
	guidParent   = "\x2d\x5f\xd3\xa8\x0b\xb3\x4d\x45\xab\xf7\xd3\xd8\x48\x34\xab\x0c"
)

// vhdxItem is a row of the metadata table.
func vhdxItem(id string, off, n uint32) string { return id + le32(off) + le32(n) + le32(4) + le32(0) }

// vhdx is the part of a VHDX that says what it is, without log and block table: flags 2 means a parent.
func vhdx(flags uint32, log string, items ...string) []byte {
	b := patch(make([]byte, mib+128<<10), 0, "vhdxfile")
	for k := range 2 {
		header := patch(make([]byte, 4<<10), 0, "head"+le32(0)+le64(uint64(k)))
		header = patch(patch(header, 0x42, "\x01"), 0x30, log)
		sum := crc32.Checksum(header, crc32.MakeTable(crc32.Castagnoli))
		b = patch(b, (k+1)<<16, string(patch(header, 4, le32(sum))))
		b = patch(b, (k+3)<<16, "regi"+le32(0)+le32(2)+le32(0)+
			guidBAT+le64(3*mib)+le32(mib)+le32(1)+guidMetadata+le64(mib)+le32(mib)+le32(1))
	}
	items = append([]string{vhdxItem(guidParams, 64<<10, 8), vhdxItem(guidSize, 64<<10+8, 8)}, items...)
	b = patch(b, mib, "metadata\x00\x00"+string(rune(len(items)))+"\x00")
	b = patch(b, mib+32, strings.Join(items, ""))
	return patch(b, mib+64<<10, le32(32*mib)+le32(flags)+le64(mib))
}

// luksHeader is the header of an encrypted volume of which the payload begins at sector 4040, without keys.
func luksHeader(version string) []byte {
	b := patch(make([]byte, 8192), 0, "LUKS\xba\xbe"+version+"aes")
	b = patch(patch(b, 40, "xts-plain64"), 72, "sha256")
	b = patch(b, 104, be32(4040)+be32(64))
	b = patch(b, 164, be32(1000)+"4c07593c-f124-4399-9235-1b7ac3908733")
	for k := range 8 {
		b = patch(b, 208+48*k, be32(0xdead))
		b = patch(b, 208+48*k+40, be32(uint32(8+504*k))+be32(4000))
	}
	return b
}

// luks is a volume of 1 MiB.
func luks(version string) []byte {
	return append(luksHeader(version), make([]byte, 4040*512-8192+mib)...)
}

func iso() []byte { return patch(make([]byte, 64<<10), 0x8000, "\x01CD001\x01") }

func mbr(b []byte) []byte { return patch(b, 510, "\x55\xaa") }

// member is a file of an archive.
type member struct {
	tar.Header
	data []byte
}

func file(name string, data []byte) member {
	return member{tar.Header{Name: name, Mode: 0o600, Size: int64(len(data))}, data}
}

func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range members {
		if err := w.WriteHeader(&m.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// inspectAll returns the report on b written at once.
func inspectAll(b []byte) inspect.Report {
	i := inspect.New()
	_, _ = i.Write(b) // never fails: TestChunks
	return i.Report(int64(len(b)))
}

// inspectIn returns the report on b written in pieces of n bytes.
func inspectIn(t testing.TB, b []byte, n int) inspect.Report {
	t.Helper()
	i := inspect.New()
	for rest := b; len(rest) > 0; {
		k := min(n, len(rest))
		if got, err := i.Write(rest[:k]); got != k || err != nil {
			t.Fatalf("Write of %d bytes: %d, %v", k, got, err)
		}
		rest = rest[k:]
	}
	return i.Report(int64(len(b)))
}

var _ io.Writer = (*inspect.Inspector)(nil)
