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
	seen, err := c.listed(q.Viewer, q.Filter, order[0].Key)
	if err != nil {
		return query{}, err
	}
	// NOT deleted rather than deleted = FALSE: the reference's index on that column would mislead SQLite.
	terms := []query{{"NOT deleted AND status NOT IN ('killed', 'deleted', 'pending_delete')", nil}, seen}
	filter, err := c.filtered(q.Filter)
	if err != nil {
		return query{}, err
	}
	terms = append(terms, filter...)
	if q.After != nil {
		text, args := c.behind(order, q.After)
		terms = append(terms, query{"(" + text + ")", args})
	}
	page := allOf(terms...)
	return query{" WHERE " + page.text + c.orderBy(order) + " LIMIT ?", append(page.args, q.Limit)}, nil
}

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

// listed is the condition for the images that v sees in lists, by the visibility that f asks for (spec images-api 5.5).
// By time of creation, which is the default, it is a hundred times quicker to walk along the index of that column and
// stop at the end of the page than to collect by the indexes of visibility and owner and sort.
func (c *core) listed(v image.Viewer, f image.Filter, first image.SortKey) (query, error) {
	visibility, owner := "visibility", "owner"
	if first == image.ByCreatedAt {
		visibility = c.engine.unindexed(visibility)
		if f.Visibility != image.Private { // what is private is the owner's and nobody else's
			owner = c.engine.unindexed(owner)
		}
	}
	shared, err := c.sharedWith(v.Owner, f.MemberStatus)
	if err != nil {
		return query{}, err
	}
	s := sight{v, visibility, c.engine.is(owner, v.Owner), shared}
	switch f.Visibility {
	case "":
		return s.mixture(), nil
	case image.Public, image.Community:
		return s.every(f.Visibility), nil
	case image.Shared, image.Private:
		return s.own(f.Visibility), nil
	}
	return query{}, fmt.Errorf("db.Images: %q is not a visibility", f.Visibility)
}

// sight is what a viewer sees in lists, in the words of SQL.
type sight struct {
	image.Viewer
	visibility   string // the expression
	mine, shared query  // the image is his; he is a member of it
}

// nothing is a condition that nothing fits.
const nothing = "1 = 0"

// mixture is what he sees without asking for a visibility. Nobody is a member of nothing: the reference forgets to say
// so and shows the anonymous what is shared with others (spec images-api 5.5, security S10).
func (s sight) mixture() query {
	switch {
	case s.Admin && s.Owner != "":
		return anyOf(query{s.visibility + " <> 'community'", nil}, s.mine)
	case s.Admin:
		return query{s.visibility + " <> 'community'", nil}
	case s.Owner == "":
		return s.every(image.Public)
	}
	return anyOf(s.every(image.Public), s.mine, allOf(s.every(image.Shared), s.shared))
}

// every is all images of a visibility, which is one of the four.
func (s sight) every(v image.Visibility) query {
	return query{s.visibility + " = '" + string(v) + "'", nil}
}

// own is the images of a visibility that opens them to some only.
func (s sight) own(v image.Visibility) query {
	switch {
	case s.Admin:
		return s.every(v)
	case s.Owner == "":
		return query{nothing, nil}
	case v == image.Shared:
		return allOf(s.every(v), anyOf(s.mine, s.shared))
	}
	return allOf(s.every(v), s.mine)
}

// sharedWith is the condition that member has given this answer to the image; "" is Accepted.
func (c *core) sharedWith(member string, answer image.MemberStatus) (query, error) {
	status := query{"c.status = ?", []any{answer}}
	switch answer {
	case "":
		status.args = []any{image.Accepted}
	case image.AnyAnswer:
		status = query{"1 = 1", nil}
	case image.Pending, image.Accepted, image.Rejected:
	default:
		return query{}, fmt.Errorf("db.Images: %q is not the answer of a member", answer)
	}
	return c.has("image_members", c.engine.is("c.member", member), status), nil
}

// has is the condition that an image has a live child that fits.
func (c *core) has(table string, terms ...query) query {
	q := allOf(terms...)
	return query{"EXISTS (SELECT 1 FROM " + table + " c WHERE c.image_id = images.id AND NOT c.deleted AND " + q.text + c.engine.fence + ")", q.args}
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
