package db

import (
	"database/sql"
	"time"
)

// dialect is all that one engine does differently from another. SQL elsewhere keeps to what SQLite, MariaDB and
// PostgreSQL share, with ? for parameters.
type dialect struct {
	schema string // the folder of its SQL in migrations
	tables string // the query for the names of all tables

	// What keeps other processes from making the same tables, and lets them go on; each gives 1. "": the transaction.
	alone, together string

	time      func(column string) string       // the expression that reads a column of time quickest
	unindexed func(column string) string       // the column in a condition that shall not draw the planner to its index
	exact     func(column string) string       // text in a comparison where every byte counts; no index helps
	orderedID string                           // an id, as it is sorted
	ordered   func(column string) string       // text, other than an id, as it is sorted: by its bytes
	is        func(column, value string) query // the column of text is value, to the byte; an index helps
	loose     bool                             // a unique key of text takes what differs in case, accents or spaces at the end for the same
	fence     string                           // at the end of a subquery: keeps the planner from making it part of the query around it
	nullsLow  bool                             // NULL sorts as the lowest value of itself
	precision time.Duration                    // of a column of time
	lock      string                           // what makes a SELECT lock its rows; "" where the transaction locks all

	reading, writing sql.TxOptions
	attempts         int           // at a transaction that loses to others
	longest          time.Duration // that a transaction may take; 0: as long as its context lasts

	lost      func(error) bool // the connection broke
	gone      func(error) bool // the database is locked, full or out of reach; later it may not be
	again     func(error) bool // the transaction lost to another one and may be run again
	duplicate func(error) bool // a unique key is taken
	unfit     func(error) bool // a value cannot be held by its column
}

func asIs(column string) string { return column }

func plainly(column, value string) query { return query{column + " = ?", []any{value}} }
