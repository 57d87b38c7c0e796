package db

import (
	"context"
	"database/sql"
	"embed"
	"slices"
	"strings"

	"goglance/glance/fault"
)

// The revisions whose schema this package works on. They differ in their name only: one ends the plain upgrade of
// the reference, the other its upgrade without downtime.
const (
	pike01         = "pike01"
	pikeContract01 = "pike_contract01"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the tables into an empty database, all at once, also when several processes try. It leaves a
// database at a revision known here as it is and refuses any other.
func (d *DB) Migrate(ctx context.Context) error {
	ready, err := d.ready(ctx)
	if err == nil && !ready {
		err = d.Tx(ctx, func(t *Tx) error { return t.create(ctx) })
	}
	return d.fail("Migrate", err)
}

// create makes the tables, unless another process was quicker.
func (t *Tx) create(ctx context.Context) error {
	ready, err := t.ready(ctx)
	if err != nil || ready {
		return err
	}
	text, err := migrations.ReadFile("migrations/" + t.engine.schema + "/" + pike01 + ".sql")
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, string(text))
	return err
}

// ready reports whether the tables are there.
func (r reads) ready(ctx context.Context) (bool, error) {
	tables, err := column(ctx, r.q, r.engine.tables)
	if err != nil {
		return false, err
	}
	var revisions []string
	if slices.Contains(tables, "alembic_version") {
		if revisions, err = column(ctx, r.q, "SELECT version_num FROM alembic_version ORDER BY version_num"); err != nil {
			return false, err
		}
	}
	if len(revisions) == 0 {
		return false, mustBeEmpty(tables)
	}
	if len(revisions) == 1 && (revisions[0] == pike01 || revisions[0] == pikeContract01) {
		return true, nil
	}
	return false, fault.New(fault.Conflict, "the database is at revision %s; only %s and %s can be served",
		strings.Join(revisions, ", "), pike01, pikeContract01)
}

// mustBeEmpty refuses a database that has tables but no revision.
func mustBeEmpty(tables []string) error {
	for _, table := range tables {
		if table != "alembic_version" && table != "migrate_version" {
			return fault.New(fault.Conflict,
				"the database names no revision, yet it is not empty: it has a table %s", table)
		}
	}
	return nil
}

// column returns the values of the only column of a query.
func column(ctx context.Context, q querier, text string) ([]string, error) {
	var values []string
	err := each(ctx, q, query{text: text}, func(rows *sql.Rows) error {
		var value string
		err := rows.Scan(&value)
		values = append(values, value)
		return err
	})
	return values, err
}
