package policy_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"goglance/glance/policy"
)

// hostile returns texts of policy files that must not let a member publish an image, nor take long to read.
func hostile() map[string]string {
	const deep = 10_000
	nested := func(open, inside, shut string) string {
		return strings.Repeat(open, deep) + inside + strings.Repeat(shut, deep)
	}
	wide := "x: &x [" + strings.Repeat("'@',", 1000) + "]\npublicize_image:\n" + strings.Repeat("- *x\n", 20_000)
	return map[string]string{
		"empty":             "",
		"cycle":             `{"publicize_image": "rule:a", "a": "not rule:b", "b": "rule:publicize_image", "default": "!"}`,
		"unknown kind":      `{"publicize_image": "frobnicate:x", "default": "role:admin"}`,
		"not unknown kind":  `{"publicize_image": "not frobnicate:x"}`,
		"brackets":          fmt.Sprintf(`{"publicize_image": %q}`, nested("(", "@", ")")),
		"not and brackets":  fmt.Sprintf(`{"publicize_image": %q}`, nested("not (", "@", ")")),
		"lists":             `{"publicize_image": ` + nested("[", `"@"`, "]") + "}",
		"more lists":        `{"publicize_image": ` + strings.Repeat("[", 500_000) + "}",
		"YAML lists":        "publicize_image: " + nested("[", "'@'", "]"),
		"YAML mappings":     "publicize_image: " + nested("{a: ", "'@'", "}"),
		"YAML blocks":       "publicize_image:\n  " + strings.Repeat("- ", deep) + "'@'",
		"YAML keys":         "publicize_image:\n  " + strings.Repeat("? ", deep) + "'@'",
		"YAML indentation":  indented(400),
		"YAML anchors":      strings.Repeat("&a ", deep) + "publicize_image: '@'",
		"laughs":            laughs() + "publicize_image: *a60\n",
		"laughs unused":     laughs(),
		"wide":              wide,
		"self":              "publicize_image: &a [*a, *a, *a]\n",
		"self in itself":    "publicize_image: &a [[*a], [*a]]\n",
		"merge":             "x: &x {publicize_image: ''}\n<<: *x\n",
		"tag":               "publicize_image: !\n",
		"tag in a list":     "publicize_image: [!\n]\n",
		"python":            "publicize_image: !!python/object/apply:os.system ['id']\n",
		"binary":            "publicize_image: !!binary ''\n",
		"two documents":     "publicize_image: '!'\n---\npublicize_image: ''\n",
		"false":             `{"publicize_image": false}`,
		"zero":              `{"publicize_image": 0}`,
		"mapping":           `{"publicize_image": {}}`,
		"cut":               `{"publicize_image": "", "x`,
		"NUL":               "publicize_image: ''\n\x00",
		"not UTF-8":         "publicize_image: ''\nx: \xff\n",
		"too big":           `{"publicize_image": ""}` + strings.Repeat(" ", 1<<20),
		"many names":        manyNames(),
		"quotes":            "publicize_image: " + strings.Repeat("'", 1<<17) + "\n",
		"long key":          strings.Repeat("x", 1<<18) + ": ''\n",
		"comments":          strings.Repeat("# x\n", 30_000),
		"colons":            strings.Repeat(": ", 200_000),
		"flow commas":       "publicize_image: [" + strings.Repeat(",", 500_000),
		"directives":        strings.Repeat("%TAG ! x\n", 10_000),
		"nulls on one line": "{" + strings.Repeat("a: ,", 20_000) + "publicize_image: '!'}",
	}
}

// laughs returns YAML in which a60 stands for 4 to the power of 60 values.
func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [role:x, role:x]\n")
	for i := range 60 {
		fmt.Fprintf(&b, "a%d: &a%[1]d [*a%d, *a%[2]d, *a%[2]d, *a%[2]d]\n", i+1, i)
	}
	return b.String()
}

func indented(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i))
	}
	return b.String()
}

func manyNames() string {
	var b strings.Builder
	b.WriteString(`{"publicize_image": ""`)
	for i := range 100_001 {
		fmt.Fprintf(&b, `,"%x":""`, i)
	}
	return b.String() + "}"
}

// S20: a policy file that is hostile or broken is refused at start, and later leaves what was there; nothing of it
// opens what is for administrators, and it is dealt with in a short time.
func TestSecHostilePolicyFiles(t *testing.T) {
	t.Parallel()
	good := `{"publicize_image": "role:admin", "default": "role:admin"}`
	for name, text := range hostile() {
		start := time.Now()
		d := newDesk(t, text)
		if files, err := policy.Open(d.source()); err == nil {
			d.files = files
			d.want("!publicize_image !unlisted")
		} else if !strings.Contains(err.Error(), d.path("policy.json")) || len(err.Error()) > 500 {
			t.Errorf("%s: %.600v", name, err)
		}
		d = newDesk(t, good).open()
		for _, place := range []string{"policy.json", "policy.d/x"} {
			d.replace("policy.json", good)
			d.write("policy.d/y", "")
			d.want("!publicize_image")
			d.replace(place, text)
			d.want("!publicize_image !unlisted")
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

// S20: what is no file at all.
func TestSecPolicyFileIsNoFile(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"folder": func(path string) error { return os.Mkdir(path, 0o750) },
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"loop":   func(path string) error { return os.Symlink(path, path) },
	} {
		d := newDesk(t, `{"a": "", "b": "!"}`).open()
		d.remove("policy.json")
		d.must(put(d.path("policy.json")))
		d.want("a !b !c")
		if len(d.log.errors) != 1 {
			t.Errorf("%s: errors %q", name, d.log.errors)
		}
		if files, err := policy.Open(d.source()); err == nil || files != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLastOfManyRulesCounts(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": "!"`+strings.Repeat(`,"a":"!"`, 100_000)+`, "a": ""}`)
	d.open().want("a")
}
