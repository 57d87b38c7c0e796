package main_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGlanceClient downloads with the client that people use: nothing, no data and what is withheld all end in a way
// that it understands (bug 1686488 and what is near it). It has no command for a part of the data.
func TestGlanceClient(t *testing.T) {
	glance := need(t, "glance")
	d := start(t, t.TempDir())
	dir := t.TempDir()
	run := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		all := append([]string{"--os-image-url", d.url, "--os-auth-token", "none", "--os-image-api-version", "2"}, args...)
		out, err := exec.CommandContext(ctx, glance, all...).CombinedOutput()
		return string(out), err
	}
	upload := func(data string) string {
		id := d.create(rawImage)
		if code, text := d.call(http.MethodPut, "/v2/images/"+id+"/file", strings.NewReader(data)); code != http.StatusNoContent {
			t.Fatal(code, text)
		}
		return id
	}
	download := func(id string) (string, string, error) {
		file := filepath.Join(dir, id)
		out, err := run("image-download", id, "--file", file)
		data, _ := os.ReadFile(file) // "" if the client made none
		return string(data), out, err
	}
	if data, out, err := download(upload("some data")); data != "some data" || err != nil {
		t.Errorf("data: %q %v %s", data, err, out)
	}
	if data, out, err := download(upload("")); data != "" || err != nil {
		t.Errorf("size 0: %q %v %s", data, err, out)
	}
	if _, out, err := download(d.create(rawImage)); err == nil || !strings.Contains(out, "has no data") {
		t.Errorf("no data: %v %s", err, out)
	}
	// The service has no authentication here, so everyone is an administrator, who may read what is deactivated.
	id := upload("withheld")
	if out, err := run("image-deactivate", id); err != nil {
		t.Fatal(err, out)
	}
	if data, out, err := download(id); data != "withheld" || err != nil {
		t.Errorf("deactivated: %q %v %s", data, err, out)
	}
	gone := upload("gone")
	if err := os.Remove(filepath.Join(d.dir, "images", gone)); err != nil {
		t.Fatal(err)
	}
	if _, out, err := download(gone); err == nil || !strings.Contains(out, "has no data") {
		t.Errorf("data that is gone: %v %s", err, out)
	}
	if _, out, err := download("11111111-2222-3333-4444-555555555555"); err == nil || !strings.Contains(out, "404") {
		t.Errorf("no image: %v %s", err, out)
	}
}
