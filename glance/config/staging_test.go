package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goglance/glance/config"
)

// TestStagingFolder: the folder of the option is made when images can be imported, and only then (spec tasks-import D.1).
func TestStagingFolder(t *testing.T) {
	t.Parallel()
	for _, on := range []string{"true", "false"} {
		dir := filepath.Join(t.TempDir(), "staging")
		p := mustBuild(t, map[string]string{"glance-api.conf": "[DEFAULT]\nenable_image_import = " + on + "\nnode_staging_uri = file://" + dir + "/\n"})
		info, err := os.Stat(dir)
		if on == "false" {
			if err == nil || p.Staging != nil {
				t.Errorf("without import the folder is %v", info)
			}
			continue
		}
		if err != nil || info.Mode().Perm() != 0o700 || p.Staging.Dir != dir {
			t.Errorf("the folder is %v, %v", info, err)
		}
	}
}

// TestStagingRefused: a service that cannot stage does not start with import on.
func TestStagingRefused(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{"/tmp/staging", "http://host/staging", "file://relative/path", "file:///proc/nowhere", "file://DIR/images"} {
		s, dir := service(t, map[string]string{"glance-api.conf": "[DEFAULT]\nenable_image_import = true\n"})
		s.Glance.StagingURI = strings.Replace(uri, "DIR", dir, 1)
		p, err := config.Build(t.Context(), s, nil)
		if !errors.Is(err, config.ErrStores) || !strings.Contains(err.Error(), "node_staging_uri") {
			t.Errorf("%s: %v, %v", uri, p, err)
		}
	}
}

// TestStagingIsWorkDir: one folder for both is allowed, as the reference allows it, and warned of.
func TestStagingIsWorkDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "x")
	for work, want := range map[string]bool{dir + "/": true, dir + "/work": false} {
		p := mustBuild(t, map[string]string{"glance-api.conf": "[DEFAULT]\nenable_image_import = true\nnode_staging_uri = file://" + dir + "\n[task]\nwork_dir = " + work + "\n"})
		if got := slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, "node_staging_uri") }); got != want {
			t.Errorf("work_dir %s: warnings are %q", work, p.Warnings)
		}
	}
}
