package api

import (
	"slices"
	"testing"

	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/images"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	rows := []struct {
		raw  string
		want query
	}{
		{"", nil}, {"&", nil}, {"&&a=b&", query{{"a", "b"}}}, {"a", query{{"a", ""}}}, {"a=", query{{"a", ""}}},
		{"=b", query{{"", "b"}}},
		{"a=b&a=c", query{{"a", "b"}, {"a", "c"}}}, {"a=b=c", query{{"a", "b=c"}}}, {"a;b=c", query{{"a;b", "c"}}},
		{"a=b+c%2Bd", query{{"a", "b c+d"}}},
		{"tag=a%%40b", query{{"tag", "a%@b"}}}, {"a=%", query{{"a", "%"}}}, {"a=%4", query{{"a", "%4"}}},
		{"a=%zz%41", query{{"a", "%zzA"}}}, {"a=%%%", query{{"a", "%%%"}}},
		{"a=%2541", query{{"a", "%41"}}}, {"%61%3D=%26", query{{"a=", "&"}}}, {"a=%E2%82%AC", query{{"a", "\u20ac"}}},
		{"a=100%&b=%g1", query{{"a", "100%"}, {"b", "%g1"}}},
		{"a=%01", query{{"a", "\x01"}}},
	}
	for _, row := range rows {
		got, err := parseQuery(row.raw)
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%q: %q %v, want %q", row.raw, got, err, row.want)
		}
	}
	for _, raw := range []string{"a=%FF", "%FF=a", "a=%ED%A0%80", "a=b&c=\xff", "a=%C0%AF", "a=%E2%82", "a=%00", "%00", "a%00b=%00c"} {
		if _, err := parseQuery(raw); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestQueryAccess(t *testing.T) {
	t.Parallel()
	q := query{{"a", "1"}, {"b", "2"}, {"a", "3"}}
	if v, ok := q.get("a"); v != "3" || !ok {
		t.Errorf("get: %q %v", v, ok)
	}
	if _, ok := q.get("c"); ok {
		t.Error("get finds what is not there")
	}
	if all := q.all("a"); !slices.Equal(all, []string{"1", "3"}) {
		t.Errorf("all: %q", all)
	}
	if rest := q.without("a"); !slices.Equal(rest, query{{"b", "2"}}) || len(q) != 3 {
		t.Errorf("without: %q", rest)
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	rows := []struct {
		q            query
		marker, want string
	}{
		{nil, "", "/v2/images"}, {nil, "x", "/v2/images?marker=x"}, {query{{"marker", "y"}}, "", "/v2/images"},
		{query{{"marker", "y"}, {"limit", "1"}}, "x", "/v2/images?limit=1&marker=x"}, {query{{"a b", "c&d"},
			{"a b", "\u20ac"}}, "", "/v2/images?a+b=c%26d&a+b=%E2%82%AC"},
	}
	for _, row := range rows {
		if got := imagesLink(row.q, row.marker); got != row.want {
			t.Errorf("%v: %s, want %s", row.q, got, row.want)
		}
	}
}

func TestPageOf(t *testing.T) {
	t.Parallel()
	const asc, desc = false, true
	marker := "m"
	newest := []image.Order{{Key: image.ByCreatedAt, Desc: desc}, {Key: image.ByID, Desc: desc}}
	oldest := []image.Order{{Key: image.ByCreatedAt, Desc: asc}, {Key: image.ByID, Desc: asc}}
	rows := []struct {
		raw  string
		want images.Page
	}{
		{"", images.Page{Limit: -1, Sort: newest}},
		{"limit=7&marker=x&marker=m", images.Page{Limit: 7, Marker: &marker, Sort: newest}},
		{"limit=99999999999999999999999", images.Page{Limit: 999999999, Sort: newest}},
		{"sort_dir=asc", images.Page{Limit: -1, Sort: oldest}},
		{"sort=name:asc,size", images.Page{Limit: -1, Sort: append([]image.Order{
			{Key: image.ByName, Desc: asc}, {Key: image.BySize, Desc: desc},
		}, newest...)}},
		{"sort_key=name&sort_key=size&sort_dir=asc", images.Page{Limit: -1, Sort: append([]image.Order{
			{Key: image.ByName, Desc: asc}, {Key: image.BySize, Desc: asc},
		}, oldest...)}},
	}
	for _, row := range rows {
		q, err := parseQuery(row.raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := imagesPage(q)
		if err != nil || got.Limit != row.want.Limit || !slices.Equal(got.Sort, row.want.Sort) {
			t.Errorf("%s: %+v %v, want %+v", row.raw, got, err, row.want)
		}
		if (got.Marker == nil) != (row.want.Marker == nil) || got.Marker != nil && *got.Marker != *row.want.Marker {
			t.Errorf("%s: the marker is %v", row.raw, got.Marker)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "limit=5&marker=x", "sort=name:asc,size", "sort_key=name&sort_key=id&sort_dir=asc", "a=%%40b&=&;",
		"limit=%EF%BC%95", "sort=%20name%20:%20", "%", "a=%f", "\xff", "sort_dir=a&sort_dir=b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("error %v", err)
			}
			return
		}
		again, err := parseQuery(q.encode())
		if err != nil || !slices.Equal(again, q) {
			t.Errorf("%q becomes %q (%v)", q, again, err)
		}
		page, err := imagesPage(q)
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("error %v", err)
		}
		if err == nil && page.Limit < -1 {
			t.Errorf("limit %d", page.Limit)
		}
		for _, o := range page.Sort {
			if err == nil && !o.Key.Valid() {
				t.Errorf("sort key %q", o.Key)
			}
		}
	})
}
