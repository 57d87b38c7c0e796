package db

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goglance/glance/image"
)

func planned(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "x.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// plan returns how SQLite means to run a query.
func plan(t *testing.T, d *DB, q query) string {
	t.Helper()
	var steps []string
	q.text = "EXPLAIN QUERY PLAN " + q.text
	err := each(t.Context(), d.q, q, func(rows *sql.Rows) error {
		var a, b, c int
		var step string
		err := rows.Scan(&a, &b, &c, &step)
		steps = append(steps, step)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}

// recorder keeps the queries that pass through it.
type recorder struct {
	querier
	asked []query
}

func (r *recorder) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	r.asked = append(r.asked, query{text, args})
	return r.querier.QueryContext(ctx, text, args...)
}

// recorded gives reads whose queries are recorded.
func recorded(d *DB) (*recorder, reads) {
	r := &recorder{querier: d.q}
	return r, reads{core: d.core, q: r, snapshot: func(_ context.Context, read func(querier) error) error { return read(r) }}
}

func put(t *testing.T, d *DB, images ...*image.Image) {
	t.Helper()
	for _, im := range images {
		if err := d.Tx(t.Context(), func(tx *Tx) error { return tx.InsertImage(t.Context(), im) }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlanOfShow(t *testing.T) {
	d := planned(t)
	put(t, d, &image.Image{ID: "x", Status: image.Active, Visibility: image.Public})
	asked, r := recorded(d)
	if _, err := r.Image(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	for i, indexes := range [][]string{
		{"sqlite_autoindex_images_1 (id=?)"},
		{"ix_image_properties_image_id (image_id=?)", "ix_image_tags_image_id (image_id=?)", "ix_image_locations_image_id (image_id=?)"},
	} {
		got := plan(t, d, asked.asked[i])
		for _, index := range indexes {
			if !strings.Contains(got, "USING INDEX "+index) {
				t.Errorf("%s:\n%s", asked.asked[i].text, got)
			}
		}
	}
}

// TestQueriesOfList counts: as many for one image as for many.
func TestQueriesOfList(t *testing.T) {
	d := planned(t)
	for _, id := range strings.Fields("a b c d e f g h") {
		put(t, d, &image.Image{ID: id, Status: image.Active, Visibility: image.Public, Tags: []string{"x", "y"}})
	}
	for _, limit := range []int{1, 8} {
		asked, r := recorded(d)
		page, err := r.Images(t.Context(), image.Query{Limit: limit})
		if err != nil || len(page) != limit || len(asked.asked) != 2 {
			t.Errorf("%d queries for a page of %d, %v", len(asked.asked), len(page), err)
		}
	}
}

// TestPlanOfList wants every part of a default list to go along an index from the marker on, and to sort images of the
// very same time only. Those of others that one is a member of are collected: they have no index by time.
func TestPlanOfList(t *testing.T) {
	d := planned(t)
	const walk, last = "USING INDEX created_at_image_idx", "SEARCH image_members USING INDEX goglance_member (member=?)"
	for _, row := range []struct {
		image.Viewer
		want []string // beside the bound of the marker
	}{
		{image.Viewer{Admin: true}, []string{walk}},
		{image.Viewer{Admin: true, Owner: "a"}, []string{walk}},
		{image.Viewer{}, []string{"SEARCH images USING INDEX goglance_image_visibility (visibility=?"}},
		{image.Viewer{Owner: "a"}, []string{"SEARCH images USING INDEX goglance_image_visibility (visibility=?",
			"SEARCH images USING INDEX goglance_image_owner (owner=?", "SEARCH images USING INDEX sqlite_autoindex_images_1 (id=?)", last}},
	} {
		for _, after := range []*image.Image{nil, {ID: "x", CreatedAt: time.Now()}} {
			got := d.planOfPage(t, image.Query{Viewer: row.Viewer, After: after, Limit: 25})
			for _, want := range row.want {
				if !strings.Contains(got, want) {
					t.Errorf("%+v, marker %v: no %s in\n%s", row.Viewer, after != nil, want, got)
				}
			}
			if bounds := min(len(row.want), 2); after != nil && strings.Count(got, "created_at<?") != bounds {
				t.Errorf("%+v: not %d bounds by the marker in\n%s", row.Viewer, bounds, got)
			}
		}
	}
}

// TestPlanOfFilters wants an administrator's filter to use the index of a column where there is one, and otherwise the
// same way along the index of created_at as without a filter, with children looked up by their images. What leads a
// project to images is what it sees of them; see TestScansNothing.
func TestPlanOfFilters(t *testing.T) {
	d := planned(t)
	where := func(f image.Field, op image.Op, values ...any) image.Filter {
		return image.Filter{Conditions: []image.Condition{{Field: f, Op: op, Values: values}}}
	}
	const walk = "SCAN images USING INDEX created_at_image_idx"
	const byID, byTime = "SEARCH images USING INDEX sqlite_autoindex_images_1 (id=?)", "SEARCH images USING INDEX goglance_image_visibility (visibility=?)"
	for _, row := range []struct {
		filter image.Filter
		want   []string
	}{
		{where(image.FieldID, image.Equal, "x"), []string{byID}},
		{where(image.FieldID, image.In, "x", "y"), []string{byID}},
		{where(image.FieldChecksum, image.Equal, "x"), []string{"SEARCH images USING INDEX checksum_image_idx (checksum=?)"}},
		{where(image.FieldOwner, image.Equal, "x"), []string{"SEARCH images USING INDEX owner_image_idx (owner=?)"}},
		{where(image.FieldName, image.Equal, "x"), []string{"SEARCH images USING INDEX goglance_image_name (name=?)"}},
		{where(image.FieldName, image.In, "x", "y"), []string{"SEARCH images USING INDEX goglance_image_name (name=?)"}},
		{where(image.FieldCreatedAt, image.Equal, time.Unix(0, 0)), []string{"SEARCH images USING INDEX created_at_image_idx (created_at>? AND created_at<?)"}},
		{where(image.FieldUpdatedAt, image.Greater, time.Unix(0, 0)), []string{"SEARCH images USING INDEX updated_at_image_idx (updated_at>?)"}},
		{where(image.FieldStatus, image.In, "active", "queued"), []string{walk}},
		{where(image.FieldDiskFormat, image.Equal, "raw"), []string{walk}},
		{where(image.FieldProtected, image.Equal, true), []string{walk}},
		{where(image.FieldSize, image.AtLeast, int64(1)), []string{walk}},
		{where(image.FieldMinRAM, image.Equal, int64(1)), []string{walk}},
		{image.Filter{Visibility: image.Public}, []string{byTime}},
		{image.Filter{Visibility: image.Private}, []string{byTime}},
		{image.Filter{Tags: []string{"x"}}, []string{walk, "SEARCH c EXISTS USING INDEX ix_image_tags_image_id"}},
		{image.Filter{Properties: map[string]string{"x": "y"}}, []string{walk, "SEARCH c EXISTS USING INDEX sqlite_autoindex_image_properties_1 (image_id=? AND name=?)"}},
	} {
		for _, v := range []image.Viewer{{Admin: true}, {Admin: true, Owner: "a"}} {
			got := d.planOfPage(t, image.Query{Viewer: v, Filter: row.filter, Limit: 25})
			for _, want := range row.want {
				if !strings.Contains(got, want) {
					t.Errorf("%+v %+v:\n%s\nwant %s", v, row.filter, got, want)
				}
			}
		}
	}
	named := d.planOfPage(t, image.Query{Viewer: image.Viewer{Owner: "a"}, Filter: where(image.FieldID, image.In, "x", "y"), Limit: 25})
	if strings.Count(named, byID) != 4 { // in each of three parts, and once for the page
		t.Error(named)
	}
}

// TestPlanOfDeepPages wants a page far into a list to begin where the marker is, not where the list does.
func TestPlanOfDeepPages(t *testing.T) {
	d := planned(t)
	name, at := "n", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	after := &image.Image{ID: "x", Name: &name, CreatedAt: at}
	since := func(op image.Op, by time.Duration) image.Filter {
		return image.Filter{Conditions: []image.Condition{{Field: image.FieldCreatedAt, Op: op, Values: []any{at.Add(by)}}}}
	}
	for _, row := range []struct {
		order  image.Order
		filter image.Filter
		left   int // conditions of the filter that are asked for: not what the marker says anyhow
		want   string
	}{
		{image.Order{Key: image.ByName}, image.Filter{}, 0, "SEARCH images USING INDEX goglance_image_name (name>?)"},
		{image.Order{Key: image.ByName, Desc: true}, image.Filter{}, 0, "SEARCH images USING INDEX goglance_image_name (name>? AND name<?)"},
		{image.Order{Key: image.ByCreatedAt}, since(image.Greater, -time.Hour), 0, "created_at>?"},
		{image.Order{Key: image.ByCreatedAt}, since(image.Less, time.Hour), 1, "created_at>? AND created_at<?"},
		{image.Order{Key: image.ByCreatedAt, Desc: true}, since(image.AtMost, time.Hour), 0, "created_at<?"},
		{image.Order{Key: image.ByCreatedAt, Desc: true}, since(image.AtLeast, -time.Hour), 1, "created_at>? AND created_at<?"},
	} {
		q := image.Query{Viewer: image.Viewer{Admin: true}, Filter: row.filter, Sort: []image.Order{row.order}, After: after, Limit: 25}
		page, err := d.pageOf(q)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.planOfPage(t, q); !strings.Contains(got, row.want) {
			t.Errorf("%+v %+v: no %s in\n%s", row.order, row.filter, row.want, got)
		}
		if ofMarker := 4; len(page.args) != ofMarker+row.left && row.order.Key == image.ByCreatedAt {
			t.Errorf("%+v %+v: %v in %s", row.order, row.filter, page.args, page.text)
		}
	}
}

func (d *DB) planOfPage(t *testing.T, q image.Query) string {
	t.Helper()
	page, err := d.pageOf(q)
	if err != nil {
		t.Fatal(err)
	}
	return plan(t, d, query{"SELECT " + imageColumns(d.engine.time) + " FROM " + page.text, page.args})
}

// TestMemberTwice: two that share at the same time may both get their row, as NULL keeps the key from being unique. The
// image is listed once.
func TestMemberTwice(t *testing.T) {
	d := planned(t)
	other := "b"
	put(t, d, &image.Image{ID: "x", Owner: &other, Status: image.Active, Visibility: image.Shared})
	err := d.Tx(t.Context(), func(tx *Tx) error {
		err := tx.InsertMember(t.Context(), image.Member{ImageID: "x", ID: "a", Status: image.Accepted})
		if err == nil {
			_, err = tx.exec(t.Context(), `INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted)
				SELECT image_id, member, can_share, status, created_at, deleted FROM image_members`)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := d.Images(t.Context(), image.Query{Viewer: image.Viewer{Owner: "a"}, Limit: 25}); err != nil || len(list) != 1 {
		t.Errorf("%d images, %v", len(list), err)
	}
}
