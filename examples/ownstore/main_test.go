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

	"goglance/glance/store/storetest"
)

// TestConformance: the store does what a store must.
func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		dir := t.TempDir()
		h, err := NewHashed(dir)
		if err != nil {
			t.Fatal(err)
		}
		return storetest.Subject{Driver: h, Leftovers: func() []string { return names(t, dir) }}
	})
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range files {
		list = append(list, f.Name())
	}
	return list
}

// TestServes runs the program: data goes into the store, comes back and is removed.
func TestServes(t *testing.T) {
	t.Parallel()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, ln, dir) }()
	base := "http://" + ln.Addr().String() + "/v2/images"

	code, text := ask(t, http.MethodPost, base, `{"disk_format": "raw", "container_format": "bare"}`)
	_, rest, _ := strings.Cut(text, `"id": "`)
	id, _, _ := strings.Cut(rest, `"`)
	if code != http.StatusCreated {
		t.Fatalf("create: %d %s", code, text)
	}
	if code, text := ask(t, http.MethodPut, base+"/"+id+"/file", "some bytes"); code != http.StatusNoContent {
		t.Errorf("upload: %d %s", code, text)
	}
	if list := names(t, filepath.Join(dir, "images")); len(list) != 1 || strings.Contains(list[0], id) {
		t.Errorf("the store has %v", list)
	}
	if _, text := ask(t, http.MethodGet, base+"/"+id+"/file", ""); text != "some bytes" {
		t.Errorf("download: %q", text)
	}
	if code, text := ask(t, http.MethodDelete, base+"/"+id, ""); code != http.StatusNoContent {
		t.Errorf("delete: %d %s", code, text)
	}
	if list := names(t, filepath.Join(dir, "images")); len(list) != 0 {
		t.Errorf("the store has %v still", list)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func ask(t *testing.T, verb, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), verb, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
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
