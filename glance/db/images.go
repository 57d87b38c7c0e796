package db

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"goglance/glance/image"
)

// childChunk bounds the parameters of one query; engines allow some tens of thousands.
const childChunk = 1000

// images loads the images that from selects, which is what follows FROM, with their children: two queries for up to
// childChunk images.
func (r reads) images(ctx context.Context, from query, ask asking) ([]*image.Image, error) {
	var found []*image.Image
	err := r.snapshot(ctx, func(q querier) error {
		found = nil
		err := ask(ctx, q, query{"SELECT " + imageColumns(r.engine.time) + " FROM " + from.text, from.args}, func(rows *sql.Rows) error {
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
	found, c := make([]child, 0, 8*len(parents)), child{}
	err := r.byKey(ctx, q, r.childrenOf(ids), func(rows *sql.Rows) error {
		err := rows.Scan(&c.kind, &c.parent, &c.id, &c.more, &c.value)
		found = append(found, c)
		return err
	})
	slices.SortFunc(found, func(a, b child) int { return cmp.Compare(a.id, b.id) }) // tags and locations have an order
	for _, c = range found {
		of.add(c, r.urls)
	}
	return err
}

// childrenOf asks for all children at once: every query is a way to the server and back.
func (c *core) childrenOf(ids []any) query {
	where := " WHERE NOT " + c.engine.unindexed("deleted") + " AND image_id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")"
	from := func(table string, kind int64, more string) string {
		return "SELECT " + strconv.FormatInt(kind, 10) + ", " + c.engine.plain("image_id") + ", id, " + more + ", " + c.engine.plain("value") + " FROM " + table + where
	}
	return query{from("image_properties", asProperty, c.engine.plain("name")) + " UNION ALL " + from("image_tags", asTag, "NULL") +
		" UNION ALL " + from("image_locations", asLocation, c.engine.plain("meta_data")), slices.Concat(ids, ids, ids)}
}

// The kinds of children.
const (
	asProperty int64 = iota
	asTag
	asLocation
)

// child is a row of childrenOf.
type child struct {
	kind, id    int64
	parent      string
	more, value sql.NullString
}

func (f family) add(c child, urls urlCodec) {
	switch im := f[c.parent]; c.kind {
	case asProperty:
		var value *string
		if c.value.Valid {
			value = new(c.value.String)
		}
		im.Properties[c.more.String] = value
	case asTag:
		im.Tags = append(im.Tags, c.value.String)
	case asLocation:
		im.Locations = append(im.Locations, urls.location(c.id, c.value.String, c.more.String))
	}
}

// location is a location as its row has it. One bad row must not take its image, nor all the list, away (spec security S106).
func (c urlCodec) location(id int64, value, metadata string) image.Location {
	url, err := c.decode(value)
	if err != nil {
		return image.Location{ID: id, Metadata: map[string]any{}, Unreadable: true}
	}
	decoded, err := decodeMetadata(metadata)
	if err != nil {
		return image.Location{ID: id, Metadata: map[string]any{}, Unreadable: true}
	}
	return image.Location{ID: id, URL: url, Metadata: decoded}
}
