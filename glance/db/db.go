// Package db keeps images in an SQL database that a Python Glance, of the Pike release or a later one up to Wallaby's
// schema, may share and use at the same time: its tables, its spellings of times and JSON, its encryption of locations.
//
// Reads are methods of both DB and Tx. Those of DB see one state of the database for as long as the call lasts; those
// of Tx see the transaction's own. Errors are faults: NotFound, Conflict, Invalid for a value that the database cannot
// hold, Unavailable when it cannot be had, Internal for the rest; a context that ends shows as its own error
// (errors.Is). No error has a password in it.
//
// # Engines
//
// SQLite, MySQL or MariaDB, and PostgreSQL answer the same; dbtest is the suite that says so. What differs is in a
// dialect value, and where the tables of the reference leave no choice:
//
//   - MySQL keeps times in whole seconds. So nothing here goes by a time: Change.If compares the whole image, and
//     Change.Mark says whose a state is.
//   - The columns of MySQL compare text without regard to case, accents and spaces at the end. Comparisons are made exact
//     (dialect.is, dialect.exact). Unique keys stay as they are: of names that differ in that alone an image can have
//     one, and a second is refused.
//   - MySQL's utf8 has no characters of 4 bytes and its TEXT no more than 64 KiB, PostgreSQL has no U+0000. Such values are
//     refused, never cut, whatever the SQL mode: sessions are always strict.
//   - Lists are sorted by the bytes of text on every engine, NULL first.
//
// # Waiting
//
// A transaction that loses to another one is run again, some ten times. A connection that broke is replaced once,
// without waiting, unless its transaction was already being committed: then nobody knows, and Unavailable says so. A
// server that is away makes every call Unavailable at once (use_db_reconnect: later), one that does not answer after
// 30 seconds a statement. Nothing hangs.
//
// # Upgrades
//
// A database of Liberty, Mitaka, Newton or Ocata comes to Pike in steps, which are files of SQL in migrations named as the
// reference names its revisions. On PostgreSQL and SQLite a step happens whole or not at all. MariaDB ends a transaction
// at every change of a table, so there each statement may have been run before: it asks for what it is about, or is of no
// effect the second time. Processes that change tables wait for each other, step by step; what waits for a table in use
// gives up after 3 seconds and tries again, as all others would queue behind it. A rolling upgrade can be made on
// PostgreSQL too, where the reference has none: its triggers are those of MySQL.
//
// # The file of SQLite
//
// A file of our own (Options.Path) has a write-ahead log, so that readers never wait. One that a URL names keeps the
// journal that it has, as Python's tools may open it too; both kinds are a single file once every process has closed it.
package db

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"goglance/glance/fault"
)

// Options say which database to open and how.
type Options struct {
	Path string // of an SQLite file of our own, which is made when it is not there; its folder must be. "": see Connection

	Connection        string        `name:"connection" group:"database" secret:"true" deprecated:"DEFAULT/sql_connection,DATABASE/sql_connection,sql/connection" help:"URL of the database: sqlite:////path, mysql+pymysql://user:password@host/name, postgresql://user:password@host/name"`
	SQLiteSynchronous bool          `name:"sqlite_synchronous" group:"database" default:"true" help:"wait until what an SQLite database has written is on the disk; without, a power cut may spoil the file" deprecated:"DEFAULT/sqlite_synchronous"`
	MySQLMode         string        `name:"mysql_sql_mode" group:"database" default:"TRADITIONAL" help:"SQL mode of MySQL or MariaDB; empty: as the server is set. What does not fit into a column is an error in any case"`
	MaxPoolSize       int           `name:"max_pool_size" group:"database" default:"5" help:"connections to a server that are kept open; 0: no limit to how many are opened" deprecated:"DEFAULT/sql_max_pool_size,DATABASE/sql_max_pool_size"`
	MinPoolSize       int           `name:"min_pool_size" group:"database" default:"1" help:"connections to a server that are kept open at least" deprecated:"DEFAULT/sql_min_pool_size,DATABASE/sql_min_pool_size"`
	MaxOverflow       int           `name:"max_overflow" group:"database" default:"50" help:"connections to a server beyond max_pool_size; -1: no limit" deprecated:"DEFAULT/sql_max_overflow,DATABASE/sqlalchemy_max_overflow"`
	PoolTimeout       time.Duration `name:"pool_timeout" group:"database" default:"30" help:"seconds that a request waits for a connection" deprecated:"DATABASE/sqlalchemy_pool_timeout"`
	RecycleTime       time.Duration `name:"connection_recycle_time" group:"database" default:"3600" help:"seconds after which a connection is replaced; 0 or less: never" deprecated:"database/idle_timeout,DEFAULT/sql_idle_timeout,DATABASE/sql_idle_timeout,sql/idle_timeout"`
	MaxRetries        int           `name:"max_retries" group:"database" default:"10" help:"attempts to connect at start after the first; -1: for ever" deprecated:"DEFAULT/sql_max_retries,DATABASE/sql_max_retries"`
	RetryInterval     time.Duration `name:"retry_interval" group:"database" default:"10" help:"seconds between attempts to connect at start" deprecated:"DEFAULT/sql_retry_interval,DATABASE/reconnect_interval"`
	Reconnect         bool          `name:"use_db_reconnect" group:"database" default:"false" help:"make a request wait for a lost connection to come back, instead of answering 503 at once"`
	ReconnectRetries  int           `name:"db_max_retries" group:"database" default:"20" help:"attempts of such a request; -1: for as long as it lasts"`
	ReconnectInterval time.Duration `name:"db_retry_interval" group:"database" default:"1" help:"seconds between them"`
	ReconnectGrow     bool          `name:"db_inc_retry_interval" group:"database" default:"true" help:"double that with every attempt"`
	ReconnectMax      time.Duration `name:"db_max_retry_interval" group:"database" default:"10" help:"up to this many seconds"`

	MetadataEncryptionKey string `name:"metadata_encryption_key" group:"DEFAULT" secret:"true" help:"AES key of 16, 24 or 32 bytes that location URLs are encrypted with; empty: they are stored in clear"`
	Readers               int    `name:"sqlite_readers" group:"database" default:"0" help:"connections that read from an SQLite database at the same time; 0: one more than there are processors, but at most 8"`

	Existing bool             // an SQLite file that a connection names is not made when it is not there
	Patient  bool             // statements may take as long as they need, as those of an upgrade do
	BusyWait time.Duration    // how long a call waits for another process's lock on an SQLite file; 0: 10 s
	Clock    func() time.Time // for changes that do not say At; nil: time.Now
	Notice   func(string)     // told what an operator should know: attempts to connect, options that are ignored; nil: nobody
}

func (o Options) notice(format string, args ...any) {
	if o.Notice != nil {
		o.Notice(fmt.Sprintf(format, args...))
	}
}

// DB is an open database. It is safe for use by many goroutines; Close it when the last of them is done.
type DB struct {
	reads
	writer  *sqlx.DB
	readers *sqlx.DB // the same as writer where the engine is a server
	options Options

	patience time.Duration // how long a call waits for the lock of an SQLite file; 0: the engine is a server
	opened   time.Time
	wrote    atomic.Int64 // when a transaction was committed for the last time: a time.Duration after opened
}

// Open opens the database. It makes no tables: see Migrate. A server that does not answer is tried again, as the
// options say: that may take minutes. No error shows the password in the connection.
func Open(ctx context.Context, o Options) (*DB, error) {
	where := location{engine: engineSQLite}
	var err error
	switch {
	case o.Path != "":
	case o.Connection == "":
		return nil, errors.New("db.Open: neither a connection nor the path of a file names the database")
	default:
		if where, err = parseURL(o.Connection); err != nil {
			return nil, fmt.Errorf("db.Open: %w", err)
		}
	}
	urls, err := newURLCodec(o.MetadataEncryptionKey)
	if err != nil {
		return nil, fmt.Errorf("db.Open: metadata_encryption_key: %w", err)
	}
	c := &core{urls: urls, clock: o.Clock}
	if c.clock == nil {
		c.clock = time.Now
	}
	d := &DB{options: o, opened: time.Now()}
	if where.engine == engineSQLite {
		c.engine, d.patience = sqliteDialect(), busyWait(where, o)
		d.writer, d.readers, err = openSQLite(ctx, where, o)
	} else {
		s := serverOf(where.engine)
		c.engine = s.dialect
		d.writer, err = s.open(ctx, where, o)
		d.readers = d.writer
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "db.Open", err)
	}
	d.reads = reads{core: c, q: pool{d.readers, c.engine.lost}, snapshot: d.view}
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

// unfit is said of a value that an engine cannot hold: a MariaDB with the tables of the reference has no room for
// characters of 4 bytes and for properties of more than 64 KiB, PostgreSQL none for U+0000.
const unfit = "a value is too long for the database of this service, or has a character that it cannot store"

// core is what DB and Tx have in common.
type core struct {
	engine  dialect
	urls    urlCodec
	clock   func() time.Time
	indexed atomic.Bool // Migrate has found, or MakeIndexes made, the indexes of our own
}

// now returns the time in the precision that the database keeps, so that what is written with it reads back equal.
func (c *core) now() time.Time { return c.precise(c.clock()) }

// precise returns t in UTC without what the database would drop, or, in a few servers, round up.
func (c *core) precise(t time.Time) time.Time { return t.UTC().Truncate(c.engine.precision) }

// orNow returns t, or now when t is zero.
func (c *core) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return c.now()
	}
	return c.precise(t)
}

// fail gives an error of the database its kind. Faults that were classified before pass unchanged.
func (c *core) fail(op string, err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind := fault.Internal
	switch {
	case c.engine.unfit(err):
		return &fault.Error{Kind: fault.Invalid, Op: "db." + op, Msg: unfit, Err: err}
	case c.engine.gone(err):
		kind = fault.Unavailable
	}
	return fault.Wrap(kind, "db."+op, err)
}
