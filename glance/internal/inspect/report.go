package inspect

import (
	"slices"
	"strings"

	"goglance/glance/fault"
)

// Report is what an Inspector saw. It holds plain values, so that it can be stored beside the bytes.
type Report struct {
	// Format is what the bytes are, as the Images API names disk formats where it does: qcow2, vmdk, vhd, vhdx, vdi,
	// iso, ploop; ova; qcow, qed, bochs, cloop, luks, gpt, mbr (any boot sector). Bytes of no known format are raw.
	Format string `json:"format"`
	// Also lists formats that the bytes fit besides, harmlessly: mbr for a hybrid ISO.
	Also []string `json:"also,omitempty"`
	// VirtualSize is the size of the disk in bytes, -1 when the bytes do not say: that of an OVA, or of an unsafe image.
	VirtualSize int64 `json:"virtual_size"`
	// Unsafe says why the image must not be used, in words for the client; none when nothing speaks against it.
	Unsafe []string `json:"unsafe,omitempty"`
}

// Report ends the inspection and returns what was seen. size is the number of bytes the image has; an image of which
// other than all bytes were written here is unsafe. A size < 0 says nothing. Writes after Report do nothing sensible.
func (i *Inspector) Report(size int64) Report {
	i.end()
	r := Report{Format: "raw", VirtualSize: i.pos}
	var first *sight
	for _, s := range i.sights {
		switch {
		case !s.seen:
			continue
		case first == nil:
			first = s
			r.Format, r.VirtualSize, r.Unsafe = s.name, s.size, slices.Clone(s.unsafe)
			if s.whole {
				r.VirtualSize = i.pos
			}
			continue
		case !slices.Contains(first.beside, s.name):
			r.Unsafe = append(r.Unsafe, "the data is "+first.name+" and "+s.name+" at once")
		}
		r.Also = append(r.Also, s.name)
		r.Unsafe = append(r.Unsafe, s.unsafe...)
	}
	if size >= 0 && size != i.pos {
		r.Unsafe = append(r.Unsafe, "it was not inspected as a whole")
	}
	return r
}

// Check refuses, as fault.Invalid, an image that is unsafe or is not what it was declared to be. disk and container
// are the names of the image's disk_format and container_format, "" where none is set.
//
// With container bare (or none) the formats that have a header must have it, and raw must be none of them. An ova
// must be one. For the rest the Images API does not say what the bytes are (ami, ari, aki, ploop, formats of the
// operator's own; ovf and docker hold archives of several kinds): there only data of a disk format that is not the
// declared one is refused. Without a disk format nothing is claimed.
func (r Report) Check(disk, container string) error {
	if len(r.Unsafe) > 0 {
		return fault.New(fault.Invalid, "The image data (%s) is refused: %s.", r.Format, strings.Join(r.Unsafe, "; "))
	}
	if container == "ova" {
		if r.Format != "ova" {
			return fault.New(fault.Invalid, "The image data is %s and no OVA, which container_format says it is.", r.Format)
		}
		return nil
	}
	if !r.fits(disk, container == "" || container == "bare") {
		return fault.New(fault.Invalid, "The image data is %s, which is not the disk_format it was declared with.", r.Format)
	}
	return nil
}

// fits reports whether the bytes may be called disk. bare: nothing is wrapped around them.
func (r Report) fits(disk string, bare bool) bool {
	switch disk {
	case "", r.Format:
		return true
	case "raw":
		return r.raw() || !bare && r.Format == "ova"
	case "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso":
		return !bare && r.harmless()
	}
	return r.harmless()
}

// raw reports whether the bytes are a disk as it is. An encrypted volume and a disk image that boots from CD as well
// are; a plain CD image is called iso.
func (r Report) raw() bool {
	switch r.Format {
	case "raw", "mbr", "gpt", "luks":
		return true
	}
	return r.Format == "iso" && len(r.Also) > 0
}

// harmless reports whether no reader takes the bytes for a disk image with a header of its own.
func (r Report) harmless() bool { return r.raw() || r.Format == "iso" || r.Format == "ova" }
