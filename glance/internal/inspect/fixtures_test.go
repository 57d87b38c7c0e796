package inspect_test

import (
	"bytes"
	"strings"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/internal/inspect"
)

// fixture is a row of spec security 1.7: what it is, and a part of each reason to refuse it ("" for a safe one).
type fixture struct {
	id     string
	data   []byte
	format string
	size   int64
	unsafe string
}

// check inspects the rows: in the format it was declared with only a safe one passes, as raw none of them.
func check(t *testing.T, rows []fixture) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.id, func(t *testing.T) {
			t.Parallel()
			r := inspectAll(row.data)
			if r.Format != row.format || r.VirtualSize != row.size && row.size != anySize {
				t.Errorf("%s of %d bytes, want %s of %d", r.Format, r.VirtualSize, row.format, row.size)
			}
			if all := strings.Join(r.Unsafe, "; "); !strings.Contains(all, row.unsafe) || (row.unsafe == "") != (all == "") {
				t.Errorf("unsafe: %q, want %q", all, row.unsafe)
			}
			if err := r.Check(row.format, "bare"); (err == nil) != (row.unsafe == "") || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("declared %s: %v", row.format, err)
			}
			for _, disk := range []string{"raw", "ami", "other"} {
				if err := r.Check(disk, "bare"); !fault.Is(err, fault.Invalid) {
					t.Errorf("declared %s: %v", disk, err)
				}
			}
		})
	}
}

const (
	anySize = -2

	withBacking = "backing file"
	withData    = "external data file"
	odd         = "not known to be safe"
	broken      = "damaged"
	others      = "in other files"
	impossible  = "virtual size is impossible"
	large       = "larger than any valid"
)

// TestSecQcowFixtures: Q0-Q12 (spec security 1.7), P36, P38.
func TestSecQcowFixtures(t *testing.T) {
	t.Parallel()
	q0 := qcow2()
	json := `json:{"driver":"raw","file":{"driver":"file","filename":"/etc/hosts"}}`
	data := "DATA" + be32(5) + "/df.r\x00\x00\x00" + be64(0)
	check(t, []fixture{
		{"Q0", q0, "qcow2", mib, ""},
		{"Q0 version 2", patch(patch(q0, 4, be32(2)), 72, string(make([]byte, 40))), "qcow2", mib, ""},
		{"Q0 allowed bits", patch(q0, 0x4f, "\x0b"), "qcow2", mib, ""},
		{"Q0 odd size", patch(q0, 0x18, be64(mib-1)), "qcow2", mib - 512, ""},
		{"Q1", patch(patch(q0, 8, be64(0x210)+be32(10)), 0x210, "/etc/hosts"), "qcow2", mib, withBacking},
		{"Q2", patch(patch(q0, 8, be64(0x200)+be32(uint32(len(json)))), 0x200, json), "qcow2", mib, withBacking},
		{"Q3 length 0", patch(q0, 8, be64(0x200)), "qcow2", mib, withBacking},
		{"Q3 beyond", patch(q0, 8, be64(1<<40)+be32(9)), "qcow2", mib, withBacking},
		{"Q3 length only", patch(q0, 0x10, be32(9)), "qcow2", mib, withBacking},
		{"Q4", patch(patch(patch(q0, 0x4f, "\x04"), 0x5f, "\x02"), 0x70, data), "qcow2", mib, withData},
		{"Q5", patch(q0, 0x4f, "\x04"), "qcow2", mib, withData},
		{"Q6", patch(q0, 0x70, data), "qcow2", mib, withData},
		{"Q6 second", patch(q0, 0x70, "abcd"+be32(8)+be64(1)+data), "qcow2", mib, withData},
		{"Q6 behind the head", patch(q0, 0x70, "abcd"+be32(5000)+strings.Repeat("x", 5000)+data), "qcow2", mib, withData},
		{"Q7", patch(q0, 0x4e, "\x01"), "qcow2", mib, odd},
		{"Q8 bit 63", patch(q0, 0x48, "\x80"), "qcow2", mib, odd},
		{"Q8 extended L2", patch(q0, 0x4f, "\x10"), "qcow2", mib, odd},
		{"Q9 size", patch(q0, 0x18, be64(1<<62)), "qcow2", -1, impossible},
		{"Q9 negative", patch(q0, 0x18, be64(1<<63)), "qcow2", -1, impossible},
		{"Q9 L1", patch(q0, 0x24, be32(0x7fffffff)), "qcow2", mib, large},
		{"Q9 refcounts", patch(q0, 0x38, be32(0x7fffffff)), "qcow2", mib, large},
		{"Q9 snapshots", patch(q0, 0x3c, be32(0x7fffffff)), "qcow2", mib, large},
		{"Q9 cluster", patch(q0, 0x14, be32(63)), "qcow2", -1, broken},
		{"Q9 extension", patch(q0, 0x70, "abcd"+be32(0xffffffff)), "qcow2", mib, broken},
		{"Q9 header length", patch(q0, 0x64, be32(0xfffffff8)), "qcow2", -1, broken},
		{"Q11", patch(q0, 4, be32(1)+be64(0x30)+be32(10)), "qcow", mib, withBacking},
		{"version 0", patch(q0, 4, be32(0)), "qcow2", -1, "unknown version"},
		{"version 4", patch(q0, 4, be32(4)), "qcow2", -1, "unknown version"},
		{"Q12 magic", []byte("QFI\xfb"), "qcow2", -1, broken}, // stricter: qemu adds zeros and may find a header
	})
	for _, n := range []int{0, 1, 511, 512} {
		if r := inspectAll(make([]byte, n)); r.Format != "raw" || r.Check("raw", "bare") != nil || r.Check("qcow2", "bare") == nil {
			t.Errorf("Q12: %d zeros are %v", n, r)
		}
	}
}

// TestSecQcowDataFileRefused: P38, with every way to say it and whatever was declared.
func TestSecQcowDataFileRefused(t *testing.T) {
	t.Parallel()
	b := patch(qcow2(), 0x4f, "\x04")
	for _, disk := range []string{"qcow2", "raw", "ami", "iso", ""} {
		for _, container := range []string{"bare", "ovf", "ova", "docker", "ami", ""} {
			if err := inspectAll(b).Check(disk, container); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s in %s: %v", disk, container, err)
			}
		}
	}
}

const descriptorFile = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n" +
	"RW 1 FLAT \"/etc/hosts\" 0\n"

// TestSecVMDKFixtures: V1-V8 (spec security 1.7), headers and files that are a descriptor.
func TestSecVMDKFixtures(t *testing.T) {
	t.Parallel()
	good := sparse(sparseDescriptor)
	check(t, []fixture{
		{"V0", good, "vmdk", mib, ""},
		{"V0 CRLF", sparse(strings.ReplaceAll(sparseDescriptor, "\n", "\r\n")), "vmdk", mib, ""},
		{"V1", []byte(descriptorFile), "vmdk", -1, others},
		{"V1 without comment", []byte(strings.TrimPrefix(descriptorFile, "# Disk DescriptorFile")), "vmdk", -1, others},
		{"V1 later", []byte("# a comment\n \r\n#\nVersion=3\r\n"), "vmdk", -1, others},
		{"V1 damaged", []byte("\xff# disk descriptorfile"), "vmdk", -1, others},
		{"V1 nothing else", []byte("# Disk DescriptorFile"), "vmdk", -1, others},
		{"V6 footer", streamed(), "vmdk", mib, ""},
		{"V6 none", patch(good, 0x38, le64(1<<64-1)), "vmdk", mib, "do not agree"},
		{"V6 other size", patch(streamed(), len(streamed())-1024+0x0c, le64(4096)), "vmdk", mib, "do not agree"},
		{"V6 cut", streamed()[:len(streamed())-512], "vmdk", mib, "do not agree"},
		{"V7", patch(good, 0x24, le64(1<<40)), "vmdk", mib, large},
		{"V7 none", patch(good, 0x24, le64(0)), "vmdk", mib, large},
		{"unusual sector", patch(patch(good, 0x1c, le64(30)), 30*512, sparseDescriptor), "vmdk", mib, "not stand where"},
		{"no descriptor", patch(good, 0x1c, le64(0)), "vmdk", mib, "not stand where"},
		{"V8 version", patch(good, 4, le32(9)), "vmdk", mib, "unknown version"},
		{"capacity 0", patch(good, 0x0c, le64(0)), "vmdk", 0, others},
		{"capacity", patch(good, 0x0c, le64(1<<55)), "vmdk", -1, impossible},
		{"COWD", patch(good, 0, "COWD"), "vmdk", -1, others},
		{"cut", good[:600], "vmdk", mib, broken},
		{"V1 NUL in comment", []byte("#\x00\nversion=1\n"), "vmdk", -1, others},
	})
}

// TestSecVMDKFixturesDescriptor: V3-V5 and V8, what the descriptor inside says.
func TestSecVMDKFixturesDescriptor(t *testing.T) {
	t.Parallel()
	with := func(from, to string) []byte { return sparse(strings.Replace(sparseDescriptor, from, to, 1)) }
	extent := func(to string) []byte { return with(`RW 2048 SPARSE "v3.vmdk"`, to) }
	kind := func(to string) []byte { return with("monolithicSparse", to) }
	check(t, []fixture{
		{"V3", extent(`RW 2048 SPARSE "/etc/hosts"`), "vmdk", mib, others},
		{"V4 backslash", extent(`RW 2048 SPARSE "..\..\x"`), "vmdk", mib, others},
		{"V4 dots", extent(`RW 2048 SPARSE "../x"`), "vmdk", mib, others},
		{"V4 protocol", extent(`RW 2048 SPARSE "nbd:localhost"`), "vmdk", mib, others},
		{"V4 flat", extent(`RW 2048 FLAT "x" 0`), "vmdk", mib, others},
		{"V4 two", extent("RW 2048 SPARSE \"x\"\nRW 2048 SPARSE \"y\""), "vmdk", mib, others},
		{"V4 larger", extent(`RW 2049 SPARSE "x"`), "vmdk", mib, broken},
		{"V4 huge", extent(`RW 99999999999999999999 SPARSE "x"`), "vmdk", mib, broken},
		{"V4 quotes", extent(`RW 2048 SPARSE x`), "vmdk", mib, broken},
		{"V4 quoted twice", extent(`RW 2048 SPARSE "x" "/y"`), "vmdk", mib, broken},
		{"V4 custom", kind("custom"), "vmdk", mib, others},
		{"V4 vmfs", kind("vmfs"), "vmdk", mib, others},
		{"V4 2gb", kind("twoGbMaxExtentFlat"), "vmdk", mib, others},
		{"V4 device", kind("fullDevice"), "vmdk", mib, others},
		{"V5 text", extent("RW 2048 SPARSE \"v3\xe9\""), "vmdk", mib, broken},
		{"V5 unknown", extent("RW 2048 SPARSE \"x\"\nfoo bar"), "vmdk", mib, broken},
		{"V5 unknown entry", extent("RW 2048 SPARSE \"x\"\nchangeTrackPath=\"x\""), "vmdk", mib, "unknown entry"},
		{"V5 no extent", extent(""), "vmdk", mib, others},
		{"V5 two types", with("CID=1", "createType=\"custom\"\nCID=1"), "vmdk", mib, broken},
		{"V5 type in comment", with("CID=1", "# createType=\"custom\"\nCID=1"), "vmdk", mib, broken},
		{"V5 case", with("createType", "CREATETYPE"), "vmdk", mib, "unknown entry"},
		{"V5 case of extent", with("RW", "rw"), "vmdk", mib, broken},
		{"V5 empty", sparse(""), "vmdk", mib, broken},
		{"V5 behind a NUL", patch(sparse(sparseDescriptor), 512+len(sparseDescriptor)+1, "parentFileNameHint=\"/x\""), "vmdk", mib, broken},
		{"V5 full", sparse(sparseDescriptor + strings.Repeat("#", 20*512-len(sparseDescriptor))), "vmdk", mib, broken},
		{"V8 parent", with("parentCID=ffffffff", "parentCID=12345678\nparentFileNameHint=\"/etc/hosts\""), "vmdk", mib, withBacking},
		{"V8 hint", with("CID=1", "parentFileNameHint=\"/etc/hosts\"\nCID=1"), "vmdk", mib, withBacking},
		{"V8 hint in comment", with("CID=1", "#parentFileNameHint=\"/etc/hosts\"\nCID=1"), "vmdk", mib, withBacking},
		{"V5 lone CR", with("CID=1", "# x\rRW 1 FLAT \"/x\" 0\nCID=1"), "vmdk", mib, broken},
		{"VirtualBox", extent("RDONLY 2048 SPARSE \"x\"\nddb.uuid.parent=\"00000000-0000-0000-0000-000000000000\""), "vmdk", mib, ""},
		{"VirtualBox parent", extent("RW 2048 SPARSE \"x\"\nddb.uuid.parent=\"00000000-0000-0000-0000-000000000001\""), "vmdk", mib, withBacking},
	})
}

// TestSecVMDKExtentRefused: P37, whatever the text-only descriptor was declared as.
func TestSecVMDKExtentRefused(t *testing.T) {
	t.Parallel()
	for _, disk := range []string{"vmdk", "raw", "ami", "iso", "qcow2", ""} {
		if err := inspectAll([]byte(descriptorFile)).Check(disk, "bare"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", disk, err)
		}
	}
}

// TestSecQEDRefused: P41, E1.
func TestSecQEDRefused(t *testing.T) {
	t.Parallel()
	plain := patch(make([]byte, 64<<10), 0, "QED\x00"+le32(65536)+le32(4)+le32(1)+le64(0)+le64(0)+le64(0)+le64(65536)+le64(mib))
	check(t, []fixture{
		{"E1", patch(plain, 0x10, "\x01"), "qed", mib, withBacking},
		{"E1 plain", plain, "qed", mib, "no image format"},
		{"E1 cut", plain[:8], "qed", -1, broken},
	})
}

// TestSecVHDXFixtures: X1-X2 and parents.
func TestSecVHDXFixtures(t *testing.T) {
	t.Parallel()
	good := vhdx(0, "")
	both := func(off int, text string) []byte { return patch(patch(good, 192<<10+off, text), 256<<10+off, text) }
	check(t, []fixture{
		{"X0", good, "vhdx", mib, ""},
		{"X1", both(8, le32(0xffffffff)), "vhdx", -1, large},
		{"X1 signature", both(0, "abcd"), "vhdx", -1, broken},
		{"X1 one table", patch(good, 192<<10+16+32+16, le64(2*mib)), "vhdx", -1, "do not agree"},
		{"X1 required", both(16, "0123456789abcdef"), "vhdx", mib, odd},
		{"X1 far", both(16+32+16, le64(1<<63)), "vhdx", -1, broken},
		{"X1 behind", both(16+32+16, le64(0)), "vhdx", -1, broken},
		{"X2 count", patch(good, mib+10, "\xff\xff"), "vhdx", -1, large},
		{"X2 none", patch(good, mib+10, "\x00\x00"), "vhdx", -1, broken},
		{"X2 twice", vhdx(0, "", vhdxItem(guidSize, 65536, 8)), "vhdx", mib, broken},
		{"X2 far item", patch(good, mib+32+16, le32(0xffffffff)), "vhdx", mib, broken},
		{"X2 size", patch(good, mib+64<<10+8, le64(1<<63)), "vhdx", -1, impossible},
		{"X2 odd size", patch(good, mib+64<<10+8, le64(128)), "vhdx", -1, impossible},
		{"has parent", vhdx(2, ""), "vhdx", mib, "names a parent"},
		{"parent locator", vhdx(0, "", vhdxItem(guidParent, 65552, 8)), "vhdx", mib, "names a parent"},
		{"unknown item", vhdx(0, "", vhdxItem("0123456789abcdef", 65552, 8)), "vhdx", mib, odd},
		{"log", vhdx(0, "0123456789abcdef"), "vhdx", mib, "not closed"},
		{"no header", patch(patch(good, 64<<10, "x"), 128<<10, "x"), "vhdx", mib, broken},
		{"cut", good[:mib], "vhdx", -1, broken},
		{"magic", []byte("vhdxfile"), "vhdx", -1, broken},
	})
}

// TestSecVHDFixture: H1.
func TestSecVHDFixture(t *testing.T) {
	t.Parallel()
	raw := make([]byte, mib)
	footer := func(off int, text string) []byte { return patch(fixedVHD(raw), mib+off, text) }
	check(t, []fixture{
		{"H0 dynamic", vhd(3), "vhd", mib, ""},
		{"H0 fixed", fixedVHD(raw), "vhd", mib, ""},
		{"H0 fixed disk", fixedVHD(mbr(raw)), "vhd", mib, ""},
		{"H0 cylinders", footer(0x1c, "vpc "), "vhd", 31 * 4 * 17 * 512, impossible}, // says more than it has
		{"H1", patch(vhd(3), 0x28, be64(1<<63)), "vhd", -1, impossible},
		{"H1 current", patch(vhd(3), 0x30, be64(1<<63)), "vhd", -1, impossible},
		{"H1 fixed", footer(0x28, be64(1<<63)), "vhd", -1, impossible},
		{"H1 larger", footer(0x30, be64(2*mib)), "vhd", 2 * mib, impossible},
		{"H1 differencing", vhd(4), "vhd", mib, "differencing"},
		{"H1 differencing footer", patch(vhd(3), 2048+0x3c, be32(4)), "vhd", mib, "do not agree"},
		{"H1 differencing fixed", footer(0x3c, be32(4)), "vhd", mib, "differencing"},
		{"H1 parent", patch(vhd(3), 512+0x40, "\x00x"), "vhd", mib, "parent"},
		{"H1 locator", patch(vhd(3), 512+0x240, "W2ku"), "vhd", mib, "parent"},
		{"no second header", patch(vhd(3), 512, "abc"), "vhd", mib, broken},
		{"behind", patch(vhd(3), 0x10, be64(0)), "vhd", mib, broken},
		{"beyond", patch(vhd(3), 0x10, be64(1<<40)), "vhd", mib, broken},
		{"cut", vhd(3)[:511], "vhd", -1, broken},
		{"qcow2 in it", fixedVHD(qcow2()), "qcow2", mib, "at once"},
	})
}

// TestSecVDIFixture: D1.
func TestSecVDIFixture(t *testing.T) {
	t.Parallel()
	check(t, []fixture{
		{"D0", vdi(), "vdi", mib, ""},
		{"D1", patch(vdi(), 0x170, le64(1<<63)), "vdi", -1, impossible},
		{"D1 wraps", patch(vdi(), 0x170, le64(1<<64-1)), "vdi", -1, impossible},
		{"D1 differencing", patch(vdi(), 0x4c, le32(4)), "vdi", mib, "differencing"},
		{"D1 link", patch(vdi(), 0x1a8, "x"), "vdi", mib, "another image"},
		{"D1 parent", patch(vdi(), 0x1b8, "x"), "vdi", mib, "another image"},
		{"cut", vdi()[:0x44], "vdi", -1, broken},
	})
}

// TestSecDualFormatFixture: I1. Data of two formats is refused unless no reader of either goes astray.
func TestSecDualFormatFixture(t *testing.T) {
	t.Parallel()
	heads := map[string][]byte{"qcow2": qcow2(), "vdi": vdi(), "vmdk": sparse(sparseDescriptor), "vhdx": vhdx(0, ""), "vhd": vhd(3)}
	for name, head := range heads {
		rows := []fixture{
			{"I1 iso " + name, patch(head, 0x8000, "\x01CD001\x01"), name, anySize, "at once"},
			{"I1 mbr " + name, mbr(head), name, anySize, "at once"},
		}
		if name != "vmdk" && name != "vhd" { // those have something else in sector 1
			rows = append(rows, fixture{"I1 gpt " + name, patch(head, 512, "EFI PART"), name, anySize, "at once"})
		}
		check(t, rows)
	}
	check(t, []fixture{{"vdi with qcow2 before it", patch(vdi(), 0, string(qcow2()[:0x40])), "qcow2", anySize, "at once"}})
	harmless := []struct {
		name, format string
		data         []byte
		also         int
	}{
		{"hybrid iso", "iso", mbr(iso()), 1}, {"hybrid iso with gpt", "iso", patch(mbr(iso()), 512, "EFI PART"), 2},
		{"disk", "gpt", patch(mbr(nil), 512, "EFI PART"), 1}, {"boot sector", "mbr", mbr(nil), 0}, {"volume", "luks", mbr(luks("\x00\x01")), 1},
	}
	for _, row := range harmless {
		r := inspectAll(row.data)
		if r.Format != row.format || len(r.Unsafe) > 0 || len(r.Also) != row.also {
			t.Errorf("%s: %+v", row.name, r)
		}
		for _, disk := range []string{"raw", "ami", "aki", "ploop"} {
			if err := r.Check(disk, "bare"); err != nil {
				t.Errorf("%s declared %s: %v", row.name, disk, err)
			}
		}
	}
}

// TestSecLUKSFixture: L1.
func TestSecLUKSFixture(t *testing.T) {
	t.Parallel()
	if r := inspectAll(luks("\x00\x01")); r.Format != "luks" || r.VirtualSize != mib || r.Check("raw", "bare") != nil {
		t.Errorf("version 1: %+v", r)
	}
	check(t, []fixture{
		{"L1 version 2", luks("\x00\x02"), "luks", -1, "version 1"},
		{"L1 version 9", luks("\x00\x09"), "luks", -1, "version 1"},
		{"payload", patch(luks("\x00\x01"), 104, be32(0xffffffff)), "luks", -1, broken},
		{"cut", luks("\x00\x01")[:100], "luks", -1, broken},
	})
}

// TestSecFormatMismatchRefused: P39. Data in a format with a header passes under its own name only.
func TestSecFormatMismatchRefused(t *testing.T) {
	t.Parallel()
	noise := bytes.Repeat([]byte("Hamlet, Prince of Denmark. "), 5000)
	data := map[string][]byte{
		"raw": noise, "iso": iso(), "qcow2": qcow2(), "vmdk": sparse(sparseDescriptor), "vhd": vhd(3), "vhdx": vhdx(0, ""), "vdi": vdi(),
	}
	for is, b := range data {
		r := inspectAll(b)
		for disk := range data {
			if err := r.Check(disk, "bare"); (err == nil) != (is == disk) || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("%s declared %s: %v", is, disk, err)
			}
		}
		for _, disk := range []string{"ami", "ari", "aki", "ploop", "of-the-operator"} {
			if err := r.Check(disk, disk); (err == nil) != (is == "raw" || is == "iso") {
				t.Errorf("%s declared %s: %v", is, disk, err)
			}
		}
		if err := r.Check("", ""); err != nil {
			t.Errorf("%s, nothing declared: %v", is, err)
		}
	}
	// Archives of other kinds: what is in them nobody says.
	for _, container := range []string{"ovf", "docker", "compressed"} {
		for _, disk := range []string{"raw", "vhd", "vmdk"} {
			if err := inspectAll(noise).Check(disk, container); err != nil {
				t.Errorf("noise declared %s in %s: %v", disk, container, err)
			}
		}
		if err := inspectAll(qcow2()).Check("vhd", container); err == nil {
			t.Errorf("qcow2 passes as vhd in %s", container)
		}
	}
	if err := inspectAll(noise).Check("vmdk", "ova"); err == nil {
		t.Error("noise passes as ova")
	}
}

// TestSecDisguisedFormatFixtures: R1-R2. A dangerous header under a harmless name, also with a disk behind it.
func TestSecDisguisedFormatFixtures(t *testing.T) {
	t.Parallel()
	disk := mbr(noise(mib))
	for name, head := range map[string][]byte{
		"Q1": patch(patch(qcow2()[:512], 8, be64(0x210)+be32(10)), 0x210, "/etc/hosts"), "V1": []byte(descriptorFile),
		"E1": patch(make([]byte, 64), 0, "QED\x00"+le32(65536)+le32(4)+le32(1)+le64(1)),
	} {
		for k, b := range [][]byte{head, patch(disk, 0, string(head))} {
			for _, declared := range []string{"raw", "ami", "iso", "qcow2", "vmdk", "qed", ""} {
				if err := inspectAll(b).Check(declared, "bare"); !fault.Is(err, fault.Invalid) {
					t.Errorf("%s (%d) declared %s: %v", name, k, declared, err)
				}
			}
		}
	}
	if err := inspectAll(disk).Check("qcow2", "bare"); !fault.Is(err, fault.Invalid) {
		t.Errorf("raw declared qcow2: %v", err)
	}
}

// TestPartOfTheBytes: an image that was not seen as a whole is not safe.
func TestPartOfTheBytes(t *testing.T) {
	t.Parallel()
	i := inspect.New()
	_, _ = i.Write(make([]byte, 100))
	if r := i.Report(101); r.Check("raw", "bare") == nil {
		t.Errorf("100 of 101 bytes are safe: %+v", r)
	}
	if r := i.Report(-1); r.Check("raw", "bare") != nil || r.VirtualSize != 100 {
		t.Errorf("100 bytes: %+v", r)
	}
}
