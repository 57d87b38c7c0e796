package db

import "context"

// Migrate brings the tables into an empty database, all at once, also when several processes try. It leaves a
// database at a revision known here as it is and refuses any other, which Upgrade may be for.
func (d *DB) Migrate(ctx context.Context) error {
	return d.MigrateWith(ctx, func(context.Context, *Tx) error { return nil })
}

// MigrateWith is Migrate with rows that an empty database gets together with its tables; one that has tables is not
// filled. On MariaDB, which ends a transaction at every table, rows may be missing afterwards.
func (d *DB) MigrateWith(ctx context.Context, fill func(context.Context, *Tx) error) error {
	ready, err := d.ready(ctx)
	if err == nil && !ready {
		err = d.alone(ctx, func(t *Tx) error {
			ready, err := t.ready(ctx) // another process may have been quicker
			if err != nil || ready {
				return err
			}
			if err = t.take(ctx, newest()); err != nil {
				return err
			}
			return fill(ctx, t)
		})
	}
	if err == nil {
		err = d.noticeIndexes(ctx)
	}
	return d.fail("Migrate", err)
}
