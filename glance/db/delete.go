package db

import (
	"context"
	"time"

	"goglance/glance/image"
)

// Deletion says how to delete an image.
type Deletion struct {
	From   []image.Status // the states in which it may be deleted; none: any
	If     *image.Image   // only if the image is still exactly this one, see Tx.Unchanged; nil: in any case
	Status image.Status   // what it and its locations become: Deleted, which is the default, or PendingDelete
	At     time.Time      // becomes deleted_at; zero: now
}

// DeleteImage deletes an image and all that belongs to it. The rows stay, marked, so the id is never free again.
// A missing or deleted image is not found; one whose state is not among d.From, or that is not d.If any more, is a
// conflict.
func (t *Tx) DeleteImage(ctx context.Context, id string, d Deletion) error {
	at := moment(t.orNow(d.At))
	var set assignments
	set.set("status", orDeleted(d.Status))
	set.set("deleted", true)
	set.set("deleted_at", at)
	set.set("updated_at", at)
	err := t.unchanged(ctx, d.If)
	if err == nil {
		err = t.swap(ctx, id, set, guard{from: d.From})
	}
	if err == nil {
		err = t.mark(ctx, id, "", at)
	}
	for _, table := range []string{"image_properties", "image_tags"} {
		if err == nil {
			err = t.bury(ctx, table, query{"image_id = ?", []any{id}}, at)
		}
	}
	if err == nil {
		err = t.buryMembers(ctx, query{"image_id = ?", []any{id}}, at)
	}
	if err == nil {
		err = t.buryLocations(ctx, query{"image_id = ?", []any{id}}, d.Status, at)
	}
	return t.fail("DeleteImage", err)
}

// bury marks the live rows of a table that fit the condition as deleted.
func (t *Tx) bury(ctx context.Context, table string, condition query, at moment) error {
	args := append([]any{at, at}, condition.args...)
	_, err := t.exec(ctx, "UPDATE "+table+` SET deleted = TRUE, deleted_at = ?, updated_at = ?
		WHERE NOT deleted AND `+condition.text, args...)
	return err
}

// buryLocations marks the live locations that fit the condition as deleted, and says whether their data awaits that.
func (t *Tx) buryLocations(ctx context.Context, condition query, status image.Status, at moment) error {
	args := append([]any{orDeleted(status), at, at}, condition.args...)
	_, err := t.exec(ctx, `UPDATE image_locations SET status = ?, deleted = TRUE, deleted_at = ?, updated_at = ?
		WHERE NOT deleted AND `+condition.text, args...)
	return err
}

func orDeleted(s image.Status) image.Status {
	if s == "" {
		return image.Deleted
	}
	return s
}
