package glance_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/glance"
)

// Spec images-api 5.1.
func TestListDocument(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	c.get("/v2/images").want(http.StatusOK).wantBody(`{"images": [], "first": "/v2/images", "schema": "/v2/schemas/images"}`)
	id := c.create("")
	doc := c.get("/v2/images/" + id).body
	c.get("/v2/images").wantBody(`{"images": [` + doc + `], "first": "/v2/images", "schema": "/v2/schemas/images"}`)
	c.get("/v2/images?limit=1").wantBody(`{"images": [` + doc + `], "first": "/v2/images?limit=1", "schema": "/v2/schemas/images", ` +
		`"next": "/v2/images?limit=1&marker=` + id + `"}`)
	c.get("/v2/images?").wantBody(`{"images": [` + doc + `], "first": "/v2/images", "schema": "/v2/schemas/images"}`)
	c.get("/v2/images?limit=1&marker=" + id).wantBody(`{"images": [], "first": "/v2/images?limit=1", "schema": "/v2/schemas/images"}`)
}

// Spec images-api 5.2.
func TestListLimit(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.PageSize, c.Options.PageMax = 3, 5 })
	for range 7 {
		f.as(owner).create("")
	}
	rows := []struct {
		limit string
		code  int
		count int
		next  bool
	}{
		{"", 200, 3, true}, {"?limit=1", 200, 1, true}, {"?limit=4", 200, 4, true}, {"?limit=5", 200, 5, true},
		{"?limit=6", 200, 5, true},
		{"?limit=1000000", 200, 5, true}, {"?limit=99999999999999999999", 200, 5, true}, {"?limit=0005", 200, 5, true},
		{"?limit=0", 200, 0, false}, {"?limit=00", 200, 0, false}, {"?limit=", 400, 0, false}, {"?limit", 400, 0, false},
		{"?limit=-1", 400, 0, false},
		{"?limit=x", 400, 0, false}, {"?limit=1.0", 400, 0, false}, {"?limit=1%00", 400, 0, false},
		{"?limit=1,2", 400, 0, false},
	}
	for _, row := range rows {
		a := f.as(owner).get("/v2/images" + row.limit).want(row.code)
		if row.code != http.StatusOK {
			continue
		}
		if _, next := a.doc()["next"]; next != row.next || len(a.ids()) != row.count {
			t.Errorf("%s: %d images, next %v", row.limit, len(a.ids()), next)
		}
	}
	large := start(t, func(c *glance.Config) { c.Options.PageSize, c.Options.PageMax = 25, 2 })
	for range 3 {
		large.as(owner).create("")
	}
	if got := len(large.as(owner).get("/v2/images").ids()); got != 2 {
		t.Errorf("the default is not capped: %d images", got)
	}
}

// Spec security S78.
func TestSecQueryIntegers(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	c.create("")
	for _, limit := range []string{"%2B5", "+5", "5_0", "%EF%BC%95", "1e3", "0x10", "%205", "5%20", "5%0a", "%D9%A5", "--1", "-0", "5;", "'5'", "NaN"} {
		c.get("/v2/images?limit=" + limit).want(http.StatusBadRequest)
	}
	for _, limit := range []string{"18446744073709551617", "4294967297", strings.Repeat("9", 5000)} {
		if got := len(c.get("/v2/images?limit=" + limit).ids()); got != 1 {
			t.Errorf("limit %s: %d images", shortened(limit), got)
		}
	}
	if got := c.get("/v2/images?limit=" + strings.Repeat("0", 5000)).ids(); len(got) != 0 {
		t.Errorf("limit 0: %v", got)
	}
	for _, name := range []string{"size", "virtual_size", "min_disk", "min_ram"} {
		for _, n := range []string{
			"%2B5", "+5", "5_0", "%EF%BC%95", "1e3", "0x10", "%205", "5%20", "%D9%A5", "--1", "NaN", "5;", "1.0", strings.Repeat("9", 20), "9223372036854775808", "-9223372036854775809",
		} {
			c.get("/v2/images?" + name + "_min=" + n).want(http.StatusBadRequest)
			c.get("/v2/images?" + name + "_max=" + n).want(http.StatusBadRequest)
			if got := c.get("/v2/images?" + name + "=" + n).ids(); len(got) != 0 {
				t.Errorf("%s=%s finds %v", name, n, got)
			}
		}
		for _, n := range []string{"-1", "-0", "0", "-9223372036854775808", "9223372036854775807", strings.Repeat("0", 5000) + "1"} {
			c.get("/v2/images?" + name + "_min=" + n).want(http.StatusOK)
			c.get("/v2/images?" + name + "_max=" + n).want(http.StatusOK)
		}
	}
}

// Spec images-api 5.2: which images a page may begin behind.
func TestListMarker(t *testing.T) {
	t.Parallel()
	f := start(t)
	var ids []string
	for range 4 {
		f.clock.add(time.Second)
		ids = append(ids, f.as(owner).create(""))
	}
	f.clock.add(time.Second)
	foreign := f.as(stranger).create("")
	killed, pending, deleted := ids[0], ids[1], ids[2]
	f.setStatus(killed, "killed")
	f.setStatus(pending, "pending_delete")
	f.as(owner).ask("DELETE /v2/images/"+deleted, "").want(http.StatusNoContent)
	rows := []struct {
		by     caller
		marker string
		code   int
		count  int
	}{
		{owner, ids[3], 200, 0}, {owner, killed, 200, 0}, {owner, foreign, 400, 0}, {owner, deleted, 400, 0},
		{owner, pending, 400, 0},
		{owner, "", 400, 0}, {owner, "missing", 400, 0}, {owner, strings.ToUpper(ids[3]) + "x", 400, 0},
		{owner, "%00", 400, 0},
		{owner, strings.Repeat("x", 5000), 400, 0}, {anonymous, ids[3], 400, 0}, {stranger, foreign, 200, 0},
		{admin, foreign, 200, 1}, {admin, ids[3], 200, 0}, {admin, deleted, 200, 0}, {admin, pending, 200, 0},
		{admin, "missing", 400, 0}, {admin, "", 400, 0},
	}
	for _, row := range rows {
		a := f.as(row.by).get("/v2/images?marker=" + row.marker).want(row.code)
		if row.code == http.StatusOK && len(a.ids()) != row.count {
			t.Errorf("%s behind %s: %v", row.by, row.marker, a.ids())
		}
	}
	// A page begins at the place that a deleted image had.
	if got := f.as(admin).get("/v2/images?sort_dir=asc&marker=" + deleted).ids(); !slices.Equal(got, []string{ids[3], foreign}) {
		t.Errorf("behind the deleted image: %v", got)
	}
}

// Spec images-api 5.3, security S75: how a sort is asked for.
func TestSecSortKeyClosedList(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	good := []string{
		"sort_key=name", "sort_dir=asc", "sort_dir=desc", "sort_key=name&sort_dir=asc", "sort_key=name&sort_key=size",
		"sort_key=name&sort_key=size&sort_dir=asc",
		"sort_key=name&sort_key=size&sort_dir=asc&sort_dir=desc", "sort=name", "sort=name:asc", "sort=name:asc,size:desc,id",
		"sort=%20name%20:%20asc%20,%20id",
		"sort=name:", "sort=name,name", "sort_key=id&sort_key=id", "sort=" + strings.Repeat("name,", 999) + "name",
	}
	for _, key := range sortKeys() {
		good = append(good, "sort="+key, "sort_key="+key)
	}
	for _, q := range good {
		c.get("/v2/images?" + q).want(http.StatusOK)
	}
	bad := []string{
		"sort=", "sort=,", "sort=name,", "sort=:asc", "sort=name:up", "sort=name:ASC", "sort=name:asc:desc",
		"sort=name&sort_key=id", "sort=name&sort_dir=asc",
		"sort_key=", "sort_dir=", "sort_dir=up", "sort_dir=asc&sort_dir=desc", "sort_key=name&sort_dir=asc&sort_dir=desc",
		"sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=asc",
		"sort_key=Name", "sort_dir=ASC",
	}
	for _, key := range []string{
		"name;drop", "__class__", "owner", "checksum", "properties", "members", "locations", "tags", "visibility",
		"min_disk", "protected", "deleted", "virtual_size",
		"name%20desc", "images.name", "(select%201)", "name--", "name%00", "1", "rowid", "%EF%BD%8Eame",
	} {
		bad = append(bad, "sort="+key, "sort_key="+key)
	}
	for _, q := range bad {
		c.get("/v2/images?" + q).want(http.StatusBadRequest)
	}
}

// Spec images-api 0.2: query strings that are not quite right.
func TestListQueryEncoding(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	c.create("")
	for _, q := range []string{"%FF=1", "limit=%FF", "marker=%C3%28", "%ED%A0%80", "limit=1&x=%80", "name=%FF", "x=%00"} {
		c.get("/v2/images?" + q).want(http.StatusBadRequest)
	}
	for _, q := range []string{"&", "&&limit=1&", "l%69mit=1", "limit=%31", "limit=1&limit=1"} {
		c.get("/v2/images?" + q).want(http.StatusOK)
	}
}

// Spec security S80: links repeat the query, so that it reads back the same.
func TestSecPageLinksEncoded(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	id := c.create(`"name": "</script>\r\n\"&=%41+ \u20ac", "tags": ["a&b", "#"], "p<\r\n>": "\"';?"`)
	spaced := strings.Repeat("%20", 2000) + "name%20"
	for _, q := range []string{
		"name=eq:%3C/script%3E%0d%0a%22%26%3D%2541%2B%20%E2%82%AC", "tag=a%26b&tag=%23", "tag=%23&tag=%20a%26b%0d%0a&tag=%23", "p%3C%0D%0A%3E=%22%27%3B%3F",
		"name=x&name=in:%22%3C/script%3E%0d%0a%5C%22%26%3D%2541%2B%20%E2%82%AC%22", "status=in:queued,x&status=queued&deleted=%3Cx", "created_at=gt:2017-08-01T12:00:00%2B05:00",
		"sort=" + spaced, "sort=name%20:asc", "sort=%09name%0d%0a", "sort=name%C2%A0,id", "sort_key=name&sort_key=id",
		"sort_dir=asc&sort_key=size", "limit=1&sort=%6eame",
	} {
		list := c.get("/v2/images?limit=1&" + q).want(http.StatusOK)
		first, next := list.doc()["first"], list.doc()["next"]
		if strings.ContainsAny(list.body, "\r\n\t") || strings.ContainsAny(fmt.Sprint(first, next), "<>\"\r\n\t \u20ac") {
			t.Errorf("%s: the document is %q", q, list.body)
		}
		want := query(t, "/v2/images?limit=1&"+q)
		if got := query(t, fmt.Sprint(first)); !same(got, want) {
			t.Errorf("first is %v", first)
		}
		want.Set("marker", id)
		if got := query(t, fmt.Sprint(next)); !same(got, want) {
			t.Errorf("next is %v", next)
		}
		c.get(fmt.Sprint(first)).want(http.StatusOK)
		c.get(fmt.Sprint(next)).want(http.StatusOK)
	}
	for _, q := range []string{"sort=%3C/script%3E", "marker=%0d%0aX-Evil:1", "limit=%22", "visibility=%22%3E"} {
		c.get("/v2/images?"+q).want(http.StatusBadRequest).wantHeader("X-Evil", "")
	}
	for _, q := range []string{"a%22%3E=1", "name=" + strings.Repeat("%3C/script%3E%0D%0A", 8<<10/11), "%0d%0aX-Evil:1=%0d%0aX-Evil:1", "tag=%7F%C2%85%E2%80%A8", "a=b&a=c&a=&=&a"} {
		list := c.get("/v2/images?"+q).want(http.StatusOK).wantHeader("X-Evil", "")
		if got := query(t, fmt.Sprint(list.doc()["first"])); !same(got, query(t, "/v2/images?"+q)) || strings.ContainsAny(list.body, "\r\n<>\u0085\u2028") {
			t.Errorf("%s: the document is %q", q, list.body)
		}
	}
}

func query(t *testing.T, link string) url.Values {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil || u.Path != "/v2/images" || u.Host != "" {
		t.Fatalf("link %s: %v", link, err)
	}
	return values
}

func same(a, b url.Values) bool { return a.Encode() == b.Encode() }
