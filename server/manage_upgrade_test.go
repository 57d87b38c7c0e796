package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"
	_ "github.com/mattn/go-sqlite3" // registers itself

	"goglance/glance/db/dbtest/dbserver"
)

// databases starts a server of a kind, "" is SQLite, and returns what makes the URL of an empty database of it.
func databases(t *testing.T, kind string) func() string {
	t.Helper()
	if kind == "" {
		return func() string { return "sqlite:///" + filepath.Join(t.TempDir(), "glance.sqlite") }
	}
	s, err := dbserver.Start(kind)
	if errors.Is(err, dbserver.ErrMissing) {
		missing(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return func() string {
		url, err := s.URL()
		if err != nil {
			t.Fatal(err)
		}
		return url
	}
}

// sqlOf opens a database past the service.
func sqlOf(t *testing.T, url string) *sqlx.DB {
	t.Helper()
	path, file := strings.CutPrefix(url, "sqlite:///")
	raw, err := sqlx.Open("sqlite3", "file:"+path+"?_busy_timeout=20000")
	if !file {
		raw, err = dbserver.Open(url)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}

// oldImages inserts images as a service of Newton does, every third of them public.
func oldImages(t *testing.T, raw *sqlx.DB, first, n int) {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Second)
	for begin := first; begin < first+n; begin += 100 {
		var marks []string
		var args []any
		for i := begin; i < min(begin+100, first+n); i++ {
			marks = append(marks, "(?, 'active', ?, ?, ?, ?, 0, 0)")
			args = append(args, fmt.Sprintf("old-%06d", i), i%3 == 0, at, at, false)
		}
		if _, err := raw.ExecContext(t.Context(), raw.Rebind("INSERT INTO images (id, status, is_public, created_at, updated_at, deleted, min_disk, min_ram) VALUES "+
			strings.Join(marks, ", ")), args...); err != nil {
			t.Error(err)
		}
	}
}

// publicImages is how many of them are public now.
func publicImages(t *testing.T, raw *sqlx.DB) (n int) {
	t.Helper()
	if err := raw.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM images WHERE visibility = 'public'"); err != nil {
		t.Error(err)
	}
	return n
}

var logged = regexp.MustCompile(`(?m)^\S+ \S+ \d+ (INFO|WARNING|ERROR) (\S+) \[-\] `)

// transcript runs commands and returns what is printed, logged without times, and the exit codes.
func (s *site) transcript(commands ...string) string {
	s.t.Helper()
	var b strings.Builder
	for _, command := range commands {
		out, said, code := s.manage(strings.Fields(command)...)
		fmt.Fprintf(&b, "$ glance-manage %s\n%s%s", command, logged.ReplaceAllString(said, "$1 $2 "), out)
		if code != 0 {
			fmt.Fprintf(&b, "exit code %d\n", code)
		}
	}
	return b.String()
}

const linearSession = `$ glance-manage db sync --version liberty
INFO alembic.runtime.migration Running upgrade  -> liberty
Upgraded database to: liberty, current revision(s): liberty
$ glance-manage db version
liberty
$ glance-manage db check
The database is empty, or of an older release. "glance-manage db sync" brings it up to date at once, "glance-manage db expand" begins a rolling upgrade.
exit code 3
$ glance-manage db_version_control mitaka01
Placed database under migration control at revision: mitaka01
$ glance-manage db version_control
Placed database under migration control at revision: liberty
$ glance-manage db_sync mitaka01
INFO alembic.runtime.migration Running upgrade liberty -> mitaka01
Upgraded database to: mitaka01, current revision(s): mitaka01
$ glance-manage db upgrade
INFO alembic.runtime.migration Running upgrade mitaka01 -> mitaka02
INFO alembic.runtime.migration Running upgrade mitaka02 -> ocata01
INFO alembic.runtime.migration Running upgrade ocata01 -> pike01
Upgraded database to: pike01, current revision(s): pike01
$ glance-manage db_upgrade mitaka02
Upgraded database to: mitaka02, current revision(s): pike01
$ glance-manage db check
The database is up to date. There is nothing to do.
`

const rollingSession = `$ glance-manage db sync mitaka02
INFO alembic.runtime.migration Running upgrade  -> liberty
INFO alembic.runtime.migration Running upgrade liberty -> mitaka01
INFO alembic.runtime.migration Running upgrade mitaka01 -> mitaka02
Upgraded database to: mitaka02, current revision(s): mitaka02
$ glance-manage db contract
ERROR: Database contraction did not run. Database contraction cannot be run before database expansion. Run database expansion first using "glance-manage db expand"
exit code 1
$ glance-manage db_migrate
ERROR: Data migration did not run. Data migration cannot be run before database expansion. Run database expansion first using "glance-manage db expand"
exit code 1
$ glance-manage db expand
INFO alembic.runtime.migration Running upgrade mitaka02 -> ocata_expand01
INFO alembic.runtime.migration Running upgrade ocata_expand01 -> pike_expand01
Upgraded database to: pike_expand01, current revision(s): pike_expand01
$ glance-manage db check
The database is expanded. "glance-manage db migrate" is to be run next.
exit code 4
$ glance-manage db contract
ERROR: Database contraction did not run. Database contraction cannot be run before data migration is complete. Run data migration using "glance-manage db migrate".
exit code 1
$ glance-manage db sync
ERROR: a rolling upgrade has begun, the database is at revision pike_expand01: go on with "glance-manage db expand", "db migrate" and "db contract"
exit code 1
$ glance-manage db migrate
Migrated 6 rows
$ glance-manage db check
The database is expanded and its data migrated. "glance-manage db contract" is to be run next, once no service of the older release runs.
exit code 5
$ glance-manage db_expand
Database expansion is up to date. Nothing was to be done.
$ glance-manage db_contract
INFO alembic.runtime.migration Running upgrade mitaka02 -> ocata_contract01
INFO alembic.runtime.migration Running upgrade ocata_contract01 -> pike_contract01
Upgraded database to: pike_contract01, current revision(s): pike_contract01
$ glance-manage db contract
Database contraction is up to date. Nothing was to be done.
$ glance-manage db migrate
Migrated 0 rows
$ glance-manage db sync
Upgraded database to: pike01, current revision(s): pike_contract01
$ glance-manage db check
The database is up to date. There is nothing to do.
`

// commandsOf returns the commands of a session.
func commandsOf(session string) (commands []string) {
	for line := range strings.Lines(session) {
		if command, ok := strings.CutPrefix(line, "$ glance-manage "); ok {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}

// TestManageUpgrade: sessions of an operator, kills, several at once, and services that go on, on each engine.
func TestManageUpgrade(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]string{"SQLite": "", "MariaDB": dbserver.MariaDB, "PostgreSQL": dbserver.PostgreSQL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newURL := databases(t, kind)
			t.Run("linear", func(t *testing.T) { sameSession(t, newURL(), linearSession, 0) })
			t.Run("legacy", func(t *testing.T) { legacySession(t, newURL()) })
			t.Run("purge", func(t *testing.T) { purgeSession(t, newURL()) })
			t.Run("killed", func(t *testing.T) { killedUpgrades(t, newURL) })
			t.Run("two at once", func(t *testing.T) { twoUpgrades(t, newURL()) })
			if kind != "" {
				t.Run("rolling", func(t *testing.T) { sameSession(t, newURL(), rollingSession, 6) })
				t.Run("services go on", func(t *testing.T) { servicesGoOn(t, newURL) })
			}
		})
	}
}

// sameSession compares what commands say with a session; after the first, images of Newton come into the database.
func sameSession(t *testing.T, url, session string, images int) {
	s := newSite(t, "[database]\nconnection = "+url)
	commands := commandsOf(session)
	got := s.transcript(commands[0])
	if images > 0 {
		oldImages(t, sqlOf(t, url), 0, images)
	}
	if diff := gocmp.Diff(session, got+s.transcript(commands[1:]...)); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

// legacySession is with a database that knows a number only.
func legacySession(t *testing.T, url string) {
	s := newSite(t, "[database]\nconnection = "+url)
	s.managed(0, "liberty", "", "db", "sync", "liberty")
	raw := sqlOf(t, url)
	number := func(n int) {
		for _, text := range []string{"DELETE FROM alembic_version", fmt.Sprint("UPDATE migrate_version SET version = ", n)} {
			if _, err := raw.ExecContext(t.Context(), text); err != nil {
				t.Error(err)
			}
		}
	}
	number(40)
	s.managed(1, "Legacy head: 40\n", "upgrade Glance to Liberty first", "db", "sync")
	s.managed(0, "no revision", "", "db", "version")
	number(47)
	s.managed(1, "", "cannot be placed under Alembic's control", "db", "sync")
	number(42)
	s.managed(3, "older release", "", "db", "check")
	s.managed(1, "", "version 42 of SQLAlchemy-Migrate", "db", "load_metadefs")
	s.managed(0, "Database is currently not under Alembic's migration control.\n"+
		"Placing database under Alembic's migration control at revision: liberty\nUpgraded database to: pike01, "+current, "", "db", "sync")
}

// purgeSession is with limits that make no sense, and with a row in the way.
func purgeSession(t *testing.T, url string) {
	s := newSite(t, "[database]\nconnection = "+url)
	s.managed(0, "", "", "db", "sync")
	for _, row := range []struct {
		line, said string
		code       int
	}{
		{"--age_in_days x", "invalid int value", 2},
		{"--max_rows 1.5", "invalid int value", 2},
		{"x", "Invalid int value for age_in_days: x", 1},
		{"30 many", "Invalid int value for max_rows: many", 1},
		{"30 100 7", `"7" is one value too many`, 2},
		{"--age_in_days=-1", "Must supply a non-negative value for age.", 1},
		{"--age_in_days 99999999999999999999", "Maximal age is count of days since epoch.", 1},
		{"1 0", "Minimal rows limit is 1.", 1},
		{"--max_rows=-1", "Minimal rows limit is 1.", 1},
		{"1 2147483648", "'max_rows' value out of range, must not exceed 2147483647.", 1},
		{"", "Deleted 0 row(s) from table tasks", 0},
		{"0 2147483647", "Purging deleted rows older than 0 day(s) from table images", 0},
	} {
		s.managed(row.code, "", row.said, append([]string{"db", "purge"}, strings.Fields(row.line)...)...)
	}
	d := s.start()
	id, other := d.create(`{"name": "x", "tags": ["one", "two", "three"]}`), d.create(rawImage)
	for _, image := range []string{id, other} {
		if code, text := d.call(http.MethodDelete, "/v2/images/"+image, nil); code != http.StatusNoContent {
			t.Errorf("%d %s", code, text)
		}
	}
	time.Sleep(1100 * time.Millisecond) // older than now, also where times are kept in seconds
	s.managed(1, "", "Purge command failed, check glance-manage logs for more details. 1 rows of images stay, as a foreign key ties rows to them "+
		"that are not deleted, were deleted later or are beyond max_rows: 1 rows of image_tags.", "db", "purge", "0", "2")
	s.managed(1, "", "1 rows of image_tags", "db", "purge_images_table", "0")
	s.managed(0, "", "Deleted 1 row(s) from table images", "db", "purge", "--age_in_days", "0")
	s.managed(0, "", "Deleted 0 row(s) from table images", "db", "purge_images_table", "--age_in_days", "0", "--max_rows", "5")
	d.roundTrip()
	d.stop()
}

// killed kills an action after ever longer times, until it ends by itself.
func (s *site) killed(args ...string) {
	s.t.Helper()
	for wait := 15 * time.Millisecond; ; wait *= 2 {
		cmd := exec.CommandContext(s.t.Context(), "glance-manage", append([]string{"--config-file", s.conf, "db"}, args...)...) // a test's
		var said buffer
		cmd.Stderr, cmd.Stdout = &said, &said
		if err := cmd.Start(); err != nil {
			s.t.Fatal(err)
		}
		end := time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		if end.Stop() || err == nil {
			if err != nil {
				s.t.Errorf("%q after kills: %v %s", args, err, said.String())
			}
			return
		}
	}
}

func killedUpgrades(t *testing.T, newURL func() string) {
	roads := map[string][]string{"linear": {"sync"}}
	if strings.HasPrefix(newURL(), "sqlite") {
		roads["new"] = []string{"sync"}
	} else {
		roads["rolling"] = []string{"expand", "migrate", "contract"}
	}
	for name, actions := range roads {
		url := newURL()
		s, raw := newSite(t, "[database]\nconnection = "+url), sqlOf(t, url)
		const images = 600
		if name != "new" {
			s.killed("sync", "liberty")
			oldImages(t, raw, 0, images)
		}
		for _, action := range actions {
			s.killed(action)
		}
		s.managed(0, "up to date", "", "db", "check")
		if name == "new" {
			continue
		}
		if n := publicImages(t, raw); n != images/3 {
			t.Errorf("%s: %d images are public", name, n)
		}
		if _, err := raw.ExecContext(t.Context(), raw.Rebind("UPDATE images SET deleted = ?, deleted_at = ?"), true, time.Unix(1e9, 0).UTC()); err != nil {
			t.Error(err)
		}
		s.killed("purge", "30", "100000")
		if n := publicImages(t, raw); n != 0 {
			t.Errorf("%s: %d public images are left by the purge", name, n)
		}
	}
}

// twoUpgrades: one waits for the other.
func twoUpgrades(t *testing.T, url string) {
	s := newSite(t, "[database]\nconnection = "+url)
	s.managed(0, "", "", "db", "sync", "liberty")
	oldImages(t, sqlOf(t, url), 0, 300)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { s.managed(0, current, "", "db", "sync") })
	}
	all.Wait()
	if n := publicImages(t, sqlOf(t, url)); n != 100 {
		t.Errorf("%d images are public", n)
	}
}
