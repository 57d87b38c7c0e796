package db

import (
	"context"
	"fmt"
	"slices"
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
	found, err := r.images(ctx, page)
	return found, r.fail("Images", err)
}

// pageOf returns what follows FROM images in the query for a page.
func (c *core) pageOf(q image.Query) (query, error) {
	order, err := sorting(q.Sort)
	if err != nil {
		return query{}, err
	}
	seen, args := c.listed(q.Viewer, order[0].Key)
	// NOT deleted rather than deleted = FALSE: the reference's index on that column would mislead SQLite.
	where := " WHERE NOT deleted AND status NOT IN ('killed', 'deleted', 'pending_delete') AND " + seen
	if q.After != nil {
		text, more := behind(order, q.After)
		where += " AND (" + text + ")"
		args = append(args, more...)
	}
	return query{where + orderBy(order) + " LIMIT ?", append(args, q.Limit)}, nil
}

// listed is the condition for the images that v sees in lists without asking for a visibility (spec images-api 5.5).
// By time of creation, which is the default, it is a hundred times quicker to walk along the index of that column and
// stop at the end of the page than to collect by the indexes of visibility and owner and sort.
func (c *core) listed(v image.Viewer, first image.SortKey) (string, []any) {
	visibility, owner := "visibility", "owner"
	if first == image.ByCreatedAt {
		visibility, owner = c.engine.unindexed(visibility), c.engine.unindexed(owner)
	}
	switch {
	case v.Admin && v.Owner != "":
		return "(" + visibility + " <> 'community' OR " + owner + " = ?)", []any{v.Owner}
	case v.Admin:
		return visibility + " <> 'community'", nil
	case v.Owner != "":
		return "(" + visibility + " = 'public' OR " + owner + " = ? OR (" + visibility + ` = 'shared' AND EXISTS (
			SELECT 1 FROM image_members m WHERE m.image_id = images.id AND m.member = ? AND m.status = 'accepted'
			AND NOT m.deleted)))`, []any{v.Owner, v.Owner}
	}
	return visibility + " = 'public'", nil
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

// orderBy relies on NULL being the lowest value.
func orderBy(order []image.Order) string {
	terms := make([]string, len(order))
	for i, o := range order {
		terms[i] = string(o.Key) + " ASC"
		if o.Desc {
			terms[i] = string(o.Key) + " DESC"
		}
	}
	return " ORDER BY " + strings.Join(terms, ", ")
}
