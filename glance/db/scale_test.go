package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
)

// The figures of a large cloud take a database of their own size to measure, and are asked for by these variables:
//
//	GLANCE_TEST_ROWS=1000000 GLANCE_TEST_DB=postgresql go test -run '^TestScale$' -timeout 60m -v ./glance/db
const (
	rowsEnv   = "GLANCE_TEST_ROWS"
	engineEnv = "GLANCE_TEST_DB" // mysql, postgresql, or nothing for SQLite
)

const (
	smallCloud = 10_000
	slower     = 3  // times that a list of the large cloud may take what the same one of the small cloud does
	rounds     = 20 // of measurements at most, of which the best counts for either: others use the machine too
	perRound   = 40 // answers that are timed
	unfelt     = 2 * time.Millisecond
	settled    = 5 * time.Minute
)

// TestScale compares lists in a cloud of GLANCE_TEST_ROWS images with the same ones in a cloud of ten thousand.
func TestScale(t *testing.T) {
	rows, err := strconv.Atoi(os.Getenv(rowsEnv))
	if err != nil {
		t.Skip(rowsEnv + " does not say how many images to measure with")
	}
	engine := os.Getenv(engineEnv)
	build := clouds(t, engine)
	small, _ := build(cloudOf(smallCloud))
	large, raw := build(cloudOf(rows))
	settle(t, engine, raw)
	a, b := questions(t, small), questions(t, large)
	for _, warm := range append(slices.Clone(a), b...) { // of a service that has been at work for a while
		if err := warm.ask(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("%-34s %10s %10s %6s\n", "list", fmt.Sprint(smallCloud), fmt.Sprint(rows), "ratio")
	for i := range a {
		compareClouds(t, a[i].name, a[i].ask, b[i].ask)
	}
}

// question is what is timed.
type question struct {
	name string
	ask  func(context.Context) error
}

func questions(t *testing.T, d *db.DB) []question {
	t.Helper()
	var all []question
	for _, s := range append(shapes(), overviews()...) {
		q := s.asked(t, d)
		all = append(all, question{s.name, func(ctx context.Context) error { _, err := d.Images(ctx, q); return err }})
	}
	return append(all, question{"usage", func(ctx context.Context) error { _, err := d.Usage(ctx, project, ""); return err }})
}

// compareClouds fails if the large cloud takes too long to answer.
func compareClouds(t *testing.T, name string, small, large func(context.Context) error) {
	t.Helper()
	a, b := alternate(t, small, large)
	for n := 1; n < rounds && b > slower*a; n++ {
		a2, b2 := alternate(t, small, large)
		a, b = min(a, a2), min(b, b2)
	}
	verdict := "ok"
	if b > slower*a && b > unfelt {
		verdict = "TOO SLOW"
		t.Errorf("%s: %s, %.1f times as long as the %s in a small cloud", name, b, float64(b)/float64(a), a)
	}
	fmt.Printf("%-34s %10s %10s %6.2f  %s\n", name, a.Round(10*time.Microsecond), b.Round(10*time.Microsecond), float64(b)/float64(a), verdict)
}

// alternate returns the 95th percentile of both, asked in turns, so that whatever else the machine does is shared.
func alternate(t *testing.T, one, other func(context.Context) error) (a, b time.Duration) {
	t.Helper()
	var as, bs []time.Duration
	for n := range perRound + 2 {
		for _, side := range []struct {
			ask  func(context.Context) error
			took *[]time.Duration
		}{{one, &as}, {other, &bs}} {
			begin := time.Now()
			if err := side.ask(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n >= 2 { // the first ones load what is on the disk
				*side.took = append(*side.took, time.Since(begin))
			}
		}
	}
	slices.Sort(as)
	slices.Sort(bs)
	return as[perRound*95/100], bs[perRound*95/100]
}

// clouds returns what makes databases on an engine, each with a handle for SQL of our own.
func clouds(t *testing.T, engine string) func(cloud) (*db.DB, *sqlx.DB) {
	t.Helper()
	connect := func() (*db.DB, *sqlx.DB) {
		path := filepath.Join(t.TempDir(), "cloud.db")
		d := open(t, db.Options{Path: path})
		raw, err := sqlx.Open("sqlite3", "file:"+path+"?_synchronous=OFF")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = raw.Close() })
		return d, raw
	}
	if engine != "" {
		s := startServer(t, engine)
		if err := s.Admin(roomy(engine)...); err != nil {
			t.Fatal(err)
		}
		connect = func() (*db.DB, *sqlx.DB) {
			url, err := s.URL()
			if err != nil {
				t.Fatal(err)
			}
			return openURL(t, url, db.Options{}), rawURL(t, url)
		}
	}
	return func(c cloud) (*db.DB, *sqlx.DB) {
		d, raw := connect()
		raw.SetMaxOpenConns(1)
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		c.fill(t, engine, raw)
		t.Logf("%d images in %s", c.images, time.Since(begin).Round(time.Second))
		return d, raw
	}
}

// settle waits until PostgreSQL has looked at the new rows, which it does by itself within a minute or so.
func settle(t *testing.T, engine string, raw *sqlx.DB) {
	t.Helper()
	if engine != dbserver.PostgreSQL {
		return
	}
	const ask = "SELECT COUNT(*) FROM pg_stat_user_tables WHERE relname IN ('images', 'image_properties', 'image_tags', 'image_members', 'image_locations') AND last_autoanalyze IS NULL"
	for end := time.Now().Add(settled); time.Now().Before(end); time.Sleep(time.Second) {
		n := 0
		if err := raw.GetContext(t.Context(), &n, ask); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	t.Log("PostgreSQL has not looked at the new rows")
}

// roomy gives a server the memory that one of a large cloud has.
func roomy(engine string) []string {
	if engine == dbserver.MariaDB {
		return []string{"SET GLOBAL innodb_buffer_pool_size = 1 << 30", "SET GLOBAL innodb_flush_log_at_trx_commit = 0"}
	}
	return nil
}
