package db

import (
	"strings"
	"time"

	"goglance/glance/image"
)

// stretch is images of a part that are next to each other in the order.
type stretch struct {
	terms []query
	order string // the ORDER BY
}

// stretches divides what comes after an image, or all, into stretches that an index can be walked along.
//
// A part that has no index by the order is collected by its own and sorted: an index of the order would lead past
// everybody's images, so the engine must not think of it.
func (c *core) stretches(p part, order []image.Order, after *image.Image) []stretch {
	key := order[0].Key
	switch {
	case p.lead == byOrder && (key == image.ByUpdatedAt || key == image.ByName && c.ownNames()):
		return c.halves(order, after)
	case p.lead == byOrder, p.lead == byTime && key == image.ByCreatedAt:
		return []stretch{{c.after(order, after), c.orderBy(order)}}
	}
	return []stretch{{c.after(order, after), c.orderCollected(order)}}
}

// ownNames reports whether names are in an index in the order that they are sorted by.
func (c *core) ownNames() bool {
	return c.indexed.Load() && c.sortKey(image.ByName) == string(image.ByName)
}

// halves are the images with a value in the first key and those without, each in its order. Between the two an index
// would not do: not every engine has NULL where we have it, and no range of an index is "less, or NULL". That there is
// a value is said in a way that leads SQLite into the index.
func (c *core) halves(order []image.Order, after *image.Image) []stretch {
	first, key, lowest := order[0], c.sortKey(order[0].Key), "'0001-01-01 00:00:00'"
	if first.Key == image.ByName {
		lowest = "''"
	}
	with := stretch{[]query{{key + " >= " + lowest, nil}}, " ORDER BY " + key + " ASC, "}
	if first.Desc {
		with.order = " ORDER BY " + key + " DESC, "
	}
	with.order += strings.TrimPrefix(c.orderBy(order[1:]), " ORDER BY ")
	without := stretch{[]query{{key + " IS NULL", nil}}, c.orderCollected(order[1:])} // the index has these, too, in no order
	if after == nil {
		return []stretch{with, without}
	}
	value := sortValue(after, first.Key)
	if value == nil {
		without.terms = append(without.terms, c.after(order[1:], after)...)
		if first.Desc {
			return []stretch{without}
		}
		return []stretch{without, with}
	}
	text, args := c.beyond(order, value, after)
	with.terms = append(with.terms, query{"(" + text + ")", args})
	if first.Desc {
		return []stretch{with, without}
	}
	return []stretch{with}
}

// implied reports whether what comes after im fits the condition anyhow. Of two bounds on the same side SQLite takes one
// to enter the index by, and it may be the one that is far away from the page.
func (c *core) implied(condition image.Condition, order []image.Order, im *image.Image) bool {
	if im == nil || condition.Field != image.FieldCreatedAt || order[0].Key != image.ByCreatedAt {
		return false
	}
	if len(condition.Values) != 1 {
		return false
	}
	bound, ok := condition.Values[0].(time.Time)
	if !ok {
		return false
	}
	beyond := c.precise(im.CreatedAt).Compare(c.precise(bound))
	if order[0].Desc {
		return beyond < 0 && (condition.Op == image.Less || condition.Op == image.AtMost)
	}
	return beyond > 0 && (condition.Op == image.Greater || condition.Op == image.AtLeast)
}

// after is the condition for the images that come after im; none for all.
func (c *core) after(order []image.Order, im *image.Image) []query {
	if im == nil {
		return nil
	}
	text, args := c.behind(order, im)
	return []query{{"(" + text + ")", args}}
}

// behind is the condition for the images that come after im in the order. It compares key by key; the plain bound on
// the first key lets an index begin where the page begins. NULL is lower than any value (spec images-api 5.3).
func (c *core) behind(order []image.Order, im *image.Image) (string, []any) {
	if len(order) == 0 {
		return "1 = 0", nil // equal in every key: that is im itself
	}
	key, value := c.sortKey(order[0].Key), sortValue(im, order[0].Key)
	if value == nil {
		rest, args := c.behind(order[1:], im)
		if order[0].Desc {
			return key + " IS NULL AND (" + rest + ")", args
		}
		return key + " IS NOT NULL OR " + rest, args
	}
	if order[0].Desc && nullable(order[0].Key) {
		rest, args := c.behind(order[1:], im)
		return key + " < ? OR " + key + " IS NULL OR (" + key + " = ? AND (" + rest + "))", append([]any{value, value}, args...)
	}
	return c.beyond(order, value, im)
}

// beyond is behind among the images that have a value in the first key.
func (c *core) beyond(order []image.Order, value any, im *image.Image) (string, []any) {
	key, sign := c.sortKey(order[0].Key), ">"
	if order[0].Desc {
		sign = "<"
	}
	rest, args := c.behind(order[1:], im)
	return key + " " + sign + "= ? AND (" + key + " " + sign + " ? OR (" + rest + "))", append([]any{value, value}, args...)
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
func (c *core) orderBy(order []image.Order) string { return c.orderAs(order, c.sortKey) }

// orderCollected is an order that no index has.
func (c *core) orderCollected(order []image.Order) string {
	return c.orderAs(order, func(key image.SortKey) string {
		switch key {
		case image.ByID, image.ByName, image.ByCreatedAt, image.ByUpdatedAt:
			return c.engine.unindexed(c.sortKey(key))
		}
		return c.sortKey(key)
	})
}

func (c *core) orderAs(order []image.Order, as func(image.SortKey) string) string {
	terms := make([]string, len(order))
	for i, o := range order {
		direction, nulls := " ASC", " NULLS FIRST"
		if o.Desc {
			direction, nulls = " DESC", " NULLS LAST"
		}
		if c.engine.nullsLow || !nullable(o.Key) {
			nulls = ""
		}
		terms[i] = as(o.Key) + direction + nulls
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
