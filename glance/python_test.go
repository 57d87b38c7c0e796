package glance_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"goglance/glance"
	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/internal/reference"
	"goglance/glance/option"
	"goglance/glance/store/all"
)

// TestBesidePython has ours and Debian's Glance on one database and one store at the same time. What one of them takes
// in is handled through the other, and both say the same about it.
func TestBesidePython(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{dbserver.MariaDB, dbserver.PostgreSQL, "sqlite"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := besides(t, kind)
			for _, first := range []client{s.ours.as(owner), s.theirs.as(owner)} {
				second := s.theirs.as(owner)
				if first.url == s.theirs.url {
					second = s.ours.as(owner)
				}
				s.throughBoth(first, second)
			}
			s.sameRows()
			s.sameTasks()
			s.importThroughBoth()
		})
	}
}

// sides are the two services.
type sides struct {
	*testing.T
	ours, theirs *fixture
	sql          *sqlx.DB
	images       string // the folder of the store
	staging      string // the folder of staged data
}

// besides makes the database with our schema, lets Python upgrade it, and starts both.
func besides(t *testing.T, kind string) *sides {
	t.Helper()
	var o db.Options
	if err := option.SetDefaults(&o); err != nil {
		t.Fatal(err)
	}
	raw := connect(t, kind, &o)
	images, staging, url := filepath.Join(t.TempDir(), "images"), filepath.Join(t.TempDir(), "staging"), ""
	ours := start(t, withImport).second(func(c *glance.Config) {
		c.Clock, c.NewID, c.StateDir, c.Options.ShowLocations = nil, nil, t.TempDir(), true
		var err error
		if c.DB, err = db.Open(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		d := c.DB
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		url = reference.Start(t, reference.Config{
			Database: o.Connection, Images: images, Identity: true, Default: "show_multiple_locations = true\nnode_staging_uri = file://" + staging + "/",
		})
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.Stores, err = all.Files(images, c.Log); err != nil {
			t.Fatal(err)
		}
		if c.Staging, err = all.Staging("file://"+staging, c.Stores, c.Log); err != nil {
			t.Fatal(err)
		}
	})
	theirs := *ours
	theirs.url = url
	return &sides{T: t, ours: ours, theirs: &theirs, sql: raw, images: images, staging: staging}
}

// connect names an empty database of the kind in o and opens a handle on it.
func connect(t *testing.T, kind string, o *db.Options) *sqlx.DB {
	t.Helper()
	var raw *sqlx.DB
	var err error
	if kind == "sqlite" {
		file := filepath.Join(t.TempDir(), "glance.sqlite")
		o.Connection = "sqlite:///" + file + "?timeout=60"
		raw, err = sqlx.Open("sqlite3", "file:"+file+"?_busy_timeout=10000")
	} else {
		connectServer(t, kind, o)
		raw, err = dbserver.Open(o.Connection)
	}
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

// agree asks both for an image and compares what they say, field by field. Fields that came after Pike are Python's
// only.
func (s *sides) agree(c caller, id string) map[string]any {
	s.Helper()
	ours := s.ours.as(c).get("/v2/images/" + id).want(http.StatusOK).doc()
	theirs := s.theirs.as(c).get("/v2/images/" + id).want(http.StatusOK).doc()
	for _, doc := range []map[string]any{ours, theirs} {
		maps.DeleteFunc(doc, func(name string, _ any) bool {
			return slices.Contains([]string{"os_hidden", "os_hash_algo", "os_hash_value", "stores"}, name)
		})
		if tags, ok := doc["tags"].([]any); ok {
			slices.SortFunc(tags, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
	if diff := gocmp.Diff(theirs, ours); diff != "" {
		s.Errorf("image %s (-Python's +ours):\n%s", id, diff)
	}
	return ours
}

// listed reports whether each of the two lists an image for a caller.
func (s *sides) listed(c caller, id string, want bool) {
	s.Helper()
	for _, f := range []*fixture{s.ours, s.theirs} {
		if got := strings.Contains(f.as(c).get("/v2/images").want(http.StatusOK).body, id); got != want {
			s.Errorf("%s lists image %s for the %s: %v", f.url, id, c, got)
		}
	}
}

const patchType = "Content-Type: application/openstack-images-v2.1-json-patch"

// throughBoth makes an image through one and goes on with it through the other, by turns.
func (s *sides) throughBoth(first, second client) {
	s.Helper()
	data := strings.Repeat("data of an image\n", 5000)
	id := first.store(`"name": "\u00fc \u4e16", "tags": ["a", "b"], "os_distro": "x", "empty": "", "min_disk": 3, "protected": true`, data)
	doc := s.agree(owner, id)
	if doc["status"] != "active" || doc["checksum"] == nil || doc["size"] == nil {
		s.Errorf("the image is %v", doc)
	}
	s.listed(owner, id, true)
	s.listed(stranger, id, false)
	for _, c := range []client{first, second} {
		if got := c.get("/v2/images/" + id + "/file").want(http.StatusOK); got.body != data {
			s.Errorf("%s gives %d bytes of %d", c.url, len(got.body), len(data))
		}
	}
	s.patched(first, second, id)
	s.shared(first, second, id)
	s.deactivated(first, second, id)
	second.ask("DELETE /v2/images/"+id, "").want(http.StatusForbidden) // it is protected
	first.ask("PATCH /v2/images/"+id, `[{"op": "replace", "path": "/protected", "value": false}]`, patchType).want(http.StatusOK)
	second.ask("DELETE /v2/images/"+id, "").want(http.StatusNoContent)
	for _, c := range []client{first, second} {
		c.get("/v2/images/" + id).want(http.StatusNotFound)
	}
	if files, err := os.ReadDir(s.images); err != nil || len(files) != 0 {
		s.Errorf("the store has %v, %v", files, err)
	}
}

func (s *sides) patched(first, second client, id string) {
	s.Helper()
	second.ask("PATCH /v2/images/"+id, `[{"op": "replace", "path": "/name", "value": "new"}, {"op": "add", "path": "/added", "value": "\u00e9"},
		{"op": "remove", "path": "/empty"}, {"op": "replace", "path": "/tags", "value": ["b", "c"]}]`, patchType).want(http.StatusOK)
	s.agree(owner, id)
	first.ask("PATCH /v2/images/"+id, `[{"op": "add", "path": "/empty", "value": "back"}, {"op": "remove", "path": "/added"}]`, patchType).want(http.StatusOK)
	second.ask("PUT /v2/images/"+id+"/tags/d", "").want(http.StatusNoContent)
	first.ask("DELETE /v2/images/"+id+"/tags/b", "").want(http.StatusNoContent)
	doc := s.agree(owner, id)
	if got := fmt.Sprintln(doc["name"], doc["empty"], doc["added"], doc["tags"]); got != "new back <nil> [c d]\n" {
		s.Errorf("the image is %v", doc)
	}
}

func (s *sides) shared(first, second client, id string) {
	s.Helper()
	members := "/v2/images/" + id + "/members"
	second.ask("POST "+members, `{"member": "project-member"}`).want(http.StatusOK)
	first.ask("POST "+members, `{"member": "project-member"}`).want(http.StatusConflict)
	s.listed(member, id, false)
	first.fixture.as(member).ask("PUT "+members+"/project-member", `{"status": "accepted"}`).want(http.StatusOK)
	s.listed(member, id, true)
	s.agree(member, id)
	if diff := gocmp.Diff(first.get(members).doc(), second.get(members).doc()); diff != "" {
		s.Errorf("members: %s", diff)
	}
	first.ask("DELETE "+members+"/project-member", "").want(http.StatusNoContent)
	second.ask("POST "+members, `{"member": "project-member"}`).want(http.StatusOK)
	if diff := gocmp.Diff(first.get(members).doc(), second.get(members).doc()); diff != "" {
		s.Errorf("members: %s", diff)
	}
	second.ask("DELETE "+members+"/project-member", "").want(http.StatusNoContent)
}

func (s *sides) deactivated(first, second client, id string) {
	s.Helper()
	second.fixture.as(admin).ask("POST /v2/images/"+id+"/actions/deactivate", "").want(http.StatusNoContent)
	s.agree(owner, id)
	for _, c := range []client{first, second} {
		c.get("/v2/images/" + id + "/file").want(http.StatusForbidden)
	}
	first.fixture.as(admin).ask("POST /v2/images/"+id+"/actions/reactivate", "").want(http.StatusNoContent)
	s.agree(owner, id)
}

// sameRows sends the same requests to both and compares what is in the database afterwards: the same columns, of the
// same types, in the same spelling. Digits of ids and times may differ.
func (s *sides) sameRows() {
	s.Helper()
	var states []string
	for _, f := range []*fixture{s.ours, s.theirs} {
		for _, table := range []string{"image_members", "image_tags", "image_properties", "image_locations", "images"} {
			s.sql.MustExec("DELETE FROM " + table)
		}
		f.as(owner).store(`"name": "n", "tags": ["t"], "k": "v", "protected": true`, "data")
		id := f.as(owner).store(`"visibility": "shared"`, "more")
		f.as(owner).ask("POST /v2/images/"+id+"/members", `{"member": "m"}`).want(http.StatusOK)
		gone := f.as(owner).store(`"tags": ["t"], "k": "v"`, "gone")
		f.as(owner).ask("DELETE /v2/images/"+gone, "").want(http.StatusNoContent)
		states = append(states, s.rows())
	}
	if diff := gocmp.Diff(states[1], states[0]); diff != "" {
		s.Errorf("rows (-Python's +ours):\n%s", diff)
	}
}

// rows describes the content of the tables.
func (s *sides) rows() string {
	s.Helper()
	var text []string
	for _, table := range []string{"images", "image_properties", "image_tags", "image_locations", "image_members"} {
		lines := s.table(table)
		slices.Sort(lines)
		text = append(text, table+":\n"+strings.Join(lines, "\n"))
	}
	return strings.Join(text, "\n")
}

func (s *sides) table(name string) []string {
	s.Helper()
	rows, err := s.sql.Queryx("SELECT *" + s.spelling(name) + " FROM " + name)
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // only read
	var lines []string
	for rows.Next() {
		row := map[string]any{}
		if err := rows.MapScan(row); err != nil {
			s.Fatal(err)
		}
		lines = append(lines, described(row))
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	return lines
}

// spelling are further columns that show how SQLite, whose columns take anything, has stored times.
func (s *sides) spelling(table string) string {
	if s.sql.DriverName() != "sqlite3" || table == "task_info" {
		return ""
	}
	columns := []string{"created_at", "updated_at", "deleted_at", "deleted"}
	if table == "tasks" {
		columns = append(columns, "expires_at")
	}
	var text string
	for _, column := range columns {
		text += fmt.Sprintf(", typeof(%[1]s) || CAST(%[1]s AS TEXT) AS %[1]s_spelt", column)
	}
	return text
}

// described is a row without what differs from one request to the next, and without what is later than Pike.
func described(row map[string]any) string {
	changing := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]`)
	var line []string
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if strings.HasPrefix(name, "os_hash") || name == "virtual_size" || name == "id" {
			continue
		}
		value := row[name]
		if text, ok := value.([]byte); ok {
			value = string(text)
		}
		if at, ok := value.(time.Time); ok {
			value = at.Format(micros)
		}
		spelt := fmt.Sprint(value)
		if strings.HasSuffix(name, "_at") || strings.HasSuffix(name, "_spelt") || name == "image_id" || name == "value" {
			spelt = changing.ReplaceAllString(spelt, "#")
		}
		line = append(line, fmt.Sprintf("%s=%T(%s)", name, value, spelt))
	}
	return strings.Join(line, " ")
}
