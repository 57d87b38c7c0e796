package db

import (
	"context"
	"slices"
)

// Ready reports whether the tables are there. An empty database is not ready; one with tables of another schema than
// those that can be served is a Conflict, whose message names its revision.
func (d *DB) Ready(ctx context.Context) (bool, error) {
	ready, err := d.ready(ctx)
	return ready, d.fail("Ready", err)
}

// Revisions returns the revisions that the database names, sorted: none when it is empty, or has not been under the
// control of Alembic yet.
func (d *DB) Revisions(ctx context.Context) ([]string, error) {
	tables, err := column(ctx, d.q, d.engine.tables)
	if err != nil {
		return nil, d.fail("Revisions", err)
	}
	revisions, err := d.revisions(ctx, tables)
	return revisions, d.fail("Revisions", err)
}

func (r reads) revisions(ctx context.Context, tables []string) ([]string, error) {
	if !slices.Contains(tables, "alembic_version") {
		return nil, nil
	}
	return column(ctx, r.q, "SELECT version_num FROM alembic_version ORDER BY version_num")
}
