package api

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The map of the API. UPDATE_GOLDEN=1 in the environment writes it.
func TestRoutesGolden(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	seen := map[string]bool{}
	for _, rt := range new(API).routes() {
		fmt.Fprintf(&all, "%s %s\n", rt.path, rt.name)
		for _, m := range rt.methods {
			body := "no body"
			if m.body {
				body = "body"
			}
			fmt.Fprintf(&all, "\t%-6s %s\n", m.verb, body)
			if m.handle == nil || seen[m.verb+rt.path] || seen[rt.name+m.verb] {
				t.Errorf("%s %s has no handler, or is there twice", m.verb, rt.path)
			}
			seen[m.verb+rt.path], seen[rt.name+m.verb] = true, true
		}
	}
	const path = "testdata/routes.golden"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(all.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || all.String() != string(want) {
		t.Errorf("%v; got:\n%s\nwant:\n%s", err, all.String(), want)
	}
}
