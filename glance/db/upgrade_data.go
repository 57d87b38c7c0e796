package db

import "context"

// dataBatch is how many images one transaction of a data migration changes: services use them meanwhile.
const dataBatch = 200

// The images that ocata_migrate01 is for (spec storage-db 2.1), by the expression for their visibility.
func unseen(visibility string) string { return visibility + " IS NULL" }

func hidden(visibility string) string {
	return visibility + " = 'private' AND EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = images.id AND NOT m.deleted)"
}

// MigrateData gives the images of an expanded database their visibility and returns how many rows it has changed, some
// of them twice, as the reference counts them. Services may run meanwhile.
func (d *DB) MigrateData(ctx context.Context) (int64, error) {
	s, err := d.state(ctx)
	switch {
	case err != nil:
	case s.at(pikeExpand01):
		return d.migrateImages(ctx)
	case s.has(pikeExpand01), !s.has(ocata01) && !s.has(ocataContract1) && s.served() == nil: // Pike's own migration is empty
	default:
		err = s.notExpanded("Data migration")
	}
	return 0, d.fail("MigrateData", err)
}

// migrateImages goes through the table once, by its primary key: a condition on visibility draws PostgreSQL, which knows
// nothing of a column that is new, to read all images that are left and sort them, for each batch again.
func (d *DB) migrateImages(ctx context.Context) (int64, error) {
	total := int64(0)
	for last := ""; ; {
		ids, err := texts(ctx, d.q, query{"SELECT id FROM images WHERE id > ? ORDER BY id" + limit(dataBatch), []any{last}})
		if err != nil || len(ids) == 0 {
			return total, d.fail("MigrateData", err)
		}
		last = ids[len(ids)-1]
		n, err := d.migrateThese(ctx, ids)
		if total += n; err != nil {
			return total, d.fail("MigrateData", err)
		}
	}
}

// migrateThese migrates those of some images that need it. Where none does, another process may have contracted already.
func (d *DB) migrateThese(ctx context.Context, ids []string) (n int64, err error) {
	these, plain := idsIn(ids), d.engine.unindexed("visibility")
	left, err := texts(ctx, d.q, query{"SELECT id FROM images WHERE (" + unseen(plain) + " OR " + hidden(plain) + ") AND " + these.text, these.args})
	if err == nil && len(left) > 0 {
		err = d.Tx(ctx, func(t *Tx) (err error) { n, err = t.migrateImages(ctx, left); return err })
	}
	return n, err
}

// migrateImages migrates a batch. What others have written meanwhile stays.
func (t *Tx) migrateImages(ctx context.Context, ids []string) (int64, error) {
	total, these, plain := int64(0), idsIn(ids), t.engine.unindexed("visibility")
	for _, change := range []string{"'public' WHERE is_public AND " + unseen(plain), "'private' WHERE " + unseen(plain), "'shared' WHERE " + hidden(plain)} {
		n, err := t.exec(ctx, "UPDATE images SET visibility = "+change+" AND "+these.text, these.args...)
		if total += n; err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Todo is what a database needs next to be at the newest revision.
type Todo string

// The things to do, in their order.
const (
	Nothing    Todo = ""
	ToExpand   Todo = "expand"
	ToMigrate  Todo = "migrate"
	ToContract Todo = "contract"
)

// Todo tells what is to be done next.
func (d *DB) Todo(ctx context.Context) (Todo, error) {
	s, err := d.state(ctx)
	if err != nil {
		return Nothing, d.fail("Todo", err)
	}
	if s.has(pikeExpand01) {
		left := false
		if s.at(pikeExpand01) {
			left, err = d.pending(ctx)
		}
		if left {
			return ToMigrate, nil
		}
		return ToContract, d.fail("Todo", err)
	}
	next, err := s.expansion()
	if err != nil || next == nil {
		return Nothing, err
	}
	return ToExpand, nil
}

// pending reports whether an expanded database has images to migrate.
func (r reads) pending(ctx context.Context) (bool, error) {
	for _, which := range []string{unseen("visibility"), hidden("visibility")} {
		if left, err := column(ctx, r.q, "SELECT id FROM images WHERE "+which+" LIMIT 1"); err != nil || len(left) > 0 {
			return len(left) > 0, err
		}
	}
	return false, nil
}
