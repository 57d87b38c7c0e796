package db

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"goglance/glance/fault"
	"goglance/glance/image"
)

// UpdateImage applies a change. A missing or deleted image is not found; one whose state is not among c.From, that is
// not c.If any more or does not bear c.IfMark is a conflict, and nothing is done.
func (t *Tx) UpdateImage(ctx context.Context, id string, c Change) error {
	at := t.orNow(c.At)
	set, err := c.assignments(at)
	if err == nil {
		err = t.unchanged(ctx, c.If)
	}
	if err == nil {
		// The row comes first: it is the lock that orders two changes of one image.
		err = t.swap(ctx, id, set, guard{c.From, c.IfMark})
	}
	if err == nil && c.Status != "" {
		err = t.mark(ctx, id, c.Mark, moment(at))
	}
	if err == nil {
		err = t.drop(ctx, id, c, moment(at))
	}
	if err == nil {
		err = t.add(ctx, id, c, moment(at))
	}
	return t.fail("UpdateImage", err)
}

// swap updates the row of a live image if the guard lets it.
func (t *Tx) swap(ctx context.Context, id string, set assignments, g guard) error {
	where, args := g.where()
	this := t.engine.is("id", id)
	n, err := t.exec(ctx, "UPDATE images SET "+strings.Join(set.terms, ", ")+" WHERE "+this.text+" AND NOT deleted"+where,
		slices.Concat(set.args, this.args, args)...)
	if err != nil || n > 0 {
		return err
	}
	return t.refusal(ctx, id, g)
}

// refusal says why swap found no row to update.
func (t *Tx) refusal(ctx context.Context, id string, g guard) error {
	var status image.Status
	this := t.engine.is("id", id)
	ask := query{"SELECT status FROM images WHERE " + this.text + " AND NOT deleted", this.args}
	err := each(ctx, t.q, ask, func(rows *sql.Rows) error { return rows.Scan(&status) })
	switch {
	case err != nil:
		return err
	case status == "":
		return notFound(id)
	case len(g.from) > 0 && !slices.Contains(g.from, status):
		return fault.New(fault.Conflict, "image %s is in status %s, which does not allow this", id, status)
	}
	return changedMeanwhile(id)
}

func (t *Tx) drop(ctx context.Context, id string, c Change, at moment) error {
	for _, name := range c.DropProps {
		one := query{"image_id = ? AND " + t.engine.exact("name") + " = ?", []any{id, name}}
		if err := t.bury(ctx, "image_properties", one, at); err != nil {
			return err
		}
	}
	for _, tag := range c.DropTags {
		one := query{"image_id = ? AND " + t.engine.exact("value") + " = ?", []any{id, tag}}
		if err := t.bury(ctx, "image_tags", one, at); err != nil {
			return err
		}
	}
	for _, location := range c.DropLocs {
		one := query{"image_id = ? AND id = ?", []any{id, location}}
		if err := t.buryLocations(ctx, one, c.LocStatus, at); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) add(ctx context.Context, id string, c Change, at moment) error {
	for _, name := range slices.Sorted(maps.Keys(c.SetProps)) {
		if err := t.setProperty(ctx, property{id, name, c.SetProps[name]}, at); err != nil {
			return err
		}
	}
	if err := t.insertTags(ctx, id, c.AddTags, at); err != nil {
		return err
	}
	return t.insertLocations(ctx, id, c.AddLocs, at)
}

// setProperty writes over the row of that name, a deleted one too: there can be no second.
func (t *Tx) setProperty(ctx context.Context, p property, at moment) error {
	const revive = "UPDATE image_properties SET name = ?, value = ?, updated_at = ?, deleted = FALSE, deleted_at = NULL WHERE image_id = ? AND "
	n, err := t.exec(ctx, revive+t.engine.exact("name")+" = ?", p.name, p.value, at, p.image, p.name)
	if err == nil && n == 0 && t.engine.loose {
		// The mark of an upload is no property that may come back under another spelling.
		n, err = t.exec(ctx, revive+"name = ? AND deleted AND NOT ("+t.engine.exact("name")+" = ?)",
			p.name, p.value, at, p.image, p.name, markName)
	}
	if err != nil || n > 0 {
		return err
	}
	return t.insertProperty(ctx, p, at)
}

func (t *Tx) liveTags(ctx context.Context, id string) (map[string]bool, error) {
	live := map[string]bool{}
	ask := query{"SELECT value FROM image_tags WHERE image_id = ? AND NOT deleted", []any{id}}
	err := each(ctx, t.q, ask, func(rows *sql.Rows) error {
		var tag string
		err := rows.Scan(&tag)
		live[tag] = true
		return err
	})
	return live, err
}
