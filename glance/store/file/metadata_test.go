package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMetadata(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"id": "a", "mountpoint": "/mnt"}`:                                         true,
		`[{"id": "a", "mountpoint": "/mnt"}, {"id": "b", "mountpoint": "/"}]`:       true,
		`{"id": "a", "mountpoint": "/mnt", "x": ["y", {"z": "w"}], "o": {"p": []}}`: true,
		`[]`:                                  true,
		``:                                    false,
		`null`:                                false,
		`"text"`:                              false,
		`[1]`:                                 false,
		`{"id": "a"}`:                         false,
		`{"mountpoint": "/mnt"}`:              false,
		`{"id": 1, "mountpoint": "/mnt"}`:     false,
		`{"id": "a", "mountpoint": ["/mnt"]}`: false,
		`{"id": "a", "mountpoint": "/mnt", "x": 1}`:           false,
		`{"id": "a", "mountpoint": "/mnt", "x": null}`:        false,
		`{"id": "a", "mountpoint": "/mnt", "x": ["y", true]}`: false,
		`{"id": "a", "mountpoint": "/mnt", "x": {"y": [1]}}`:  false,
		`{"id": "a", "mountpoint": "/mnt"} {"id": "b"}`:       false,
		`[{"id": "a", "mountpoint": "/mnt"}, {"id": "b"}]`:    false,
	} {
		if _, err := parseMetadata([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: error is %v", text, err)
		}
	}
}

// TestSecMetadataFilePrefix has mountpoints of which one is the beginning of another's name.
// Spec security S94.
func TestSecMetadataFilePrefix(t *testing.T) {
	dir := t.TempDir()
	list := `[{"id": "a", "mountpoint": "DIR/a/"}, {"id": "ab", "mountpoint": "DIR/ab", "share": ["x"]}]`
	name := filepath.Join(dir, "metadata.json")
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(list, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	log, hook := logger()
	for sub, want := range map[string]map[string]any{
		"a":    {"id": "a", "mountpoint": dir + "/a/"},
		"ab":   {"id": "ab", "mountpoint": dir + "/ab", "share": []any{"x"}},
		"ab/c": {"id": "ab", "mountpoint": dir + "/ab", "share": []any{"x"}},
		"abc":  nil,
	} {
		d := open(t, Options{Datadir: filepath.Join(dir, sub), MetadataFile: name, Log: log})
		stored, err := d.Put(t.Context(), attempt(), strings.NewReader("data"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, stored.Metadata); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sub, diff)
		}
	}
	if len(hook.Entries) != 1 || !strings.Contains(hook.LastEntry().Message, "abc") {
		t.Errorf("log is %v, want one line about the directory without a mountpoint", hook.Entries)
	}
}
