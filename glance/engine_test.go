package glance_test

import (
	"fmt"
	"net/http"
)

// sabotage makes every insert into a table fail until repair is called.
func (f *fixture) sabotage(table string) (repair func()) {
	f.t.Helper()
	return f.forbid("INSERT", table, "1 = 1")
}

// forbid makes the database fail at INSERT, UPDATE or DELETE of the rows of a table that fit a condition on NEW or OLD,
// until repair is called.
func (f *fixture) forbid(event, table, when string) (repair func()) {
	f.t.Helper()
	trigger := fmt.Sprintf("CREATE TRIGGER broken BEFORE %s ON %s FOR EACH ROW ", event, table)
	switch f.sql.DriverName() {
	case "mysql":
		f.exec(trigger + "BEGIN IF " + when + " THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'sabotage'; END IF; END")
	case "pgx":
		f.exec("CREATE OR REPLACE FUNCTION sabotage() RETURNS trigger AS $$ BEGIN RAISE 'sabotage'; END $$ LANGUAGE plpgsql")
		f.exec(trigger + "WHEN (" + when + ") EXECUTE FUNCTION sabotage()")
		return func() { f.exec("DROP TRIGGER broken ON " + table) }
	default:
		f.exec(trigger + "WHEN " + when + " BEGIN SELECT RAISE(ABORT, 'sabotage'); END")
	}
	return func() { f.exec("DROP TRIGGER broken") }
}

// mariadb reports whether the tests run on MariaDB with the tables of the reference. They hold less than those of other
// engines: whole seconds, values of 64 KiB, and no two names of properties that differ in case or accents only.
func (f *fixture) mariadb() bool { return f.sql.DriverName() == "mysql" }

// unlessMariaDB is the code of a success, or of a refusal where the tables cannot hold what is sent.
func (f *fixture) unlessMariaDB(code int) int {
	if f.mariadb() {
		return http.StatusBadRequest
	}
	return code
}
