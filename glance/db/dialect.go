package db

// dialect is all that one engine does differently from another. SQL elsewhere keeps to what SQLite, MariaDB and
// PostgreSQL share, with ? for parameters. Two
// places are SQLite's still: NULL as the lowest value (orderBy, behind), and several statements in one exec (create).
type dialect struct {
	schema    string                     // the folder of its SQL in migrations
	tables    string                     // the query for the names of all tables
	time      func(column string) string // the expression that reads a column of time quickest
	unindexed func(column string) string // the column in a condition that shall not draw the planner to its index
	gone      func(error) bool           // the database is locked, full or out of reach; later it may not be
	again     func(error) bool           // the transaction lost to another one and may be run again
	duplicate func(error) bool           // a unique key is taken
}
