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

const txPause = 20 * time.Millisecond

// Tx is a transaction that may write. It is for one goroutine and ends with the function it was given to.
type Tx struct {
	reads
	tx   *sqlx.Tx
	long bool // its statements may take as long as they need
}

// Tx runs fn in a transaction: all of it happens, or nothing when fn fails, panics or ctx ends. fn may be run again
// after losing to another transaction or a broken connection, so it must not have effects elsewhere, and it should be
// short: others wait. It must not begin a second transaction on d. An error of fn comes back unchanged. Unavailable
// leaves open whether all of it happened: the connection may have broken before the answer.
//
// On SQLite the attempts together wait no longer than one bound (Options.BusyWait) while nothing is written, as when
// another process holds the file, however many wait at the same time; then it is Unavailable. Where there is only a long
// queue, which moves, they wait for their turn: nobody's upload is to be lost at its end because many end with it.
func (d *DB) Tx(ctx context.Context, fn func(*Tx) error) error {
	begin := time.Now()
	for attempt := 1; ; attempt++ {
		sent, err := d.once(ctx, begin, fn)
		if err == nil || sent && d.engine.lost(err) || !d.onceMore(ctx, attempt, begin, err) {
			return err
		}
	}
}

// onceMore waits before another attempt at a transaction, or says that there is to be none.
func (d *DB) onceMore(ctx context.Context, attempt int, begin time.Time, err error) bool {
	switch {
	case d.engine.again(err) && d.patience > 0: // the file was locked; the attempt has waited for it
		return d.idle(begin) < d.patience && pause(ctx, rand.N(txPause)) == nil
	case d.engine.again(err):
		// Two that collided should not do so again.
		return attempt < d.engine.attempts && pause(ctx, time.Duration(attempt)*txPause+rand.N(txPause)) == nil
	case d.engine.lost(err):
		return d.reconnect(ctx, attempt, begin)
	}
	return false
}

// reconnect waits for a lost connection, which an attempt of a call had that began at begin. The first may have had one of the
// pool's that was dead already, so another is made at once; not if the server did not even say no.
func (d *DB) reconnect(ctx context.Context, attempt int, begin time.Time) bool {
	if attempt == 1 && time.Since(begin) < connectTime {
		return ctx.Err() == nil
	}
	o := d.options
	if !o.Reconnect || o.ReconnectRetries >= 0 && attempt > o.ReconnectRetries {
		return false
	}
	wait := o.ReconnectInterval
	for n := 2; n < attempt && o.ReconnectGrow && wait < o.ReconnectMax; n++ {
		wait *= 2
	}
	if o.ReconnectGrow {
		wait = min(wait, o.ReconnectMax)
	}
	return pause(ctx, wait) == nil
}

// once makes one attempt, of a call that began at begin, and reports whether it got as far as the commit.
func (d *DB) once(ctx context.Context, begin time.Time, fn func(*Tx) error) (sent bool, err error) {
	tx, end, err := d.begin(ctx, begin, d.writer, &d.engine.writing)
	if err != nil {
		return false, err
	}
	defer end()
	t := &Tx{tx: tx}
	t.reads = reads{core: d.core, q: tx, snapshot: func(_ context.Context, read func(querier) error) error { return read(tx) }}
	if err = fn(t); err != nil {
		return false, err
	}
	if ctx.Err() != nil {
		return false, d.fail("Tx", ctx.Err())
	}
	if err = tx.Commit(); err == nil {
		d.wrote.Store(int64(time.Since(d.opened)))
	}
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = ctx.Err() // database/sql has rolled back behind our back, and this is why
	}
	return true, d.fail("Tx", err)
}

// view runs read on one state of the database, once more if the connection broke.
func (d *DB) view(ctx context.Context, read func(querier) error) error {
	begin := time.Now()
	for attempt := 1; ; attempt++ {
		err := d.viewOnce(ctx, read)
		switch {
		case err == nil:
			return nil
		case d.engine.again(err) && d.patience == 0: // an upgrade has changed a table under it
			if attempt >= d.engine.attempts || pause(ctx, txPause) != nil {
				return err
			}
		case !d.engine.lost(err) || !d.reconnect(ctx, attempt, begin):
			return err
		}
	}
}

func (d *DB) viewOnce(ctx context.Context, read func(querier) error) error {
	tx, end, err := d.begin(ctx, time.Now(), d.readers, &d.engine.reading)
	if err != nil {
		return err
	}
	defer end()
	return read(tx)
}

// begin begins a transaction, of a call that began at since, within the bounds on waiting for a connection and on the
// whole. end gives the connection back, and rolls back what was not committed.
func (d *DB) begin(ctx context.Context, since time.Time, from *sqlx.DB, how *sql.TxOptions) (tx *sqlx.Tx, end func(), err error) {
	conn, err := d.connect(ctx, since, from)
	if err != nil {
		return nil, nil, beginError(ctx, err)
	}
	// SQLite waits for no network, and the driver would start a goroutine to end a BEGIN that takes a microsecond.
	bounded, cancel := context.WithoutCancel(ctx), func() {}
	if d.engine.longest > 0 {
		bounded, cancel = context.WithTimeout(ctx, d.engine.longest)
	}
	if tx, err = conn.BeginTxx(bounded, how); err != nil {
		cancel()
		return nil, nil, beginError(ctx, errors.Join(err, conn.Close()))
	}
	return tx, func() { _ = tx.Rollback(); cancel(); _ = conn.Close() }, nil // after a commit there is nothing to roll back
}

// connect waits for a connection, of a call that began at since. SQLite has one that writes: who waits for it waits for
// the lock of the file.
func (d *DB) connect(ctx context.Context, since time.Time, from *sqlx.DB) (*sqlx.Conn, error) {
	waiting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	if d.patience == 0 {
		wait := ioTime
		if d.options.PoolTimeout > 0 {
			wait = d.options.PoolTimeout
		}
		defer time.AfterFunc(wait, giveUp).Stop()
		return from.Connx(waiting)
	}
	var watch *time.Timer
	watch = time.AfterFunc(time.Hour, func() {
		if left := d.patience - d.idle(since); left > 0 {
			watch.Reset(left)
			return
		}
		giveUp()
	})
	defer watch.Stop()
	watch.Reset(d.patience - d.idle(since))
	return from.Connx(waiting)
}

// idle returns for how long nothing has been written, counted from the given time at the earliest.
func (d *DB) idle(since time.Time) time.Duration {
	return min(time.Since(since), time.Since(d.opened)-time.Duration(d.wrote.Load()))
}

// beginError is for a transaction that did not even begin: unless the caller gave up, the database is to blame.
func beginError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(fault.Internal, "db.begin", errors.Join(ctx.Err(), err))
	}
	return fault.Wrap(fault.Unavailable, "db.begin", err)
}

// Usage is that of all reads, and holds other transactions that ask for the usage of this owner until this one ends:
// what two uploads found room for one by one, they may not have room for together. His images are the lock: whatever
// adds to his usage has one of them.
func (t *Tx) Usage(ctx context.Context, owner, except string) (int64, error) {
	if t.engine.lock != "" {
		whose := t.whose("owner", owner)
		ask := query{"SELECT id FROM images WHERE NOT deleted AND " + whose.text + " ORDER BY id" + t.engine.lock, whose.args}
		if err := each(ctx, t.q, ask, func(*sql.Rows) error { return nil }); err != nil {
			return 0, t.fail("Usage", err)
		}
	}
	return t.reads.Usage(ctx, owner, except)
}

// exec runs a statement and returns how many rows it changed.
func (t *Tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	bounded, cancel := ctx, func() {}
	if !t.long {
		bounded, cancel = context.WithTimeout(ctx, ioTime)
	}
	defer cancel()
	res, err := t.tx.ExecContext(bounded, t.tx.Rebind(text), args...)
	if err != nil {
		return 0, outOfTime(ctx, bounded, err)
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
