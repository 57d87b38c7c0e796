package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// importSite is a site whose tasks may import from one server of this machine. options are lines of [task] and what
// follows it.
func importSite(t *testing.T, from *httptest.Server, options ...string) *site {
	t.Helper()
	s := newSite(t)
	port := from.URL[strings.LastIndexByte(from.URL, ':')+1:]
	text := strings.Join(append([]string{"[paste_deploy]", "flavor = trusted-auth", "[import_filtering_opts]", "allowed_hosts = 127.0.0.1",
		"allowed_ports = " + port}, options...), "\n")
	s.write(strings.ReplaceAll(text, "DIR", s.dir))
	return s
}

// operator is the headers of an administrator.
func operator() http.Header {
	return http.Header{
		"X-Identity-Status": {"Confirmed"}, "X-User-Id": {"u"}, "X-Project-Id": {"p"}, "X-Roles": {"admin"}, "Content-Type": {"application/json"},
	}
}

// imports posts a task of type import and returns its id.
func (d *daemon) imports(url string) string {
	d.t.Helper()
	body := fmt.Sprintf(`{"type": "import", "input": {"import_from": %q, "import_from_format": "", "image_properties":
		{"disk_format": "raw", "container_format": "bare"}}}`, url)
	code, text := d.call(http.MethodPost, "/v2/tasks", strings.NewReader(body))
	var doc struct{ ID string }
	if err := json.Unmarshal([]byte(text), &doc); err != nil || code != http.StatusCreated {
		d.t.Fatalf("the task is answered %d %s", code, text)
	}
	return doc.ID
}

// task returns status and message of a task.
func (d *daemon) task(id string) (status, message string) {
	d.t.Helper()
	code, text := d.call(http.MethodGet, "/v2/tasks/"+id, nil)
	var doc struct{ Status, Message string }
	if err := json.Unmarshal([]byte(text), &doc); err != nil || code != http.StatusOK {
		d.t.Fatalf("the task is answered %d %s", code, text)
	}
	return doc.Status, doc.Message
}

// only returns the status of the one image.
func (d *daemon) only() string {
	d.t.Helper()
	_, text := d.call(http.MethodGet, "/v2/images", nil)
	var doc struct{ Images []struct{ Status string } }
	if err := json.Unmarshal([]byte(text), &doc); err != nil || len(doc.Images) != 1 {
		return "none of " + fmt.Sprint(len(doc.Images))
	}
	return doc.Images[0].Status
}

// halfway is a web server that sends half of what it announces, says so, and then waits.
func halfway(t *testing.T) (server *httptest.Server, there chan struct{}) {
	t.Helper()
	there = make(chan struct{}, 10)
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "2000000")
		_, _ = w.Write(make([]byte, 1000000))
		_ = http.NewResponseController(w).Flush()
		there <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server, there
}

// whole is a web server that sends so many zeros.
func whole(t *testing.T, size int) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(size))
		for block := make([]byte, 1<<20); size > 0; size -= len(block) {
			_, _ = w.Write(block[:min(size, len(block))])
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// TestKillWhileImporting: whatever a killed server was doing for an import, the next one fails the task and gives the
// image back, and nothing of the data is anywhere.
func TestKillWhileImporting(t *testing.T) {
	t.Parallel()
	need(t, "prlimit")
	slow, there := halfway(t)
	t.Run("reading into the folder", func(t *testing.T) {
		killed(t, importSite(t, slow, "[task]", "work_dir = DIR/work"), slow.URL, func(d *daemon) {
			<-there
			await(t, "the image is there", func() bool { return d.only() == "queued" })
		})
	})
	t.Run("reading into the store", func(t *testing.T) {
		killed(t, importSite(t, slow), slow.URL, func(d *daemon) {
			<-there
			await(t, "the image is saving", func() bool { return d.only() == "saving" })
		})
	})
	t.Run("converting", func(t *testing.T) {
		from := whole(t, 1<<20)
		s := importSite(t, from, "[task]", "work_dir = DIR/work", "[taskflow_executor]", "conversion_format = qcow2")
		s.file("qemu-img", "#!/bin/sh\necho $$ >"+s.dir+"/pid.new && mv "+s.dir+"/pid.new "+s.dir+"/pid && exec sleep 600\n")
		if err := os.Chmod(filepath.Join(s.dir, "qemu-img"), 0o700); err != nil { //nolint:gosec // it is to be run
			t.Fatal(err)
		}
		s.env = []string{"PATH=" + s.dir + string(os.PathListSeparator) + os.Getenv("PATH")}
		var pid []byte
		killed(t, s, from.URL, func(*daemon) {
			await(t, "qemu-img runs", func() (ok bool) {
				pid, _ = os.ReadFile(filepath.Join(s.dir, "pid")) // it may not be there yet
				return len(pid) > 0
			})
		})
		await(t, "qemu-img has gone with its server", func() bool {
			stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
			return err != nil || strings.Contains(string(stat), ") Z ")
		})
	})
	t.Run("storing", func(t *testing.T) {
		from := whole(t, 64<<20)
		killed(t, importSite(t, from, "[task]", "work_dir = DIR/work"), from.URL, func(d *daemon) {
			await(t, "the image is saving", func() bool { return d.only() == "saving" || d.only() == "active" })
		})
	})
}

// killed begins an import, kills the server when it is there, and looks at what the next one makes of it.
func killed(t *testing.T, s *site, url string, there func(*daemon)) {
	t.Helper()
	d := s.start()
	d.header = operator()
	id := d.imports(url)
	there(d)
	d.kill()
	next := s.start()
	next.header = operator()
	await(t, "the task has failed", func() bool {
		status, message := next.task(id)
		return status == "failure" && message != "" || status == "success"
	})
	await(t, "the image is given back", func() bool { return next.only() == "queued" || next.only() == "active" })
	status, _ := next.task(id)
	if names := stored(t, s.dir); len(names) > 0 && next.only() == "queued" || status == "success" && next.only() != "active" {
		t.Errorf("the task has ended with %s, the image is %s, the store has %v", status, next.only(), names)
	}
	if left, err := os.ReadDir(filepath.Join(s.dir, "work")); err == nil && len(left) > 0 {
		t.Errorf("scratch files: %v", left)
	}
	await(t, "the journal is empty", func() bool {
		left, err := filepath.Glob(filepath.Join(s.dir, "journal", "*", "*.*"))
		return err == nil && len(left) == 0
	})
}

// TestImportConfigured: ovf-metadata.json is read from where the configuration is, and a server does not import from
// hosts that it was not told of.
func TestImportConfigured(t *testing.T) {
	t.Parallel()
	from := whole(t, 1000)
	s := importSite(t, from, "[task]", "work_dir = DIR/work")
	s.file("ovf-metadata.json", `{"cim_pasd": ["InstructionSet"]}`)
	d := s.start()
	d.header = operator()
	id := d.imports(from.URL)
	await(t, "the task has ended", func() bool { status, _ := d.task(id); return status == "success" })
	if got := d.only(); got != "active" {
		t.Errorf("the image is %s", got)
	}
	id = d.imports(d.url + "/v2/images")
	await(t, "the task has failed", func() bool { status, message := d.task(id); return status == "failure" && message != "" })
	s.file("ovf-metadata.json", `{"cim_pasd": 7}`)
	if text, code := s.refused(); code != 1 || !strings.Contains(text, "ovf-metadata.json") {
		t.Errorf("exit code %d, %s", code, text)
	}
}
