package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"goglance/glance/db"
	"goglance/glance/db/dbtest/dbserver"
	"goglance/glance/image"
)

// cloud is a database as a large cloud has it, seen by one project: of all images it sees the public ones, its own, and
// those of others that it has accepted. As many again as half of these wait for its answer. The rest are other
// projects', some in a hundred of them deleted and not yet purged.
type cloud struct{ images, public, own, member, gone int }

const project = "project"

// cloudOf is the one of the figures.
func cloudOf(images int) cloud { return cloud{images, 2000, 500, 200, 5} }

// sqlOf is what the engines spell differently.
type sqlOf struct {
	numbers string   // the numbers i below %d
	id      string   // a text of 8 hexadecimal digits of h
	at      string   // the time %s seconds after the beginning
	before  []string // statements for the connection
}

func spelling(engine string) sqlOf {
	switch engine {
	case dbserver.MariaDB:
		return sqlOf{
			numbers: "(SELECT seq AS i FROM seq_0_to_%d) n", id: "LPAD(LOWER(HEX(h)), 8, '0')",
			at:     "TIMESTAMP '2017-08-30 12:00:00' + INTERVAL (%s) SECOND",
			before: []string{"SET SESSION foreign_key_checks = 0", "SET SESSION unique_checks = 0", "SET SESSION optimizer_switch = 'index_merge=off'"},
		}
	case dbserver.PostgreSQL:
		return sqlOf{
			numbers: "generate_series(0::bigint, %d) n(i)", id: "LPAD(TO_HEX(h), 8, '0')",
			at:     "TIMESTAMP '2017-08-30 12:00:00' + (%s) * INTERVAL '1 second'",
			before: []string{"SET LOCAL synchronous_commit = off"},
		}
	}
	return sqlOf{
		numbers: "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) n",
		id:      "PRINTF('%08x', h)", at: "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%S.000000', 1504094400 + (%s), 'unixepoch')",
		before: []string{"PRAGMA cache_size = -500000"},
	}
}

// fill makes the images, in the engine, in a transaction. They are stored in the order of their ids, which is not that
// of their times. What kind an image is is kept in columns that nobody looks at: min_disk is its number, min_ram a
// number by chance, virtual_size its place among those that the project sees, from 1 on, or 0.
func (c cloud) fill(t testing.TB, engine string, raw *sqlx.DB) {
	t.Helper()
	s := spelling(engine)
	conn, err := raw.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	exec := func(statement string) {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
	exec("BEGIN")
	for _, statement := range append(s.before, c.statements(s)...) {
		exec(statement)
	}
	exec("COMMIT")
}

func (c cloud) statements(s sqlOf) []string {
	seen := c.public + c.own + c.member + c.member/2
	images := fmt.Sprintf(`INSERT INTO images (id, name, size, status, visibility, owner, created_at, updated_at, deleted_at,
			deleted, disk_format, container_format, checksum, min_disk, min_ram, virtual_size, protected)
		SELECT id, CASE WHEN r %% 100 = 55 THEN 'cirros' ELSE CONCAT('image-', i) END,
			CASE WHEN r %% 50 = 0 THEN NULL ELSE r * 1048576 END,
			CASE WHEN gone THEN 'deleted' WHEN r %% 50 = 0 THEN 'queued' WHEN r %% 50 = 1 THEN 'deactivated' ELSE 'active' END,
			CASE WHEN place BETWEEN 1 AND %[1]d OR gone AND r %% 4 = 0 THEN 'public' WHEN place > %[2]d OR r %% 100 < 40 THEN 'shared'
				WHEN r %% 100 = 99 THEN 'community' ELSE 'private' END%[7]s,
			CASE WHEN place BETWEEN %[1]d + 1 AND %[2]d THEN '%[3]s' ELSE CONCAT('p', r %% 5000) END,
			%[4]s, %[5]s, CASE WHEN gone THEN %[5]s END, gone,
			CASE WHEN r %% 3 = 0 THEN 'raw' ELSE 'qcow2' END, 'bare', CONCAT(LOWER(id8), id8, id8, id8), i, r, place, FALSE
		FROM (SELECT i, r, h, place, place = 0 AND r %% 100 < %[12]d AS gone, %[6]s AS id8, CONCAT(%[6]s, '-0000-4000-8000-000000000000') AS id
			FROM (SELECT i, (i * 7919 + 31) %% 100003 AS r, (i * 2654435761) %% 4294967296 AS h,
				CASE WHEN i %% %[8]d = 0 AND i < %[9]d THEN i / %[8]d * 7919 %% %[10]d + 1 ELSE 0 END AS place
				FROM %[11]s) x) y ORDER BY h`,
		c.public, c.public+c.own, project, fmt.Sprintf(s.at, "i * 60"), fmt.Sprintf(s.at, "(i + r) * 60"), s.id, s.enum(),
		c.images/seen, c.images/seen*seen, seen, fmt.Sprintf(s.numbers, c.images-1), c.gone)
	child := func(table, columns, values string, n int) string {
		var numbers []string
		for k := range n {
			numbers = append(numbers, fmt.Sprint("SELECT ", k, " AS k"))
		}
		return fmt.Sprintf("INSERT INTO %[1]s (image_id, created_at, deleted_at, deleted, %[2]s) SELECT id, created_at, deleted_at, deleted, %[3]s"+
			" FROM images CROSS JOIN (%[4]s) ks", table, columns, values, strings.Join(numbers, " UNION ALL "))
	}
	return []string{
		images,
		child("image_properties", "name, value", "CONCAT('prop', k), CASE WHEN k = 9 AND min_ram % 100 = 55 THEN 'rare' ELSE CONCAT('v', min_ram % 10) END", 10),
		child("image_tags", "value", "CASE WHEN k = 2 AND min_ram % 100 = 55 THEN 'rare' ELSE CONCAT('tag', k, min_ram % 10) END", 3),
		child("image_locations", "value, meta_data, status", "CONCAT('file:///var/lib/glance/images/', id), '{}', CASE WHEN deleted THEN 'deleted' ELSE 'active' END", 1),
		child("image_members", "member, can_share, status", "CONCAT('p', (min_ram + 1 + k) % 5000), FALSE, CASE WHEN k = 0 THEN 'accepted' ELSE 'pending' END", 2) +
			" WHERE visibility = 'shared'",
		child("image_members", "member, can_share, status", fmt.Sprintf("'%s', FALSE, CASE WHEN virtual_size > %d THEN 'pending' ELSE 'accepted' END",
			project, c.public+c.own+c.member), 1) + fmt.Sprint(" WHERE virtual_size > ", c.public+c.own),
	}
}

// enum is the cast that PostgreSQL wants.
func (s sqlOf) enum() string {
	if strings.HasPrefix(s.numbers, "generate_series") {
		return "::image_visibility"
	}
	return ""
}

// shape is a list that somebody asks for.
type shape struct {
	name string
	image.Query
	page page
}

// page is one of the pages of a list.
type page int

const (
	firstPage page = iota
	secondPage
	deepestPage
)

// limit is the page of the default configuration.
const limit = 25

func by(key image.SortKey, desc bool) []image.Order { return []image.Order{{Key: key, Desc: desc}} }

// shapes are the lists of a project. No page of theirs may read more than a project sees.
func shapes() []shape { return append(filters(), sorts()...) }

func filters() []shape {
	filter := func(name string, f image.Filter) shape {
		return shape{name: name, Query: image.Query{Viewer: image.Viewer{Owner: project}, Filter: f, Limit: limit}}
	}
	return []shape{
		filter("name", where(image.FieldName, image.Equal, "image-0")),
		filter("name of many", where(image.FieldName, image.Equal, "cirros")),
		filter("name of nobody", where(image.FieldName, image.Equal, "none")),
		filter("names", where(image.FieldName, image.In, "cirros", "image-0")),
		filter("property", image.Filter{Properties: map[string]string{"prop9": "rare"}}),
		filter("property of nobody", image.Filter{Properties: map[string]string{"prop9": "none"}}),
		filter("properties", image.Filter{Properties: map[string]string{"prop9": "rare", "prop1": "v5"}}),
		filter("tag", image.Filter{Tags: []string{"rare"}}),
		filter("tag of nobody", image.Filter{Tags: []string{"none"}}),
		filter("tags", image.Filter{Tags: []string{"rare", "tag05"}}),
		filter("status", where(image.FieldStatus, image.Equal, "queued")),
		filter("disk format", where(image.FieldDiskFormat, image.Equal, "raw")),
		filter("least size", where(image.FieldSize, image.AtLeast, int64(100000<<20))),
		filter("owner", where(image.FieldOwner, image.Equal, project)),
		filter("checksum", where(image.FieldChecksum, image.Equal, "none")),
		filter("public", image.Filter{Visibility: image.Public}),
		filter("shared", image.Filter{Visibility: image.Shared}),
		filter("private", image.Filter{Visibility: image.Private}),
		filter("community", image.Filter{Visibility: image.Community}),
		filter("offered", image.Filter{Visibility: image.Shared, MemberStatus: image.Pending}),
		filter("offered or not", image.Filter{MemberStatus: image.AnyAnswer}),
	}
}

func sorts() []shape {
	var all []shape
	for _, sort := range []struct {
		name  string
		order []image.Order
	}{
		{"newest", nil},
		{"oldest", image.Total(nil, false)},
		{"by name", image.Total(by(image.ByName, false), false)},
		{"by size", image.Total(by(image.BySize, true), true)},
		{"by size up", image.Total(by(image.BySize, false), false)},
		{"by update", image.Total(by(image.ByUpdatedAt, true), true)},
		{"by update up", image.Total(by(image.ByUpdatedAt, false), false)},
		{"by id", image.Total(by(image.ByID, false), false)},
		{"by status, name", append(by(image.ByStatus, true), image.Order{Key: image.ByName})},
		{"by age, name", append(by(image.ByCreatedAt, false), image.Order{Key: image.ByName, Desc: true})},
	} {
		first := shape{name: sort.name, Query: image.Query{Viewer: image.Viewer{Owner: project}, Sort: sort.order, Limit: limit}}
		second, deepest := first, first
		second.name, second.page = first.name+", second page", secondPage
		deepest.name, deepest.page = first.name+", deepest page", deepestPage
		all = append(all, first, second, deepest)
	}
	return all
}

// overviews are the lists of an administrator that an index leads to. The others, by size and the like or through a filter
// that fits few, read what he may see: everything.
func overviews() []shape {
	all := []shape{
		{name: "newest"}, {name: "newest, deepest page", page: deepestPage},
		{name: "oldest", Query: image.Query{Sort: image.Total(nil, false)}},
		{name: "by update", Query: image.Query{Sort: image.Total(by(image.ByUpdatedAt, true), true)}},
		{name: "by update, deepest page", Query: image.Query{Sort: image.Total(by(image.ByUpdatedAt, true), true)}, page: deepestPage},
		{name: "by update up", Query: image.Query{Sort: image.Total(by(image.ByUpdatedAt, false), false)}},
		{name: "name", Query: image.Query{Filter: where(image.FieldName, image.Equal, "image-0")}},
		{name: "owner", Query: image.Query{Filter: where(image.FieldOwner, image.Equal, project)}},
		{name: "checksum", Query: image.Query{Filter: where(image.FieldChecksum, image.Equal, "none")}},
		{name: "public", Query: image.Query{Filter: image.Filter{Visibility: image.Public}}},
		{name: "private", Query: image.Query{Filter: image.Filter{Visibility: image.Private}}},
	}
	for i := range all {
		all[i].Viewer, all[i].Limit, all[i].name = image.Viewer{Admin: true, Owner: "admin"}, limit, "admin: "+all[i].name
	}
	return all
}

// asked returns the query for the page that a shape means.
func (s shape) asked(t testing.TB, d *db.DB) image.Query {
	t.Helper()
	q := s.Query
	before := q // the page before: of the last one it is found from the other end
	switch s.page {
	case firstPage:
		return q
	case deepestPage:
		before.Limit++
		before.Sort = nil
		for _, o := range image.Total(slices.Clone(q.Sort), true) {
			before.Sort = append(before.Sort, image.Order{Key: o.Key, Desc: !o.Desc})
		}
	}
	found, err := d.Images(t.Context(), before)
	if err != nil || len(found) != before.Limit {
		t.Fatal(s.name, len(found), err)
	}
	q.After = found[len(found)-1]
	return q
}
