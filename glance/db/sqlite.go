package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/mattn/go-sqlite3"
)

const (
	mostReaders     = 8
	defaultBusyWait = 10 * time.Second
	openPause       = 20 * time.Millisecond

	// A writer waits in the driver, where nothing can end the wait, for a short time, and then asks again (DB.Tx): so
	// the one connection that writes comes free in between, and all who wait for it give up when their own time is over.
	writerWait = time.Second
)

func sqliteDialect() dialect {
	return dialect{
		schema:    "sqlite",
		local:     true,
		tables:    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'",
		indexes:   "SELECT name FROM sqlite_master WHERE type = 'index'",
		makeIndex: partialIndex,
		// The driver tries a dozen formats on a column it knows to be a time. Of an expression it knows nothing.
		time:      func(column string) string { return "CAST(" + column + " AS TEXT)" },
		unindexed: func(column string) string { return "+" + column },
		lead:      asIs,
		plain:     asIs,
		exact:     asIs,
		ordered:   asIs,
		orderedID: "id",
		// A statement whose plan may depend on a parameter is planned anew each time: what is cast could be anything.
		is:        func(column, value string) query { return query{column + " = CAST(? AS TEXT)", []any{value}} },
		nullsLow:  true,
		precision: time.Microsecond,
		reading:   sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		lost:      func(error) bool { return false },
		gone:      sqliteGone,
		again:     sqliteBusy,
		locked:    sqliteBusy,
		duplicate: sqliteDuplicate,
		holder:    sqliteHolder,
		unfit:     func(err error) bool { return sqliteCode(err, sqlite3.ErrTooBig) },
	}
}

// openSQLite opens one connection for writing, so that the writers of this process queue in memory and not at the
// lock of the file, and a bounded number for reading.
//
// A file of our own, o.Path, gets write-ahead logging, which lets readers run beside the writer. One that a connection
// URL names may be other programs' too, so it keeps the journal that it has (spec storage-db 4.2).
func openSQLite(ctx context.Context, l location, o Options) (writer, readers *sqlx.DB, err error) {
	wait, n := busyWait(l, o), o.Readers
	if n <= 0 { // each has a cache of its own, and more than can run at once take those of the processors from each other
		n = min(runtime.GOMAXPROCS(0)+1, mostReaders)
	}
	leanSQLite()
	params := map[string]string{"_txlock": "immediate", "_foreign_keys": "on", "_synchronous": "FULL"}
	path, params, err := sqliteFile(l, o, params)
	if err != nil {
		return nil, nil, err
	}
	writer, err = connectSQLite(ctx, wait, sqliteDSN(path, min(wait, writerWait), params), 1)
	if err != nil {
		return nil, nil, err
	}
	// Readers may not write, yet must not be mode=ro: whoever closes last has to clear away the log. Where they have to
	// wait for a lock at all, others wait for their connections before, hence the half.
	readers, err = connectSQLite(ctx, wait, sqliteDSN(path, wait/2, map[string]string{"mode": "rw", "_query_only": "on"}), n)
	if err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	return writer, readers, nil
}

// busyWait is how long a call waits for the locks of others on the file.
func busyWait(l location, o Options) time.Duration {
	if wait := seconds(l.option("timeout"), o.BusyWait); wait > 0 {
		return wait
	}
	return defaultBusyWait
}

func sqliteFile(l location, o Options, params map[string]string) (string, map[string]string, error) {
	path := l.database
	switch {
	case o.Path != "":
		path, params["_journal_mode"] = o.Path, "WAL"
	case !o.SQLiteSynchronous:
		params["_synchronous"] = "OFF"
	}
	if o.Existing && o.Path == "" {
		params["mode"] = "rw"
	}
	path, err := filepath.Abs(path)
	return path, params, err
}

// sqliteDSN writes the path as a URI: in a plain DSN a question mark would end it.
func sqliteDSN(path string, wait time.Duration, params map[string]string) string {
	q := url.Values{
		"_busy_timeout":    {strconv.FormatInt(wait.Milliseconds(), 10)},
		"_stmt_cache_size": {"64"},
		"_mutex":           {"no"}, // database/sql lends a connection to one goroutine at a time
	}
	for name, value := range params {
		q.Set(name, value)
	}
	file := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	return file.String()
}

// connectSQLite opens a pool of n connections and tries the first. While another process switches the file to
// write-ahead logging, SQLite fails at once instead of waiting, so the waiting is done here.
func connectSQLite(ctx context.Context, wait time.Duration, dsn string, n int) (*sqlx.DB, error) {
	pool, err := sqlx.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	for end := time.Now().Add(wait); ; {
		if err = pool.PingContext(ctx); err == nil {
			return pool, nil
		}
		if time.Now().After(end) || !sqliteBusy(err) || pause(ctx, openPause) != nil {
			return nil, fmt.Errorf("cannot open the database: %w", errors.Join(err, pool.Close()))
		}
	}
}

func sqliteBusy(err error) bool {
	return sqliteCode(err, sqlite3.ErrBusy, sqlite3.ErrLocked)
}

func sqliteGone(err error) bool {
	return sqliteBusy(err) || sqliteCode(err, sqlite3.ErrIoErr, sqlite3.ErrCantOpen, sqlite3.ErrFull,
		sqlite3.ErrReadonly, sqlite3.ErrNotADB, sqlite3.ErrPerm)
}

func sqliteDuplicate(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) &&
		(e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey || e.ExtendedCode == sqlite3.ErrConstraintUnique)
}

// sqliteHolder does not find the table: SQLite tells of none.
func sqliteHolder(err error) string {
	var e sqlite3.Error
	if errors.As(err, &e) && e.ExtendedCode == sqlite3.ErrConstraintForeignKey {
		return unknownHolder
	}
	return ""
}

func sqliteCode(err error, codes ...sqlite3.ErrNo) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, code := range codes {
		if e.Code == code {
			return true
		}
	}
	return false
}
