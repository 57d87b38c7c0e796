package policy_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"goglance/glance/policy"
)

var _ policy.Enforcer = (*policy.Files)(nil)

// logbook is a logger that remembers.
type logbook struct {
	mu               sync.Mutex
	warnings, errors []string
}

func (l *logbook) Warnf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warnings = append(l.warnings, fmt.Sprintf(format, args...))
}

func (l *logbook) Errorf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errors = append(l.errors, fmt.Sprintf(format, args...))
}

// desk is a folder with a policy in it, and the policy once it is open.
type desk struct {
	*testing.T
	dir   string
	log   logbook
	files *policy.Files
}

// newDesk returns a folder with policy.json in it.
func newDesk(t *testing.T, main string) *desk {
	t.Helper()
	d := &desk{T: t, dir: t.TempDir()}
	d.write("policy.json", main)
	return d
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

// source has the default rule "default" and the folders policy.d and more.d.
func (d *desk) source() policy.Source {
	return policy.Source{
		File: d.path("policy.json"), Dirs: []string{d.path("policy.d"), d.path("more.d")}, Default: "default", Log: &d.log,
	}
}

func (d *desk) open() *desk {
	d.Helper()
	files, err := policy.Open(d.source())
	if err != nil {
		d.Fatalf("Open: %v", err)
	}
	d.files = files
	return d
}

// write writes a file where it is.
func (d *desk) write(name, text string) {
	d.Helper()
	path := d.path(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		d.Fatal(err)
	}
}

// replace renames a new file over an old one.
func (d *desk) replace(name, text string) {
	d.Helper()
	d.write(".new", text)
	if err := os.Rename(d.path(".new"), d.path(name)); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) remove(name string) {
	d.Helper()
	if err := os.Remove(d.path(name)); err != nil {
		d.Fatal(err)
	}
}

// age makes a file an hour old, so that it is no longer suspected to change unseen.
func (d *desk) age(names ...string) {
	d.Helper()
	old := time.Now().Add(-time.Hour)
	for _, name := range names {
		if err := os.Chtimes(d.path(name), old, old); err != nil {
			d.Fatal(err)
		}
	}
}

func (d *desk) allows(rule string, roles ...string) bool {
	return d.files.Enforce(d.Context(), rule, caller(roles...), image()) == nil
}

// want checks which rules, separated by white space, let a member in. A ! before one means that it does not.
func (d *desk) want(rules string) {
	d.Helper()
	for rule := range strings.FieldsSeq(rules) {
		name, denied := strings.CutPrefix(rule, "!")
		if d.allows(name, "member") == denied {
			d.Errorf("%s: allowed %v; errors %q", name, denied, d.log.errors)
		}
	}
}

// Spec tasks-import F.2: JSON first, then YAML, whatever the file is called; empty is empty.
func TestFileFormats(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a": "", "b": "!", "default": "!"}`:                    "a !b !c",
		"\ufeff" + `{"a": ""}`:                                   "a !b",
		`{"a": "!", "a": ""}`:                                    "a",
		`{"a": null, "b": [], "c": ["role:x", ["role:member"]]}`: "a b c",
		"{}":                "!a",
		"":                  "!a !default",
		" \n\n":             "!a",
		"null":              "!a",
		"# nothing\n":       "!a",
		"---\n...\n":        "!a",
		"a: ''\nb: \"!\"\n": "a !b !c",
		"# comment\na: role:member\nb: role:x or\n   role:member\n": "a b",
		"a: 'rule:b'\r\nb: \"\"\r\n":                                "a b",
		"a: [[role:x], [role:member, '@']]\nb:\n- - role:x\n":       "a !b",
		"a:\nb: ~\nc: null\nd: []\n":                                "a b c d",
		"a: &m role:member\nb: *m\nc: [*m]\nd: &x role:x\n":         "a b c !d",
		"{a: '', b: '!',}":                                          "a !b",
		"a: '!'\na: ''\n":                                           "a",
		"1: ''\n~: ''\ndefault: '!'\n":                              "1 ~ !2",
		"a: >\n  role:member\n  or role:x\n":                        "!a", // a folded text ends in a line break: that is white space
		"\ufeffa: ''\n":                                             "a",
	} {
		if strings.HasPrefix(text, "a: >") {
			want = "a"
		}
		newDesk(t, text).open().want(want)
	}
}

// A file that makes no sense is refused, and the error says which and where.
func TestFileRefused(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"{\n  \"a\": \"\",\n  \"b\" \"\"\n}": "line 3, column 7",
		"{":                                  "line 1",
		`{"a": ""} x`:                        "line 1, column 11",
		"a: b: c":                            "mapping values are not allowed",
		"a: @\n":                             "cannot start any token",
		"a: '\n":                             "line 1",
		"- a\n- b\n":                         "no mapping",
		"[]":                                 "no mapping",
		"text":                               "no mapping",
		"1":                                  "no mapping",
		`{"a": 1}`:                           `rule "a"`,
		`{"a": true}`:                        `rule "a"`,
		`{"a": {"b": ""}}`:                   `rule "a"`,
		`{"a": [1]}`:                         `rule "a"`,
		`{"a": [[[""]]]}`:                    `rule "a"`,
		"b: ''\na: 1\n":                      "line 2",
		"b: ''\na: yes\n":                    "", // a text, as YAML 1.2 has it
		"b: ''\na: true\n":                   "line 2",
		"a: 2017-08-30\n":                    "line 1",
		"a: {b: ''}\n":                       "line 1",
		"a: !\nb: ''\n":                      "line 1",
		"é: \"\"\nü: ! # nobody\n":           "line 2",
		"a: &x !\n":                          "line 1",
		"a: [[!\n ]]\n":                      "",
		"a: ''\r\nb: !\r\n":                  "line 2",
		"{a: ! , b: ''}":                     "line 1",
		"\ufeffa: !\n":                       "line 1",
		"a: !!python/object:os.system x":     "line 1",
		"a: !x ''\n":                         "line 1",
		"a: !!null x\n":                      "line 1",
		"? [a]\n: ''\n":                      "line 1",
		"x: &x {}\n":                         "line 1",
		"<<: {a: ''}\n":                      "line 1",
		"a: &a [*a]\n":                       "line 1",
		"a: *b\n":                            "unknown anchor",
		"a: ''\n---\nb: ''\n":                "more than one document",
		"a: ''\n--- [\n":                     "more than one document",
		"\xff\xfe":                           "", // an empty text in UTF-16
		"a: \xff\n":                          "UTF-8",
		"a: \x00\n":                          "control characters",
	} {
		d := newDesk(t, text)
		files, err := policy.Open(d.source())
		if why == "" {
			continue
		}
		if err == nil || files != nil || !strings.Contains(err.Error(), d.path("policy.json")) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want an error with the file and %q", text, err, why)
		}
	}
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.remove("policy.json")
	d.write("policy.d/a.json", `{"default": ""}`)
	if files, err := policy.Open(d.source()); files != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open = %v, %v; want an error that is fs.ErrNotExist", files, err)
	}
}

// Spec tasks-import F.2: what is read in a folder, and in which order.
func TestPolicyDirs(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": "!", "b": "", "default": "!"}`)
	d.write("policy.d/10.json", `{"a": "", "order": "!"}`)
	d.write("policy.d/9.yaml", "order: ''\nnine: ''\n") // after 10
	d.write("policy.d/README", "")
	d.write("policy.d/.hidden.json", `{"b": "!", "hidden": ""}`)
	d.write("policy.d/deep/x.json", `{"deep": ""}`)
	d.write("more.d/1.json", `{"nine": "!", "more": ""}`)
	if err := errors.Join(
		os.Symlink(d.path("elsewhere"), d.path("policy.d/dangling")),
		os.Symlink(d.path("policy.d/deep"), d.path("policy.d/linked")),
		os.Symlink(d.path("policy.d/deep/x.json"), d.path("more.d/link")),
		syscall.Mkfifo(d.path("more.d/pipe"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	d.open()
	d.want("a b order !nine more deep !hidden !default")
	d.write("elsewhere", `{"dangling": ""}`)
	d.want("dangling")
	d.write("policy.d/deep/x.json", `{"deep": "!"}`)
	d.want("!deep")
}

func TestPolicyDirsComeAndGo(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": "!", "b": "!", "default": "!"}`).open()
	d.age("policy.json")
	d.want("!a !new")
	d.write("policy.d/a.json", `{"a": "", "new": ""}`)
	d.want("a new")
	d.write("more.d/a.json", `{"a": "!"}`)
	d.want("!a new")
	d.remove("more.d/a.json")
	d.remove("more.d")
	d.want("a") // the files of the other folder are applied again
	d.write("policy.d/b.json", `{"b": ""}`)
	d.want("a b")
	d.remove("policy.d/b.json")
	d.want("a b") // the policy file is not
	if err := os.Rename(d.path("policy.d"), d.path("more.d")); err != nil {
		t.Fatal(err)
	}
	d.want("a b new")
	if len(d.log.errors) > 0 {
		t.Errorf("errors %q", d.log.errors)
	}
}

func TestFileForFolder(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": ""}`)
	d.write("policy.d", `{"b": ""}`)
	d.open().want("a !b")
	if !slices.ContainsFunc(d.files.Warnings(), func(w string) bool { return strings.Contains(w, "no folder") }) {
		t.Errorf("warnings %q", d.files.Warnings())
	}
}

func TestTooManyFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": ""}`)
	for i := range 1001 {
		d.write(fmt.Sprintf("policy.d/%d", i), "")
	}
	if _, err := policy.Open(d.source()); err == nil || !strings.Contains(err.Error(), "1000") {
		t.Errorf("Open: %v", err)
	}
}

// Spec security S112.
func TestSecWritableByOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": ""}`)
	d.write("policy.d/b", "")
	d.write("more.d/c", "")
	if err := errors.Join(
		os.Chmod(d.path("policy.json"), 0o666), os.Chmod(d.path("policy.d/b"), 0o602), os.Chmod(d.path("more.d"), 0o1777),
		os.Chmod(d.path("more.d/c"), 0o664),
	); err != nil {
		t.Fatal(err)
	}
	d.open()
	for _, name := range []string{"policy.json", "policy.d/b", "more.d"} {
		want := "policy: everybody on this machine may write to " + d.path(name)
		if !slices.Contains(d.log.warnings, want) || !slices.Contains(d.files.Warnings(), want) {
			t.Errorf("%s: logged %q, warnings %q", name, d.log.warnings, d.files.Warnings())
		}
	}
	if len(d.log.warnings) != 3 {
		t.Errorf("logged %q", d.log.warnings)
	}
}
