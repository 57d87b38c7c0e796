package db

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"goglance/glance/image"
)

// Images returns the page that q asks for, in its order, each image complete. The number of queries does not depend
// on the number of images. An incomplete sort is completed, see image.Total.
func (r reads) Images(ctx context.Context, q image.Query) ([]*image.Image, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	page, err := r.pageOf(q)
	if err != nil {
		return nil, err
	}
	found, err := r.images(ctx, page, each)
	return found, r.fail("Images", err)
}

// pageOf returns what follows FROM in the query for a page: the first images of every part of what the viewer sees, and
// of these the first. The parts have no image in common.
func (c *core) pageOf(q image.Query) (query, error) {
	order, err := sorting(q.Sort)
	if err != nil {
		return query{}, err
	}
	parts, err := c.parts(q.Viewer, q.Filter)
	if err != nil {
		return query{}, err
	}
	f := q.Filter
	f.Conditions = slices.DeleteFunc(slices.Clone(f.Conditions), func(condition image.Condition) bool { return c.implied(condition, order, q.After) })
	filter, err := c.filtered(f, q.Viewer.Admin)
	if err != nil {
		return query{}, err
	}
	var pages []query
	for _, p := range parts {
		for _, s := range c.stretches(p, order, q.After) {
			terms := append([]query{p.query, {"status NOT IN ('killed', 'deleted', 'pending_delete')", nil}}, filter...)
			page := allOf(append(terms, s.terms...)...)
			pages = append(pages, query{p.from.text + " WHERE " + page.text + s.order + limit(q.Limit), append(slices.Clone(p.from.args), page.args...)})
		}
	}
	if len(pages) == 1 {
		return pages[0], nil
	}
	return c.merged(pages, order, q.Limit), nil
}

// merged is the first n images of several pages, in the order that each of them has. Until it is known which they are,
// only what they are sorted by is read of them.
func (c *core) merged(pages []query, order []image.Order, n int) query {
	columns := []string{string(image.ByID)}
	for _, o := range order {
		if o.Key != image.ByID {
			columns = append(columns, string(o.Key))
		}
	}
	var texts []string
	var args []any
	for i, page := range pages {
		texts = append(texts, fmt.Sprintf("SELECT * FROM (SELECT %s FROM %s) page%d", strings.Join(columns, ", "), page.text, i))
		args = append(args, page.args...)
	}
	first := "SELECT id AS listed FROM (" + strings.Join(texts, " UNION ALL ") + ") seen" + c.orderBy(order) + limit(n)
	return query{"(" + first + ") page CROSS JOIN images WHERE id = listed" + c.orderCollected(order), args}
}

// limit is no parameter: SQLite would plan a query anew for every value of one.
func limit(n int) string { return " LIMIT " + strconv.Itoa(n) }

// allOf joins conditions that must all hold.
func allOf(terms ...query) query { return chain(" AND ", terms) }

// anyOf joins conditions one of which must hold.
func anyOf(terms ...query) query { return chain(" OR ", terms) }

func chain(word string, terms []query) query {
	texts, args := make([]string, len(terms)), []any{}
	for i, term := range terms {
		texts[i], args = term.text, append(args, term.args...)
	}
	return query{"(" + strings.Join(texts, word) + ")", args}
}

// has is the condition that an image has a live child that fits.
func (c *core) has(table string, terms ...query) query {
	q := allOf(terms...)
	return query{"EXISTS (SELECT 1 FROM " + table + " c WHERE c.image_id = images.id AND NOT " + c.engine.unindexed("c.deleted") + " AND " + q.text + c.engine.fence + ")", q.args}
}

// sorting completes a sort, drops keys that come a second time and refuses those that are none: keys become SQL.
func sorting(sort []image.Order) ([]image.Order, error) {
	var order []image.Order
	for _, o := range image.Total(slices.Clone(sort), true) {
		if !o.Key.Valid() {
			return nil, fmt.Errorf("db.Images: %q is not a sort key", o.Key)
		}
		if !slices.ContainsFunc(order, func(had image.Order) bool { return had.Key == o.Key }) {
			order = append(order, o)
		}
	}
	return order, nil
}
