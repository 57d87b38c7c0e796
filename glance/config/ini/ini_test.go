package ini

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// cases are files, each in the section s, and what the option a is in them; nil: the file is refused.
func cases() map[string]any {
	all := structure()
	maps.Copy(all, values())
	return all
}

func values() map[string]any {
	return map[string]any{
		"a=1":              "1",
		"a = 1 ":           "1",
		"a : 1":            "1",
		"a:b=c":            "b=c",
		"a=b:c":            "b:c",
		"a=":               "",
		"a":                nil,
		"=1":               nil,
		" = 1":             nil,
		":1":               nil,
		" a=1":             nil,
		"a=1\na=2":         "2",
		"A=1\na=2":         "2",
		"a=1 # no comment": "1 # no comment",
		"a=1 ; no comment": "1 ; no comment",
		"#a=1\n;a=2\na=3":  "3",
		"a=\"1\"":          "1",
		"a='1'":            "1",
		"a=' 1 '":          " 1 ",
		"a=\"1'":           `"1'`,
		"a=\"":             "",
		"a='":              "",
		"a=\"\"":           "",
		"a=\"x\" y\"":      `x" y`,
		"a=x\"y\"":         `x"y"`,
	}
}

func structure() map[string]any {
	return map[string]any{
		"a=1\n  2\n\t3":         "1\n2\n3",
		"a=\n  1":               "\n1",
		"a=\"1\n  2\"":          "\"1\n2\"",
		"a=1\n\n  2":            nil,
		"a=1\n  \n  2":          nil,
		"a=1\n#c\n  2":          nil,
		"a=1\n  #c\n  2":        "1\n#c\n2",
		"a=1\n  b=2":            "1\nb=2",
		"[t]\na=1\n[s]\na=2":    "2",
		"[t":                    nil,
		"[]":                    nil,
		"[t] x":                 nil,
		"[t]\n  x":              nil,
		"a=1\r\n":               "1",
		"a=1\rb=2":              "1",
		"a=1\u00a0":             "1",
		"a=\u00a01":             "1",
		"a=ä\u2028ö":            "ä\u2028ö",
		"a=\x0cb":               "b",
		"a=x\x0by":              "x\x0by",
		"a=\xff":                nil,
		"a=\n \xff":             nil,
		"#\xff\na=1":            "1",
		"a=$b":                  "$b",
		"a=%(b)s":               "%(b)s",
		"a=[x]":                 "[x]",
		"a = x = y : z":         "x = y : z",
		"-a=1\na=2":             "2",
		"a b = 3\na = 4":        "4",
		"a=1\n\n\n#x\n\nb=2\n#": "1",
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for body, want := range cases() {
		entries, err := Parse(strings.NewReader("[s]\n"+body+"\n"), "f")
		if got := value(entries); (err != nil) != (want == nil) || err == nil && got != want {
			t.Errorf("%q: %q, %v; want %v", body, got, err, want)
		}
	}
}

// value returns the last a in section s.
func value(entries []Entry) string {
	text := "(none)"
	for _, e := range entries {
		if e.Section == "s" && e.Name == "a" {
			text = e.Value
		}
	}
	return text
}

func TestEntries(t *testing.T) {
	t.Parallel()
	const file = "\ufeff# c\n[one]\nx = 1\n  2\ny : 3\n\n[ Two ]\nx=\n[one]\nx = 4\n"
	want := []Entry{{"one", "x", "1\n2", 3}, {"one", "y", "3", 5}, {" Two ", "x", "", 8}, {"one", "x", "4", 10}}
	got, err := Parse(strings.NewReader(file), "f")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// TestErrors: an error tells file and line, and nothing of what is there.
func TestErrors(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]int{
		"a = canary": 1, "\n\n[s\n": 3, "[s]\ncanary": 2, "[s]\na=1\n\n canary": 4, "[s]\na=\xff canary": 2, "[s]\n= canary": 2,
	} {
		_, err := Parse(strings.NewReader(text), "etc/f.conf")
		if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("etc/f.conf:%d: ", line)) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", text, err)
		}
	}
	broken := errors.New("broken disk")
	if _, err := Parse(iotest.ErrReader(broken), "f"); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := Parse(strings.NewReader(strings.Repeat("#\n", MaxSize/2)+"#"), "f"); err == nil {
		t.Error("a file of any length is read")
	}
}

// script answers each of the files on its standard input, a JSON list, with what oslo.config makes of the option a.
const script = `
import json, os, sys, tempfile
from oslo_config import cfg
answers = []
for text in json.load(sys.stdin):
    with tempfile.NamedTemporaryFile(suffix=".conf") as f:
        f.write(text.encode("utf-8", "surrogateescape"))
        f.flush()
        conf = cfg.ConfigOpts()
        conf.register_opt(cfg.StrOpt("a", default="(none)"), group="s")
        try:
            conf(["--config-file", f.name], project="p", default_config_dirs=[])
            answers.append(conf._namespace._get_value([("s", "a")], multi=False)[0])
        except Exception as e:
            answers.append(None)
print(json.dumps(answers))
`

// TestAgainstReference asks oslo.config, where it is installed, what it makes of the same files.
func TestAgainstReference(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3" // Debian's, which python3-oslo.config is installed for
	if err := exec.CommandContext(t.Context(), python, "-c", "import oslo_config").Run(); err != nil {
		if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
			t.Fatal("python3-oslo.config is missing")
		}
		t.Skip("python3-oslo.config is missing")
	}
	var files, bodies []string
	for body := range cases() {
		if !strings.Contains(body, "\xff") { // JSON has no such text
			files, bodies = append(files, "[s]\n"+body+"\n"), append(bodies, body)
		}
	}
	input, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", script)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []any
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(files) {
		t.Fatalf("%s: %v", out, err)
	}
	for i, body := range bodies {
		if want := cases()[body]; answers[i] != want {
			t.Errorf("%q: oslo.config says %q, we %q", body, answers[i], want)
		}
	}
}

// FuzzParse: nothing makes Parse panic, and what it reads can be written and read again.
func FuzzParse(f *testing.F) {
	for body := range cases() {
		f.Add("[s]\n" + body + "\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := Parse(strings.NewReader(text), "f")
		if err != nil {
			return
		}
		var again strings.Builder
		for _, e := range entries {
			if strings.ContainsAny(e.Name[:min(1, len(e.Name))], "#;[") {
				return // it stood behind a blank that begins no continuation, such as a form feed, and cannot be written
			}
			first, rest, more := strings.Cut(e.Value, "\n")
			fmt.Fprintf(&again, "[%s]\n%s = \"%s\"\n", e.Section, e.Name, first)
			if more {
				fmt.Fprintf(&again, " %s\n", strings.ReplaceAll(rest, "\n", "\n "))
			}
		}
		second, err := Parse(strings.NewReader(again.String()), "f")
		if err != nil || len(second) != len(entries) {
			t.Fatalf("%q: %d entries, then %d: %v", text, len(entries), len(second), err)
		}
		for i, e := range second {
			if e.Section != entries[i].Section || e.Name != entries[i].Name || e.Value != entries[i].Value {
				t.Errorf("%q: %+v, then %+v", text, entries[i], e)
			}
		}
	})
}
