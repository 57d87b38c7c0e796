package dbserver

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	_ "github.com/go-sql-driver/mysql" // registers itself
)

type mariadb struct{}

// mariadbPassword has what a connection URL must escape.
const mariadbPassword = "p@ss/w:rd"

func (mariadb) account() string { return "mysql" }

func (mariadb) install(dir string) (*exec.Cmd, error) {
	if _, err := find("mariadbd", "/usr/sbin"); err != nil {
		return nil, err
	}
	path, err := find("mariadb-install-db", "/usr/bin", "/usr/sbin")
	if err != nil {
		return nil, err
	}
	return alone(dir, exec.Command(path, "--no-defaults", "--datadir="+filepath.Join(dir, "data"),
		"--auth-root-authentication-method=normal", "--skip-test-db")), nil
}

// alone gives a command a folder for temporary tables of its own: a server that starts clears away what it takes for
// left behind, that of another server too.
func alone(dir string, cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	return cmd
}

func (mariadb) serve(dir string, port int) *exec.Cmd {
	path, err := find("mariadbd", "/usr/sbin")
	if err != nil {
		path = "mariadbd" // install has found it
	}
	return alone(dir, exec.Command(path, "--no-defaults", "--datadir="+filepath.Join(dir, "data"), "--bind-address=127.0.0.1",
		fmt.Sprint("--port=", port), "--socket="+filepath.Join(dir, "s"), "--pid-file="+filepath.Join(dir, "pid"),
		"--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=1", "--skip-log-bin", "--max-connections=200"))
}

func (mariadb) admin(dir string, _ int) (driver, dsn string) {
	return "mysql", "root@unix(" + filepath.Join(dir, "s") + ")/"
}

func (mariadb) create(name string, port int) database {
	at := fmt.Sprintf("mysql+pymysql://glance:%s@127.0.0.1:%d/%s?charset=utf8", url.QueryEscape(mariadbPassword), port, name)
	return database{url: at, statements: []string{
		"CREATE DATABASE " + name + " CHARACTER SET utf8mb4",
		"CREATE USER IF NOT EXISTS glance@'127.0.0.1' IDENTIFIED BY '" + mariadbPassword + "'",
		"GRANT ALL ON " + name + ".* TO glance@'127.0.0.1'",
	}}
}
