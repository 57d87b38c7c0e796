package db

import (
	"context"
	"database/sql"
)

// A mark says which upload or removal has brought an image into its state, so that after a crash the right one is
// undone. Times cannot tell: MariaDB keeps them in whole seconds, and a change during the upload moves them. It is a
// deleted row among the properties, which no Glance shows and of which there can be only one.
const (
	markName = "os_glance_upload"
	marked   = "p.name = ? AND p.value = ? AND p.deleted"
)

// Marked reports whether the image, deleted or not, bears the mark.
func (r reads) Marked(ctx context.Context, id, mark string) (bool, error) {
	found := false
	ask := query{"SELECT 1 FROM image_properties p WHERE p.image_id = ? AND " + marked, []any{id, markName, mark}}
	err := each(ctx, r.q, ask, func(*sql.Rows) error { found = true; return nil })
	return found, r.fail("Marked", err)
}

// mark replaces the mark of an image; "" is none. Where the image has a property of that very name, the property
// stays and there is no mark.
func (t *Tx) mark(ctx context.Context, id, mark string, at moment) error {
	if mark == "" {
		_, err := t.exec(ctx, "DELETE FROM image_properties WHERE image_id = ? AND name = ? AND deleted", id, markName)
		return err
	}
	n, err := t.exec(ctx, `UPDATE image_properties SET value = ?, updated_at = ?, deleted_at = ?
		WHERE image_id = ? AND name = ? AND deleted`, mark, at, at, id, markName)
	if err != nil || n > 0 {
		return err
	}
	taken := false
	ask := query{"SELECT 1 FROM image_properties WHERE image_id = ? AND name = ?", []any{id, markName}}
	err = each(ctx, t.q, ask, func(*sql.Rows) error { taken = true; return nil })
	if err != nil || taken {
		return err
	}
	// deleted_at is set, or the row would keep a purge from removing the image's.
	_, err = t.exec(ctx, `INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted_at, deleted)
		VALUES (?, ?, ?, ?, ?, ?, TRUE)`, id, markName, mark, at, at, at)
	return err
}
