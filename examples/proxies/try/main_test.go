package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goglance/httpd/front"
)

// TestTry: every front end that is installed does what the table of the README says, and what is not is named.
func TestTry(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, []string{"--shipped", "../../../httpd"}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	rows := strings.Split(strings.TrimSpace(out.String()), "\n")[1:]
	if len(rows) != len(front.Kinds()) {
		t.Fatalf("%s", &out)
	}
	for i, k := range front.Kinds() {
		want := string(k.Chunked)
		if _, err := exec.LookPath(k.Program); err != nil {
			if os.Getenv("GLANCE_TEST_REQUIRE") != "" {
				t.Errorf("%s is missing", k.Program)
			}
			want = "not installed"
		}
		if !strings.Contains(rows[i], want) || (want != string(front.Refused) && want != "not installed") != strings.Contains(rows[i], "the same bytes") {
			t.Errorf("%s", rows[i])
		}
	}
}

// TestServe: with a socket there is one front end, until the end.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	go http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:errcheck,gosec // it ends with the listener
		_, _ = io.WriteString(w, "asked for "+r.URL.Path)
	}))
	defer ln.Close() //nolint:errcheck // as above
	for _, path := range []string{filepath.Dir(dir), dir, socket} {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	addr, err := freeAddr(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	var installed string
	for _, k := range front.Kinds() {
		if _, err := exec.LookPath(k.Program); err == nil && k.Protocol == "http" {
			installed = k.String()
		}
	}
	if installed == "" && os.Getenv("GLANCE_TEST_REQUIRE") != "" {
		t.Fatal("nginx, apache2 and haproxy are missing")
	}
	if installed == "" {
		t.Skip("nginx, apache2 and haproxy are missing")
	}
	go func() {
		ended <- run(ctx, io.Discard, []string{"--shipped", "../../../httpd", "--front", installed, "--socket", socket, "--address", addr})
	}()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		code, text, err := trial{}.call(ctx, http.MethodGet, "http://"+addr+"/image/v2", nil)
		if err == nil && code == http.StatusOK && string(text) == "asked for /image/v2" {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d %s %v", code, text, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
