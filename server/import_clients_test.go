package main_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestClientsImport imports images with the clients that people use. They come through a front end that says who they are.
func TestClientsImport(t *testing.T) {
	rows := map[string][]string{
		"glance": {
			"--os-image-url", "URL", "--os-auth-token", "none", "image-create-via-import", "--import-method", "glance-direct",
			"--name", "by glance", "--disk-format", "raw", "--container-format", "bare", // the data comes on its standard input
		},
		"openstack": {
			"--os-auth-type", "admin_token", "--os-token", "none", "--os-endpoint", "URL/v2/",
			"image", "create", "--import", "--disk-format", "raw", "--container-format", "bare", "--file", "FILE", "by openstack",
		},
	}
	s := newSite(t)
	s.write("enable_image_import = true", "node_staging_uri = file://"+filepath.Join(s.dir, "staging"), "[paste_deploy]", "flavor = trusted-auth")
	d := s.start()
	d.header = operator()
	front := httptest.NewServer(identified(t, d.url))
	t.Cleanup(front.Close)
	data := strings.Repeat("imported by a client ", 5000)
	file := s.file("data.raw", data)
	for program, args := range rows {
		t.Run(program, func(t *testing.T) {
			path := need(t, program)
			for i, arg := range args {
				args[i] = strings.NewReplacer("URL", front.URL, "FILE", file).Replace(arg)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, path, args...)
			cmd.Stdin = strings.NewReader(data)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			await(t, "the image is active", func() bool {
				_, list := d.call(http.MethodGet, "/v2/images?status=active&name=by%20"+program, nil)
				return strings.Contains(list, `"by `+program+`"`) && strings.Contains(list, `"size": 105000`)
			})
		})
	}
}

// identified hands requests on with an identity.
func identified(t *testing.T, to string) http.Handler {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		for name, values := range operator() {
			if strings.HasPrefix(name, "X-") {
				r.Out.Header[name] = values
			}
		}
	}}
}
