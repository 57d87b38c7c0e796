package db

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"goglance/glance/fault"
)

// Step is a step of an upgrade.
type Step struct {
	From, To string // revisions; From is "" for the first one
	Legacy   int    // the number of SQLAlchemy-Migrate that To stands for, where the database only gets its name
}

// LegacyError says that the schema is of a release before Liberty, by its number in SQLAlchemy-Migrate.
type LegacyError int

// Error says what to do.
func (e LegacyError) Error() string {
	return fmt.Sprintf("the database is at version %d of SQLAlchemy-Migrate, that of a release before Liberty: "+
		"upgrade Glance to Liberty first; nothing was done", int(e))
}

// Heads is the target of Upgrade for the last revision there is.
const Heads = "heads"

// road says which step follows a state; nil: there is none, its end is reached.
type road func(state) (*step, error)

// Upgrade brings a database along the linear road to a revision, or to Heads; no service may run meanwhile. One beyond
// it stays as it is. An empty database gets the tables of the revision; one that SQLAlchemy-Migrate has made is named
// first. tell is told of each step before it is taken. What was cut short is taken up by the next call.
func (d *DB) Upgrade(ctx context.Context, target string, tell func(Step)) error {
	if target == Heads {
		target = pike01
	}
	if !slices.Contains(linear(), target) {
		return fault.New(fault.Invalid, "there is no revision %q on the way to %s; a rolling upgrade has commands of its own",
			target, pike01)
	}
	err := d.walk(ctx, tell, func(s state) (*step, error) { return s.toward(target) })
	if err == nil && target == pike01 {
		err = d.completeIndexes(ctx)
	}
	return d.fail("Upgrade", err)
}

// completeIndexes makes the indexes of our own that a database lacks, as one that the reference has made: it may be served
// now, and what was cut short at this before is in the way of Tx.makeIndexes.
func (d *DB) completeIndexes(ctx context.Context) error {
	if d.engine.hold == "" {
		return d.alone(ctx, func(t *Tx) error { return t.makeIndexes(ctx) })
	}
	return d.MakeIndexes(ctx)
}

// Expand adds what the next release needs, while services of the release before may run (spec storage-db 4.4). Not on
// SQLite, which has no place for several services.
func (d *DB) Expand(ctx context.Context, tell func(Step)) error {
	err := d.canRoll()
	if err == nil {
		err = d.walk(ctx, tell, func(s state) (*step, error) {
			if s.at(ocataExpand01) {
				return nil, nil
			}
			return s.expansion()
		})
	}
	if err == nil {
		err = d.indexVisibility(ctx)
	}
	if err == nil {
		err = d.walk(ctx, tell, state.expansion)
	}
	return d.fail("Expand", err)
}

// indexVisibility makes the index of the column that an expansion has added, where that did not: on PostgreSQL, whose
// transactions keep all who write to a table waiting while one makes an index.
func (d *DB) indexVisibility(ctx context.Context) error {
	return d.makeBeside(ctx, []ownIndex{{name: "visibility_image_idx", table: "images", column: "visibility"}})
}

// Contract removes what only services of the release before need, once none runs any more and all data is migrated.
func (d *DB) Contract(ctx context.Context, tell func(Step)) error {
	err := d.canRoll()
	if err != nil {
		return err
	}
	if err = d.walk(ctx, tell, state.contraction); err == nil {
		err = d.MakeIndexes(ctx)
	}
	return d.fail("Contract", err)
}

// settled refuses a contraction while there is data to migrate.
func (r reads) settled(ctx context.Context) error {
	left, err := r.pending(ctx)
	if err == nil && left {
		err = fault.New(fault.Conflict, "Database contraction did not run. Database contraction cannot be run before data "+
			`migration is complete. Run data migration using "glance-manage db migrate".`)
	}
	return err
}

func (d *DB) canRoll() error {
	if d.engine.schema == "sqlite" {
		return fault.New(fault.Conflict, "Rolling upgrades are currently supported only for MySQL and PostgreSQL; "+
			`"glance-manage db sync" does all at once`)
	}
	return nil
}

// Stamp has the database name a revision, whatever its tables are.
func (d *DB) Stamp(ctx context.Context, revision string) error {
	if !slices.Contains(known(), revision) {
		return fault.New(fault.Invalid, "there is no revision %q", revision)
	}
	return d.fail("Stamp", d.alone(ctx, func(t *Tx) error {
		if err := t.runFile(ctx, "versions"); err != nil {
			return err
		}
		if t.engine.commits {
			if _, err := t.exec(ctx, "START TRANSACTION"); err != nil {
				return err
			}
		}
		_, err := t.exec(ctx, "DELETE FROM alembic_version")
		if err == nil {
			_, err = t.exec(ctx, "INSERT INTO alembic_version (version_num) VALUES (?)", revision)
		}
		return err
	}))
}

// walk takes one step of a road after the other, each while no other process does: two may walk at once.
func (d *DB) walk(ctx context.Context, tell func(Step), next road) error {
	for told := ""; ; {
		end := false
		err := d.alone(ctx, func(t *Tx) error {
			now, err := t.state(ctx)
			if err != nil {
				return err
			}
			s, err := next(now)
			if end = s == nil; err != nil || end {
				return err
			}
			if s.settled {
				if err = t.settled(ctx); err != nil {
					return err
				}
			}
			if told != s.to { // not when it is tried again
				tell(Step{s.from + s.after, s.to, s.legacy})
				told = s.to
			}
			if err = t.hurry(ctx); err == nil {
				err = t.take(ctx, s)
			}
			return err
		})
		if err != nil || end {
			return err
		}
	}
}

// toward is the linear road.
func (s state) toward(target string) (*step, error) {
	switch {
	case len(s.revisions) == 0 || s.place() >= 0:
		return s.ahead(target)
	case s.rolling():
		return nil, fault.New(fault.Conflict, "a rolling upgrade has begun, the database is at revision %s: "+
			`go on with "glance-manage db expand", "db migrate" and "db contract"`, strings.Join(s.revisions, ", "))
	case s.at(ocataContract1) && target == pike01:
		return &step{from: ocataContract1, to: pikeContract01, files: []string{pike01}}, nil
	case s.served() == nil:
		return nil, nil
	}
	return nil, s.unknown()
}

// ahead is the linear road of a database that is on it, or has no revision yet.
func (s state) ahead(target string) (*step, error) {
	if len(s.revisions) > 0 {
		if s.place() >= slices.Index(linear(), target) {
			return nil, nil
		}
		next := linear()[s.place()+1]
		return &step{from: s.revisions[0], to: next, files: []string{next}}, nil
	}
	switch {
	case s.unfinished != "":
		target = s.unfinished
	case s.legacy > 0:
		return adopted(s.legacy)
	}
	if err := mustBeEmpty(s.tables); err != nil && s.unfinished == "" {
		return nil, err
	}
	if target == pike01 {
		return newest(), nil
	}
	return &step{to: liberty, first: true, files: []string{liberty, "tables"}}, nil
}

// adopted is the step of a database that SQLAlchemy-Migrate has made (spec storage-db 3.1).
func adopted(number int) (*step, error) {
	const first = 42
	switch n := number - first; {
	case n < 0:
		return nil, LegacyError(number)
	case n < slices.Index(linear(), pike01):
		return &step{to: linear()[n], legacy: number}, nil
	}
	return nil, fault.New(fault.Conflict, "the database is at version %d of SQLAlchemy-Migrate, a state that is not known; "+
		"it cannot be placed under Alembic's control", number)
}

// expansion is the first half of the road of a rolling upgrade.
func (s state) expansion() (*step, error) {
	switch {
	case s.has(pikeExpand01):
		return nil, nil
	case s.at(ocataExpand01):
		return &step{from: ocataExpand01, to: pikeExpand01}, nil
	case s.at(ocataContract1):
		return &step{after: ocataExpand01, to: pikeExpand01}, nil
	case s.at(ocata01): // the same schema by its other name
		return &step{from: ocata01, to: ocataContract1}, nil
	case s.at(mitaka02):
		return &step{from: mitaka02, to: ocataExpand01, files: []string{ocataExpand01}}, nil
	case len(s.revisions) == 0 || s.place() >= 0:
		return s.ahead(mitaka02)
	case s.served() == nil:
		return nil, nil
	}
	return nil, s.unknown()
}

// contraction is its second half.
func (s state) contraction() (*step, error) {
	switch {
	case s.at(pikeExpand01):
		return &step{after: mitaka02, to: ocataContract1, files: []string{ocataContract1}, settled: true}, nil
	case s.at(ocataContract1, pikeExpand01):
		return &step{from: ocataContract1, to: pikeContract01, absorbed: pikeExpand01, files: []string{pike01}}, nil
	case !s.has(ocata01) && !s.has(ocataContract1) && s.served() == nil:
		return nil, nil
	}
	return nil, s.notExpanded("Database contraction")
}

// notExpanded refuses what an expansion comes before.
func (s state) notExpanded(what string) error {
	return fault.New(fault.Conflict, "%s did not run. %s cannot be run before database expansion. "+
		`Run database expansion first using "glance-manage db expand"`, what, what)
}
