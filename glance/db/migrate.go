package db

import (
	"context"
	"database/sql"
	"embed"
	"slices"
	"strings"

	"goglance/glance/fault"
)

// pike01 is the revision that Migrate makes. Later ones, up to wallaby_contract01, are served too: what they add may be
// NULL or has a default (spec storage-db 3.3). A database between the two halves of an upgrade has a row for each.
const pike01 = "pike01"

func bases() []string {
	return []string{pike01, "pike_contract01", "queens_contract01", "rocky_contract01", "rocky_contract02", "train_contract01",
		"ussuri_contract01", "wallaby_contract01"}
}

func expansions() []string {
	return []string{"queens_expand01", "rocky_expand01", "rocky_expand02", "train_expand01", "ussuri_expand01", "wallaby_expand01"}
}

//go:embed migrations
var migrations embed.FS

// Migrate brings the tables into an empty database, all at once, also when several processes try. It leaves a
// database at a revision known here as it is and refuses any other.
func (d *DB) Migrate(ctx context.Context) error {
	return d.MigrateWith(ctx, func(context.Context, *Tx) error { return nil })
}

// MigrateWith is Migrate with rows that an empty database gets together with its tables; one that has tables is not
// filled. On MariaDB, which ends a transaction at every table, rows may be missing afterwards.
func (d *DB) MigrateWith(ctx context.Context, fill func(context.Context, *Tx) error) error {
	ready, err := d.ready(ctx)
	if err == nil && !ready {
		err = d.Tx(ctx, func(t *Tx) error { return t.create(ctx, fill) })
	}
	return d.fail("Migrate", err)
}

// create makes the tables and fills them, unless another process was quicker.
func (t *Tx) create(ctx context.Context, fill func(context.Context, *Tx) error) error {
	if err := t.says(ctx, t.engine.alone); err != nil {
		return err
	}
	defer t.says(context.WithoutCancel(ctx), t.engine.together) //nolint:errcheck // then the connection is lost, and the lock with it
	ready, err := t.ready(ctx)
	if err != nil || ready {
		return err
	}
	text, err := migrations.ReadFile("migrations/" + t.engine.schema + "/" + pike01 + ".sql")
	if err != nil {
		return err
	}
	for statement := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err = t.exec(ctx, statement); err != nil {
			return err
		}
	}
	return fill(ctx, t)
}

// says asks a question that only 1 answers well; "" is none.
func (t *Tx) says(ctx context.Context, question string) error {
	if question == "" {
		return nil
	}
	answer, err := column(ctx, t.q, question)
	if err == nil && !slices.Equal(answer, []string{"1"}) {
		err = fault.New(fault.Unavailable, "another process is making the tables, or was stopped at it")
	}
	return err
}

// ready reports whether the tables are there.
func (r reads) ready(ctx context.Context) (bool, error) {
	tables, err := column(ctx, r.q, r.engine.tables)
	if err != nil {
		return false, err
	}
	revisions, err := r.revisions(ctx, tables)
	if err != nil {
		return false, err
	}
	if len(revisions) > 0 {
		return true, served(revisions)
	}
	var unfinished []string
	if slices.Contains(tables, "migrate_version") {
		const ask = "SELECT repository_id FROM migrate_version WHERE repository_id = 'goglance: unfinished'"
		if unfinished, err = column(ctx, r.q, ask); err != nil || len(unfinished) > 0 {
			return false, err
		}
	}
	return false, mustBeEmpty(tables)
}

// served refuses a database whose schema is not, or not certainly, one that this package works on.
func served(revisions []string) error {
	found := 0
	for _, revision := range revisions {
		switch {
		case slices.Contains(bases(), revision):
			found++
		case !slices.Contains(expansions(), revision):
			found = -len(revisions)
		}
	}
	if found == 1 {
		return nil
	}
	return fault.New(fault.Conflict, "the database is at revision %s; from %s to wallaby_contract01 can be served",
		strings.Join(revisions, ", "), pike01)
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
