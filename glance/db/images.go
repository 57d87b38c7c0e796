package db

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"goglance/glance/image"
)

// childChunk bounds the parameters of one query; engines allow some tens of thousands.
const childChunk = 1000

// images loads the images that from selects, which is what follows FROM, with their children: four queries for up to
// childChunk images.
func (r reads) images(ctx context.Context, from query) ([]*image.Image, error) {
	var found []*image.Image
	err := r.snapshot(ctx, func(q querier) error {
		found = nil
		ask := query{"SELECT " + imageColumns(r.engine.time) + " FROM " + from.text, from.args}
		err := each(ctx, q, ask, func(rows *sql.Rows) error {
			im, err := scanImage(rows)
			found = append(found, im)
			return err
		})
		if err != nil {
			return err
		}
		for chunk := range slices.Chunk(found, childChunk) {
			if err := r.children(ctx, q, chunk); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// imageColumns are the columns that scanImage reads, those of time as the given expression.
func imageColumns(time func(column string) string) string {
	return `id, name, status, visibility, protected, owner, checksum, size, virtual_size, container_format, disk_format,
		min_disk, min_ram, deleted, ` + time("created_at") + ", " + time("updated_at") + ", " + time("deleted_at")
}

func scanImage(rows *sql.Rows) (*image.Image, error) {
	im := &image.Image{Properties: map[string]*string{}}
	err := rows.Scan(&im.ID, &im.Name, &im.Status, &im.Visibility, &im.Protected, &im.Owner, &im.Checksum, &im.Size,
		&im.VirtualSize, &im.ContainerFormat, &im.DiskFormat, &im.MinDisk, &im.MinRAM, &im.Deleted,
		(*moment)(&im.CreatedAt), (*moment)(&im.UpdatedAt), (*moment)(&im.DeletedAt))
	return im, err
}

// family finds the image that a row of a child table belongs to.
type family map[string]*image.Image

// children fills in properties, tags and locations.
func (r reads) children(ctx context.Context, q querier, parents []*image.Image) error {
	of := make(family, len(parents))
	ids := make([]any, len(parents))
	for i, im := range parents {
		of[im.ID], ids[i] = im, im.ID
	}
	where := " WHERE NOT " + r.engine.unindexed("deleted") + " AND image_id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")"
	for _, child := range []struct {
		text string
		scan func(*sql.Rows) error
	}{
		{"SELECT image_id, name, value FROM image_properties" + where, of.property},
		{"SELECT image_id, value FROM image_tags" + where + " ORDER BY id", of.tag},
		{"SELECT image_id, id, value, meta_data FROM image_locations" + where + " ORDER BY id",
			func(rows *sql.Rows) error { return of.location(rows, r.urls) }},
	} {
		if err := each(ctx, q, query{child.text, ids}, child.scan); err != nil {
			return err
		}
	}
	return nil
}

func (f family) property(rows *sql.Rows) error {
	var id, name string
	var value *string
	if err := rows.Scan(&id, &name, &value); err != nil {
		return err
	}
	f[id].Properties[name] = value
	return nil
}

func (f family) tag(rows *sql.Rows) error {
	var id, value string
	if err := rows.Scan(&id, &value); err != nil {
		return err
	}
	f[id].Tags = append(f[id].Tags, value)
	return nil
}

func (f family) location(rows *sql.Rows, urls urlCodec) error {
	var id, value string
	var metadata sql.NullString
	var l image.Location
	err := rows.Scan(&id, &l.ID, &value, &metadata)
	if err != nil {
		return err
	}
	// One bad row must not take its image, nor all the list, away (spec security S106).
	if l.URL, err = urls.decode(value); err == nil {
		l.Metadata, err = decodeMetadata(metadata.String)
	}
	if err != nil {
		l.URL, l.Metadata, l.Unreadable = "", map[string]any{}, true
	}
	f[id].Locations = append(f[id].Locations, l)
	return nil
}
