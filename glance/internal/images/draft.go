package images

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/protect"
)

// Draft is an image that is being changed. It begins as what is stored, with the properties that the caller cannot
// read, and what he does not touch stays as it is. Nothing is saved before the edit has ended well.
type Draft struct {
	images  *Images
	ctx     context.Context
	seen    *image.Image // as it is stored; nobody changes it
	now     image.Image  // as it shall be
	touched bool         // something was asked for, even if it makes no difference
	probes  int          // stores that were asked what is at a location
}

// draft returns a draft of img.
func (s *Images) draft(ctx context.Context, img *image.Image) *Draft {
	d := &Draft{images: s, ctx: ctx, seen: img, now: *img}
	d.now.Properties, d.now.Tags, d.now.Locations = maps.Clone(img.Properties), slices.Clone(img.Tags), usable(img)
	if d.now.Properties == nil {
		d.now.Properties = map[string]*string{}
	}
	return d
}

// Has reports whether the caller sees an attribute of this name: base attributes are always there.
func (d *Draft) Has(name string) bool {
	_, there := d.now.Properties[name]
	return isAttribute(name) || there && d.images.readable(d.ctx, name)
}

// Add sets a base attribute or a property, which may be new. A value is nil, a string, a bool, an int64 or, for tags,
// a []string; the schema has found it valid.
func (d *Draft) Add(name string, value any) error {
	op := protect.Create
	if d.Has(name) {
		op = protect.Update
	}
	return d.set(name, value, op)
}

// Replace sets a base attribute or a property that the caller sees; fault.Conflict if there is none of this name.
func (d *Draft) Replace(name string, value any) error {
	if !d.Has(name) {
		return fault.New(fault.Conflict, "the image has no property %q", name)
	}
	return d.set(name, value, protect.Update)
}

// Remove removes a property. Base attributes can be changed, not removed.
func (d *Draft) Remove(name string) error {
	if isAttribute(name) {
		return fault.New(fault.Forbidden, "the attribute %q cannot be removed", name)
	}
	if !d.Has(name) {
		return fault.New(fault.Conflict, "the image has no property %q", name)
	}
	if err := d.mine(); err != nil {
		return err
	}
	if err := d.property(protect.Delete, name); err != nil {
		return err
	}
	delete(d.now.Properties, name)
	return nil
}

func (d *Draft) set(name string, value any, op protect.Operation) error {
	if err := d.mine(); err != nil {
		return err
	}
	if isAttribute(name) {
		return d.setAttribute(name, value)
	}
	if err := d.property(op, name); err != nil {
		return err
	}
	v, err := optional(value)
	d.now.Properties[name] = v
	return err
}

// property asks whether the caller may do this to properties of this name (spec images-api 12.2).
func (d *Draft) property(op protect.Operation, name string) error {
	if !d.images.allowed(d.ctx, op, name) {
		return fault.New(fault.Forbidden, "the property %q is protected", name)
	}
	return nil
}

// mine refuses changes of an image that the caller only sees.
func (d *Draft) mine() error {
	d.touched = true
	return d.images.mine(d.ctx, d.seen)
}

// isAttribute reports whether name is a base attribute that a Draft can set.
func isAttribute(name string) bool {
	switch name {
	case "name", "visibility", "protected", "owner", "container_format", "disk_format", "min_disk", "min_ram", "tags":
		return true
	}
	return false
}

// setAttribute sets a base attribute by the rules of spec images-api 4.4.
func (d *Draft) setAttribute(name string, value any) (err error) {
	switch name {
	case "name":
		d.now.Name, err = optional(value)
	case "owner":
		return d.setOwner(value)
	case "visibility":
		return d.setVisibility(value)
	case "protected":
		d.now.Protected, err = as[bool](value)
	case "container_format":
		return d.setFormat(&d.now.ContainerFormat, value)
	case "disk_format":
		return d.setFormat(&d.now.DiskFormat, value)
	case "min_disk":
		return setMinimum(&d.now.MinDisk, value)
	case "min_ram":
		return setMinimum(&d.now.MinRAM, value)
	case "tags":
		return d.setTags(value)
	}
	return err
}

// setOwner gives the image away, which an admin only may do.
func (d *Draft) setOwner(value any) error {
	if !auth.From(d.ctx).Admin {
		return fault.New(fault.Forbidden, "only an administrator can change the owner of an image")
	}
	owner, err := optional(value)
	if owner != nil && *owner == "" {
		owner = nil
	}
	d.now.Owner = owner
	return err
}

func (d *Draft) setVisibility(value any) error {
	v, err := as[string](value)
	if err != nil {
		return err
	}
	d.now.Visibility = image.Visibility(v)
	return d.images.mayShow(d.ctx, d.now.Visibility, target{d.seen})
}

func (d *Draft) setFormat(field **string, value any) error {
	if d.now.Status != image.Queued { // a location that this very edit has added makes it active
		return fault.New(fault.Forbidden, "the formats of an image can only be set while it is queued, this one is %s", d.now.Status)
	}
	v, err := optional(value)
	*field = v
	return err
}

func setMinimum(field *int64, value any) error {
	n, err := as[int64](value)
	if n < 0 {
		return fault.New(fault.Invalid, "min_disk and min_ram cannot be negative")
	}
	*field = n
	return err
}

func (d *Draft) setTags(value any) error {
	tags, err := as[[]string](value)
	if err != nil {
		return err
	}
	if quota := d.images.Options.TagQuota; exceeds(len(tags), quota) {
		return fault.New(fault.TooLarge, "%d tags are more than the %d an image may have", len(tags), quota)
	}
	d.now.Tags = distinct(tags)
	return nil
}

// distinct returns each text once, sorted.
func distinct(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return slices.Compact(texts)
}

// optional reads a text or nothing.
func optional(value any) (*string, error) {
	if value == nil {
		return nil, nil
	}
	s, err := as[string](value)
	return &s, err
}

// as reads a value of the type that the schema promised.
func as[T any](value any) (T, error) {
	v, ok := value.(T)
	if !ok {
		return v, fault.Wrap(fault.Internal, "images.Draft", fmt.Errorf("a value is a %T instead of a %T", value, v))
	}
	return v, nil
}
