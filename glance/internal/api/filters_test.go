package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"goglance/glance/fault"
	"goglance/glance/image"
)

func filterText(raw string) (image.Filter, error) {
	q, err := parseQuery(raw)
	if err != nil {
		return image.Filter{}, err
	}
	return filterOf(q)
}

func one(f image.Field, op image.Op, values ...any) image.Filter {
	return image.Filter{Conditions: []image.Condition{{Field: f, Op: op, Values: values}}}
}

func property(name, value string) image.Filter {
	return image.Filter{Properties: map[string]string{name: value}}
}

// Spec images-api 5.4.
func TestFilterOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2015, 2, 3, 4, 5, 6, 0, time.UTC)
	none := one(image.FieldID, image.In)
	rows := map[string]image.Filter{
		"": {}, "limit=1&marker=x&sort=name&sort_key=name&sort_dir=asc&deleted=true&changes-since=": {},
		"name=a": one(image.FieldName, image.Equal, "a"), "name=": one(image.FieldName, image.Equal, ""), "name=eq:": one(image.FieldName, image.Equal, ""),
		"name=eq:a:b": one(image.FieldName, image.Equal, "a:b"), "name=eq:in:a": one(image.FieldName, image.Equal, "in:a"),
		"name=x&name=a": one(image.FieldName, image.Equal, "a"), "protected=x&protected=true": one(image.FieldProtected, image.Equal, true),
		"name=2015-02-03T04:05:06Z": one(image.FieldName, image.Equal, "2015-02-03T04:05:06Z"), "name=eq": one(image.FieldName, image.Equal, "eq"),
		"id=in:a,b": one(image.FieldID, image.In, "a", "b"), "status=in:active": one(image.FieldStatus, image.In, "active"),
		"container_format=in:": one(image.FieldContainerFormat, image.In), "disk_format=x": one(image.FieldDiskFormat, image.Equal, "x"),
		"owner=in:a": one(image.FieldOwner, image.Equal, "in:a"), "checksum=": one(image.FieldChecksum, image.Equal, ""),
		"size=5": one(image.FieldSize, image.Equal, int64(5)), "virtual_size=-5": one(image.FieldVirtualSize, image.Equal, int64(-5)),
		"min_ram=05": one(image.FieldMinRAM, image.Equal, int64(5)), "size=abc": none, "size=": none, "size=5.0": none, "size=99999999999999999999": none,
		"size_min=5": one(image.FieldSize, image.AtLeast, int64(5)), "min_disk_max=5": one(image.FieldMinDisk, image.AtMost, int64(5)),
		"min_ram_min=-1":                       one(image.FieldMinRAM, image.AtLeast, int64(-1)),
		"virtual_size_max=9223372036854775807": one(image.FieldVirtualSize, image.AtMost, int64(1<<63-1)),
		"created_at=gt:2015-02-03T04:05:06Z":   one(image.FieldCreatedAt, image.Greater, at), "updated_at=gte:20150203T040506": one(image.FieldUpdatedAt, image.AtLeast, at),
		"created_at=lt:2015-02-03T06:05:06%2B02:00": one(image.FieldCreatedAt, image.Less, at), "created_at=lte:2015-02-03%2004:05:06": one(image.FieldCreatedAt, image.AtMost, at),
		"created_at=2015-02-03T04:05:06Z": one(image.FieldCreatedAt, image.Equal, at), "created_at=eq:2015-02-03T04:05:06": one(image.FieldCreatedAt, image.Equal, at),
		"created_at=neq:2015":  one(image.FieldCreatedAt, image.NotEqual, time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)),
		"visibility=community": {Visibility: image.Community}, "visibility=": none, "visibility=x&visibility=public": {Visibility: image.Public},
		"member_status=all": {MemberStatus: image.AnyAnswer}, "member_status=pending": {MemberStatus: image.Pending},
		"protected=false":         one(image.FieldProtected, image.Equal, false),
		"tag=b&tag=%20a%20&tag=a": {Tags: []string{"a", "b"}}, "tag=": {Tags: []string{""}}, "tag=%E2%80%83a%0A": {Tags: []string{"a"}},
		"os=linux": property("os", "linux"), "os=a&os=b": property("os", "b"), "os=eq:a": property("os", "eq:a"), "x": property("x", ""), "=x": property("", "x"),
		"properties=x": property("properties", "x"), "locations=x": property("locations", "x"), "members=x": property("members", "x"), "tags=x": property("tags", "x"),
		"os_min=3": property("os_min", "3"), "foo_max=text": property("foo_max", "text"), "name_min=3": property("name_min", "3"), "created_at_max=3": property("created_at_max", "3"),
		"_min=3": property("_min", "3"), "size_min_min=3": property("size_min_min", "3"), "Name=a": property("Name", "a"), "is_public=true": property("is_public", "true"),
	}
	for raw, want := range rows {
		got, err := filterText(raw)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", raw, err, diff)
		}
	}
}

// Spec images-api 5.4: every refusal.
func TestFilterRefused(t *testing.T) {
	t.Parallel()
	list := []string{
		"changes-since=2015-01-01T00:00:00Z", "changes-since=x", "visibility=x", "visibility=Public", "visibility=all", "visibility=%20public",
		"member_status=", "member_status=x", "member_status=Accepted", "protected=", "protected=True", "protected=1", "protected=true%20",
		"name=%00", "%00=x", "tag=%00", "name=%FF",
	}
	for _, name := range []string{"id", "name", "status", "container_format", "disk_format"} {
		for _, value := range []string{"a:b", ":", ":a", "neq:a", "gt:a", "EQ:a", "in%20:a", "like:a", `in:"a`, `in:a"b`, `in:"a"b`} {
			list = append(list, name+"="+value)
		}
	}
	for _, name := range []string{"size", "virtual_size", "min_disk", "min_ram"} {
		for _, value := range []string{"", "x", "1.0", "1e3", "%2B5", "+5", "5_0", "0x10", "%EF%BC%95", "--1", "-", "99999999999999999999", "9223372036854775808"} {
			list = append(list, name+"_min="+value, name+"_max="+value)
		}
	}
	for _, name := range []string{"created_at", "updated_at"} {
		for _, value := range []string{
			"", "gt:", "x", "gt:x", "in:2015", "ne:2015", "GT:2015", ":2015", "gt:gt:2015", "2015-02-30", "gt:2015-02-03T24:00:00", "gt:2015-02-03T04:05:06+02:00",
		} {
			list = append(list, name+"="+value)
		}
	}
	for _, raw := range list {
		if f, err := filterText(raw); !fault.Is(err, fault.Invalid) || fault.Message(err) == "" {
			t.Errorf("%s: %+v, %v", raw, f, err)
		}
	}
}

// Spec security S77: the bounds, and one beyond each of them.
func TestFilterBounds(t *testing.T) {
	t.Parallel()
	many := func(n int, form string) string {
		var all strings.Builder
		for i := range n {
			fmt.Fprintf(&all, form, i)
		}
		return all.String()
	}
	rows := []struct {
		raw string
		ok  bool
	}{
		{many(maxTags, "tag=%d&"), true}, {many(maxTags+1, "tag=%d&"), false}, {strings.Repeat("tag=a&", 5*maxTags), true},
		{many(maxProperties, "p%d=x&"), true}, {many(maxProperties+1, "p%d=x&"), false}, {strings.Repeat("p=a&", 5*maxProperties), true},
		{"id=in:" + many(maxValues, "%d,"), true}, {"id=in:" + many(maxValues+1, "%d,"), false},
		{"id=in:" + many(maxValues/2, "%d,") + "&name=in:" + many(maxValues/2, "%d,"), true},
		{"id=in:" + many(maxValues/2, "%d,") + "&name=in:" + many(maxValues/2+1, "%d,"), false},
		{"name=" + strings.Repeat("x", maxQuery-5), true}, {"name=" + strings.Repeat("x", maxQuery-4), false}, {strings.Repeat("&", maxQuery+1), false},
	}
	for _, row := range rows {
		if _, err := filterText(row.raw); (err == nil) != row.ok || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%.40s...: %v", row.raw, err)
		}
	}
}

func FuzzFilters(f *testing.F) {
	for _, seed := range []string{
		"", "name=in:a,%22b%22", "size_min=5&size_max=x", "created_at=gt:2015&tag=a&tag=b", "visibility=&member_status=all", "os_min=3&=x&protected=true", "changes-since=",
		"id=eq:a:b&checksum=in:x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := filterText(raw)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("error %v", err)
			}
			return
		}
		if len(got.Tags) > maxTags || len(got.Properties) > maxProperties {
			t.Errorf("%d tags, %d properties", len(got.Tags), len(got.Properties))
		}
		for _, c := range got.Conditions {
			if len(c.Values) != 1 && c.Op != image.In {
				t.Errorf("%+v", c)
			}
		}
		// The links of the page ask for the same again.
		q, err := parseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		again, err := filterText(q.encode())
		if diff := cmp.Diff(got, again, cmpopts.EquateEmpty()); len(raw) < maxQuery/3 && (err != nil || diff != "") {
			t.Errorf("asked again: %v\n%s", err, diff)
		}
	})
}

func FuzzSort(f *testing.F) {
	for _, seed := range []string{"name", "name:asc,size", "name:asc:desc", " id : desc ", ",", "name:", "\u00a0name"} {
		f.Add(seed, seed, seed)
	}
	f.Fuzz(func(t *testing.T, combined, key, dir string) {
		for _, q := range []query{{{"sort", combined}}, {{"sort_key", key}, {"sort_dir", dir}}, {{"sort_key", key}, {"sort_key", combined}, {"sort_dir", dir}}} {
			order, err := sortOf(q)
			if err != nil {
				if !fault.Is(err, fault.Invalid) {
					t.Errorf("%q: error %v", q, err)
				}
				continue
			}
			keys := map[image.SortKey]bool{}
			for _, o := range order {
				if keys[o.Key] = true; !o.Key.Valid() {
					t.Errorf("%q: sort key %q", q, o.Key)
				}
			}
			if !keys[image.ByCreatedAt] || !keys[image.ByID] {
				t.Errorf("%q: the order is not total: %v", q, order)
			}
		}
	})
}
