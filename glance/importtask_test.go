package glance_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/egress"
	"goglance/glance/option"
)

// importing lets tasks import from hosts on any port, none: from those that the defaults allow. The tasks work in a folder
// of their own.
func importing(hosts ...string) func(*glance.Config) {
	return func(c *glance.Config) {
		var e egress.Options
		if err := option.SetDefaults(&e); err != nil {
			panic(err) // a mistake in the test
		}
		if e.AllowedHosts = hosts; len(hosts) > 0 {
			e.AllowedPorts = nil
		}
		filter, err := egress.New(e)
		if err != nil {
			panic(err)
		}
		c.Egress = filter
		c.Options.WorkDir = filepath.Join(filepath.Dir(c.StateDir), "work")
	}
}

// converting makes the tasks convert images.
func converting(target string) func(*glance.Config) {
	return func(c *glance.Config) { c.Options.ConversionFormat = target }
}

// straight leaves tasks without a folder.
func straight(c *glance.Config) { c.Options.WorkDir = "" }

// source is the input of a task that imports from a URL.
func source(url, properties string) string {
	return fmt.Sprintf(`{"import_from": %q, "import_from_format": "", "image_properties": {%s}}`, url, properties)
}

// imports posts a task of type import and returns its id.
func (c client) imports(input string) string {
	c.t.Helper()
	id, _ := c.ask("POST /v2/tasks", `{"type": "import", "input": `+input+`}`).want(http.StatusCreated).doc()["id"].(string)
	return id
}

// ended waits for the end of a task and returns it.
func (c client) ended(id string) map[string]any {
	c.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		doc := c.get("/v2/tasks/" + id).want(http.StatusOK).doc()
		if s := doc["status"]; s == "success" || s == "failure" {
			return doc
		}
		if time.Now().After(end) {
			c.t.Fatalf("the task does not end: %v", doc)
		}
	}
}

// imported runs a task that succeeds and returns the image.
func (c client) imported(url, properties string) map[string]any {
	c.t.Helper()
	doc := c.ended(c.imports(source(url, properties)))
	result, _ := doc["result"].(map[string]any)
	id, _ := result["image_id"].(string)
	if doc["status"] != "success" || id == "" || len(result) != 1 {
		c.t.Fatalf("the task is %v", doc)
	}
	return c.get("/v2/images/" + id).want(http.StatusOK).doc()
}

// refused runs a task that fails, and returns its message. No data is left.
func (c client) refused(input string) string {
	c.t.Helper()
	before := c.files()
	doc := c.ended(c.imports(input))
	message, _ := doc["message"].(string)
	if doc["status"] != "failure" || message == "" || doc["result"] != nil {
		c.t.Errorf("the task is %v", doc)
	}
	if strings.ContainsAny(message, "\n") || strings.Contains(message, c.dir) || strings.Contains(message, "127.0.0.1") {
		c.t.Errorf("the message tells too much: %q", message)
	}
	c.leftNothing(before)
	return message
}

// leftNothing asserts that there is no scratch file, no other data than before, no journal entry, and no image that
// claims to have or to wait for any.
func (c client) leftNothing(before []string) {
	c.t.Helper()
	if got := c.files(); !slices.Equal(got, before) {
		c.t.Errorf("the store has %v, before it had %v", got, before)
	}
	if left, err := os.ReadDir(filepath.Join(c.dir, "work")); err != nil && !os.IsNotExist(err) || len(left) > 0 {
		c.t.Errorf("scratch files: %v, %v", left, err)
	}
	entries, err := filepath.Glob(filepath.Join(c.dir, "journal", "*", "*.*"))
	if err != nil || slices.ContainsFunc(entries, func(name string) bool { return filepath.Ext(name) != ".task" }) {
		c.t.Errorf("journal: %v, %v", entries, err)
	}
	if n := c.text("SELECT COUNT(*) FROM images WHERE status NOT IN ('queued', 'active', 'deleted')"); n != "0" {
		c.t.Errorf("%s images are in no proper state", n)
	}
}

// serving is a web server that has one file.
func serving(t *testing.T, data []byte) (url string, visits *atomic.Int32) {
	t.Helper()
	return canary(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	})
}

// qemuImg runs qemu-img in a folder and returns its path; a test without it is skipped, unless everything must be there.
func qemuImg(t *testing.T, dir string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("qemu-img")
	if err != nil && os.Getenv("GLANCE_TEST_REQUIRE") != "" {
		t.Fatal("missing: qemu-img")
	}
	if err != nil {
		t.Skip("missing: qemu-img")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("qemu-img %v: %v: %s", args, err, out)
	}
	return string(out)
}

// disk returns an image of 3 MiB with something in it.
func disk(t *testing.T, format string, options ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	text := append(bytes.Repeat([]byte("content "), 1<<16), make([]byte, 5<<19)...)
	if err := os.WriteFile(filepath.Join(dir, "raw"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	qemuImg(t, dir, slices.Concat([]string{"convert", "-f", "raw", "-O", format}, options, []string{"raw", "disk"})...)
	data, err := os.ReadFile(filepath.Join(dir, "disk"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// info is what qemu-img says of the data of an image.
func (f *fixture) info(t *testing.T, id string) (format string, size float64) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(qemuImg(t, "/", "info", "--output=json", f.object(id))), &doc); err != nil {
		t.Fatal(err)
	}
	format, _ = doc["format"].(string)
	size, _ = doc["virtual-size"].(float64)
	return format, size
}

// member is a file in an archive.
type tarFile struct {
	name string
	data []byte
}

// ovaOf packs files into an archive.
func ovaOf(t *testing.T, files ...tarFile) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// machine is the descriptor of an OVA with disk.vmdk.
const machine = `<?xml version="1.0"?><Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ProcessorAllocationSettingData">
<References><File ovf:href="disk.vmdk" ovf:id="f1"/></References><DiskSection><Disk ovf:diskId="d1" ovf:fileRef="f1"/></DiskSection>
<VirtualSystem><cim:InstructionSet> DMTF:x86_64 </cim:InstructionSet><cim:Secret>no</cim:Secret></VirtualSystem></Envelope>`
