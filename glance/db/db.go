// Package db keeps images in an SQL database that a Python Glance of the Pike release may share: its tables, its
// spellings of times and JSON, its encryption of locations.
//
// Reads are methods of both DB and Tx. Those of DB see one state of the database for as long as the call lasts; those
// of Tx see the transaction's own. Errors are faults: NotFound, Conflict, Unavailable when the database cannot be had,
// Internal for the rest; a context that ends shows as its own error (errors.Is).
package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"goglance/glance/fault"
)

// Options say which database to open and how.
type Options struct {
	Path string // of the SQLite file, which is made when it is not there; its folder must be

	MetadataEncryptionKey string `name:"metadata_encryption_key" group:"DEFAULT" help:"AES key of 16, 24 or 32 bytes that location URLs are encrypted with; empty: they are stored in clear"`
	Readers               int    `name:"sqlite_readers" group:"database" default:"8" help:"connections that read from an SQLite database at the same time"`

	BusyWait time.Duration    // how long one attempt waits for another process's lock; 0: 10 s
	Clock    func() time.Time // for changes that do not say At; nil: time.Now
}

// DB is an open database. It is safe for use by many goroutines; Close it when the last of them is done.
type DB struct {
	reads
	writer  *sqlx.DB
	readers *sqlx.DB
}

// Open opens the database. It makes no tables: see Migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Path == "" {
		return nil, errors.New("db.Open: no path of a database file")
	}
	urls, err := newURLCodec(o.MetadataEncryptionKey)
	if err != nil {
		return nil, fmt.Errorf("db.Open: metadata_encryption_key: %w", err)
	}
	c := &core{engine: sqliteDialect(), urls: urls, clock: o.Clock}
	if c.clock == nil {
		c.clock = time.Now
	}
	d := &DB{}
	if d.writer, d.readers, err = openSQLite(ctx, o); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "db.Open", err)
	}
	d.reads = reads{core: c, q: d.readers, snapshot: d.view}
	return d, nil
}

// closeWait bounds how long Close waits for reads under way.
const closeWait = 10 * time.Second

// Close closes the database. With nothing left running, the last process to close it leaves a single file.
func (d *DB) Close() error {
	err := d.readers.Close()
	// The connection that closes last clears the log away. Two that close at once would leave it to each other.
	for end := time.Now().Add(closeWait); d.readers.Stats().OpenConnections > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	return errors.Join(err, d.writer.Close())
}

// core is what DB and Tx have in common.
type core struct {
	engine dialect
	urls   urlCodec
	clock  func() time.Time
}

// now returns the time in the precision that the database keeps, so that what is written with it reads back equal.
func (c *core) now() time.Time { return precise(c.clock()) }

// orNow returns t, or now when t is zero.
func (c *core) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return c.now()
	}
	return precise(t)
}

// fail gives an error of the database its kind. Faults that were classified before pass unchanged.
func (c *core) fail(op string, err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind := fault.Internal
	if c.engine.gone(err) {
		kind = fault.Unavailable
	}
	return fault.Wrap(kind, "db."+op, err)
}
