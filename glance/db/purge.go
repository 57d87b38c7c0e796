package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Bounds on what a purge does at once: services use the tables meanwhile.
const (
	purgeBatch = 100             // rows of a transaction
	purgeRound = 100_000         // ids that are kept in memory
	purgePause = 5 * time.Second // at most, between two transactions
)

// Purge says which rows to remove for good.
type Purge struct {
	Before  time.Time                   // those deleted before
	MaxRows int64                       // the oldest of each table
	Images  bool                        // of the table images only
	Begin   func(table string)          // told before a table
	Done    func(table string, n int64) // and after it, what was removed
}

// BlockedError says which rows were not removed because others belong to them.
type BlockedError struct {
	Table   string
	Rows    int            // 0: not known
	Holders map[string]int // rows that belong to them, by table; 0: not known
}

// Error says what is in the way, and what to do.
func (b *BlockedError) Error() string {
	var holders []string
	for _, table := range slices.Sorted(maps.Keys(b.Holders)) {
		holder := "rows of " + table
		if n := b.Holders[table]; n > 0 {
			holder = fmt.Sprintf("%d %s", n, holder)
		}
		holders = append(holders, holder)
	}
	what := "rows of " + b.Table
	if b.Rows > 0 {
		what = fmt.Sprintf("%d %s", b.Rows, what)
	}
	return fmt.Sprintf("%s stay, as a foreign key ties rows to them that are not deleted, were deleted later or are beyond max_rows: "+
		"%s. Run it again, with a greater max_rows or later, or look at those rows", what, strings.Join(holders, ", "))
}

// purged is a table that a purge removes rows from.
type purged struct {
	name   string
	spared string     // the condition for rows that are not removed, however old
	parts  []appendix // what is removed with a row
	others []string   // the tables with rows that keep one of images
}

// appendix is the condition for the rows of a table that go with what they belong to.
type appendix struct{ table, column, which string }

// unknownHolder stands for a table that an engine does not name, and that is none of Glance's.
const unknownHolder = "a table of another program"

const (
	markRow = "(name = '" + markName + "' OR name LIKE '" + markName + "-%')"
	never   = "1 = 0"
)

// purgedTables are the tables in the order in which they are purged (spec storage-db 5). Data that awaits its deletion
// keeps its rows: they are all that is known of where it is. A mark goes with its image.
func purgedTables(imagesOnly bool) []purged {
	const awaited = "status = 'pending_delete'"
	images := purged{"images", awaited, []appendix{{"image_properties", "image_id", markRow + " AND deleted"}},
		[]string{"image_properties", "image_tags", "image_locations", "image_members"}}
	if imagesOnly {
		return []purged{images}
	}
	return []purged{
		{name: "image_properties", spared: markRow},
		{name: "image_tags", spared: never},
		{name: "image_locations", spared: awaited},
		{name: "image_members", spared: never},
		images,
		{name: "tasks", spared: never, parts: []appendix{{"task_info", "task_id", "1 = 1"}}},
	}
}

// Purge removes rows that were deleted long ago, the oldest of each table, in many short transactions with rests as long
// as they took. A live row is never removed, nor one whose data awaits its deletion. Rows that others belong to stay, and
// make it fail with a *BlockedError for each table of theirs, after all else was removed.
func (d *DB) Purge(ctx context.Context, p Purge) error {
	var blocked error
	for _, table := range purgedTables(p.Images) {
		p.Begin(table.name)
		r := purging{DB: d, purged: table, which: query{"deleted AND deleted_at < ? AND NOT (" + table.spared + ")", []any{moment(p.Before)}}}
		err := r.run(ctx, p.MaxRows)
		p.Done(table.name, r.total)
		var b *BlockedError
		if blocked = errors.Join(blocked, err); err != nil && !errors.As(err, &b) {
			return d.fail("Purge", blocked)
		}
	}
	return blocked
}

// purging is the purge of a table under way.
type purging struct {
	*DB
	purged
	which query // the condition for its rows
	total int64
	kept  []string // the ids of rows that others belong to
}

func (r *purging) run(ctx context.Context, rows int64) error {
	for rows > 0 {
		round := min(rows, purgeRound)
		ask := query{"SELECT id FROM " + r.name + " WHERE " + r.which.text + " ORDER BY deleted_at, id LIMIT ? OFFSET ?",
			append(slices.Clone(r.which.args), round, len(r.kept))}
		ids, err := texts(ctx, r.q, ask)
		if err != nil {
			return err
		}
		for batch := range slices.Chunk(ids, purgeBatch) {
			if err = r.batch(ctx, batch); err != nil {
				return err
			}
		}
		if rows -= round; int64(len(ids)) < round {
			break
		}
	}
	return r.blocked(ctx)
}

// batch removes rows in a transaction, and rests.
func (r *purging) batch(ctx context.Context, ids []string) error {
	begin := time.Now()
	var n int64
	var free []string
	err := r.Tx(ctx, func(t *Tx) (err error) {
		if free, err = r.free(ctx, t, ids); err == nil {
			n, err = r.remove(ctx, t, free)
		}
		return err
	})
	if err != nil {
		if holder := r.engine.holder(err); holder != "" {
			err = &BlockedError{Table: r.name, Holders: map[string]int{holder: 0}}
		}
		return err
	}
	r.total += n
	r.kept = append(r.kept, slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(free, id) })...)
	return pause(ctx, min(time.Since(begin), purgePause))
}

// free returns the ids of rows that no others belong to.
func (r *purging) free(ctx context.Context, t *Tx, ids []string) ([]string, error) {
	if len(r.others) == 0 {
		return ids, nil
	}
	these := idsIn(ids)
	ask := "SELECT id FROM " + r.name + " WHERE " + these.text
	for _, other := range r.others {
		ask += " AND NOT EXISTS (SELECT 1 FROM " + other + " o WHERE o.image_id = images.id" + r.except(other) + ")"
	}
	return texts(ctx, t.q, query{ask, these.args})
}

// except leaves out, in a condition for rows of another table, those that go with the rows that they belong to.
func (r *purging) except(other string) string {
	text := ""
	for _, p := range r.parts {
		if p.table == other {
			text += " AND NOT (" + p.which + ")"
		}
	}
	return text
}

// remove removes rows with what is part of them, unless they are not deleted any more.
func (r *purging) remove(ctx context.Context, t *Tx, ids []string) (int64, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	these := idsIn(ids)
	which := r.which.text + " AND " + these.text
	args := slices.Concat(r.which.args, these.args)
	for _, p := range r.parts {
		// The ids are there twice: for a subquery alone MariaDB goes through, and locks, the whole table.
		text := "DELETE FROM " + p.table + " WHERE " + p.which + " AND " + p.column + " IN (" + marks(len(ids)) + ") AND " +
			p.column + " IN (SELECT id FROM " + r.name + " WHERE " + which + ")"
		if _, err := t.exec(ctx, text, slices.Concat(these.args, args)...); err != nil {
			return 0, err
		}
	}
	return t.exec(ctx, "DELETE FROM "+r.name+" WHERE "+which, args...)
}

// blocked is the error for what was kept, if it was.
func (r *purging) blocked(ctx context.Context) error {
	b := &BlockedError{Table: r.name, Rows: len(r.kept), Holders: map[string]int{}}
	for ids := range slices.Chunk(r.kept, purgeBatch) {
		for _, other := range r.others {
			these := idsIn(ids)
			holders, err := texts(ctx, r.q, query{"SELECT o.image_id FROM " + other + " o WHERE o.image_" + these.text + r.except(other), these.args})
			if err != nil {
				return err
			}
			if len(holders) > 0 {
				b.Holders[other] += len(holders)
			}
		}
	}
	if len(b.Holders) == 0 { // another purge has removed them
		return nil
	}
	return b
}
