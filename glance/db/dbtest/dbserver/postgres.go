package dbserver

import (
	"fmt"
	"os/exec"
	"path/filepath"

	_ "github.com/jackc/pgx/v5/stdlib" // registers itself
)

type postgres struct{}

const postgresPrograms = "/usr/lib/postgresql/*/bin" // Debian's place

func (postgres) account() string { return "postgres" }

func (postgres) install(dir string) (*exec.Cmd, error) {
	path, err := find("initdb", postgresPrograms)
	if err != nil {
		return nil, err
	}
	return exec.Command(path, "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8",
		"--locale=C.UTF-8"), nil
}

func (postgres) serve(dir string, port int) *exec.Cmd {
	path, err := find("postgres", postgresPrograms)
	if err != nil {
		path = "postgres" // it is where initdb is
	}
	return exec.Command(path, "-D", filepath.Join(dir, "data"), "-p", fmt.Sprint(port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories="+dir, "-c", "max_connections=200", "-c", "fsync=on")
}

func (postgres) admin(_ string, port int) (driver, dsn string) {
	return "pgx", fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable connect_timeout=5", port)
}

// create uses a collation that differs from the order of the bytes, as most systems have one.
func (postgres) create(name string, port int) database {
	at := fmt.Sprintf("postgresql+psycopg2://glance:glance@127.0.0.1:%d/%s", port, name)
	return database{url: at, statements: []string{
		`DO $$ BEGIN CREATE ROLE glance LOGIN PASSWORD 'glance'; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
		"CREATE DATABASE " + name + " OWNER glance TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8'",
	}}
}
