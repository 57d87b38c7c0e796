package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// server is a kind of database that is reached over a network.
type server struct {
	dialect dialect
	bind    string // the name that sqlx knows its placeholders by
	connect func(location, Options) (driver.Connector, error)
	refused func(error) bool
}

func serverOf(engine string) server {
	if engine == engineMySQL {
		return server{mysqlDialect(), "mysql", mysqlConnector, mysqlRefused}
	}
	return server{postgresDialect(), "pgx", postgresConnector, postgresRefused}
}

// open opens a pool of connections and tries the first of them as often as the options say.
func (s server) open(ctx context.Context, l location, o Options) (*sqlx.DB, error) {
	connector, err := s.connect(l, o)
	if err != nil {
		return nil, err
	}
	if len(l.options) > 0 {
		o.notice("options of the connection that mean nothing here: %s", strings.Join(slices.Sorted(maps.Keys(l.options)), ", "))
	}
	pool := sqlx.NewDb(sql.OpenDB(connector), s.bind)
	if o.MaxPoolSize > 0 && o.MaxOverflow >= 0 {
		pool.SetMaxOpenConns(o.MaxPoolSize + o.MaxOverflow)
	}
	pool.SetMaxIdleConns(max(o.MaxPoolSize, o.MinPoolSize, 2))
	if o.RecycleTime > 0 {
		pool.SetConnMaxLifetime(o.RecycleTime)
	}
	for attempt := 0; ; attempt++ {
		if err = ping(ctx, pool); err == nil {
			return pool, nil
		}
		if s.refused(err) || o.MaxRetries >= 0 && attempt >= o.MaxRetries {
			break
		}
		o.notice("the database does not answer, the next attempt is in %s: %v", o.RetryInterval, err)
		if e := pause(ctx, o.RetryInterval); e != nil {
			err = errors.Join(err, e)
			break
		}
	}
	return nil, errors.Join(fmt.Errorf("cannot connect to the database: %w", err), pool.Close())
}

func ping(ctx context.Context, pool *sqlx.DB) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	return pool.PingContext(ctx)
}

// lost reports whether the connection broke or could not be made.
func lost(err error) bool {
	var n net.Error
	return !errors.Is(err, context.DeadlineExceeded) && (errors.As(err, &n) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed))
}

// seconds reads a number of seconds; what is none or not positive is the default.
func seconds(text string, otherwise time.Duration) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	return otherwise
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
