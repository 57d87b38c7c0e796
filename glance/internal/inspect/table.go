package inspect

// row is a format: where its magic stands, and what reads the rest. One without a magic is always read and finds out
// by itself.
type row struct {
	name   string
	off    int64
	magic  []string // any of these, all of one length
	read   func(s *sight)
	whole  bool     // the bytes are the disk: the virtual size is that of the stream
	beside []string // formats that the same bytes may be as well without harm; any other pair is refused
}

// table lists the formats; the first that fits gives the name.
func table() []row {
	return []row{
		// Disk images with a header that may lead elsewhere. The bytes can be one of them and nothing else.
		{name: "qcow2", magic: []string{"QFI\xfb"}, read: readQcow},
		{name: "qed", magic: []string{"QED\x00"}, read: readQED},
		{name: "vmdk", magic: []string{"KDMV", "COWD"}, read: readSparse},
		{name: "vmdk", read: readDescriptorFile},
		{name: "vhdx", magic: []string{"vhdxfile"}, read: readVHDX},
		{name: "vdi", off: 0x40, magic: []string{"\x7f\x10\xda\xbe"}, read: readVDI},
		{name: "ploop", magic: []string{"WithoutFreeSpace", "WithouFreSpacExt"}, read: readParallels},
		{name: "bochs", magic: []string{"Bochs Virtual HD Image"}, read: foreign},
		{name: "cloop", magic: []string{"#!/bin/sh\n#V2.0 Format\n"}, read: foreign},
		{name: "vhd", magic: []string{"conectix"}, read: readDynamicVHD},
		// A fixed VHD is a disk with a footer behind it.
		{name: "vhd", read: readFixedVHD, beside: []string{"luks", "iso", "gpt", "mbr"}},
		// An archive.
		{name: "ova", off: 257, magic: []string{"ustar"}, read: readOVA},
		// Contents of a disk. Opened as what they are, or as raw, they lead nowhere. (A LUKS header has two bytes of a
		// random salt where a boot sector has its mark.)
		{name: "luks", magic: []string{"LUKS\xba\xbe"}, read: readLUKS, beside: []string{"mbr"}},
		{name: "iso", off: 0x8001, magic: []string{"CD001", "BEA01"}, whole: true, beside: []string{"gpt", "mbr"}},
		{name: "gpt", off: 512, magic: []string{"EFI PART"}, whole: true, beside: []string{"mbr"}},
		{name: "mbr", off: 510, magic: []string{"\x55\xaa"}, whole: true}, // any boot sector
	}
}

// foreign is for formats that qemu opens and the Images API has no name for.
func foreign(s *sight) { s.refuse("no image format of this service") }
