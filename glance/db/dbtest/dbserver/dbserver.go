// Package dbserver starts a MariaDB or a PostgreSQL of its own on the loopback, for tests: from the packages of the
// system, in a temporary folder, on a free port, with the settings that keep what was committed. Tests may kill it and
// start it again.
package dbserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"
)

// The kinds of servers, as connection URLs name them.
const (
	MariaDB    = "mysql"
	PostgreSQL = "postgresql"
)

// ErrMissing says that a program is not installed. The error that wraps it names the program.
var ErrMissing = errors.New("is not installed")

// Server is a running server. Its methods are for one goroutine, but for URL.
type Server struct {
	program
	dir  string
	port int
	cmd  *exec.Cmd
	dead chan struct{} // closed when the process is gone
	last atomic.Int64  // number of the last database
}

// program is what one kind differs in from another.
type program interface {
	account() string                                 // that it runs as where the test is root
	install(dir string) (*exec.Cmd, error)           // makes its files
	serve(dir string, port int) *exec.Cmd            // runs in the foreground
	admin(dir string, port int) (driver, dsn string) // for database/sql
	create(name string, port int) database
}

// database is one that is to be made.
type database struct {
	statements []string
	url        string // in the reference's form
}

// start bounds the wait for a server that starts, and stop for one that ends.
const (
	start = 60 * time.Second
	stop  = 30 * time.Second
	pause = 50 * time.Millisecond
)

// Start starts a server. The caller closes it.
func Start(kind string) (*Server, error) {
	var p program = mariadb{}
	if kind == PostgreSQL {
		p = postgres{}
	}
	dir, err := os.MkdirTemp("", "glance-"+kind+"-")
	if err != nil {
		return nil, err
	}
	s := &Server{program: p, dir: dir}
	if err = s.install(); err == nil {
		err = s.Up()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) install() error {
	cmd, err := s.program.install(s.dir)
	if err != nil {
		return err
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	if err = s.own(cmd); err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Path, err, out)
	}
	return nil
}

// own has a command run in the folder of the server, as the account that the server runs as: none of them runs as root.
func (s *Server) own(cmd *exec.Cmd) error {
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no server outlives its test
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup(s.account())
	if err != nil {
		return err
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return err
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, int(uid), int(gid))
}

// Up starts the server after Kill, on the same port, and returns when it answers.
func (s *Server) Up() error {
	s.cmd = s.serve(s.dir, s.port)
	if err := s.own(s.cmd); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.dead = make(chan struct{})
	go func(cmd *exec.Cmd, dead chan struct{}) {
		_ = cmd.Wait() // however it ended
		close(dead)
	}(s.cmd, s.dead)
	for end := time.Now().Add(start); ; time.Sleep(pause) {
		err := s.exec("SELECT 1")
		if err == nil {
			return nil
		}
		if !s.running() || time.Now().After(end) {
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("%s does not start: %w\n%s", s.cmd.Path, err, text)
		}
	}
}

func (s *Server) running() bool {
	select {
	case <-s.dead:
		return false
	default:
		return true
	}
}

// Kill ends the server as a power cut would, and returns when it is gone.
func (s *Server) Kill() error { return s.signal(syscall.SIGKILL) }

func (s *Server) signal(sig os.Signal) error {
	if s.cmd == nil || s.cmd.Process == nil || !s.running() {
		return nil
	}
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.dead:
		return nil
	case <-time.After(stop):
		return fmt.Errorf("%s does not stop", s.cmd.Path)
	}
}

// Close ends the server and removes its files.
func (s *Server) Close() error { return errors.Join(s.signal(syscall.SIGKILL), os.RemoveAll(s.dir)) }

// URL makes an empty database and returns its connection URL.
func (s *Server) URL() (string, error) {
	d := s.create(fmt.Sprint("glance", s.last.Add(1)), s.port)
	return d.url, s.exec(d.statements...)
}

// Open opens a handle for a test's own SQL on a database that URL has made. The caller closes it.
func Open(url string) (*sqlx.DB, error) {
	address, name, _ := strings.Cut(url[strings.LastIndex(url, "@")+1:], "/")
	name, _, _ = strings.Cut(name, "?")
	if strings.HasPrefix(url, MariaDB) {
		return sqlx.Open("mysql", "glance:"+mariadbPassword+"@tcp("+address+")/"+name+"?parseTime=true&charset=utf8mb4")
	}
	return sqlx.Open("pgx", "postgres://glance:glance@"+address+"/"+name)
}

// Admin runs statements as the administrator of the server.
func (s *Server) Admin(statements ...string) error { return s.exec(statements...) }

// exec runs statements as the administrator.
func (s *Server) exec(statements ...string) error {
	driver, dsn := s.admin(s.dir, s.port)
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // nothing is pending
	ctx, cancel := context.WithTimeout(context.Background(), start)
	defer cancel()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.Join(errors.New("no TCP"), l.Close())
	}
	return addr.Port, l.Close()
}

// find returns the path of a program, in the PATH or where packages put what is not for everybody.
func find(name string, elsewhere ...string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, pattern := range elsewhere {
		if found, err := filepath.Glob(filepath.Join(pattern, name)); err == nil && len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("%s %w", name, ErrMissing)
}
