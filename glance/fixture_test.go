package glance_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"go.uber.org/goleak"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/auth/trusted"
	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/policy"
	"goglance/glance/store/all"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(dbserver.Tests{M: m}) }

// fixture is a service with a database and a store of its own, served over HTTP. It takes callers from identity headers
// and lets the anonymous one in, unless a test changes that.
type fixture struct {
	t       testing.TB
	url     string        // of the server, without a slash at the end
	dir     string        // images, journal and glance.sqlite are in it
	made    glance.Config // what the service was made of
	svc     *glance.Service
	server  *httptest.Server
	sql     *sqlx.DB      // into the database, past the service
	options db.Options    // of the database
	log     *logtest.Hook // everything the service has logged
	clock   *clock
}

// start starts a service. Every change is applied to its configuration before.
func start(t testing.TB, changes ...func(*glance.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: t.TempDir(), clock: newClock()}
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	f.log = hook
	c := f.config(log)
	for _, change := range changes {
		change(&c)
	}
	f.made = c
	f.serve()
	return f
}

// importsOn reports whether the tests run with image import, which is to change nothing for all calls before v2.6:
// GLANCE_TEST_IMPORT=1 in the environment. A test of what is different says so itself.
func importsOn() bool { return os.Getenv("GLANCE_TEST_IMPORT") != "" }

// second starts another service on the same database, stores and folder, as a second process of the node would.
func (f *fixture) second(changes ...func(*glance.Config)) *fixture {
	f.t.Helper()
	other := *f
	c := f.made
	for _, change := range changes {
		change(&c)
	}
	other.made = c
	other.serve()
	return &other
}

// serve makes the service and listens.
func (f *fixture) serve() {
	f.t.Helper()
	svc, err := glance.New(f.made)
	f.must(err)
	f.svc = svc
	f.t.Cleanup(func() { f.must(svc.Close()) })
	server := httptest.NewServer(svc)
	f.server, f.url = server, server.URL
	f.t.Cleanup(server.Close)
}

// config makes the parts of the service.
func (f *fixture) config(log logrus.FieldLogger) glance.Config {
	f.t.Helper()
	ids := &sequence{}
	c := glance.Config{
		Options: glance.Defaults(), Auth: trusted.Headers{}, StateDir: filepath.Join(f.dir, "journal"),
		Log: log, Clock: f.clock.read, NewID: ids.next,
	}
	c.Options.AllowAnonymous = true
	var o db.Options
	o, f.sql = dbserver.Database(f.t, filepath.Join(f.dir, "glance.sqlite"))
	o.Clock = f.clock.read
	f.options = o
	var err error
	c.DB, err = db.Open(f.t.Context(), o)
	f.must(err)
	f.t.Cleanup(func() { f.must(c.DB.Close()) })
	f.must(c.DB.Migrate(f.t.Context()))
	c.Stores, err = all.Files(filepath.Join(f.dir, "images"), log)
	f.must(err)
	c.Staging, err = all.Staging("file://"+filepath.Join(f.dir, "staging"), c.Stores, log)
	f.must(err)
	c.Options.EnableImport = importsOn()
	return c
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// unauthenticated makes a pipeline where nobody is asked who he is.
func unauthenticated(c *glance.Config) { c.Auth = auth.Unauthenticated{} }

// rules replaces rules of the shipped policy: name, rule, name, rule, ...
func rules(pairs ...string) func(*glance.Config) {
	return func(c *glance.Config) {
		set := policy.PikeRules()
		for i := 0; i < len(pairs); i += 2 {
			set[pairs[i]] = pairs[i+1]
		}
		compiled, err := policy.Compile(set, "default")
		if err != nil {
			panic(err) // a mistake in the test
		}
		c.Policy = compiled
	}
}

// onlyRule makes a policy of a single rule.
func onlyRule(name, rule string) func(*glance.Config) {
	return func(c *glance.Config) {
		compiled, err := policy.Compile(map[string]any{name: rule}, "default")
		if err != nil {
			panic(err) // a mistake in the test
		}
		c.Policy = compiled
	}
}

// clock is the service's time. It stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2017, 8, 1, 10, 0, 0, 0, time.UTC)} }

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// sequence is the service's source of ids.
type sequence struct {
	mu sync.Mutex
	n  int
}

func (s *sequence) next() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return numbered(s.n)
}

// numbered returns a UUID that ends in n.
func numbered(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// exec changes the database past the service.
func (f *fixture) exec(query string, args ...any) {
	f.t.Helper()
	_, err := f.sql.ExecContext(context.Background(), f.sql.Rebind(query), args...)
	f.must(err)
}

// text returns what a query of one value finds; "" for NULL and for nothing.
func (f *fixture) text(query string, args ...any) string {
	f.t.Helper()
	var found sql.NullString
	err := f.sql.QueryRowContext(context.Background(), f.sql.Rebind(query), args...).Scan(&found)
	if !errors.Is(err, sql.ErrNoRows) {
		f.must(err)
	}
	return found.String
}

func (f *fixture) status(id string) string {
	f.t.Helper()
	return f.text("SELECT status FROM images WHERE id = ?", id)
}

func (f *fixture) setStatus(id, status string) {
	f.t.Helper()
	f.exec("UPDATE images SET status = ? WHERE id = ?", status, id)
}

// share makes member's project a member of an image.
func (f *fixture) share(id, status string) {
	f.t.Helper()
	f.exec(`INSERT INTO image_members (image_id, member, can_share, created_at, deleted, status)
		VALUES (?, ?, FALSE, '2017-08-01 10:00:00.000000', FALSE, ?)`, id, member.project(), status)
}

// state describes everything that is stored: the content of the tables and the files of the store.
func (f *fixture) state() string {
	f.t.Helper()
	var text strings.Builder
	for _, table := range tables() {
		fmt.Fprintf(&text, "%s: %s\n", table, strings.Join(f.dump(table, ""), "\n\t"))
	}
	fmt.Fprintf(&text, "files: %v", f.files())
	return text.String()
}

// tables are those that hold images.
func tables() []string {
	return []string{"images", "image_properties", "image_tags", "image_locations", "image_members"}
}

// goldenRoutes lists the calls of the API, each as "GET /v2/images", from the golden file of the route table.
func goldenRoutes(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("internal", "api", "testdata", "routes.golden"))
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	path := ""
	for line := range strings.Lines(string(text)) {
		first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(first, "/") {
			path = first
			continue
		}
		routes = append(routes, first+" "+path)
	}
	return routes
}

// dump returns the rows of a table as text; where is a condition on them, or empty.
func (f *fixture) dump(table, where string, args ...any) []string {
	f.t.Helper()
	rows, err := f.sql.QueryContext(context.Background(), f.sql.Rebind("SELECT * FROM "+table+where+" ORDER BY id"), args...)
	f.must(err)
	defer rows.Close() //nolint:errcheck // only read
	names, err := rows.Columns()
	f.must(err)
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	var lines []string
	for rows.Next() {
		f.must(rows.Scan(into...))
		for i, value := range values {
			if text, ok := value.([]byte); ok {
				values[i] = string(text)
			}
		}
		lines = append(lines, fmt.Sprint(values...))
	}
	f.must(rows.Err())
	return lines
}

// files lists the files of the store, temporary ones included.
func (f *fixture) files() []string {
	f.t.Helper()
	var names []string
	err := filepath.WalkDir(filepath.Join(f.dir, "images"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, filepath.Base(path))
		}
		return err
	})
	f.must(err)
	return names
}

// object is the file with the data of an image.
func (f *fixture) object(id string) string { return filepath.Join(f.dir, "images", id) }

// logged returns the log as text.
func (f *fixture) logged() string {
	f.t.Helper()
	var text strings.Builder
	for _, e := range f.log.AllEntries() {
		line, err := e.String()
		f.must(err)
		text.WriteString(line)
	}
	return text.String()
}

// golden compares text with a file of testdata. UPDATE_GOLDEN=1 in the environment writes the file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", name, text, want)
	}
}

// testFile returns a file of testdata.
func testFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func header(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		h.Add(name, strings.Trim(value, " "))
	}
	return h
}
