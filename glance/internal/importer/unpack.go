package importer

import (
	"context"

	"goglance/glance/auth"
	"goglance/glance/fault"
)

// Containers: a disk as it is, and an archive with a virtual machine in it.
const (
	bare = "bare"
	ova  = "ova"
)

// mayUnpack refuses a caller who may not have an OVA unpacked (spec tasks-import C.6). It is asked before anything is
// done: he can still import the archive where it is not unpacked.
func mayUnpack(ctx context.Context, w *work) error {
	if w.container() == ova && !auth.From(ctx).Admin {
		return fault.New(fault.Forbidden, "only an administrator may have an OVA unpacked")
	}
	return nil
}

// unpack takes the disk out of an OVA (spec tasks-import C.6). Then it is the data, and is looked at like data that has
// come by itself.
func (im *Importer) unpack(ctx context.Context, w *work) error {
	if w.container() != ova {
		return nil
	}
	limit, err := im.room(ctx, w)
	if err != nil {
		return err
	}
	d, err := readDescriptor(w.data(ctx), im.OVF)
	if err != nil {
		return err
	}
	disk, err := findDisk(w.data(ctx), d.href)
	if err != nil {
		return err
	}
	if err := im.keep(ctx, w, disk, limit); err != nil {
		return err
	}
	if len(im.OVF) == 0 {
		im.Log.Warn("no properties are taken out of OVAs: ovf-metadata.json is missing, or lists none")
	}
	w.unpacked, w.properties = true, d.properties
	return w.report.Check(w.declared(), bare)
}
