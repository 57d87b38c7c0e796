package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

//go:embed migrations
var migrations embed.FS

// Bounds on the wait for others that use the tables: what waits for a table keeps all who come later waiting too, so it
// gives up soon, and tries again.
const (
	stepPause    = 200 * time.Millisecond
	stepPatience = 10 * time.Minute
)

// step leads from one revision to the next.
type step struct {
	from, to string   // the row that goes, "" is none, and the one that comes
	absorbed string   // another row that goes
	after    string   // the revision before, where its row is not there to go
	files    []string // of SQL; none: the schema stays as it is
	first    bool     // it makes the first tables
	indexes  bool     // of our own are made too
	settled  bool     // no data may be left to migrate
	legacy   int      // the number of SQLAlchemy-Migrate that the revision stands for
}

// newest makes the tables of Pike at once.
func newest() *step {
	return &step{to: pike01, first: true, files: []string{"images", "tables"}, indexes: true}
}

// alone runs change while no other process changes tables: in a transaction on a connection of its own, for which the
// bounds on those of a service do not hold. It is run again when it has lost to others, so it must be of use after it was
// cut short: MariaDB ends a transaction at every change of a table.
func (d *DB) alone(ctx context.Context, change func(*Tx) error) error {
	told := false
	for begin := time.Now(); ; {
		err := d.aloneOnce(ctx, change)
		switch {
		case errors.Is(err, errHeld):
			begin, told = time.Now(), d.tellHeld(told)
		case err == nil || !d.engine.again(err) && !d.engine.locked(err) || time.Since(begin) > stepPatience:
			return err
		}
		if e := pause(ctx, stepPause); e != nil {
			return errors.Join(e, err)
		}
	}
}

// errHeld says that another process changes tables.
var errHeld = errors.New("another process is changing the tables")

func (d *DB) tellHeld(told bool) bool {
	if !told {
		d.options.notice("%v; waiting for it", errHeld)
	}
	return true
}

func (d *DB) aloneOnce(ctx context.Context, change func(*Tx) error) error {
	conn, err := d.writer.Connx(ctx)
	if err != nil {
		return beginError(ctx, err)
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool, or was lost
	tx, err := conn.BeginTxx(ctx, &sql.TxOptions{Isolation: d.engine.writing.Isolation})
	if err != nil {
		return beginError(ctx, err)
	}
	t := &Tx{tx: tx, long: true}
	t.reads = reads{core: d.core, q: tx, snapshot: func(_ context.Context, read func(querier) error) error { return read(tx) }}
	if err = lockTables(ctx, tx, d.engine.alone); err == nil {
		if err = change(t); err == nil {
			err = tx.Commit()
		}
	}
	_ = tx.Rollback() // after a commit it does nothing
	if d.engine.together != "" {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), d.engine.together) // if it fails the connection is lost, and the lock with it
	}
	return err
}

// holding is alone for what cannot be in a transaction, and must not be cut off from its lock: a server that has lost its
// client goes on with a statement, and with the lock that the connection holds. change may be run again.
func (d *DB) holding(ctx context.Context, change func(*sqlx.Conn) error) error {
	conn, err := d.writer.Connx(ctx)
	if err != nil {
		return beginError(ctx, err)
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool, or was lost
	for told := false; ; told = d.tellHeld(told) {
		err = lockTables(ctx, conn, d.engine.hold)
		if !errors.Is(err, errHeld) {
			break
		}
		if err = pause(ctx, stepPause); err != nil {
			break
		}
	}
	if err != nil {
		return err
	}
	err = d.inHurry(ctx, conn, change)
	if d.engine.letGo != "" {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), d.engine.letGo) // if it fails the connection is lost, and the lock with it
	}
	return err
}

// inHurry runs change again when it has given up to wait for a table, for which MariaDB keeps all others waiting too.
func (d *DB) inHurry(ctx context.Context, conn *sqlx.Conn, change func(*sqlx.Conn) error) error {
	if d.engine.commits {
		if _, err := conn.ExecContext(ctx, d.engine.hurry); err != nil {
			return err
		}
	}
	for begin := time.Now(); ; {
		err := change(conn)
		if err == nil || !d.engine.locked(err) || time.Since(begin) > stepPatience {
			return err
		}
		if e := pause(ctx, stepPause); e != nil {
			return errors.Join(e, err)
		}
	}
}

// lockTables locks all tables against other processes that change them, by asking; it does not wait, as a transaction that
// does keeps others of PostgreSQL from making an index.
func lockTables(ctx context.Context, q querier, ask string) error {
	if ask == "" {
		return nil
	}
	answer, err := column(ctx, q, ask)
	if err == nil && !slices.Equal(answer, []string{"1"}) {
		err = errHeld
	}
	return err
}

// take takes a step.
func (t *Tx) take(ctx context.Context, s *step) error {
	if s.first || s.legacy > 0 {
		if err := t.runFile(ctx, "versions"); err != nil {
			return err
		}
	}
	if s.first {
		if err := t.markUnfinished(ctx, s.to); err != nil {
			return err
		}
	}
	for _, file := range s.files {
		if err := t.runFile(ctx, file); err != nil {
			return err
		}
	}
	if s.indexes {
		if err := t.makeIndexes(ctx); err != nil {
			return err
		}
	}
	return t.stamp(ctx, s)
}

// markUnfinished says which tables are being made, for the case that this is cut short on MariaDB.
func (t *Tx) markUnfinished(ctx context.Context, revision string) error {
	n, err := t.exec(ctx, "UPDATE migrate_version SET repository_path = ? WHERE repository_id = ?", revision, unfinishedMark)
	if err == nil && n == 0 {
		_, err = t.exec(ctx, "INSERT INTO migrate_version (repository_id, repository_path) VALUES (?, ?)", unfinishedMark, revision)
	}
	return err
}

// stamp has the database name the revision of a step, in one go also where changes of tables end a transaction.
func (t *Tx) stamp(ctx context.Context, s *step) error {
	if t.engine.commits {
		if _, err := t.exec(ctx, "START TRANSACTION"); err != nil {
			return err
		}
	}
	for _, row := range []string{s.from, s.absorbed} {
		if _, err := t.exec(ctx, "DELETE FROM alembic_version WHERE version_num = ?", row); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, "INSERT INTO alembic_version (version_num) VALUES (?)", s.to)
	if err == nil && s.first {
		_, err = t.exec(ctx, "DELETE FROM migrate_version WHERE repository_id = ?", unfinishedMark)
	}
	return err
}

// runFile runs the statements of a file in migrations.
func (t *Tx) runFile(ctx context.Context, name string) error {
	text, err := migrations.ReadFile("migrations/" + t.engine.schema + "/" + name + ".sql")
	if err != nil {
		text, err = migrations.ReadFile("migrations/all/" + name + ".sql")
	}
	if err != nil {
		return err
	}
	for _, statement := range statements(string(text)) {
		if err = t.runStatement(ctx, statement); err != nil {
			return fmt.Errorf("%s.sql: %w", name, err)
		}
	}
	return nil
}

// statements splits the text of a file. A statement ends at a semicolon at the end of a line, unless the next line is
// indented: so much for those that have statements in them.
func statements(text string) []string {
	end := regexp.MustCompile(`;\n(?:[^\t]|$)`)
	var all []string
	for {
		at := end.FindStringIndex(text)
		if at == nil {
			return all
		}
		all = append(all, strings.TrimSpace(text[:at[0]]))
		text = text[at[0]+2:]
	}
}

// The words before a statement, each on a line of its own, that say whether it is run, and what before it.
const (
	wordIf      = "-- if "      // there is such a column or index, as images.visibility, or trigger
	wordUnless  = "-- unless "  // there is not
	wordInclude = "-- include " // the file
)

// runStatement runs a statement of a file, as the lines before it say. What Tx.exec does for others is not for these:
// they have no parameters, and may take long.
func (t *Tx) runStatement(ctx context.Context, text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if file, ok := strings.CutPrefix(line, wordInclude); ok {
			if err := t.runFile(ctx, file); err != nil {
				return err
			}
		}
		thing, wanted := strings.CutPrefix(line, wordIf)
		if !wanted {
			var unwanted bool
			if thing, unwanted = strings.CutPrefix(line, wordUnless); !unwanted {
				continue
			}
		}
		had, err := column(ctx, t.q, t.engine.things)
		if err != nil || slices.Contains(had, thing) != wanted {
			return err
		}
	}
	_, err := t.tx.ExecContext(ctx, text)
	return err
}

// hurry has the statements of an upgrade give up soon when they must wait for others.
func (t *Tx) hurry(ctx context.Context) error {
	if t.engine.hurry == "" {
		return nil
	}
	_, err := t.tx.ExecContext(ctx, t.engine.hurry)
	return err
}
