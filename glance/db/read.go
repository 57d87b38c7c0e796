package db

import (
	"context"
	"database/sql"
	"unicode/utf8"

	"goglance/glance/fault"
	"goglance/glance/image"
)

// maxID is the length of an id column in characters: a longer one cannot be in it.
const maxID = 36

// reads are the methods that DB and Tx share.
type reads struct {
	*core
	q        querier                                                   // for what takes a single query
	snapshot func(ctx context.Context, read func(querier) error) error // for what takes several
}

// querier is a pool or a transaction of sqlx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	Rebind(query string) string
}

// query is the text of a query with its arguments.
type query struct {
	text string
	args []any
}

// each hands every row of the answer to scan.
func each(ctx context.Context, q querier, ask query, scan func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, q.Rebind(ask.text), ask.args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err = scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Image returns the image with its properties, tags and locations. A deleted one is not found. One that is
// pending_delete and not deleted is; callers hide it.
func (r reads) Image(ctx context.Context, id string) (*image.Image, error) {
	return r.byID(ctx, id, "id = ? AND NOT deleted")
}

// ImageAny is like Image but returns a deleted image too, for its place in a list. What was deleted with it (its
// properties, tags and locations) stays away.
func (r reads) ImageAny(ctx context.Context, id string) (*image.Image, error) {
	return r.byID(ctx, id, "id = ?")
}

func (r reads) byID(ctx context.Context, id, where string) (*image.Image, error) {
	if utf8.RuneCountInString(id) > maxID {
		return nil, notFound(id)
	}
	found, err := r.images(ctx, query{" WHERE " + where, []any{id}})
	if err != nil {
		return nil, r.fail("Image", err)
	}
	if len(found) == 0 {
		return nil, notFound(id)
	}
	return found[0], nil
}

func notFound(id string) error { return fault.New(fault.NotFound, "image %s not found", id) }

// IsMember reports whether the image is shared with member, whatever the member thinks of it.
func (r reads) IsMember(ctx context.Context, id, member string) (bool, error) {
	found := false
	ask := query{"SELECT 1 FROM image_members WHERE image_id = ? AND member = ? AND NOT deleted LIMIT 1", []any{id, member}}
	err := each(ctx, r.q, ask, func(*sql.Rows) error { found = true; return nil })
	return found, r.fail("IsMember", err)
}

// Usage returns the bytes that the images of an owner take up in all their locations, data awaiting its deletion
// included. The image with the id except is left out; "" leaves out none (spec images-api 11). The owner "" is nobody,
// who uses what nobody's images do.
func (r reads) Usage(ctx context.Context, owner, except string) (int64, error) {
	var total int64
	whose, args := "i.owner IS NULL", []any{except}
	if owner != "" {
		whose, args = "i.owner = ?", []any{owner, except}
	}
	ask := query{"SELECT COALESCE(SUM(i.size), 0) FROM images i JOIN image_locations l ON l.image_id = i.id WHERE " + whose +
		" AND i.id <> ? AND i.size > 0 AND i.status NOT IN ('killed', 'deleted') AND l.status <> 'deleted'", args}
	err := each(ctx, r.q, ask, func(rows *sql.Rows) error { return rows.Scan(&total) })
	return total, r.fail("Usage", err)
}
