package deffile_test

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"goglance/glance/deffile"
	"goglance/glance/metadef"
	"goglance/glance/metadef/shipped"
)

// export exports what must be exportable, and returns the names of the files.
func (f *fixture) export(path string) []string {
	f.Helper()
	files, err := deffile.Export(f.Context(), f.db, path)
	if err != nil {
		f.Fatal(err)
	}
	var all []string
	for _, file := range files {
		all = append(all, filepath.Base(file))
	}
	slices.Sort(all)
	return all
}

// decoded reads JSON without null, false, and what is empty: a file may leave those out. A list of things with names has
// no order.
func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if v["protected"] == false {
		delete(v, "protected")
	}
	sparse(v)
	return v
}

// sparse reports whether there is nothing in v, after what is empty has been taken out of it.
func sparse(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, one any) bool { return sparse(one) })
		return len(v) == 0
	case []any:
		for _, one := range v {
			sparse(one)
		}
		slices.SortStableFunc(v, func(a, b any) int { return cmp.Compare(nameOf(a), nameOf(b)) })
		return len(v) == 0
	}
	return v == nil
}

// nameOf returns what a list of things with names is sorted by; other lists stay as they are.
func nameOf(v any) string {
	m, _ := v.(map[string]any)
	name, _ := m["name"].(string)
	return name
}

// bySpace returns the files of a folder by their namespaces.
func bySpace(t *testing.T, dir fs.FS) map[string]map[string]any {
	t.Helper()
	found, err := fs.Glob(dir, "*.json")
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	all := map[string]map[string]any{}
	for _, name := range found {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		v := decoded(t, string(text))
		namespace, _ := v["namespace"].(string)
		all[namespace] = v
	}
	return all
}

// roundTrip loads a folder into an empty database, exports it, and loads that again.
func roundTrip(t *testing.T, dir string) {
	t.Helper()
	f := start(t)
	if done := f.load(dir, deffile.Options{}); len(done.Warnings) > 0 {
		t.Error(done.Warnings)
	}
	before, out := f.dump(), t.TempDir()
	f.export(out)
	want := bySpace(t, os.DirFS(dir))
	if got := bySpace(t, os.DirFS(out)); !reflect.DeepEqual(got, want) {
		for name := range want {
			if !reflect.DeepEqual(got[name], want[name]) {
				t.Errorf("%s comes out different", name)
			}
		}
	}
	if _, err := deffile.Unload(t.Context(), f.db); err != nil {
		t.Fatal(err)
	}
	if f.load(out, deffile.Options{}); f.dump() != before {
		t.Error("after export and load the database is different")
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	roundTrip(t, folder(t, map[string]string{"n.json": strings.NewReplacer(`, "ignored": 1`, "", `"required": ["ignored"], `, "").Replace(fresh)}))
}

// TestWriteShipped: the files that come with the service are written as they are, and never over others.
func TestWriteShipped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files, err := deffile.WriteShipped(dir)
	if err != nil || len(files) != 31 {
		t.Fatal(files, err)
	}
	if !reflect.DeepEqual(bySpace(t, os.DirFS(dir)), bySpace(t, shipped.Files())) {
		t.Error("the files are not those that come with the service")
	}
	roundTrip(t, dir)
	write(t, files[3], "mine")
	if err := os.Remove(files[4]); err != nil {
		t.Fatal(err)
	}
	again, err := deffile.WriteShipped(dir)
	if err == nil || !slices.Equal(again, files[4:5]) || read(t, files[3]) != "mine" {
		t.Errorf("%q, %v", again, err)
	}
	if _, err := deffile.WriteShipped(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("written into a folder that is not there")
	}
}

// TestReference: the reference's own files, which are of a later release, load as they are and come out equal.
func TestReference(t *testing.T) {
	t.Parallel()
	const dir = "/usr/share/glance-common/metadefs"
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
			t.Fatal("Debian's glance-common is not installed: ", err)
		}
		t.Skip("Debian's glance-common is not installed: ", err)
	}
	roundTrip(t, dir)
}

// TestContent: the keys of a file, on one line (spec metadefs 15.6).
func TestContent(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.define(existing())
	f.define(metadef.Definition{Namespace: metadef.Namespace{Name: "Empty::<1>", Owner: "me"}})
	dir := t.TempDir()
	if got := f.export(dir); !slices.Equal(got, []string{"Empty1.json", "old.json"}) {
		t.Fatal(got)
	}
	schema := `{"title":"old","type":"string"}`
	rows := map[string]string{
		"Empty1.json": `{"namespace":"Empty::<1>","display_name":null,"description":null,"visibility":null,"protected":false,` +
			`"resource_type_associations":[],"properties":{},"objects":[],"tags":[]}`,
		"old.json": `{"namespace":"N","display_name":"old","description":"old","visibility":"public","protected":true,` +
			`"resource_type_associations":[{"name":"A","prefix":"old","properties_target":"old"},{"name":"B","prefix":null,"properties_target":null}],` +
			`"properties":{"p":` + schema + `,"q":` + schema + `},` +
			`"objects":[{"name":"o","description":"old","properties":{"x":` + schema + `}},{"name":"r","description":null,"properties":{}}],` +
			`"tags":[{"name":"t"},{"name":"u"}]}`,
	}
	for name, want := range rows {
		if got := read(t, filepath.Join(dir, name)); got != want+"\n" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestTarget: which names files get for which paths. A second export replaces the files of the first.
func TestTarget(t *testing.T) {
	t.Parallel()
	f := start(t)
	long := strings.Repeat("世", 80)
	for name, display := range map[string]*string{
		"A": ptr("Ünï code_2 ²!"), "B": ptr("::"), "::": nil, "C": ptr(long), "D": ptr("Same Name"), "E": ptr("same/name"), "F": ptr("SameName"),
	} {
		f.define(metadef.Definition{Namespace: metadef.Namespace{Name: name, DisplayName: display, Owner: "me"}})
	}
	dir := t.TempDir()
	want := []string{"B.json", "SameName-f67ab10ad4e4.json", "SameName.json", "namespace.json", "samename.json", "Ünïcode2².json", long[:150] + ".json"}
	for range 2 {
		for _, path := range []string{dir, dir + "/"} {
			if got := f.export(path); !slices.Equal(got, want) {
				t.Errorf("%s: %q", path, got)
			}
		}
	}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("in the folder there are %q", got)
	}
	if got := f.export(dir + "/x-"); len(got) != len(want) || !slices.Contains(got, "x-B.json") {
		t.Errorf("with a prefix: %q", got)
	}
	if files, err := deffile.Export(t.Context(), f.db, filepath.Join(dir, "nowhere", "x")); err == nil || files != nil {
		t.Errorf("into a folder that is not there: %q, %v", files, err)
	}
}
