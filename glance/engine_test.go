package glance_test

import "net/http"

// sabotage makes every insert into a table fail until repair is called.
func (f *fixture) sabotage(table string) (repair func()) {
	f.t.Helper()
	switch f.sql.DriverName() {
	case "mysql":
		f.exec("CREATE TRIGGER broken BEFORE INSERT ON " + table + " FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'sabotage'")
	case "pgx":
		f.exec("CREATE OR REPLACE FUNCTION sabotage() RETURNS trigger AS $$ BEGIN RAISE 'sabotage'; END $$ LANGUAGE plpgsql")
		f.exec("CREATE TRIGGER broken BEFORE INSERT ON " + table + " EXECUTE FUNCTION sabotage()")
		return func() { f.exec("DROP TRIGGER broken ON " + table) }
	default:
		f.exec("CREATE TRIGGER broken BEFORE INSERT ON " + table + " BEGIN SELECT RAISE(ABORT, 'sabotage'); END")
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
