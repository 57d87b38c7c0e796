package db

import (
	"strings"
	"time"

	"goglance/glance/image"
)

// behind is the condition for the images that come after im in the order. It compares key by key; the plain bound on
// the first key lets an index begin where the page begins. NULL is lower than any value (spec images-api 5.3).
func (c *core) behind(order []image.Order, im *image.Image) (string, []any) {
	if len(order) == 0 {
		return "1 = 0", nil // equal in every key: that is im itself
	}
	key, value := c.sortKey(order[0].Key), sortValue(im, order[0].Key)
	rest, args := c.behind(order[1:], im)
	if value == nil {
		if order[0].Desc {
			return key + " IS NULL AND (" + rest + ")", args
		}
		return key + " IS NOT NULL OR " + rest, args
	}
	args = append([]any{value, value}, args...)
	switch {
	case !order[0].Desc:
		return key + " >= ? AND (" + key + " > ? OR (" + rest + "))", args
	case nullable(order[0].Key):
		return key + " < ? OR " + key + " IS NULL OR (" + key + " = ? AND (" + rest + "))", args
	}
	return key + " <= ? AND (" + key + " < ? OR (" + rest + "))", args
}

// sortKey is the expression that stands for a key: the same bytes have the same place on every engine. Of ids MariaDB
// has none that differ in case only, so there the index may do.
func (c *core) sortKey(key image.SortKey) string {
	switch key {
	case image.ByName, image.ByStatus, image.ByContainerFormat, image.ByDiskFormat:
		return c.engine.ordered(string(key))
	case image.ByID:
		return c.engine.orderedID
	}
	return string(key)
}

// orderBy says where NULL goes if the engine does not know that it is the lowest value.
func (c *core) orderBy(order []image.Order) string {
	terms := make([]string, len(order))
	for i, o := range order {
		direction, nulls := " ASC", " NULLS FIRST"
		if o.Desc {
			direction, nulls = " DESC", " NULLS LAST"
		}
		if c.engine.nullsLow || !nullable(o.Key) {
			nulls = ""
		}
		terms[i] = c.sortKey(o.Key) + direction + nulls
	}
	return " ORDER BY " + strings.Join(terms, ", ")
}

func nullable(key image.SortKey) bool {
	switch key {
	case image.ByName, image.ByContainerFormat, image.ByDiskFormat, image.BySize, image.ByUpdatedAt:
		return true
	}
	return false
}

// sortValue returns the image's value of a key as SQL compares it, nil for NULL.
func sortValue(im *image.Image, key image.SortKey) any {
	switch key {
	case image.ByName:
		return deref(im.Name)
	case image.ByStatus:
		return string(im.Status)
	case image.ByContainerFormat:
		return deref(im.ContainerFormat)
	case image.ByDiskFormat:
		return deref(im.DiskFormat)
	case image.BySize:
		return deref(im.Size)
	case image.ByCreatedAt:
		return moment(im.CreatedAt)
	case image.ByUpdatedAt:
		return momentOrNil(im.UpdatedAt)
	}
	return im.ID
}

func momentOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return moment(t)
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
