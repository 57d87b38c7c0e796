package importer

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"goglance/glance/fault"
	"goglance/glance/internal/inspect"
)

// convert brings the data into the format that the operator wants (spec tasks-import C.5). Data that has it already stays
// as it is: the reference converts it all the same, to a disk of the same content. So does what is no disk: an ISO, a
// kernel.
func (im *Importer) convert(ctx context.Context, w *work) error {
	target := im.Options.ConversionFormat
	from, isDisk := w.driver()
	if target == "" || !isDisk || from == target {
		return nil
	}
	limit, err := im.room(ctx, w)
	if err != nil {
		return err
	}
	if w.report.VirtualSize > limit.Bytes { // spec security S125
		return fault.New(fault.TooLarge, "the disk in the data has %d bytes, %d may be stored", w.report.VirtualSize, limit.Bytes)
	}
	out, err := im.newScratch()
	if err != nil {
		return err
	}
	bounds := limits{file: limit.Bytes, memory: maxMemory, time: enough(max(w.size, w.report.VirtualSize))}
	if err := im.qemuConvert(ctx, conversion{from, target, w.disk, out}, bounds); err != nil {
		return errors.Join(err, out.Close())
	}
	return im.converted(ctx, w, out)
}

// converted takes the outcome of a conversion. It is looked at like data that has just come: a disk can hold another
// image at its beginning (spec security S127).
func (im *Importer) converted(ctx context.Context, w *work, out *os.File) error {
	info, err := out.Stat()
	if err != nil {
		return errors.Join(err, out.Close())
	}
	w.setDisk(out, info.Size())
	look := inspect.New()
	if _, err := io.Copy(look, w.data(ctx)); err != nil {
		return err
	}
	w.report = look.Report(w.size)
	w.format = im.Options.ConversionFormat
	return w.report.Check(w.format, bare)
}

// driver returns what qemu-img calls the format of the data, which is what it was said to be. ok is false for what is no
// disk, or is wrapped into something else.
func (w *work) driver() (name string, ok bool) {
	declared := w.declared()
	if declared == "raw" { // by any content: a partition table, a file system, an encrypted volume
		return declared, w.unpacked || w.container() == bare
	}
	if w.report.Format != declared {
		return "", false
	}
	switch declared {
	case "qcow2", "vmdk", "vdi", "vhdx":
		return declared, true
	case "vhd":
		return "vpc", true
	case "ploop":
		return "parallels", true
	}
	return "", false
}

// Bounds of a conversion (spec security S123).
const (
	maxMemory = 1 << 30 // bytes of address space
	baseTime  = time.Minute
	slowest   = 8 << 20 // bytes a second that a conversion makes at least
)

// enough is how long the conversion of so many bytes may take.
func enough(bytes int64) time.Duration {
	return baseTime + time.Duration(bytes/slowest)*time.Second
}
