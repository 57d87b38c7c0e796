package db

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"goglance/glance/fault"
)

// The revisions of the reference up to Pike (spec storage-db 3.2). A database reaches pike01 by the linear road, while no
// service runs, or pike_contract01 by a rolling upgrade, whose expansion adds and whose contraction removes. Both are the
// same schema.
const (
	liberty        = "liberty"
	mitaka01       = "mitaka01"
	mitaka02       = "mitaka02"
	ocata01        = "ocata01"
	pike01         = "pike01"
	ocataExpand01  = "ocata_expand01"
	ocataContract1 = "ocata_contract01"
	pikeExpand01   = "pike_expand01"
	pikeContract01 = "pike_contract01"
)

// linear is the linear road.
func linear() []string { return []string{liberty, mitaka01, mitaka02, ocata01, pike01} }

// bases are the revisions that can be served: Pike's tables, Ocata's, which are the same but for those of Glare, and
// later ones, up to wallaby_contract01, as what they add may be NULL or has a default (spec storage-db 3.3). A database
// between the two halves of an upgrade has a row for each.
func bases() []string {
	return []string{ocata01, ocataContract1, pike01, pikeContract01, "queens_contract01", "rocky_contract01", "rocky_contract02",
		"train_contract01", "ussuri_contract01", "wallaby_contract01"}
}

func expansions() []string {
	return []string{"queens_expand01", "rocky_expand01", "rocky_expand02", "train_expand01", "ussuri_expand01", "wallaby_expand01"}
}

// known is every revision that a database can be said to be at by Stamp.
func known() []string {
	return slices.Concat(linear(), []string{ocataExpand01, pikeExpand01}, bases()[1:], expansions())
}

// state is what a database says of its schema.
type state struct {
	tables     []string
	revisions  []string // sorted
	legacy     int      // the number that SQLAlchemy-Migrate has left; of no account where there are revisions
	unfinished string   // the revision whose tables were being made; "": none
}

// at reports whether the revisions are these, which are to be sorted.
func (s state) at(revisions ...string) bool { return slices.Equal(s.revisions, revisions) }

func (s state) has(revision string) bool { return slices.Contains(s.revisions, revision) }

// place is the place on the linear road; -1: none.
func (s state) place() int {
	if len(s.revisions) != 1 {
		return -1
	}
	return slices.Index(linear(), s.revisions[0])
}

// rolling reports whether the expansion of a rolling upgrade to Pike has been made, and its contraction not.
func (s state) rolling() bool { return s.has(ocataExpand01) || s.has(pikeExpand01) }

// unknown is the error for a database that no road leads on from.
func (s state) unknown() error {
	if len(s.revisions) > 0 {
		return fault.New(fault.Conflict, "the database is at revision %s, which is not one of this release's; nothing was done",
			strings.Join(s.revisions, ", "))
	}
	return mustBeEmpty(s.tables)
}

const unfinishedMark = "goglance: unfinished"

// state reads what the database says.
func (r reads) state(ctx context.Context) (s state, err error) {
	if s.tables, err = column(ctx, r.q, r.engine.tables); err != nil {
		return s, err
	}
	if slices.Contains(s.tables, "alembic_version") {
		s.revisions, err = column(ctx, r.q, "SELECT version_num FROM alembic_version")
		slices.Sort(s.revisions)
	}
	if err != nil || len(s.revisions) > 0 || !slices.Contains(s.tables, "migrate_version") {
		return s, err
	}
	ask := query{"SELECT repository_id, COALESCE(repository_path, ''), COALESCE(version, 0) FROM migrate_version", nil}
	return s, each(ctx, r.q, ask, func(rows *sql.Rows) error {
		var id, path string
		var number int
		err := rows.Scan(&id, &path, &number)
		if id != unfinishedMark {
			s.legacy = max(s.legacy, number)
		} else if s.unfinished = path; path == "" {
			s.unfinished = pike01
		}
		return err
	})
}

// Ready reports whether the tables are there. An empty database is not ready; one with tables of another schema than
// those that can be served is a Conflict, whose message names its revision.
func (d *DB) Ready(ctx context.Context) (bool, error) {
	ready, err := d.ready(ctx)
	return ready, d.fail("Ready", err)
}

// Revisions returns the revisions that the database names, sorted: none when it is empty, or has not been under the
// control of Alembic yet.
func (d *DB) Revisions(ctx context.Context) ([]string, error) {
	s, err := d.state(ctx)
	return s.revisions, d.fail("Revisions", err)
}

// ready is Ready, for a transaction too.
func (r reads) ready(ctx context.Context) (bool, error) {
	s, err := r.state(ctx)
	switch {
	case err != nil:
		return false, err
	case s.at(ocataExpand01), s.at(pikeExpand01):
		return true, r.migrated(ctx)
	case len(s.revisions) > 0:
		return true, s.served()
	case s.legacy > 0:
		return false, fault.New(fault.Conflict, "the database is at version %d of SQLAlchemy-Migrate, that of an older release", s.legacy)
	case s.unfinished == pike01:
		return false, nil
	case s.unfinished != "":
		return false, fault.New(fault.Conflict, "the tables of revision %s are not all made", s.unfinished)
	}
	return false, mustBeEmpty(s.tables)
}

// served refuses a database whose schema is not, or not certainly, one that this package works on.
func (s state) served() error {
	found := 0
	for _, revision := range s.revisions {
		switch {
		case slices.Contains(bases(), revision):
			found++
		case !slices.Contains(expansions(), revision):
			found = -len(s.revisions)
		}
	}
	if found == 1 || s.at(ocataContract1, pikeExpand01) {
		return nil
	}
	return fault.New(fault.Conflict, "the database is at revision %s; from %s to wallaby_contract01 can be served",
		strings.Join(s.revisions, ", "), ocata01)
}

// migrated refuses an expanded database that has images without a visibility. Once there are none, no more come: what
// the services of the older release write, the triggers complete (spec storage-db 3.4).
func (r reads) migrated(ctx context.Context) error {
	left, err := column(ctx, r.q, "SELECT id FROM images WHERE visibility IS NULL LIMIT 1")
	if err == nil && len(left) > 0 {
		err = fault.New(fault.Conflict, `the database is expanded, and its data is not migrated yet ("glance-manage db migrate")`)
	}
	return err
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
	return texts(ctx, q, query{text: text})
}

// texts is column for a query with arguments.
func texts(ctx context.Context, q querier, ask query) ([]string, error) {
	var values []string
	err := each(ctx, q, ask, func(rows *sql.Rows) error {
		var value string
		err := rows.Scan(&value)
		values = append(values, value)
		return err
	})
	return values, err
}

// idsIn is the condition for rows with one of these ids, of which there is one at least.
func idsIn(ids []string) query {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return query{"id IN (" + marks(len(ids)) + ")", args}
}
