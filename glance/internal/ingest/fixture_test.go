package ingest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/sirupsen/logrus"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/image"
	"goglance/glance/store"
	"goglance/glance/store/file"
)

func TestMain(m *testing.M) { os.Exit(dbserver.Tests{M: m}.Run()) }

// node is a database, a file store and a place for journals, as several processes share them.
type node struct {
	t       *testing.T
	db      *db.DB
	datadir string
	staging *store.Staging
	root    string // of the journals
	driver  store.Driver
}

func newNode(t *testing.T) *node {
	t.Helper()
	dir := t.TempDir()
	o, _ := dbserver.Database(t, filepath.Join(dir, "glance.sqlite"))
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() }) //nolint:errcheck // a test's database
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, db: d, datadir: filepath.Join(dir, "images"), root: filepath.Join(dir, "journal")}
	if n.driver, err = file.New(file.Options{Datadir: n.datadir}); err != nil {
		t.Fatal(err)
	}
	folder, err := file.New(file.Options{Datadir: filepath.Join(dir, "staging")})
	if err != nil {
		t.Fatal(err)
	}
	n.staging = &store.Staging{Driver: folder, Dir: filepath.Join(dir, "staging")}
	return n
}

// process returns an Ingest with a journal of its own.
func (n *node) process() *Ingest {
	n.t.Helper()
	j, err := OpenJournal(n.root)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { j.lock.Close() }) //nolint:errcheck // may be closed already
	stores, err := store.NewSet("file", store.Named{Name: "file", Driver: n.driver})
	if err != nil {
		n.t.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	return New(Config{DB: n.db, Stores: stores, Journal: j, Staging: n.staging, Clock: time.Now, Log: log})
}

// die ends a process as kill -9 does: its lock goes, its journal stays.
func (in *Ingest) die(t *testing.T) {
	t.Helper()
	if err := in.Journal.lock.Close(); err != nil {
		t.Fatal(err)
	}
}

// queued makes an image that waits for data.
func (n *node) queued() string {
	n.t.Helper()
	raw, bare, now := "raw", "bare", time.Now()
	img := &image.Image{
		ID: uuid.NewString(), Status: image.Queued, Visibility: image.Shared, DiskFormat: &raw, ContainerFormat: &bare,
		CreatedAt: now, UpdatedAt: now,
	}
	err := n.db.Tx(n.t.Context(), func(tx *db.Tx) error { return tx.InsertImage(n.t.Context(), img) })
	if err != nil {
		n.t.Fatal(err)
	}
	return img.ID
}

func (n *node) image(id string) *image.Image {
	n.t.Helper()
	img, err := n.db.ImageAny(n.t.Context(), id)
	if err != nil {
		n.t.Fatal(err)
	}
	return img
}

// expect asserts the status of an image and what the store has: exactly the given names.
func (n *node) expect(id string, status image.Status, names ...string) {
	n.t.Helper()
	if got := n.image(id).Status; got != status {
		n.t.Errorf("the image is %s, want %s", got, status)
	}
	n.expectFiles(names...)
}

func (n *node) expectFiles(names ...string) {
	n.t.Helper()
	files, err := os.ReadDir(n.datadir)
	if err != nil {
		n.t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range files {
		found[f.Name()] = true
	}
	for _, name := range names {
		if !found[name] {
			n.t.Errorf("the store lacks %s", name)
		}
		delete(found, name)
	}
	for name := range found {
		n.t.Errorf("the store still has %s", name)
	}
}

// journals returns how many entries all journals have together.
func (n *node) journals() int {
	n.t.Helper()
	entries, err := filepath.Glob(filepath.Join(n.root, "*", "*.*"))
	if err != nil {
		n.t.Fatal(err)
	}
	return len(entries)
}

func upload(id string, body io.Reader) Upload {
	return Upload{
		ID: id, Body: body, Length: -1, Limit: Limit{Bytes: 1 << 30},
		Check: func(context.Context, *db.Tx, int64) error { return nil },
	}
}
