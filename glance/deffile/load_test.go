package deffile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"goglance/glance/db"
	"goglance/glance/deffile"
	"goglance/glance/metadef"
)

// TestShipped: the definitions that come with the service are what spec metadefs 16 tells of, and a second load finds
// them there.
func TestShipped(t *testing.T) {
	t.Parallel()
	f := start(t)
	done, err := deffile.LoadShipped(t.Context(), f.db, deffile.Options{})
	if err != nil || len(done.New) != 31 || len(done.Warnings) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	for table, want := range map[string]int{
		"namespaces": 31, "objects": 23, "properties": 118, "tags": 0, "resource_types": 6, "namespace_resource_types": 58,
		"namespaces WHERE owner = 'admin' AND updated_at IS NULL AND created_at IS NOT NULL": 31,
		"namespaces WHERE visibility IS NULL AND protected":                                  2,
		"namespaces WHERE NOT protected":                                                     2,
		"resource_types WHERE protected AND updated_at IS NULL":                              6,
	} {
		if n := f.count(table); n != want {
			t.Errorf("%d %s, should be %d", n, table, want)
		}
	}
	before := f.dump()
	f.hours.Add(1)
	again, err := deffile.LoadShipped(t.Context(), f.db, deffile.Options{})
	if err != nil || !reflect.DeepEqual(again, &deffile.Loaded{Skipped: done.New}) || f.dump() != before {
		t.Errorf("%+v, %v", again, err)
	}
	merged, err := deffile.LoadShipped(t.Context(), f.db, deffile.Options{Merge: true})
	if err != nil || !slices.Equal(merged.Merged, done.New) || f.dump() != before {
		t.Errorf("%+v, %v", merged, err)
	}
}

// existing is a namespace that somebody has, and of which fresh is another version.
func existing() metadef.Definition {
	schema := metadef.Schema{"type": "string", "title": "old"}
	return metadef.Definition{
		Namespace: metadef.Namespace{
			Name: "N", DisplayName: ptr("old"), Description: ptr("old"), Visibility: metadef.Public, Protected: true, Owner: "me",
		},
		Associations: []metadef.Association{{Name: "A", Prefix: ptr("old"), Target: ptr("old")}, {Name: "B"}},
		Properties:   []metadef.Property{{Name: "p", Schema: schema}, {Name: "q", Schema: schema}},
		Objects: []metadef.Object{
			{Name: "o", Description: ptr("old"), Required: []string{"x"}, Properties: map[string]metadef.Schema{"x": schema}}, {Name: "r"},
		},
		Tags: []metadef.Tag{{Name: "t"}, {Name: "u"}},
	}
}

const fresh = `{
	"namespace": "N", "display_name": "new", "ignored": 1,
	"resource_type_associations": [{"name": "A"}, {"name": "C", "prefix": "c_", "properties_target": null}],
	"properties": {"p": {"type": "integer", "title": "new", "minimum": 1.50}, "n": {"type": "string", "title": "new"}},
	"objects": [{"name": "o", "required": ["ignored"], "properties": {"y": {"type": "string", "title": "new"}}}, {"name": "s"}],
	"tags": [{"name": "t"}, {"name": "v"}]
}`

// TestMatrix: what becomes of a namespace that is there (spec metadefs 15.3). It was made at 0 h, the file is loaded at
// 1 h; the second time is that of the last change.
func TestMatrix(t *testing.T) {
	t.Parallel()
	was := []string{
		`N old old "public" protected=true me 0h -`, `N for A old old 0h -`, `N for B - - 0h -`,
		`N property p map[title:old type:string] 0h -`, `N property q map[title:old type:string] 0h -`,
		`N object o old [x] map[x:map[title:old type:string]] 0h -`, `N object r - [] map[] 0h -`, `N tag t 0h -`, `N tag u 0h -`,
		`type A protected=false 0h -`, `type B protected=false 0h -`,
	}
	added := []string{
		`N for C c_ - 1h -`, `N property n map[title:new type:string] 1h -`, `N object s - [] map[] 1h -`, `N tag v 1h -`, `type C protected=true 1h -`,
	}
	rows := []struct {
		options deffile.Options
		done    deffile.Loaded
		want    []string
	}{
		{deffile.Options{}, deffile.Loaded{Skipped: []string{"N"}}, was},
		{deffile.Options{Merge: true}, deffile.Loaded{Merged: []string{"N"}}, slices.Concat(was, added)},
		{deffile.Options{Merge: true, PreferNew: true}, deffile.Loaded{Merged: []string{"N"}}, slices.Concat(added, []string{
			`N new - "" protected=false admin 0h 1h`, `N for A - - 0h 1h`, `N for B - - 0h -`,
			`N property p map[minimum:1.50 title:new type:integer] 0h 1h`, `N property q map[title:old type:string] 0h -`,
			`N object o - [x] map[y:map[title:new type:string]] 0h 1h`, `N object r - [] map[] 0h -`, `N tag t 0h 1h`, `N tag u 0h -`,
			`type A protected=false 0h 1h`, `type B protected=false 0h -`,
		})},
		{deffile.Options{Merge: true, Overwrite: true}, deffile.Loaded{Replaced: []string{"N"}}, slices.Concat(added, []string{
			`N new - "" protected=false admin 1h -`, `N for A - - 1h -`, `N property p map[minimum:1.50 title:new type:integer] 1h -`,
			`N object o - [] map[y:map[title:new type:string]] 1h -`, `N tag t 1h -`,
			`type A protected=false 0h -`, `type B protected=false 0h -`,
		})},
	}
	for _, row := range rows {
		t.Run(fmt.Sprintf("%+v", row.options), func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.define(existing())
			f.hours.Add(1)
			done := f.load(folder(t, map[string]string{"n.json": fresh}), row.options)
			if !reflect.DeepEqual(*done, row.done) {
				t.Errorf("%+v", done)
			}
			slices.Sort(row.want)
			if got, want := f.dump(), strings.Join(row.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestNew: every option but bad ones stores a namespace that is not there, and the second file of a namespace meets the
// first.
func TestNew(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.json": fresh, "b.json": `{"namespace": "N", "tags": [{"name": "late"}]}`})
	for options, second := range map[deffile.Options]deffile.Loaded{
		{}:                             {Skipped: []string{"N"}},
		{Merge: true}:                  {Merged: []string{"N"}},
		{Merge: true, PreferNew: true}: {Merged: []string{"N"}},
		{Merge: true, Overwrite: true}: {Replaced: []string{"N"}},
	} {
		f := start(t)
		second.New = []string{"N"}
		if done := f.load(dir, options); !reflect.DeepEqual(*done, second) {
			t.Errorf("%+v: %+v", options, done)
		}
		if late := strings.Contains(f.dump(), "tag late"); late == (len(second.Skipped) > 0) {
			t.Errorf("%+v: %s", options, f.dump())
		}
	}
}

// TestOptions: bad options are told before anything is read.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []deffile.Options{
		{PreferNew: true}, {Overwrite: true}, {PreferNew: true, Overwrite: true}, {Merge: true, PreferNew: true, Overwrite: true},
	} {
		_, err := deffile.Load(t.Context(), nil, "/nowhere", o)
		_, shipped := deffile.LoadShipped(t.Context(), nil, o)
		if !errors.Is(err, deffile.ErrOptions) || !errors.Is(shipped, deffile.ErrOptions) {
			t.Errorf("%+v: %v, %v", o, err, shipped)
		}
	}
}

// TestPaths: which files are read (spec metadefs 15.2).
func TestPaths(t *testing.T) {
	t.Parallel()
	ns := func(name string) string { return `{"namespace": "` + name + `"}` }
	dir := folder(t, map[string]string{"b.json": ns("B"), "a.json": ns("A"), "README": "not JSON", "c.JSON": ns("C"), "d.json~": ns("D")})
	for _, sub := range []string{"deep", "folder.json"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, sub, "e.json"), ns("E"))
	}
	if err := os.Symlink("c.JSON", filepath.Join(dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{
		dir: {"A", "B", "C"}, dir + "/": {"A", "B", "C"}, filepath.Join(dir, "d.json~"): {"D"}, filepath.Join(dir, "link.json"): {"C"},
	}
	for path, want := range rows {
		if done := start(t).load(path, deffile.Options{}); !slices.Equal(done.New, want) {
			t.Errorf("%s: %+v", path, done)
		}
	}
	f := start(t)
	for _, path := range []string{"", filepath.Join(dir, "nothing"), t.TempDir(), dir + "/a.json/"} {
		if _, err := deffile.Load(t.Context(), f.db, path, deffile.Options{}); !errors.Is(err, deffile.ErrNoFiles) {
			t.Errorf("%q: %v", path, err)
		}
	}
	f.empty()
}

// bad returns texts of files that cannot be loaded, and what is said of each.
func bad() map[string]string {
	long, deep := strings.Repeat("x", 81), strings.Repeat("[", 20000)
	return map[string]string{
		``:                               "line 1, column 0",
		"{\n \"namespace\": \"N\",\n ü}": "line 3, column 2",
		`{"namespace": "N"} {}`:          "line 1, column 20",
		`{"namespace": "N"`:              "not JSON",
		`{"a": ` + deep:                  "not JSON",
		"{\"namespace\": \"\xff\"}":      "UTF-8",
		`[]`:                             "not a JSON object",
		`null`:                           "not a JSON object",
		`{}`:                             "namespace is missing",
		`{"Namespace": "N"}`:             "namespace is missing",
		`{"namespace": null}`:            "namespace is missing",
		`{"namespace": ""}`:              "namespace is missing",
		`{"namespace": 1}`:               "namespace is not text",
		`{"namespace": "` + long + `"}`:  "namespace: a name has more than 80 characters",
		`{"namespace": "N", "display_name": ["x"]}`:                                                                   "display_name is not text",
		`{"namespace": "N", "description": "😀"}`:                                                                      "namespace: text cannot hold",
		`{"namespace": "N", "description": "` + strings.Repeat("x", 70000) + `"}`:                                     "namespace: a text has more than 65535 bytes",
		`{"namespace": "N", "visibility": "shared"}`:                                                                  "visibility is neither",
		`{"namespace": "N", "protected": "yes"}`:                                                                      "protected is neither",
		`{"namespace": "N", "owner": 1}`:                                                                              "owner is not text",
		`{"namespace": "N", "resource_type_associations": {}}`:                                                        "resource_type_associations is not a list",
		`{"namespace": "N", "resource_type_associations": [{"prefix": "x"}]}`:                                         "resource_type_associations[0].name is missing",
		`{"namespace": "N", "resource_type_associations": [{"name": 1}]}`:                                             "resource_type_associations[0].name is not text",
		`{"namespace": "N", "resource_type_associations": [{"name": "` + long[:80] + `", "prefix": "` + long + `"}]}`: "resource_type_associations[0]: a name has more",
		`{"namespace": "N", "properties": []}`:                                                                        "properties is not an object",
		`{"namespace": "N", "properties": {"a\u001b": 1}}`:                                                            `properties["a\x1b"] is not an object`,
		`{"namespace": "N", "properties": {"` + long + `": {}}}`:                                                      `"]: a name has more than 80`,
		`{"namespace": "N", "properties": {"p": {"title": "\u0000"}}}`:                                                `properties["p"]: text cannot hold`,
		`{"namespace": "M", "properties": {"p": {"x": "` + long[:80] + strings.Repeat("ü", 12000) + `"}}}`:            "a schema has more than 65535 bytes",
		`{"namespace": "N", "objects": "x"}`:                                                                          "objects is not a list",
		`{"namespace": "N", "objects": [{"name": "a"}, 1]}`:                                                           "objects[1] is not an object",
		`{"namespace": "N", "objects": [{"name": "a"}, {"name": "a"}]}`:                                               `objects[1] has the same name as one before it: "a"`,
		`{"namespace": "N", "objects": [{"name": "a", "properties": {"x": true}}]}`:                                   `objects[0].properties["x"] is not an object`,
		`{"namespace": "N", "objects": [{"name": "a", "properties": 5}]}`:                                             "objects[0].properties is not an object",
		`{"namespace": "N", "tags": [{"name": "a"}, {"nam": "b"}]}`:                                                   "tags[1].name is missing",
		`{"namespace": "N", "tags": ["a"]}`:                                                                           "tags[0] is not an object",
	}
}

// TestBad: a file that is bad keeps all others from being loaded, and the error names it and the place.
func TestBad(t *testing.T) {
	t.Parallel()
	f := start(t)
	for text, want := range bad() {
		dir := folder(t, map[string]string{"a.json": fresh, "bad.json": text, "c.json": `{"namespace": "C"}`})
		done, err := deffile.Load(t.Context(), f.db, dir, deffile.Options{Merge: true})
		if done != nil || err == nil || !strings.Contains(err.Error(), `bad.json": `) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v", text, err)
		}
		if err != nil && (len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\x1b\n")) {
			t.Errorf("%.80s: the error is %q", text, err)
		}
	}
	f.empty()
	_, err := deffile.Load(t.Context(), f.db, folder(t, map[string]string{"one.json": "{", "two.json": "[]"}), deffile.Options{})
	if err == nil || !strings.Contains(err.Error(), "one.json") || !strings.Contains(err.Error(), "two.json") {
		t.Errorf("of two bad files: %v", err)
	}
}

// TestWarnings: what the API cannot show is stored as it stands (spec metadefs 14), and said.
func TestWarnings(t *testing.T) {
	t.Parallel()
	f := start(t)
	done := f.load(folder(t, map[string]string{"w.json": `{"namespace": "W", "protected": null, "tags": null, "objects": [
		{"name": "o", "properties": {"good": {"type": "string", "title": "T"}, "x": {"enum": [1]}}}], "properties": {"p": {}}}`}), deffile.Options{})
	if len(done.Warnings) != 2 || !strings.Contains(done.Warnings[0], `w.json": properties["p"]: `) ||
		!strings.Contains(done.Warnings[1], `objects[0].properties["x"]: `) {
		t.Errorf("%q", done.Warnings)
	}
	if dump := f.dump(); !strings.Contains(dump, "x:map[enum:[1]]") {
		t.Error(dump)
	}
}

// TestAtOnce: several loads that start together all end well, and every namespace is there once.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t)
	var all sync.WaitGroup
	var news sync.Map
	for range 4 {
		all.Go(func() {
			done, err := deffile.LoadShipped(t.Context(), f.db, deffile.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			for _, name := range done.New {
				if _, twice := news.LoadOrStore(name, true); twice {
					t.Errorf("%s is new twice", name)
				}
			}
		})
	}
	all.Wait()
	if n := f.count("properties"); n != 118 {
		t.Errorf("%d properties", n)
	}
}

// TestUnload: nothing is left, whoever made it.
func TestUnload(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.define(existing())
	if _, err := deffile.LoadShipped(t.Context(), f.db, deffile.Options{}); err != nil {
		t.Fatal(err)
	}
	gone, err := deffile.Unload(t.Context(), f.db)
	want := "[{metadef_properties 120} {metadef_objects 25} {metadef_tags 2} {metadef_namespace_resource_types 60}" +
		" {metadef_namespaces 32} {metadef_resource_types 8}]"
	if err != nil || fmt.Sprint(gone) != want {
		t.Errorf("%v, %v", gone, err)
	}
	f.empty()
}

// BenchmarkFill makes a new database with the definitions, as the first start of a service does, or without.
func BenchmarkFill(b *testing.B) {
	empty := func(context.Context, *db.Tx) error { return nil }
	for name, fill := range map[string]func(context.Context, *db.Tx) error{"empty": empty, "shipped": deffile.Fill} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				d, err := db.Open(b.Context(), db.Options{Path: filepath.Join(b.TempDir(), "glance.sqlite")})
				if err == nil {
					err = errors.Join(d.MigrateWith(b.Context(), fill), d.Close())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
