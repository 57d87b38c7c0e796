package db

import (
	"context"
	"database/sql"
)

// A mark says which upload or removal has brought an image into its state, so that after a crash the right one is
// undone. Times cannot tell: MariaDB keeps them in whole seconds, and a change during the upload moves them. It is a
// deleted row among the properties, which no Glance shows and of which there can be only one of a name.
const (
	markName = "os_glance_upload"
	marked   = "p.name IN (?, ?) AND p.value = ? AND p.deleted"
)

// spareName is what a mark is called where the image has a property of its name: a Python Glance lets users set that, and
// on MariaDB it is enough that it is alike. Marks are random, so nobody has this name.
func spareName(mark string) string { return markName + "-" + mark }

// markedArgs are the arguments of marked.
func markedArgs(mark string) []any { return []any{markName, spareName(mark), mark} }

// Marked reports whether the image, deleted or not, bears the mark.
func (r reads) Marked(ctx context.Context, id, mark string) (bool, error) {
	found := false
	ask := query{"SELECT 1 FROM image_properties p WHERE p.image_id = ? AND " + marked, append([]any{id}, markedArgs(mark)...)}
	err := each(ctx, r.q, ask, func(*sql.Rows) error { found = true; return nil })
	return found, r.fail("Marked", err)
}

// mark replaces the mark of an image; "" is none.
func (t *Tx) mark(ctx context.Context, id, mark string, at moment) error {
	if mark == "" {
		return t.unmark(ctx, id)
	}
	n, err := t.exec(ctx, `UPDATE image_properties SET value = ?, updated_at = ?, deleted_at = ?
		WHERE image_id = ? AND name = ? AND deleted`, mark, at, at, id, markName)
	if err != nil || n > 0 {
		return err
	}
	name := markName
	ask := query{"SELECT 1 FROM image_properties WHERE image_id = ? AND name = ?", []any{id, markName}}
	err = each(ctx, t.q, ask, func(*sql.Rows) error { name = spareName(mark); return nil })
	if err == nil && name != markName {
		err = t.unmark(ctx, id)
	}
	if err != nil {
		return err
	}
	// deleted_at is set, or the row would keep a purge from removing the image's.
	_, err = t.exec(ctx, `INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted_at, deleted)
		VALUES (?, ?, ?, ?, ?, ?, TRUE)`, id, name, mark, at, at, at)
	return err
}

func (t *Tx) unmark(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "DELETE FROM image_properties WHERE image_id = ? AND (name = ? OR name LIKE ?) AND deleted",
		id, markName, spareName("%"))
	return err
}
