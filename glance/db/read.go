package db

import (
	"context"
	"database/sql"
	"math"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

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

// pool is the querier of a DB. It asks once more when a connection broke: one of the pool may have been dead already.
type pool struct {
	*sqlx.DB
	lost func(error) bool
}

// QueryContext is that of the pool, with a second attempt. The caller closes the rows.
func (p pool) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	rows, err := p.DB.QueryContext(ctx, text, args...)
	if err != nil && p.lost(err) && ctx.Err() == nil {
		return p.DB.QueryContext(ctx, text, args...)
	}
	return rows, err
}

// outOfTime says that the database is to blame when our bound ended before the caller's did.
func outOfTime(ctx, bounded context.Context, err error) error {
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return fault.Wrap(fault.Unavailable, "db", err)
	}
	return err
}

// asking hands every row of the answer to scan.
type asking func(ctx context.Context, q querier, ask query, scan func(*sql.Rows) error) error

// each asks with a bound on the time.
func each(ctx context.Context, q querier, ask query, scan func(*sql.Rows) error) error {
	bounded, cancel := context.WithTimeout(ctx, ioTime)
	defer cancel()
	return outOfTime(ctx, bounded, rowsOf(bounded, q, ask, scan))
}

// byKey asks for what keys find. SQLite is not the other end of a network: there that takes less time than a bound on it
// and what the driver does for one.
func (c *core) byKey(ctx context.Context, q querier, ask query, scan func(*sql.Rows) error) error {
	if c.engine.local {
		return rowsOf(context.WithoutCancel(ctx), q, ask, scan)
	}
	return each(ctx, q, ask, scan)
}

func rowsOf(ctx context.Context, q querier, ask query, scan func(*sql.Rows) error) error {
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
	return r.byID(ctx, id, " AND NOT deleted")
}

// ImageAny is like Image but returns a deleted image too, for its place in a list. What was deleted with it (its
// properties, tags and locations) stays away.
func (r reads) ImageAny(ctx context.Context, id string) (*image.Image, error) {
	return r.byID(ctx, id, "")
}

func (r reads) byID(ctx context.Context, id, where string) (*image.Image, error) {
	if utf8.RuneCountInString(id) > maxID {
		return nil, notFound(id)
	}
	this := r.engine.is("id", id)
	found, err := r.images(ctx, query{"images WHERE " + this.text + where, this.args}, r.byKey)
	if err != nil {
		return nil, r.fail("Image", err)
	}
	if len(found) == 0 {
		return nil, notFound(id)
	}
	return found[0], nil
}

func notFound(id string) error { return fault.New(fault.NotFound, "image %s not found", id) }

// Usage returns the bytes that the images of an owner take up in all their locations, data awaiting its deletion
// included. The image with the id except is left out; "" leaves out none (spec images-api 11). The owner "" is nobody,
// who uses what nobody's images do. More than an int64 holds is the largest that it does.
func (r reads) Usage(ctx context.Context, owner, except string) (int64, error) {
	var high, low int64
	whose := r.whose("i.owner", owner)
	// The whole sum may be more than an engine, or an int64, can hold.
	ask := query{"SELECT COALESCE(SUM(i.size >> 32), 0), COALESCE(SUM(i.size & 4294967295), 0)" +
		" FROM images i JOIN image_locations l ON l.image_id = i.id WHERE " + whose.text +
		" AND i.id <> ? AND i.size > 0 AND i.status NOT IN ('killed', 'deleted') AND l.status <> 'deleted'", append(whose.args, except)}
	err := each(ctx, r.q, ask, func(rows *sql.Rows) error { return rows.Scan(&high, &low) })
	if high += low >> 32; high > math.MaxInt32 {
		return math.MaxInt64, r.fail("Usage", err)
	}
	return high<<32 | low&math.MaxUint32, r.fail("Usage", err)
}

// whose is the condition for the images of an owner; "" is nobody.
func (c *core) whose(column, owner string) query {
	if owner == "" {
		return query{column + " IS NULL", nil}
	}
	return c.engine.is(column, owner)
}
