package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"goglance/httpd/front"
)

// The marks in the README around the table.
const (
	tableBegins = "<!-- front ends: go test ./httpd writes this -->\n"
	tableEnds   = "<!-- end of front ends -->\n"
)

// table says what the other tests pin.
func table() string {
	var b strings.Builder
	b.WriteString("\n| front end | protocol | configuration | upload with length | without (chunked) | refusals before the body | download, whole or part |\n")
	b.WriteString("|---|---|---|---|---|---|---|\n")
	for _, k := range front.Kinds() {
		asks, download := "after \"100 Continue\"", "streams"
		if k.Asks {
			asks = "yes"
		}
		if k.Sends {
			download += "; whole also by X-Accel-Redirect"
		}
		fmt.Fprintf(&b, "| %s | %s | [%[3]s](httpd/%[3]s) | streams | %s | %s | %s |\n", k.Program, k.Protocol, k.File, k.Chunked, asks, download)
	}
	return b.String() + "\n"
}

// TestTable: the README says what the tests have found. UPDATE_GOLDEN writes it.
func TestTable(t *testing.T) {
	t.Parallel()
	const readme = "../README.md"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	got, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatal("the marks are not there")
	}
	if got == table() {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("it says\n%s\nand should say\n%s", got, table())
	}
	if err := os.WriteFile(readme, []byte(before+tableBegins+table()+tableEnds+after), 0o644); err != nil { //nolint:gosec // the README is for everyone
		t.Fatal(err)
	}
}

// TestEveryLineSays: every setting that we ship says what it is for, in its line or above it.
func TestEveryLineSays(t *testing.T) {
	t.Parallel()
	files := []string{"glance-httpd.service", "glance-httpd.socket"}
	for _, k := range front.Kinds() {
		files = append(files, k.File)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		said := false // above, in the same block
		for i, line := range strings.Split(string(text), "\n") {
			setting := strings.TrimSpace(line)
			if said = setting != "" && (said || strings.Contains(line, "#")); said || setting == "" || opens(setting) {
				continue
			}
			t.Errorf("%s:%d says nothing: %s", name, i+1, line)
		}
	}
}

// opens reports whether a line only begins or ends a block.
func opens(line string) bool {
	return strings.HasPrefix(line, "[") || strings.HasPrefix(line, "<") || strings.HasSuffix(line, "{") || line == "}" ||
		slices.Contains([]string{"global", "defaults", "frontend image", "backend glance"}, line)
}

// TestUnits: systemd understands the units.
func TestUnits(t *testing.T) {
	t.Parallel()
	program := need(t, "systemd-analyze")
	dir := t.TempDir()
	var units []string
	for _, name := range []string{"glance-httpd.service", "glance-httpd.socket"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		// The program need not be installed here.
		unit := strings.ReplaceAll(string(text), "/usr/local/bin/httpd", "/bin/true")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(unit), 0o600); err != nil {
			t.Fatal(err)
		}
		units = append(units, filepath.Join(dir, name))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"verify", "--man=no", "--recursive-errors=no"}, units...)...) // ours
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "" {
		t.Errorf("%v: %s", err, out)
	}
}
