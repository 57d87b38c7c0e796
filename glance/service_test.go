package glance_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/option"
)

// Spec images-api 17: the defaults, group by group. What has no fixed value in the spec is ours.
func TestDefaults(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"DEFAULT/enable_v1_api": "true", "DEFAULT/enable_image_import": "false",
		"DEFAULT/show_image_direct_url": "false", "DEFAULT/show_multiple_locations": "false", "DEFAULT/delayed_delete": "false",
		"DEFAULT/image_location_quota": "10", "DEFAULT/image_member_quota": "128", "DEFAULT/location_strategy": "location_order",
		"store_type_location_strategy/store_type_preference": "[]",
		"DEFAULT/enable_v2_api":                              "true", "DEFAULT/public_endpoint": "", "DEFAULT/allow_additional_image_properties": "true",
		"DEFAULT/owner_is_tenant": "true", "DEFAULT/admin_role": "admin", "DEFAULT/allow_anonymous_access": "false",
		"DEFAULT/max_request_id_length": "64", "DEFAULT/secure_proxy_ssl_header": "",
		"DEFAULT/limit_param_default": "25", "DEFAULT/api_limit_max": "1000", "DEFAULT/image_property_quota": "128",
		"DEFAULT/image_tag_quota": "128",
		"DEFAULT/image_size_cap":  "1099511627776", "DEFAULT/user_storage_quota": "0",
		"DEFAULT/client_socket_timeout":                "15m0s",
		"DEFAULT/max_json_body_size":                   "16777216",
		"image_format/container_formats":               "[ami ari aki bare ovf ova docker]",
		"image_format/disk_formats":                    "[ami ari aki vhd vhdx vmdk raw qcow2 vdi iso ploop]",
		"oslo_middleware/enable_proxy_headers_parsing": "false",
		"sendfile/header":                              "", "sendfile/root": "", "sendfile/location": "/image-data/",
		"DEFAULT/node_staging_uri": "file:///tmp/staging/",
		"task/task_time_to_live":   "48", "task/task_executor": "taskflow", "task/work_dir": "",
		"taskflow_executor/engine_mode": "parallel", "taskflow_executor/max_workers": "10", "taskflow_executor/conversion_format": "",
	}
	got := map[string]string{}
	o := glance.Defaults()
	err := option.Walk(&o, func(op option.Option) error {
		if op.Help == "" {
			t.Errorf("%s has no help", op.Name)
		}
		got[op.Group+"/"+op.Name] = fmt.Sprint(op.Value.Interface())
		return nil
	})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// New refuses what cannot work and says what is missing.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	f := start(t)
	file := filepath.Join(f.dir, "file")
	f.must(os.WriteFile(file, nil, 0o600))
	rows := map[string]func(*glance.Config){
		"DB":                 func(c *glance.Config) { c.DB = nil },
		"Stores":             func(c *glance.Config) { c.Stores = nil },
		"Auth":               func(c *glance.Config) { c.Auth = nil },
		"StateDir":           func(c *glance.Config) { c.StateDir = "" },
		"Prefix":             func(c *glance.Config) { c.Prefix = "image" },
		"Prefix must":        func(c *glance.Config) { c.Prefix = "/a/../b" },
		"Prefix must look":   func(c *glance.Config) { c.Prefix = "//a" },
		"api_limit_max":      func(c *glance.Config) { c.Options.PageMax = 0 },
		"max_json_body_size": func(c *glance.Config) { c.Options.BodyMax = -5 },
		"user_storage_quota": func(c *glance.Config) { c.Options.UserStorageQuota = "x" },
		"journal":            func(c *glance.Config) { c.StateDir = filepath.Join(file, "x") },
	}
	for word, change := range rows {
		c := f.made
		change(&c)
		svc, err := glance.New(c)
		if err == nil {
			t.Errorf("%s: no error", word)
			f.must(svc.Close())
		} else if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error is %v", word, err)
		}
	}
	if _, err := glance.New(glance.Config{}); err == nil {
		t.Error("an empty configuration is taken")
	}
	journals, err := os.ReadDir(f.made.StateDir)
	if err != nil || len(journals) != 1 {
		t.Errorf("services that were not made have left journals: %v %v", journals, err)
	}
}

// What is optional has a default that works.
func TestNewFillsIn(t *testing.T) {
	t.Parallel()
	f := start(t, unauthenticated)
	c := f.made
	c.Policy, c.Notify, c.Log, c.Clock, c.NewID = nil, nil, nil, nil, nil
	svc, err := glance.New(c)
	f.must(err)
	defer svc.Close() //nolint:errcheck // a test's service
	w := httptest.NewRecorder()
	svc.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v2/images", strings.NewReader("{}")))
	if w.Code != http.StatusCreated || !strings.HasPrefix(w.Header().Get("X-Openstack-Request-Id"), "req-") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	made := (answer{t: t, body: w.Body.String()}).doc()
	at, err := time.Parse(time.RFC3339, fmt.Sprint(made["created_at"]))
	if err != nil || time.Since(at) > time.Minute {
		t.Errorf("the image is %v", made)
	}
	w = httptest.NewRecorder()
	svc.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v2/images", strings.NewReader(`{"visibility": "public"}`)))
	if w.Code != http.StatusForbidden {
		t.Errorf("the default policy lets anyone publicize: %d", w.Code)
	}
}

// alreadyThere leaves out what runs now, and what a pool of connections to a database may start at any time.
func alreadyThere() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/go-sql-driver/mysql.(*mysqlConn).startWatcher.func1"),
	}
}

// Run ends with its context and leaves nothing running.
func TestRun(t *testing.T) { // not parallel: it looks at all goroutines
	f := start(t)
	f.as(owner).create("")
	before := alreadyThere()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.svc.Run(ctx) }()
	f.as(owner).create("")
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("Run does not end")
	}
	goleak.VerifyNone(t, before...)
}

// New and Close start nothing that stays, and Close gives up the place in StateDir.
func TestNewAndClose(t *testing.T) { // not parallel: it looks at all goroutines
	f := start(t)
	before := alreadyThere()
	for range 3 {
		svc, err := glance.New(f.made)
		f.must(err)
		goleak.VerifyNone(t, before...)
		f.must(svc.Close())
	}
	goleak.VerifyNone(t, before...)
	if journals, err := os.ReadDir(f.made.StateDir); err != nil || len(journals) != 1 {
		t.Errorf("journals that stay behind: %v %v", journals, err)
	}
}

// Two services may share a database and a store.
func TestTwoServices(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.made
	c.Auth, c.Prefix = auth.Unauthenticated{}, "/image"
	other, err := glance.New(c)
	f.must(err)
	defer other.Close() //nolint:errcheck // a test's service
	id := f.as(owner).store("", "data")
	w := httptest.NewRecorder()
	other.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/image/v2/images/"+id+"/file", nil))
	if w.Code != http.StatusOK || w.Body.String() != "data" {
		t.Errorf("%d %q", w.Code, w.Body.String())
	}
	w = httptest.NewRecorder()
	other.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/image/v2/images/"+id, nil))
	if w.Code != http.StatusNoContent {
		t.Errorf("%d %q", w.Code, w.Body.String())
	}
	f.as(owner).get("/v2/images/" + id).want(http.StatusNotFound)
}
