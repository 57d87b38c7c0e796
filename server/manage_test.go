package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"goglance/glance/db/dbtest/dbserver"
)

// manage runs glance-manage and returns what it prints, what it says beside that, and its exit code.
func (s *site) manage(args ...string) (out, said string, code int) {
	s.t.Helper()
	return s.tool(append([]string{"glance-manage", "--config-file", s.conf}, args...)...)
}

func (s *site) tool(words ...string) (out, said string, code int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) // a test's
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir = &stdout, &stderr, s.dir
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// managed asserts exit code and parts of what glance-manage prints and says.
func (s *site) managed(code int, out, said string, args ...string) {
	s.t.Helper()
	gotOut, gotSaid, got := s.manage(args...)
	if got != code || !strings.Contains(gotOut, out) || !strings.Contains(gotSaid, said) {
		s.t.Errorf("glance-manage %q: exit code %d, %q, %q; want %d, %q, %q", args, got, gotOut, gotSaid, code, out, said)
	}
}

const current = "current revision(s): pike01\n"

// TestManageDatabase: a new database is made, one that is there stays as it is, and a service runs on it.
func TestManageDatabase(t *testing.T) {
	t.Parallel()
	connections := map[string]func(t *testing.T) string{
		"SQLite": func(t *testing.T) string { return "sqlite:///" + filepath.Join(t.TempDir(), "made.sqlite") },
		"MariaDB": func(t *testing.T) string {
			server, err := dbserver.Start(dbserver.MariaDB)
			if errors.Is(err, dbserver.ErrMissing) {
				missing(t, err.Error())
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
			url, err := server.URL()
			if err != nil {
				t.Fatal(err)
			}
			return url
		},
	}
	for engine, connection := range connections {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "[database]\nconnection = "+connection(t))
			if engine != "SQLite" { // whose file is not there yet
				s.managed(0, "no revision", "", "db", "version")
				s.managed(3, "empty", "", "db", "check")
				s.managed(1, "", "db sync", "db", "load_metadefs")
			}
			s.managed(1, "", "no revision \"queens_contract01\"", "db", "sync", "queens_contract01")
			s.managed(0, "Upgraded database to: pike01, "+current, "", "db", "sync")
			s.managed(0, "pike01\n", "", "db_version")
			s.managed(0, "Upgraded database to: pike01, "+current, "", "db", "upgrade", "--version", "pike01")
			s.managed(0, "Upgraded database, "+current, "", "db_sync", "heads")
			s.managed(0, "up to date", "", "db", "check")
			d := s.start()
			s.managed(0, "", "", "db", "load_metadefs", "--path", s.file("one.json", `{"namespace": "mine", "visibility": "public"}`))
			if code, text := d.call(http.MethodGet, "/v2/metadefs/namespaces/mine", nil); code != http.StatusOK {
				t.Errorf("what was loaded: %d %s", code, text)
			}
			d.roundTrip()
			d.stop()
		})
	}
}

// TestManageSQLiteFile: only sync makes a file, and it leaves nothing beside it.
func TestManageSQLiteFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := filepath.Join(s.dir, "glance.sqlite")
	for _, action := range []string{"version", "check", "load_metadefs", "unload_metadefs", "export_metadefs"} {
		s.managed(1, "", "[database] connection", "db", action)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is there: %v", err)
	}
	s.managed(0, current, "", "db_upgrade")
	if files, err := filepath.Glob(path + "*"); err != nil || len(files) != 1 {
		t.Errorf("there are %v: %v", files, err)
	}
	s.write("[database]\nconnection = sqlite:///" + s.dir + "/nowhere/glance.sqlite")
	s.managed(1, "", "[database] connection", "db", "sync")
}

// TestManageOtherDatabase: a database of another program, or of a release that is not known, is left as it is; one that
// is older is upgraded by sync alone.
func TestManageOtherDatabase(t *testing.T) {
	t.Parallel()
	version := []string{"CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('mitaka02')"}
	rows := map[string]struct {
		statements []string
		sync       string
	}{
		"mitaka02":     {append(version, "CREATE TABLE images (id TEXT)"), "no such table"},
		"no revision":  {[]string{"CREATE TABLE images (id TEXT)"}, "it has a table images"},
		"2049_expand9": {append(version, "UPDATE alembic_version SET version_num = '2049_expand9'"), "2049_expand9"},
	}
	for name, row := range rows {
		s := newSite(t)
		path := filepath.Join(s.dir, "glance.sqlite")
		raw, err := sql.Open("sqlite3", path)
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range row.statements {
			if _, err := raw.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := raw.Close(); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s.managed(0, name, "", "db", "version")
		for _, action := range []string{"load_metadefs", "unload_metadefs", "purge"} {
			s.managed(1, "", `"glance-manage db check" says`, "db", action)
		}
		for _, action := range []string{"sync", "upgrade"} {
			s.managed(1, "", row.sync, "db", action)
		}
		for _, action := range []string{"expand", "contract"} {
			s.managed(1, "", "supported only for MySQL and PostgreSQL", "db", action)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the file has changed: %v", name, err)
		}
	}
}

// TestManageCommandLine: what makes no sense has exit code 2, as a subcommand too.
func TestManageCommandLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rows := []struct {
		line      string
		code      int
		out, said string
	}{
		{"", 2, "glance-manage category action [<args>]\nAvailable categories:\n\tdb\n", ""},
		{"cache", 2, "", `no category "cache"`},
		{"db", 2, "", "load_metadefs"},
		{"db downgrade", 2, "", `no action "downgrade"`},
		{"db sync pike01 more", 2, "", `"more"`},
		{"db sync pike01 --version pike01", 2, "", "twice"},
		{"db sync --nonsense", 2, "", "nonsense"},
		{"db_purge", 2, "", "db_purge"},
		{"--version", 0, "15.0.1\n", ""},
		{"db load_metadefs --help", 0, "[path] [merge] [prefer_new] [overwrite]", ""},
	}
	for _, row := range append(rows, rows[0]) {
		words := append([]string{"glance-manage"}, strings.Fields(row.line)...)
		if out, said, code := s.tool(words...); code != row.code || !strings.Contains(out, row.out) || !strings.Contains(said, row.said) {
			t.Errorf("%s: exit code %d, %q, %q", row.line, code, out, said)
		}
	}
	if out, _, code := s.tool("server", "manage", "--config-file", s.conf, "db", "sync"); code != 0 || !strings.HasSuffix(out, current) {
		t.Errorf("as a subcommand: %d %s", code, out)
	}
	if out, _, code := s.tool("server", "manage"); code != 2 || !strings.HasPrefix(out, "server manage category action") {
		t.Errorf("as a subcommand: %d %s", code, out)
	}
}
