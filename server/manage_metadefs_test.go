package main_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folder makes a folder in the site and returns its path.
func (s *site) folder(name string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// contents returns the files of a folder by their names.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name()] = string(text)
	}
	return all
}

// TestManageMetadefs: the definitions that come with the program are written out, loaded, exported, unloaded, and are
// the same when the export is loaded. Where the command line names no folder it is that of the configuration.
func TestManageMetadefs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	shipped, out, again := s.folder("shipped"), s.folder("out"), s.folder("again")
	s.write("metadata_source_path = " + shipped)
	s.managed(0, "", "compute-watchdog.json", "db", "write_shipped_metadefs")
	s.managed(1, "", "compute-watchdog.json", "db", "write_shipped_metadefs")
	if n := len(contents(t, shipped)); n != 31 {
		t.Errorf("%d files are written", n)
	}
	s.managed(0, "", "", "db", "sync")
	s.managed(0, "", `"OS::Compute::Watchdog" is loaded`, "db", "load_metadefs")
	s.managed(0, "", `"OS::Compute::Watchdog" was there already`, "db_load_metadefs")
	s.managed(0, "", "is written", "db", "export_metadefs", "--path", out)
	s.managed(0, "", "metadef_namespaces", "db", "unload_metadefs")
	s.managed(0, "", "no definition files", "db", "load_metadefs", s.folder("nothing"))
	s.managed(0, "", "", "db_export_metadefs", again)
	if n := len(contents(t, again)); n != 0 {
		t.Errorf("%d namespaces are left", n)
	}
	s.managed(0, "", "", "db", "load_metadefs", out)
	s.managed(0, "", "", "db_export_metadefs", again)
	if first := contents(t, out); len(first) != 31 || !maps.Equal(first, contents(t, again)) {
		t.Errorf("the %d definitions of an export are not the same when they are loaded", len(first))
	}
	s.managed(0, "", "is written", "db", "export_metadefs")
	if n := len(contents(t, shipped)); n != 2*31 {
		t.Errorf("%d files are in the folder of the configuration", n)
	}
	s.managed(0, "", "0 rows of metadef_tags", "db_unload_metadefs")
	s.managed(1, "", "cannot write to", "db", "export_metadefs", s.dir+"/nowhere/x")
}

const (
	before = `{"namespace": "mine", "display_name": "mine", "description": "before", "tags": [{"name": "old"}], "properties": {"p": {"title": "before", "type": "string"}}}`
	after  = `{"namespace": "mine", "display_name": "mine", "description": "after", "tags": [{"name": "new"}], "properties": {"p": {"title": "after", "type": "string"}}}`
)

// TestManageLoadOptions: what becomes of a namespace that is there, by flags and by values in their places
// (spec metadefs 15.1).
func TestManageLoadOptions(t *testing.T) {
	t.Parallel()
	merged := []string{`"description":"before"`, `"title":"before"`, `"old"`, `"new"`}
	preferred := []string{`"description":"after"`, `"title":"after"`, `"old"`, `"new"`}
	replaced := []string{`"description":"after"`, `"title":"after"`, `"new"`}
	untouched := []string{`"description":"before"`, `"title":"before"`, `"old"`}
	rows := []struct {
		args, said string
		want       []string
	}{
		{"db load_metadefs --path FILE", "was there already", untouched},
		{"db load_metadefs --path FILE --merge", "is merged", merged},
		{"db load_metadefs --path FILE --merge --prefer_new", "is merged", preferred},
		{"db load_metadefs --path FILE --merge --overwrite", "is replaced", replaced},
		{"db load_metadefs --path FILE --prefer_new", "need merge", untouched},
		{"db load_metadefs --path FILE --overwrite", "need merge", untouched},
		{"db load_metadefs --path FILE --merge --prefer-new --overwrite", "exclude each other", untouched},
		{"db load_metadefs FILE yes --overwrite", "is replaced", replaced},
		{"db_load_metadefs FILE True", "is merged", merged},
		{"db_load_metadefs FILE False", "is merged", merged},
		{"db_load_metadefs FILE True True", "is merged", preferred},
		{"db_load_metadefs FILE True NONE True", "is replaced", replaced},
		{"db_load_metadefs FILE NONE True", "need merge", untouched},
	}
	for _, row := range rows {
		s := newSite(t)
		out := s.folder("out")
		s.managed(0, "", "", "db", "sync")
		s.managed(0, "", "is loaded", "db", "load_metadefs", "--path", s.file("before", before))
		args := strings.Fields(strings.ReplaceAll(row.args, "FILE", s.file("after", after)))
		for i, arg := range args {
			args[i] = strings.ReplaceAll(arg, "NONE", "")
		}
		s.managed(0, "", row.said, args...)
		s.managed(0, "", "", "db", "export_metadefs", out)
		text := contents(t, out)["mine.json"]
		for _, part := range slices.Concat(merged, preferred) {
			if strings.Contains(text, part) != slices.Contains(row.want, part) {
				t.Errorf("%s: %s: %s", row.args, part, text)
			}
		}
	}
}

// TestManageBadFile: one bad file keeps all from being loaded, and is named with the place.
func TestManageBadFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir, out := s.folder("defs"), s.folder("out")
	s.file("defs/a.json", before)
	s.file("defs/b.json", "{\"namespace\": \"b\",\n \"tags\": 7 7}")
	s.managed(0, "", "", "db", "sync")
	s.managed(1, "", `b.json": line 2, column 12`, "db", "load_metadefs", dir)
	s.managed(0, "", "", "db", "export_metadefs", out)
	if all := contents(t, out); len(all) != 0 {
		t.Errorf("%v is loaded", all)
	}
}
