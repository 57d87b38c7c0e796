package db

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"goglance/glance/fault"
	"goglance/glance/image"
)

// LockImage makes other writers of the image wait until the transaction ends: what is read of it and of its members
// then stays true until it is written. A missing or deleted image is not found.
func (t *Tx) LockImage(ctx context.Context, id string) error {
	found := false
	this := t.engine.is("id", id)
	ask := query{"SELECT 1 FROM images WHERE " + this.text + " AND NOT deleted" + t.engine.lock, this.args}
	err := each(ctx, t.q, ask, func(*sql.Rows) error { found = true; return nil })
	if err == nil && !found {
		err = notFound(id)
	}
	return t.fail("LockImage", err)
}

// Unchanged locks the image and fails with fault.Conflict unless it still is what img says, with all its properties,
// tags and locations; img is to come from this package. A time of the last change would not do: MariaDB keeps it in
// whole seconds.
func (t *Tx) Unchanged(ctx context.Context, img *image.Image) error {
	if err := t.LockImage(ctx, img.ID); err != nil {
		return err
	}
	now, err := t.Image(ctx, img.ID)
	if err == nil && !t.same(img, now) {
		err = changedMeanwhile(img.ID)
	}
	return err
}

// unchanged is Unchanged for the image of a condition, which may be none.
func (t *Tx) unchanged(ctx context.Context, img *image.Image) error {
	if img == nil {
		return nil
	}
	return t.Unchanged(ctx, img)
}

func changedMeanwhile(id string) error {
	return fault.New(fault.Conflict, "image %s was changed by someone else meanwhile", id)
}

// same reports whether two images are equal as the database keeps them.
func (c *core) same(a, b *image.Image) bool {
	return a.ID == b.ID && equal(a.Name, b.Name) && a.Status == b.Status && a.Visibility == b.Visibility &&
		a.Protected == b.Protected && equal(a.Owner, b.Owner) && equal(a.Checksum, b.Checksum) && equal(a.Size, b.Size) &&
		equal(a.VirtualSize, b.VirtualSize) && equal(a.ContainerFormat, b.ContainerFormat) &&
		equal(a.DiskFormat, b.DiskFormat) && a.MinDisk == b.MinDisk && a.MinRAM == b.MinRAM && a.Deleted == b.Deleted &&
		c.sameTime(a.CreatedAt, b.CreatedAt) && c.sameTime(a.UpdatedAt, b.UpdatedAt) &&
		c.sameTime(a.DeletedAt, b.DeletedAt) && maps.EqualFunc(a.Properties, b.Properties, equal[string]) &&
		slices.Equal(a.Tags, b.Tags) && slices.EqualFunc(a.Locations, b.Locations, sameLocation)
}

func (c *core) sameTime(a, b time.Time) bool { return c.precise(a).Equal(c.precise(b)) }

// sameLocation compares metadata as it is written: 1 and json.Number("1") are the same.
func sameLocation(a, b image.Location) bool {
	if a.ID != b.ID || a.URL != b.URL || a.Unreadable != b.Unreadable {
		return false
	}
	one, err := encodeMetadata(a.Metadata)
	other, e := encodeMetadata(b.Metadata)
	return err == nil && e == nil && one == other
}

func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
