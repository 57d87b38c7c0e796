package db_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/option"
)

func TestMariaDB(t *testing.T) {
	t.Parallel()
	dbtest.Run(t, opener(startServer(t, dbserver.MariaDB)), time.Second)
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()

	dbtest.Run(t, opener(startServer(t, dbserver.PostgreSQL)), time.Microsecond)
}

// startServer starts a server for a test. Where its programs are missing the test is skipped, or fails if nothing may
// be missing.
func startServer(t testing.TB, kind string) *dbserver.Server {
	t.Helper()
	s, err := dbserver.Start(kind)
	if errors.Is(err, dbserver.ErrMissing) && os.Getenv("GLANCE_TEST_REQUIRE") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// opener opens new databases of a server.
func opener(s *dbserver.Server) dbtest.Opener {
	return func(t testing.TB, o db.Options) (*db.DB, *sqlx.DB) {
		t.Helper()
		url, err := s.URL()
		if err != nil {
			t.Fatal(err)
		}
		d := openURL(t, url, o)
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return d, rawURL(t, url)
	}
}

// openURL opens a database with the defaults of an operator.
func openURL(t testing.TB, url string, o db.Options) *db.DB {
	t.Helper()
	full := db.Options{}
	if err := option.SetDefaults(&full); err != nil {
		t.Fatal(err)
	}
	full.Connection, full.MetadataEncryptionKey, full.Clock = url, o.MetadataEncryptionKey, o.Clock
	return open(t, full)
}

// rawURL opens a handle for a test's own SQL.
func rawURL(t testing.TB, url string) *sqlx.DB {
	t.Helper()
	raw, err := dbserver.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
	})
	return raw
}
