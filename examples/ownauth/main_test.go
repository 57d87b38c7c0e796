package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	alice = "alice-0123456789"
	bob   = "bob-0123456789ab"
	admin = "admin-0123456789"
)

const tokens = `[
	{"token": "` + alice + `", "user": "alice", "project": "a", "roles": ["member"]},
	{"token": "` + bob + `", "user": "bob", "project": "b"},
	{"token": "` + admin + `", "user": "root", "project": "ops", "roles": [" Admin"]}
]`

// TestServes runs the program: callers have what is theirs, administrators everything, nobody nothing.
func TestServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "tokens.json")
	if err := os.WriteFile(path, []byte(tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, ln, path, dir) }()
	base := "http://" + ln.Addr().String() + "/v2/images"

	code, text := ask(t, http.MethodPost, base, alice)
	_, rest, _ := strings.Cut(text, `"id": "`)
	id, _, _ := strings.Cut(rest, `"`)
	if code != http.StatusCreated || !strings.Contains(text, `"owner": "a"`) {
		t.Fatalf("create: %d %s", code, text)
	}
	rows := []struct {
		token []string
		want  int
	}{
		{[]string{alice}, 200}, {[]string{bob}, 404}, {[]string{admin}, 200}, {nil, 401}, {[]string{""}, 401},
		{[]string{alice + "x"}, 401}, {[]string{alice, admin}, 400},
	}
	for _, row := range rows {
		if code, text := ask(t, http.MethodGet, base+"/"+id, row.token...); code != row.want {
			t.Errorf("%q: %d, want %d: %s", row.token, code, row.want, text)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestReadTokens: a file that would let strangers in is refused.
func TestReadTokens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tokens.json")
	for text, mode := range map[string]os.FileMode{
		tokens: 0o640, "[{": 0o600, `[{"token": "short", "user": "u", "project": "p"}]`: 0o600, `[{"token": "` + alice + `"}]`: 0o600,
	} {
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if read, err := ReadTokens(path); err == nil {
			t.Errorf("%o %s: %v", mode, text, read)
		}
	}
	if _, err := ReadTokens(path + "x"); err == nil {
		t.Error("no file is taken for one")
	}
}

func ask(t *testing.T, verb, url string, token ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), verb, url, strings.NewReader(`{"disk_format": "raw", "container_format": "bare"}`))
	if err != nil {
		t.Fatal(err)
	}
	if verb == http.MethodGet {
		r.Body, r.ContentLength = nil, 0
	}
	r.Header["X-Auth-Token"] = token
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
