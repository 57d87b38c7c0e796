package db

import (
	"database/sql"
	"time"
)

// dialect is all that one engine does differently from another. SQL elsewhere keeps to what SQLite, MariaDB and
// PostgreSQL share, with ? for parameters.
type dialect struct {
	schema string // the folder of its SQL in migrations
	local  bool   // it is in this process
	tables string // the query for the names of all tables

	// What keeps other processes from changing tables, and gives 1 if it does; and what ends that. "": the transaction.
	alone, together string

	hold, letGo string // the same for a connection

	commits bool             // a change of a table ends the transaction
	things  string           // the query for what files of migrations ask for: columns and indexes of images, triggers
	hurry   string           // what has statements that change tables give up soon when they have to wait; "": none wait
	locked  func(error) bool // one has given up

	indexes   string                        // the query for the names of all indexes
	makeIndex func(ownIndex, bool) []string // the statements for one, while others may be at work or not

	time      func(column string) string       // the expression that reads a column of time quickest
	unindexed func(column string) string       // the column in a condition that shall not draw the planner to its index
	lead      func(column string) string       // the column as an index of our own, of images that are live, has it
	plain     func(column string) string       // the column of text in a UNION with those of other tables
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

	lost      func(error) bool   // the connection broke
	gone      func(error) bool   // the database is locked, full or out of reach; later it may not be
	again     func(error) bool   // the transaction lost to another one and may be run again
	duplicate func(error) bool   // a unique key is taken
	holder    func(error) string // the table with rows that a row cannot be removed for; "": that is not the error
	unfit     func(error) bool   // a value cannot be held by its column
}

func asIs(column string) string { return column }

func plainly(column, value string) query { return query{column + " = ?", []any{value}} }
