package db

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"goglance/glance/fault"
)

// ownIndex is an index that the reference's schema lacks. Its tools take no notice of it: they make and drop indexes by
// name.
type ownIndex struct {
	name, table, column string
	then                string // with these it is of live rows, so that what was deleted and waits to be purged costs nothing
}

// ownIndexes lead to the images that one project sees among those of all others, in the order of the default list, and
// to what an administrator looks for. Without them lists answer the same, in a time that grows with the database.
func ownIndexes() []ownIndex {
	return []ownIndex{
		{"goglance_image_visibility", "images", "visibility", "created_at"},
		{"goglance_image_owner", "images", "owner", "created_at"},
		{"goglance_image_name", "images", "name", ""},
		{"goglance_image_updated", "images", "updated_at, created_at", ""}, // MariaDB cannot sort by the rest of an order
		{"goglance_member", "image_members", "member", "image_id, status"},
	}
}

// MakeIndexes makes the indexes of our own that the database lacks; Migrate makes them with the tables. Servers go on
// meanwhile: PostgreSQL and MariaDB let them read and write, SQLite lets them wait.
func (d *DB) MakeIndexes(ctx context.Context) error {
	return d.fail("MakeIndexes", d.makeBeside(ctx, ownIndexes()))
}

// makeBeside makes those of the indexes that are missing, while servers are at work.
func (d *DB) makeBeside(ctx context.Context, wanted []ownIndex) error {
	return d.holding(ctx, func(conn *sqlx.Conn) error {
		missing, err := reads{core: d.core, q: conn}.missing(ctx, wanted)
		if err != nil {
			return err
		}
		for _, index := range missing {
			for _, statement := range d.engine.makeIndex(index, true) {
				if _, err := conn.ExecContext(ctx, statement); err != nil {
					return fault.Wrap(fault.Unavailable, "index "+index.name, err)
				}
			}
		}
		return nil
	})
}

// makeIndexes is MakeIndexes on tables that nobody uses yet.
func (t *Tx) makeIndexes(ctx context.Context) error {
	missing, err := t.missing(ctx, ownIndexes())
	if err != nil {
		return err
	}
	for _, index := range missing {
		for _, statement := range t.engine.makeIndex(index, false) {
			if _, err := t.exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

// noticeIndexes says that a database of the reference's is served without them.
func (d *DB) noticeIndexes(ctx context.Context) error {
	missing, err := d.missing(ctx, ownIndexes())
	d.indexed.Store(err == nil && len(missing) == 0)
	if err == nil && len(missing) > 0 {
		d.options.notice("the database lacks %d index(es) that lists of very many images need; glance-manage db sync makes them", len(missing))
	}
	return err
}

func (r reads) missing(ctx context.Context, wanted []ownIndex) ([]ownIndex, error) {
	had, err := column(ctx, r.q, r.engine.indexes)
	return slices.DeleteFunc(wanted, func(i ownIndex) bool { return slices.Contains(had, i.name) }), err
}

// partialIndex is the statement for an index of the rows that are not deleted.
func partialIndex(i ownIndex, _ bool) []string {
	return []string{"CREATE INDEX " + i.partial(i.column)}
}

func (i ownIndex) partial(lead string) string {
	if i.then == "" {
		return i.name + " ON " + i.table + " (" + lead + ")"
	}
	return i.name + " ON " + i.table + " (" + lead + ", " + i.then + ") WHERE NOT deleted"
}

// leadingIndex is for an index that cannot be of some rows alone: it has them beside each other.
func leadingIndex(i ownIndex, _ bool) []string {
	columns := i.column
	if i.then != "" {
		columns += ", deleted, " + i.then
	}
	return []string{"CREATE INDEX " + i.name + " ON " + i.table + " (" + columns + ")"}
}

// concurrentIndex keeps no writer waiting where there are any. An index that was not finished is there, and of no use.
//
// PostgreSQL believes that as few of the public images are deleted as of all, and takes the reference's index, which is
// smaller, over one of the live ones. So ours are of an expression that the reference has no index of (dialect.lead).
func concurrentIndex(i ownIndex, serving bool) []string {
	lead := i.column
	if i.table == "images" && i.then != "" {
		lead = "(" + opaque(i.column) + ")"
	}
	if !serving {
		return []string{"CREATE INDEX " + i.partial(lead)}
	}
	return []string{"DROP INDEX IF EXISTS " + i.name, "CREATE INDEX CONCURRENTLY " + i.partial(lead)}
}

// opaque is a column as PostgreSQL does not know it again.
func opaque(column string) string { return "COALESCE(" + column + ", " + column + ")" }
