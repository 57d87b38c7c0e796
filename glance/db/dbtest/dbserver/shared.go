package dbserver

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/jmoiron/sqlx"
	_ "github.com/mattn/go-sqlite3" // registers itself

	"goglance/glance/db"
	"goglance/glance/option"
)

// engineEnv names the engine that the tests of a package run on: mysql or postgresql, of which they start one, or
// nothing for SQLite.
const engineEnv = "GLANCE_TEST_DB"

var shared *Server //nolint:gochecknoglobals // one for all tests of a binary, as a start takes seconds

// Tests runs the tests of a package beside the server of their engine; for TestMain. Where the engine is not installed
// they are skipped, unless nothing may be missing.
type Tests struct{ *testing.M }

// Run returns the exit code.
func (m Tests) Run() int {
	kind := os.Getenv(engineEnv)
	if kind == "" {
		return m.M.Run()
	}
	var err error
	if shared, err = Start(kind); err != nil {
		fmt.Println(err)
		if errors.Is(err, ErrMissing) && os.Getenv("GLANCE_TEST_REQUIRE") == "" {
			return 0
		}
		return 1
	}
	code := m.M.Run()
	if err := shared.Close(); err != nil {
		fmt.Println(err)
		return 1
	}
	return code
}

// Database returns the options of an empty database on the engine of the tests, and a handle that speaks SQL to it past
// the service; file is where it is with SQLite.
func Database(t testing.TB, file string) (db.Options, *sqlx.DB) {
	t.Helper()
	var o db.Options
	err := option.SetDefaults(&o)
	var raw *sqlx.DB
	_ = os.Getenv(engineEnv) // go test keeps results by the variables that tests have asked for; Run is not seen doing so
	switch {
	case err != nil:
	case shared == nil:
		o.Path = file
		raw, err = sqlx.Open("sqlite3", "file:"+file+"?_busy_timeout=10000")
	default:
		if o.Connection, err = shared.URL(); err == nil {
			raw, err = Open(o.Connection)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
	})
	return o, raw
}
