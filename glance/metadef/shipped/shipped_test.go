package shipped_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"goglance/glance/metadef/shipped"
)

// file is one definition file as it is spelled.
type file struct {
	Namespace    string
	DisplayName  string `json:"display_name"`
	Description  string
	Visibility   *string
	Protected    *bool
	Associations []map[string]string `json:"resource_type_associations"`
	Properties   map[string]property
	Objects      []object
}

type property = map[string]any

type object struct {
	Name        string
	Description string
	Properties  map[string]property
}

// all returns the files by their names, and what each says as it stands.
func all(t *testing.T) map[string]file {
	t.Helper()
	names, err := fs.Glob(shipped.Files(), "*")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]file{}
	for _, name := range names {
		text, err := fs.ReadFile(shipped.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		d.DisallowUnknownFields()
		var f file
		if err := d.Decode(&f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files[name] = f
	}
	return files
}

// TestTables compares everything but the texts with the tables of the reference (spec metadefs 17).
func TestTables(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/tables.txt")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	files := all(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintln(&b, name)
		files[name].table(&b)
	}
	got, lines := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(lines)) {
		if got[i] != lines[i] {
			t.Fatalf("line %d is\n%s\nand should be\n%s", i+1, got[i], lines[i])
		}
	}
	if len(files) != 31 || len(got) != len(lines) {
		t.Errorf("%d files, %d lines, should be %d", len(files), len(got), len(lines))
	}
}

func (f file) table(b *strings.Builder) {
	head := map[string]any{"namespace": f.Namespace, "protected": f.Protected}
	if f.Visibility != nil {
		head["visibility"] = *f.Visibility
	}
	if f.Properties != nil {
		head["properties"] = len(f.Properties)
	}
	if f.Objects != nil {
		head["objects"] = len(f.Objects)
	}
	fmt.Fprintln(b, "  "+line(head))
	for _, a := range f.Associations {
		fmt.Fprintln(b, "  for "+line(a))
	}
	properties(b, "  ", f.Properties)
	for _, o := range f.Objects {
		fmt.Fprintln(b, "  object "+o.Name)
		properties(b, "    ", o.Properties)
	}
}

func properties(b *strings.Builder, indent string, all map[string]property) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p := maps.Clone(all[name])
		delete(p, "title")
		delete(p, "description")
		fmt.Fprintln(b, indent+"property "+name+" "+line(p))
	}
}

// line is v as JSON on one line.
func line(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// words are what is said of one thing, and where.
type words struct{ at, title, description string }

func texts(files map[string]file) []words {
	var found []words
	add := func(at string, all map[string]property) {
		for name, p := range all {
			found = append(found, words{at + name, fmt.Sprint(p["title"]), fmt.Sprint(p["description"])})
		}
	}
	for name, f := range files {
		found = append(found, words{name, f.DisplayName, f.Description})
		add(name+": ", f.Properties)
		for _, o := range f.Objects {
			found = append(found, words{name + ": " + o.Name, o.Name, o.Description})
			add(name+": "+o.Name+": ", o.Properties)
		}
	}
	return found
}

// TestTexts: every file, object and property has a title and a description that belong to it alone.
func TestTexts(t *testing.T) {
	t.Parallel()
	sentences := regexp.MustCompile(`^[A-Za-z0-9].*[A-Za-z0-9)]\.$`)
	unfinished := regexp.MustCompile(`(?i)todo|fixme|lorem|tbd|xxx|  | \.|\?\.`)
	found := texts(all(t))
	descriptions, titles := map[string]string{}, map[string]string{}
	for _, w := range found {
		if other, twice := descriptions[w.description]; twice {
			t.Errorf("%s and %s have the same description", w.at, other)
		}
		descriptions[w.description] = w.at
		file, _, _ := strings.Cut(w.at, ":")
		if other, twice := titles[file+w.title]; twice {
			t.Errorf("%s and %s have the same title", w.at, other)
		}
		titles[file+w.title] = w.at
		n := len(w.description)
		if n < 20 || n > 300 || !sentences.MatchString(w.description) || unfinished.MatchString(w.description) {
			t.Errorf("%s: description %q", w.at, w.description)
		}
		if len(w.title) < 2 || len(w.title) > 60 || !titled(w.title) || w.title == w.description {
			t.Errorf("%s: title %q", w.at, w.title)
		}
	}
	if want := 31 + 23 + 181; len(found) != want {
		t.Errorf("%d texts, should be %d", len(found), want)
	}
}

// titled reports whether every word but the small ones begins with a capital.
func titled(title string) bool {
	for _, word := range strings.FieldsFunc(title, func(r rune) bool { return unicode.IsSpace(r) || r == '/' }) {
		small := []string{"per", "of", "for", "on", "and", "with"}
		if first := []rune(word)[0]; unicode.IsLower(first) && !slices.Contains(small, word) {
			return false
		}
	}
	return title == strings.TrimSpace(title)
}
