package db

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"
	"goglance/glance/fault"
)

const (
	txAttempts = 3
	txPause    = 20 * time.Millisecond
)

// Tx is a transaction that may write. It is for one goroutine and ends with the function it was given to.
type Tx struct {
	reads
	tx *sqlx.Tx
}

// Tx runs fn in a transaction: all of it happens, or nothing when fn fails, panics or ctx ends. fn may be run again
// after losing to another process, so it must not have effects elsewhere, and it should be short: others wait. It must
// not begin a second transaction on d. An error of fn comes back unchanged.
func (d *DB) Tx(ctx context.Context, fn func(*Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := d.once(ctx, fn)
		if err == nil || attempt == txAttempts || !d.engine.again(err) {
			return err
		}
		// Two that collided should not do so again.
		if pause(ctx, time.Duration(attempt)*txPause+rand.N(txPause)) != nil {
			return err
		}
	}
}

func (d *DB) once(ctx context.Context, fn func(*Tx) error) error {
	tx, err := d.writer.BeginTxx(ctx, nil)
	if err != nil {
		return beginError(ctx, "Tx", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	t := &Tx{tx: tx}
	t.reads = reads{core: d.core, q: tx, snapshot: func(_ context.Context, read func(querier) error) error { return read(tx) }}
	if err = fn(t); err != nil {
		return err
	}
	err = tx.Commit()
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = ctx.Err() // database/sql has rolled back behind our back, and this is why
	}
	return d.fail("Tx", err)
}

// view runs read on one state of the database.
func (d *DB) view(ctx context.Context, read func(querier) error) error {
	tx, err := d.readers.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return beginError(ctx, "view", err)
	}
	defer func() { _ = tx.Rollback() }()
	return read(tx)
}

// beginError is for a transaction that did not even begin: unless the caller gave up, the database is to blame.
func beginError(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(fault.Internal, "db."+op, errors.Join(ctx.Err(), err))
	}
	return fault.Wrap(fault.Unavailable, "db."+op, err)
}

// exec runs a statement and returns how many rows it changed.
func (t *Tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(ctx, t.tx.Rebind(text), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// pause waits for about d; it fails when ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
