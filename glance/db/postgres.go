package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresDialect is for PostgreSQL. It compares text by its bytes, and sorts it by the language of the database, which
// must not make a list differ from that of another engine.
func postgresDialect() dialect {
	return dialect{
		schema:    "postgresql",
		tables:    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
		alone:     "SELECT CASE WHEN pg_try_advisory_xact_lock(hashtext('goglance')) THEN 1 ELSE 0 END", // until the transaction ends
		hold:      "SELECT CASE WHEN pg_try_advisory_lock(hashtext('goglance')) AND set_config('lock_timeout', '0', FALSE) = '0' THEN 1 ELSE 0 END",
		letGo:     fmt.Sprintf("SELECT pg_advisory_unlock(hashtext('goglance')), set_config('lock_timeout', '%d', FALSE)", lockTime.Milliseconds()),
		hurry:     "SET LOCAL lock_timeout = 3000",
		locked:    func(err error) bool { return postgresCode(err, "55P03") },
		indexes:   "SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE i.indisvalid AND c.relnamespace = current_schema()::regnamespace",
		makeIndex: concurrentIndex,
		time:      asIs,
		unindexed: func(column string) string { return "COALESCE(" + column + ", " + opaque(column) + ")" }, // unlike lead
		lead:      opaque,
		plain:     asIs,
		exact:     asIs,
		ordered:   func(column string) string { return column + ` COLLATE "C"` },
		orderedID: `id COLLATE "C"`,
		is: func(column, value string) query {
			if strings.ContainsRune(value, 0) {
				return query{nothing, nil} // no column can hold it, and no parameter either
			}
			return plainly(column, value)
		},
		// A filter may have hundreds of subqueries. To look for the best order of so many joins takes the planner minutes.
		fence:     " OFFSET 0",
		precision: time.Microsecond,
		lock:      " FOR UPDATE",
		reading:   sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		writing:   sql.TxOptions{Isolation: sql.LevelReadCommitted},
		attempts:  txAttempts,
		longest:   longestTx,
		lost:      postgresLost,
		gone:      postgresGone,
		again:     func(err error) bool { return postgresCode(err, "40001", "40P01") },
		duplicate: func(err error) bool { return postgresCode(err, "23505") },
		holder:    postgresHolder,
		unfit:     func(err error) bool { return postgresCode(err, "22001", "22003", "22021", "22P05", "54") },
	}
}

// postgresConnector returns what makes connections. Options of the URL that it knows are taken out of l. As with the
// reference's driver, what the URL leaves open is looked for in the PG... variables of the environment.
func postgresConnector(l location, _ Options) (driver.Connector, error) {
	settings := map[string]string{"host": l.host, "port": l.port, "user": l.user, "dbname": l.database}
	password := l.password
	for _, name := range []string{"host", "port", "user", "sslmode", "sslrootcert", "sslcert", "sslkey", "options",
		"application_name", "connect_timeout", "target_session_attrs"} {
		if value := l.option(name); value != "" {
			settings[name] = value
		}
	}
	if value := l.option("password"); value != "" {
		password = value
	}
	l.option("client_encoding") // it is always UTF-8
	c, err := pgx.ParseConfig(keywords(settings))
	if err != nil {
		return nil, fmt.Errorf("the connection's options: %w", err)
	}
	if password != "" {
		c.Password = password
	}
	if settings["connect_timeout"] == "" {
		c.ConnectTimeout = connectTime
	}
	return stdlib.GetConnector(*c, stdlib.OptionAfterConnect(settle)), nil
}

// settle sets a connection up, by statements, as poolers in between refuse what they do not know among the parameters of
// a connection. To compile a query takes longer than ours run.
func settle(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, fmt.Sprintf("SET lock_timeout = %d", lockTime.Milliseconds()))
	if err == nil {
		_, err = c.Exec(ctx, "SELECT set_config(name, 'off', FALSE) FROM pg_settings WHERE name = 'jit'")
	}
	return err
}

// keywords writes settings in libpq's form. There is no password among them: errors quote the text.
func keywords(settings map[string]string) string {
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if settings[name] != "" {
			fmt.Fprintf(&b, "%s='%s' ", name, escape.Replace(settings[name]))
		}
	}
	return b.String()
}

// postgresLost: besides what lost knows, a server that goes or is not ready yet.
func postgresLost(err error) bool {
	var c *pgconn.ConnectError
	return lost(err) || errors.As(err, &c) || postgresCode(err, "08", "57P")
}

// postgresGone: connection, resources, read-only, shutting down, system, no access, a lock that was waited for too long.
func postgresGone(err error) bool {
	return postgresLost(err) ||
		postgresCode(err, "53", "57", "58", "28", "3D", "25006", "55P03", "40001", "40P01")
}

func postgresHolder(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "23503" {
		return orDefault(e.TableName, unknownHolder)
	}
	return ""
}

// postgresCode reports whether the error is of one of the codes or classes.
func postgresCode(err error, codes ...string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) &&
		slices.ContainsFunc(codes, func(code string) bool { return strings.HasPrefix(e.Code, code) })
}

// postgresRefused: no use in trying again, the server does not know us or what we ask for.
func postgresRefused(err error) bool { return postgresCode(err, "28", "3D") }
