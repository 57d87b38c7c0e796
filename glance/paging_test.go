package glance_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func sortKeys() []string {
	return []string{"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"}
}

// row is an image as a list is sorted by it. What is nil there is "" or 0 here: the lowest.
type row struct {
	id, name, status, container, disk, created, updated string
	size                                                int64
}

// by compares two rows by one key.
func (r row) by(key string, other row) int {
	switch key {
	case "name":
		return cmp.Compare(r.name, other.name)
	case "status":
		return cmp.Compare(r.status, other.status)
	case "container_format":
		return cmp.Compare(r.container, other.container)
	case "disk_format":
		return cmp.Compare(r.disk, other.disk)
	case "size":
		return cmp.Compare(r.size, other.size)
	case "created_at":
		return cmp.Compare(r.created, other.created)
	case "updated_at":
		return cmp.Compare(r.updated, other.updated)
	}
	return cmp.Compare(r.id, other.id)
}

// populate makes images with many ties and nulls, and returns them. Ids are in no order.
func populate(f *fixture, n int) []row {
	f.t.Helper()
	random := rand.New(rand.NewPCG(1, 2)) // the same images every time
	pick := func(choices ...string) string { return choices[random.IntN(len(choices))] }
	var rows []row
	for i := range n {
		f.clock.add(time.Duration(random.IntN(3)) * 300 * time.Millisecond)
		attrs := []string{fmt.Sprintf(`"id": "%08x-0000-4000-8000-%012d"`, random.Uint32(), i)}
		for name, value := range map[string]string{
			"name": pick("", `"a"`, `"b"`, `"B"`, `"\u00e9"`, `"a%"`), "container_format": pick("", `"bare"`, `"ovf"`),
			"disk_format": pick("", `"raw"`, `"iso"`),
		} {
			if value != "" {
				attrs = append(attrs, fmt.Sprintf("%q: %s", name, value))
			}
		}
		id := f.as(owner).create(strings.Join(attrs, ", "))
		f.exec("UPDATE images SET status = ?, size = ?, updated_at = ? WHERE id = ?", pick("queued", "active", "saving"), orNull(strconv.Itoa(random.IntN(3)), "0"),
			orNull(pick("", "2017-08-01 10:00:00.000000", "2017-08-01 10:00:00.000001", "2018-01-01 00:00:00.000000"), ""), id)
		rows = append(rows, f.row(id))
	}
	return rows
}

// row reads an image from the database.
func (f *fixture) row(id string) row {
	f.t.Helper()
	r := row{id: id}
	var name, container, disk sql.NullString
	var created, updated sql.NullTime
	var size sql.NullInt64
	ask := f.sql.Rebind("SELECT name, status, container_format, disk_format, created_at, updated_at, size FROM images WHERE id = ?")
	f.must(f.sql.QueryRowContext(f.t.Context(), ask, id).Scan(&name, &r.status, &container, &disk, &created, &updated, &size))
	r.name, r.container, r.disk, r.size, r.created = name.String, container.String, disk.String, size.Int64, created.Time.Format(micros)
	if updated.Valid {
		r.updated = updated.Time.Format(micros)
	}
	return r
}

// micros is a form of time that sorts as text.
const micros = "2006-01-02 15:04:05.000000"

// orNull is text as a value for SQL; one text stands for NULL.
func orNull(text, null string) any {
	if text == null {
		return nil
	}
	return text
}

// order is one step of a sort, as a request asks for it and as it is completed.
type order struct {
	key  string
	desc bool
}

// sorted returns the ids in the order that the steps ask for.
func sorted(rows []row, steps ...order) []string {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b row) int {
		for _, step := range steps {
			if c := a.by(step.key, b); c != 0 {
				if step.desc {
					return -c
				}
				return c
			}
		}
		return 0
	})
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	return ids
}

// walk follows the links of a list to its end.
func (c client) walk(link string) []string {
	c.t.Helper()
	all := []string{}
	for range 1000 {
		page := c.get(link).want(http.StatusOK)
		ids := page.ids()
		all = append(all, ids...)
		next, more := page.doc()["next"].(string)
		if !more {
			return all
		}
		if len(ids) == 0 || next == link {
			c.t.Fatalf("the link %s leads nowhere", next)
		}
		link = next
	}
	c.t.Fatal("the list has no end")
	return nil
}

// Spec images-api 5.3, security S79: every order is total, whatever is equal or missing, and a walk along the pages
// meets each image once.
func TestSecBoundedLists(t *testing.T) {
	t.Parallel()
	f := start(t)
	rows := populate(f, 40)
	type walked struct {
		query string
		want  []string
	}
	list := []walked{
		{"", sorted(rows, order{"created_at", true}, order{"id", true})},
		{"sort_dir=asc", sorted(rows, order{"created_at", false}, order{"id", false})},
		{"sort_key=name&sort_key=size&sort_dir=asc", sorted(rows, order{"name", false}, order{"size", false},
			order{"created_at", false}, order{"id", false})},
		{"sort_key=name&sort_key=size", sorted(rows, order{"name", true}, order{"size", true}, order{"created_at", true},
			order{"id", true})},
		{"sort=name:asc,size:asc", sorted(rows, order{"name", false}, order{"size", false}, order{"created_at", true},
			order{"id", true})},
		{"sort=status,disk_format:asc,updated_at", sorted(rows, order{"status", true}, order{"disk_format", false},
			order{"updated_at", true}, order{"created_at", true}, order{"id", true})},
		{"sort_key=size&sort_key=id&sort_dir=asc&sort_dir=desc", sorted(rows, order{"size", false}, order{"id", true})},
		{"sort=id:asc,name", sorted(rows, order{"id", false})},
		{"sort=name:asc,name:desc", sorted(rows, order{"name", false}, order{"created_at", true}, order{"id", true})},
	}
	for _, key := range sortKeys() {
		for dir, desc := range map[string]bool{"asc": false, "desc": true} {
			want := sorted(rows, order{key, desc}, order{"created_at", desc}, order{"id", desc})
			list = append(list, walked{"sort=" + key + ":" + dir, want}, walked{"sort_key=" + key + "&sort_dir=" + dir, want})
		}
	}
	for _, w := range list {
		for _, limit := range []int{1, 7, 40, 1000} {
			if limit == 1 && strings.Contains(w.query, "sort_key") {
				continue // the same as with sort, and the longest way
			}
			if got := f.as(owner).walk(fmt.Sprintf("/v2/images?limit=%d&%s", limit, w.query)); !slices.Equal(got, w.want) {
				t.Errorf("%s by %d: %v, want %v", w.query, limit, got, w.want)
			}
		}
	}
}

// A page begins behind its marker whoever else is in the list, and what comes or goes elsewhere moves nothing.
func TestPagesWhileListChanges(t *testing.T) {
	t.Parallel()
	f := start(t)
	rows := populate(f, 12)
	want := sorted(rows, order{"created_at", true}, order{"id", true})
	page := f.as(owner).get("/v2/images?limit=5")
	next, _ := page.doc()["next"].(string)
	f.clock.add(time.Hour)
	f.as(owner).create("")
	f.exec("UPDATE images SET status = 'queued'")
	f.as(owner).ask("DELETE /v2/images/"+want[2], "").want(http.StatusNoContent)
	f.as(owner).ask("DELETE /v2/images/"+want[7], "").want(http.StatusNoContent)
	got := append(page.ids(), f.as(owner).walk(next)...)
	if !slices.Equal(got, slices.Concat(want[:7], want[8:])) {
		t.Errorf("met %v, want %v", got, want)
	}
}
