package db

import (
	"context"
	"maps"
	"slices"

	"goglance/glance/fault"
	"goglance/glance/image"
)

// InsertImage stores a new image with its properties, tags and locations. An id that was ever used is a conflict.
// Zero times become now and the time of creation. im itself is not changed; the locations get their IDs in the
// database.
func (t *Tx) InsertImage(ctx context.Context, im *image.Image) error {
	created := t.orNow(im.CreatedAt)
	updated := created
	if !im.UpdatedAt.IsZero() {
		updated = t.precise(im.UpdatedAt)
	}
	_, err := t.exec(ctx, `INSERT INTO images (id, name, status, visibility, protected, owner, checksum, size,
		virtual_size, container_format, disk_format, min_disk, min_ram, created_at, updated_at, deleted)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE)`,
		im.ID, im.Name, im.Status, im.Visibility, im.Protected, orNull(im.Owner), im.Checksum, im.Size,
		im.VirtualSize, im.ContainerFormat, im.DiskFormat, im.MinDisk, im.MinRAM, moment(created), moment(updated))
	if t.engine.duplicate(err) {
		return fault.New(fault.Conflict, "image ID %s is or was in use", im.ID)
	}
	if err == nil {
		err = t.insertChildren(ctx, im, moment(created))
	}
	return t.fail("InsertImage", err)
}

func (t *Tx) insertChildren(ctx context.Context, im *image.Image, at moment) error {
	for _, name := range slices.Sorted(maps.Keys(im.Properties)) {
		if err := t.insertProperty(ctx, property{im.ID, name, im.Properties[name]}, at); err != nil {
			return err
		}
	}
	if err := t.insertTags(ctx, im.ID, im.Tags, at); err != nil {
		return err
	}
	return t.insertLocations(ctx, im.ID, im.Locations, at)
}

// property is a row of image_properties.
type property struct {
	image, name string
	value       *string
}

func (t *Tx) insertProperty(ctx context.Context, p property, at moment) error {
	_, err := t.exec(ctx, `INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted)
		VALUES (?, ?, ?, ?, ?, FALSE)`, p.image, p.name, p.value, at, at)
	if t.engine.duplicate(err) {
		return fault.New(fault.Invalid, "the database of this service cannot keep the property %q apart from another one", p.name)
	}
	return err
}

// insertTags inserts the tags that the image does not have yet, each once.
func (t *Tx) insertTags(ctx context.Context, id string, tags []string, at moment) error {
	if len(tags) == 0 {
		return nil
	}
	have, err := t.liveTags(ctx, id)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if have[tag] {
			continue
		}
		have[tag] = true
		_, err = t.exec(ctx, `INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted)
			VALUES (?, ?, ?, ?, FALSE)`, id, tag, at, at)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) insertLocations(ctx context.Context, id string, locations []image.Location, at moment) error {
	for _, l := range locations {
		metadata, err := encodeMetadata(l.Metadata)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO image_locations
			(image_id, value, meta_data, status, created_at, updated_at, deleted)
			VALUES (?, ?, ?, 'active', ?, ?, FALSE)`, id, t.urls.encode(l.URL), metadata, at, at)
		if err != nil {
			return err
		}
	}
	return nil
}
