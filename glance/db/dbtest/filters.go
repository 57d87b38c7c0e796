package dbtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func filters() []test {
	return []test{
		{name: "FilterText", run: filterText},
		{name: "FilterNumbers", run: filterNumbers},
		{name: "FilterTimes", run: filterTimes},
		{name: "FilterChildren", run: filterChildren},
		{name: "FilterNull", run: filterNull},
		{name: "FilterMany", run: filterMany},
		{name: "FilterRefused", run: filterRefused},
	}
}

func where(f image.Field, op image.Op, values ...any) image.Filter {
	return image.Filter{Conditions: []image.Condition{{Field: f, Op: op, Values: values}}}
}

// finds checks what an administrator finds: the numbers of images, in order.
func (s suite) finds(f image.Filter, want ...int) {
	s.Helper()
	got := s.filtered(image.Viewer{Admin: true}, f)
	slices.Sort(got)
	ids := make([]string, len(want))
	for i, n := range want {
		ids[i] = id(n)
	}
	if !slices.Equal(got, ids) {
		s.Errorf("%.200v finds %v, want %v", fmt.Sprintf("%+v", f), got, ids)
	}
}

// texts are values that an engine might take for one another, or for more than text.
func texts() []string {
	return []string{
		"linux", "Linux", "LINUX", "linux ", " linux", "l\u00efnux", "li%", "li_ux", "%", "_", "'", `"`, `\`, `\%`, "' OR 1=1 --", "$1", "?", ":a", "@a", "NULL", "", " ",
		"\u20ac", "ss", "\u00df", "\u1e9e", "e\u0301", "\u00e9", "0", "00", "1", "true", "\n", "\u007f", "in:linux", strings.Repeat("x", 20),
	}
}

// filterText stores each text in every place, and wants each found by itself alone.
func filterText(s suite) {
	var all []*image.Image
	for n, text := range texts() {
		im := minimal(n)
		im.Name, im.Tags, im.Properties = &text, []string{text}, map[string]*string{text: &text}
		if text != "" {
			im.Owner = &text
		}
		im.DiskFormat, im.ContainerFormat, im.Checksum = &text, &text, &text
		all = append(all, im)
	}
	s.insert(all...)
	for n, text := range texts() {
		for _, f := range []image.Field{image.FieldName, image.FieldDiskFormat, image.FieldContainerFormat, image.FieldChecksum} {
			s.finds(where(f, image.Equal, text), n)
			s.finds(where(f, image.In, text), n)
			s.finds(where(f, image.In, "nothing like it", text), n)
		}
		if text != "" {
			s.finds(where(image.FieldOwner, image.Equal, text), n)
		}
		s.finds(image.Filter{Tags: []string{text}}, n)
		s.finds(image.Filter{Properties: map[string]string{text: text}}, n)
		s.finds(image.Filter{Properties: map[string]string{text: text + "x"}})
		s.finds(image.Filter{Properties: map[string]string{text + "x": text}})
	}
	s.finds(where(image.FieldOwner, image.Equal, ""))
	for _, text := range []string{"LINUx", "\U0001f600", strings.Repeat("y", 300), strings.Repeat("z", 70000)} { // no column has room for these
		for _, f := range []image.Field{image.FieldID, image.FieldName, image.FieldStatus, image.FieldOwner, image.FieldChecksum, image.FieldDiskFormat} {
			s.finds(where(f, image.Equal, text))
			s.finds(where(f, image.In, text, text))
		}
		s.finds(image.Filter{Tags: []string{text}})
		s.finds(image.Filter{Properties: map[string]string{text: text}})
	}
	s.finds(where(image.FieldID, image.Equal, id(3)), 3)
	s.finds(where(image.FieldID, image.In, id(3), id(5), "x"), 3, 5)
	s.finds(where(image.FieldID, image.In))
}

func filterNumbers(s suite) {
	sizes := []int64{0, 1, 5, 1 << 31, 1<<53 + 1, 1<<63 - 1}
	for n, size := range sizes {
		im := minimal(n)
		im.Size, im.VirtualSize, im.MinDisk, im.MinRAM, im.Protected = ptr(size), ptr(size), int64(n), int64(n), n%2 == 0
		s.insert(im)
	}
	s.sql("UPDATE images SET min_ram = 2147483647 WHERE id = ?", id(5))
	for n, size := range sizes {
		for _, f := range []image.Field{image.FieldSize, image.FieldVirtualSize} {
			s.finds(where(f, image.Equal, size), n)
			s.finds(where(f, image.AtLeast, size), upTo(n, len(sizes))...)
			s.finds(where(f, image.Greater, size), upTo(n+1, len(sizes))...)
			s.finds(where(f, image.AtMost, size), upTo(0, n+1)...)
			s.finds(where(f, image.Less, size), upTo(0, n)...)
		}
	}
	s.finds(where(image.FieldSize, image.Equal, int64(1)<<53))
	for _, f := range []image.Field{image.FieldMinDisk, image.FieldMinRAM} {
		s.finds(where(f, image.AtMost, int64(3)), 0, 1, 2, 3)
		s.finds(where(f, image.Equal, int64(3)), 3)
		for _, large := range []int64{1 << 31, 1 << 40, 1<<63 - 1} {
			s.finds(where(f, image.AtLeast, large))
			s.finds(where(f, image.Equal, large))
			s.finds(where(f, image.AtMost, large), 0, 1, 2, 3, 4, 5)
			s.finds(where(f, image.AtMost, -large))
			s.finds(where(f, image.AtLeast, -large), 0, 1, 2, 3, 4, 5)
		}
	}
	s.finds(where(image.FieldMinRAM, image.Equal, int64(1<<31-1)), 5)
	s.finds(where(image.FieldProtected, image.Equal, true), 0, 2, 4)
	s.finds(where(image.FieldProtected, image.Equal, false), 1, 3, 5)
}

// upTo counts from a number to the one before end.
func upTo(from, end int) []int {
	var all []int
	for n := from; n < end; n++ {
		all = append(all, n)
	}
	return all
}

// filterTimes has two images in one second, and one in each of the seconds around it.
func filterTimes(s suite) {
	second := epoch().Truncate(time.Second)
	for n, at := range []time.Time{second.Add(-time.Second), second, second.Add(time.Second / 2), second.Add(time.Second)} {
		im := minimal(n)
		im.CreatedAt, im.UpdatedAt = at, at
		s.insert(im)
	}
	half, exact := []int{3}, []int{0, 1, 2} // where a time has no fraction
	if s.get(id(2)).CreatedAt.Nanosecond() != 0 {
		half, exact = []int{2, 3}, []int{0, 1}
		s.finds(where(image.FieldCreatedAt, image.Equal, second.Add(time.Second/2)), 2)
		s.finds(where(image.FieldUpdatedAt, image.NotEqual, second.Add(time.Second/2)), 0, 1, 3)
		s.finds(where(image.FieldUpdatedAt, image.AtMost, second), 0, 1)
		s.finds(where(image.FieldUpdatedAt, image.Greater, second), 2, 3)
	}
	for _, f := range []image.Field{image.FieldCreatedAt, image.FieldUpdatedAt} {
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("x", -12345)} {
			s.finds(where(f, image.Equal, second.In(zone)), 1, 2)
			s.finds(where(f, image.NotEqual, second.In(zone)), 0, 3)
			s.finds(where(f, image.Less, second.In(zone)), 0)
			s.finds(where(f, image.AtLeast, second.In(zone)), 1, 2, 3)
		}
		s.finds(where(f, image.AtLeast, second.Add(time.Microsecond)), half...)
		s.finds(where(f, image.Equal, second.Add(time.Microsecond)))
		s.finds(where(f, image.In, second, second.Add(-time.Second)), exact...)
		for _, at := range []time.Time{time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
			s.finds(where(f, image.Equal, at))
			s.finds(where(f, image.NotEqual, at), 0, 1, 2, 3)
		}
	}
	s.finds(image.Filter{Conditions: []image.Condition{
		{Field: image.FieldCreatedAt, Op: image.Less, Values: []any{second.Add(time.Second)}},
		{Field: image.FieldUpdatedAt, Op: image.AtLeast, Values: []any{second}},
	}}, 1, 2)
}

// filterChildren wants all of them, live ones only, and each of the image itself.
func filterChildren(s suite) {
	for n := range 4 {
		im := minimal(n)
		im.Tags, im.Properties = []string{"a", "b", "c"}[:n], map[string]*string{"os": ptr("linux"), "n": ptr(fmt.Sprint(n)), "null": nil}
		s.insert(im)
	}
	s.finds(image.Filter{Tags: []string{"a"}}, 1, 2, 3)
	s.finds(image.Filter{Tags: []string{"a", "b"}}, 2, 3)
	s.finds(image.Filter{Tags: []string{"c", "a", "b", "a"}}, 3)
	s.finds(image.Filter{Tags: []string{"a", "d"}})
	s.finds(image.Filter{Properties: map[string]string{"os": "linux"}}, 0, 1, 2, 3)
	s.finds(image.Filter{Properties: map[string]string{"os": "linux", "n": "2"}}, 2)
	s.finds(image.Filter{Properties: map[string]string{"os": "linux", "n": "linux"}})
	s.finds(image.Filter{Properties: map[string]string{"null": ""}})
	s.finds(image.Filter{Properties: map[string]string{"absent": ""}})
	s.ok(s.update(id(2), db.Change{DropTags: []string{"a"}, DropProps: []string{"os"}, Status: image.Saving, Mark: "m"}))
	s.finds(image.Filter{Tags: []string{"a"}}, 1, 3)
	s.finds(image.Filter{Properties: map[string]string{"os": "linux"}}, 0, 1, 3)
	s.finds(image.Filter{Properties: map[string]string{"os_glance_upload": "m"}})
	s.ok(s.update(id(2), db.Change{AddTags: []string{"a"}, SetProps: map[string]*string{"os": ptr("linux")}}))
	s.finds(image.Filter{Tags: []string{"a"}, Properties: map[string]string{"os": "linux"}}, 1, 2, 3)
	s.ok(s.remove(id(3), db.Deletion{}))
	s.finds(image.Filter{Tags: []string{"a"}}, 1, 2)
	s.finds(image.Filter{Properties: map[string]string{"n": "3"}})
}

// filterNull has an image with a value nowhere: no condition fits it.
func filterNull(s suite) {
	im := minimal(1)
	im.Owner = nil
	s.insert(im)
	s.sql("UPDATE images SET updated_at = NULL")
	for _, f := range []image.Field{image.FieldName, image.FieldOwner, image.FieldChecksum, image.FieldContainerFormat, image.FieldDiskFormat} {
		for _, op := range []image.Op{image.Equal, image.NotEqual, image.Less, image.AtMost, image.Greater, image.AtLeast, image.In} {
			s.finds(where(f, op, ""))
			s.finds(where(f, op, "NULL"))
		}
	}
	for _, f := range []image.Field{image.FieldSize, image.FieldVirtualSize} {
		for _, op := range []image.Op{image.Equal, image.NotEqual, image.AtMost, image.AtLeast, image.In} {
			s.finds(where(f, op, int64(0)))
		}
	}
	for _, op := range []image.Op{image.Equal, image.NotEqual, image.Less, image.AtLeast} {
		s.finds(where(image.FieldUpdatedAt, op, epoch()))
		s.finds(where(image.FieldUpdatedAt, op, epoch().Truncate(time.Second)))
	}
}

// filterMany asks for as much at once as the API lets a client ask for (spec security S77).
func filterMany(s suite) {
	im := minimal(1)
	f := image.Filter{Properties: map[string]string{}}
	im.Properties = map[string]*string{}
	for n := range 128 {
		name := fmt.Sprint("p", n)
		f.Properties[name], im.Properties[name] = "x", ptr("x")
		f.Tags, im.Tags = append(f.Tags, name), append(im.Tags, name)
	}
	s.insert(im, minimal(2))
	for n := range 128 {
		im = minimal(n + 10)
		im.Tags, im.Properties = f.Tags[1:], map[string]*string{"p0": ptr("x")}
		s.insert(im)
	}
	values := make([]any, 5000)
	for n := range values {
		values[n] = id(5000 - n)
	}
	f.Conditions = append(where(image.FieldID, image.In, values...).Conditions, where(image.FieldName, image.In, values...).Conditions...)
	begin := time.Now()
	s.finds(f)
	f.Conditions = f.Conditions[:1]
	s.finds(f, 1)
	for _, v := range viewers() {
		s.filtered(v, f)
	}
	if took := time.Since(begin); took > 20*time.Second {
		s.Errorf("a large filter takes %v", took)
	}
}

// filterRefused are mistakes of the program, none of which may become SQL.
func filterRefused(s suite) {
	s.insert(minimal(1))
	for _, f := range []image.Filter{
		where("id = id --", image.Equal, "x"), where("deleted", image.Equal, true), where("", image.Equal, "x"), where("Name", image.Equal, "x"),
		where(image.FieldName, "LIKE", "%"), where(image.FieldName, "", "x"), where(image.FieldName, image.Equal), where(image.FieldName, image.Equal, "x", "y"),
		where(image.FieldName, image.Equal, nil), where(image.FieldName, image.Equal, 5), where(image.FieldSize, image.Equal, "5"), where(image.FieldSize, image.AtLeast, 5),
		where(image.FieldMinDisk, image.In, int64(1), "x"), where(image.FieldProtected, image.Equal, "true"), where(image.FieldCreatedAt, image.Less, "2017"),
		where(image.FieldCreatedAt, image.Equal), {Visibility: "nonsense"}, {Visibility: "'"}, {MemberStatus: "nonsense"},
	} {
		_, err := s.db.Images(s.ctx, image.Query{Viewer: image.Viewer{Owner: "owner"}, Filter: f, Limit: 5})
		s.wants(fault.Internal, err)
	}
}
