// Package dbtest checks that package db behaves the same on every engine. The test of an engine calls Run with a
// function that opens it.
package dbtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

// Opener opens an empty database that Migrate has been run on, and closes it when t ends. The second handle speaks
// SQL to the same database: for rows that the package does not write itself, and to look at what it wrote.
type Opener func(t testing.TB, o db.Options) (*db.DB, *sqlx.DB)

// Run runs the whole suite, each test on a database of its own. The engine keeps times in units of precision.
func Run(t *testing.T, open Opener, precision time.Duration) {
	for _, group := range []func() []test{
		records, times, changes, guards, deletions, races, visibility, filters, walks, members, usage, transactions, secrets, wordings, metadefs, tasks,
	} {
		for _, one := range group() {
			t.Run(one.name, func(t *testing.T) { one.run(start(t, open, one.options, precision)) })
		}
	}
}

// test is one test with the options of its database.
type test struct {
	name    string
	options db.Options
	run     func(s suite)
}

// suite is a test at work.
type suite struct {
	*testing.T
	ctx context.Context
	db  *db.DB
	raw *sqlx.DB

	precision time.Duration
}

func start(t *testing.T, open Opener, o db.Options, precision time.Duration) suite {
	d, raw := open(t, o)
	return suite{T: t, ctx: t.Context(), db: d, raw: raw, precision: precision}
}

// kept is a time as the engine keeps it.
func (s suite) kept(t time.Time) time.Time { return t.UTC().Truncate(s.precision) }

// ok ends the test if there is an error.
func (s suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// wants fails unless err is of the kind.
func (s suite) wants(kind fault.Kind, err error) {
	s.Helper()
	if !fault.Is(err, kind) {
		s.Errorf("got %v, want an error of kind: %v", err, kind)
	}
}

func (s suite) insert(images ...*image.Image) {
	s.Helper()
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error {
		for _, im := range images {
			if err := tx.InsertImage(s.ctx, im); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s suite) update(id string, c db.Change) error {
	return s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.UpdateImage(s.ctx, id, c) })
}

func (s suite) remove(id string, d db.Deletion) error {
	return s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.DeleteImage(s.ctx, id, d) })
}

func (s suite) get(id string) *image.Image {
	s.Helper()
	im, err := s.db.Image(s.ctx, id)
	s.ok(err)
	return im
}

// sql runs a statement behind the package's back.
func (s suite) sql(statement string, args ...any) {
	s.Helper()
	_, err := s.raw.ExecContext(s.ctx, s.raw.Rebind(statement), args...)
	s.ok(err)
}

// count returns the number that a query asks for.
func (s suite) count(query string, args ...any) int {
	s.Helper()
	var n int
	s.ok(s.raw.GetContext(s.ctx, &n, s.raw.Rebind(query), args...))
	return n
}

// share makes a membership.
func (s suite) share(id, member, status string, deleted bool) {
	s.Helper()
	s.sql(`INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted)
		VALUES (?, ?, FALSE, ?, '2017-08-30 12:00:00', ?)`, id, member, status, deleted)
}

// id returns the nth of a series of ids.
func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func ptr[T any](v T) *T { return &v }

// epoch is a time with a fraction of six digits.
func epoch() time.Time { return time.Date(2017, 8, 30, 12, 0, 0, 123456000, time.UTC) }

// minimal returns an image as a client makes one that says nothing.
func minimal(n int) *image.Image {
	return &image.Image{ID: id(n), Status: image.Queued, Visibility: image.Shared, Owner: ptr("owner")}
}

// full returns an image with a value in every place.
func full(n int) *image.Image {
	return &image.Image{
		ID: id(n), Name: ptr("Ünï \"code\" 世界"), Status: image.Active, Visibility: image.Public, Protected: true,
		Owner: ptr("owner"), Checksum: ptr("d41d8cd98f00b204e9800998ecf8427e"), Size: ptr(int64(1) << 40),
		VirtualSize: ptr(int64(1) << 41), ContainerFormat: ptr("bare"), DiskFormat: ptr("qcow2"), MinDisk: 7, MinRAM: 512,
		CreatedAt: epoch(), UpdatedAt: epoch().Add(time.Hour),
		Properties: map[string]*string{"os": ptr("linux"), "empty": ptr(""), "null": nil, "clé": ptr("été")},
		Tags:       []string{"b", "a", "ü"},
		Locations: []image.Location{
			{URL: "file:///store/1", Metadata: map[string]any{"store": "one", "list": []any{"x", true, nil}}},
			{URL: "http://user:pass@host/2?q=%20", Metadata: map[string]any{}},
		},
	}
}
