package db_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
)

// TestPurgeSQLite is for SQLite what TestMigrateOnServers runs on the servers.
func TestPurgeSQLite(t *testing.T) {
	t.Parallel()
	purges(t, func(t *testing.T) string { return "sqlite:///" + t.TempDir() + "/glance.sqlite" })
}

// now is when the tests of purges are; rows are deleted some days before.
func now() time.Time { return time.Date(2020, 1, 31, 12, 0, 0, 0, time.UTC) }

// littered makes a database with the rows that purges are about.
func littered(t *testing.T, url string) (*db.DB, *sqlx.DB) {
	t.Helper()
	d := openURL(t, url, db.Options{})
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	raw := rawAny(t, url)
	row := func(text string, args ...any) { raw.MustExec(raw.Rebind(text), args...) }
	ago := func(days int) any {
		if days == 0 {
			return nil // it is live
		}
		return now().AddDate(0, 0, -days)
	}
	im := func(id, status string, days int) {
		row(`INSERT INTO images (id, status, visibility, created_at, deleted_at, deleted, min_disk, min_ram) VALUES (?, ?, 'shared', ?, ?, ?, 0, 0)`,
			id, status, ago(900), ago(days), days > 0)
	}
	property := func(image, name string, days int) {
		row(`INSERT INTO image_properties (image_id, name, created_at, deleted_at, deleted) VALUES (?, ?, ?, ?, ?)`, image, name, ago(900), ago(days), days > 0)
	}
	location := func(image, status string, days int) {
		row(`INSERT INTO image_locations (image_id, value, status, created_at, deleted_at, deleted) VALUES (?, 'x', ?, ?, ?, ?)`, image, status, ago(900), ago(days), days > 0)
	}
	im("live", "active", 0)
	property("live", "kept", 0)
	property("live", "dropped", 50)
	property("live", "os_glance_upload", 50)
	row(`INSERT INTO image_properties (image_id, name, created_at, deleted_at, deleted) VALUES ('live', 'revived', ?, ?, ?)`, ago(900), ago(50), false)
	location("live", "active", 0)
	row(`INSERT INTO image_tags (image_id, value, created_at, deleted_at, deleted) VALUES ('live', 'old', ?, ?, ?)`, ago(900), ago(50), true)
	row(`INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted_at, deleted) VALUES ('live', 'm', ?, 'pending', ?, ?, ?)`,
		false, ago(900), ago(50), true)
	im("old", "deleted", 50)
	property("old", "p", 50)
	property("old", "os_glance_upload", 1) // of the removal of its data
	location("old", "deleted", 50)
	im("older", "deleted", 60)
	im("recent", "deleted", 10)
	property("recent", "p", 10)
	im("awaited", "pending_delete", 50)
	location("awaited", "pending_delete", 50)
	for _, days := range []int{50, 10, 0} {
		id := fmt.Sprint("task", days)
		row(`INSERT INTO tasks (id, type, status, owner, created_at, deleted_at, deleted) VALUES (?, 'import', 'success', 'o', ?, ?, ?)`,
			id, ago(900), ago(days), days > 0)
		row(`INSERT INTO task_info (task_id) VALUES (?)`, id)
	}
	return d, raw
}

// rest returns how many rows each table has, and the ids of the images.
func rest(t *testing.T, raw *sqlx.DB) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, table := range []string{"image_properties", "image_tags", "image_locations", "image_members", "tasks", "task_info"} {
		var n int
		if err := raw.Get(&n, "SELECT COUNT(*) FROM "+table); err != nil {
			t.Fatal(err)
		}
		got[table] = fmt.Sprint(n)
	}
	var ids []string
	if err := raw.Select(&ids, "SELECT id FROM images"); err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	got["images"] = strings.Join(ids, " ")
	return got
}

// purge purges what was deleted more than 30 days ago.
func purge(t *testing.T, d *db.DB, p db.Purge) (map[string]int64, error) {
	t.Helper()
	done := map[string]int64{}
	p.Before, p.Begin = now().AddDate(0, 0, -30), func(string) {}
	p.Done = func(table string, n int64) { done[table] = n }
	err := d.Purge(t.Context(), p)
	return done, err
}

func purges(t *testing.T, newURL func(*testing.T) string) {
	t.Run("all", func(t *testing.T) {
		d, raw := littered(t, newURL(t))
		all, err := purge(t, d, db.Purge{MaxRows: 1000})
		want := map[string]int64{"image_properties": 2, "image_tags": 1, "image_locations": 1, "image_members": 1, "images": 2, "tasks": 1}
		if err != nil || !maps.Equal(all, want) {
			t.Errorf("removed %v, %v", all, err)
		}
		left := map[string]string{"images": "awaited live recent", "image_properties": "4", "image_tags": "0", "image_locations": "2",
			"image_members": "0", "tasks": "2", "task_info": "2"}
		if got := rest(t, raw); !maps.Equal(got, left) {
			t.Errorf("left %v", got)
		}
		if again, err := purge(t, d, db.Purge{MaxRows: 1}); err != nil || again["images"]+again["tasks"] > 0 {
			t.Errorf("again: %v, %v", again, err)
		}
	})
	t.Run("the oldest", func(t *testing.T) {
		d, raw := littered(t, newURL(t))
		all, err := purge(t, d, db.Purge{MaxRows: 1})
		if got := rest(t, raw); err != nil || all["images"] != 1 || got["images"] != "awaited live old recent" {
			t.Errorf("removed %v, left %v, %v", all, got, err)
		}
	})
	t.Run("blocked", func(t *testing.T) { blockedPurge(t, newURL(t)) })
	t.Run("another program's table", func(t *testing.T) {
		d, raw := littered(t, newURL(t))
		raw.MustExec("CREATE TABLE backups (image_id VARCHAR(36) NOT NULL, FOREIGN KEY (image_id) REFERENCES images (id))" + engineOf(raw))
		raw.MustExec("INSERT INTO backups VALUES ('old')")
		all, err := purge(t, d, db.Purge{MaxRows: 1000})
		want := "rows of backups"
		if raw.DriverName() == "sqlite3" {
			want = "a table of another program"
		}
		if err == nil || !strings.Contains(err.Error(), want) || all["tasks"] != 1 {
			t.Errorf("removed %v, %v", all, err)
		}
		if got := rest(t, raw); got["images"] != "awaited live old older recent" {
			t.Errorf("left %v", got)
		}
	})
}

func engineOf(raw *sqlx.DB) string {
	if raw.DriverName() == "mysql" {
		return " ENGINE=InnoDB DEFAULT CHARSET=utf8"
	}
	return ""
}

// blockedPurge: rows that belong to an image keep it, whichever they are, and are named. It goes on with the rest.
func blockedPurge(t *testing.T, url string) {
	d, raw := littered(t, url)
	raw.MustExec("UPDATE image_locations SET deleted_at = NULL WHERE image_id = 'old'")
	raw.MustExec(raw.Rebind("UPDATE image_locations SET deleted = ? WHERE image_id = 'old'"), false)
	for _, only := range []bool{true, false} { // of the first, properties are in the way too
		all, err := purge(t, d, db.Purge{MaxRows: 1000, Images: only})
		var b *db.BlockedError
		want := map[string]int{"image_locations": 1}
		if only {
			want["image_properties"] = 1
		}
		if !errors.As(err, &b) || b.Table != "images" || b.Rows != 1 || !maps.Equal(b.Holders, want) {
			t.Errorf("%v: %+v, %v", only, b, err)
		}
		if only != (all["images"] == 1) || only == (all["tasks"] == 1) {
			t.Errorf("%v: removed %v", only, all)
		}
	}
	if got := rest(t, raw); got["images"] != "awaited live old recent" || got["image_properties"] != "5" {
		t.Errorf("left %v", got)
	}
}
