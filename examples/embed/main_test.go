package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPrefix uploads and reads back an image under the prefix, by the links that the service gives.
func TestPrefix(t *testing.T) {
	svc, d, err := images(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/image/", svc)
	server := httptest.NewServer(mux)
	defer func() {
		server.Close()
		if err := svc.Close(); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()

	created := ask(t, http.MethodPost, server.URL+"/image/v2/images", `{"disk_format": "raw", "container_format": "bare"}`)
	location := created.header.Get("Location")
	if created.code != http.StatusCreated || !strings.HasPrefix(location, server.URL+"/image/v2/images/") {
		t.Fatalf("create: %d, Location %q", created.code, location)
	}
	if a := ask(t, http.MethodPut, location+"/file", "some bytes"); a.code != http.StatusNoContent {
		t.Errorf("upload: %d %s", a.code, a.body)
	}
	if a := ask(t, http.MethodGet, location+"/file", ""); a.body != "some bytes" {
		t.Errorf("download: %d %s", a.code, a.body)
	}
	if a := ask(t, http.MethodGet, server.URL+"/image/versions", ""); !strings.Contains(a.body, `"href": "`+server.URL+`/image/v2/"`) {
		t.Errorf("versions: %d %s", a.code, a.body)
	}
}

type answer struct {
	code   int
	header http.Header
	body   string
}

func ask(t *testing.T, verb, url, body string) answer {
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
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}
