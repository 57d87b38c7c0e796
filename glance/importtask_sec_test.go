package glance_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/auth"
)

// dangerous are the images of spec security 1.7 that lead to files of the host.
func dangerous(t *testing.T) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	created := func(name string, args ...string) []byte {
		qemuImg(t, dir, append([]string{"create"}, args...)...)
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	q0 := created("q0", "-f", "qcow2", "q0", "1M")
	q2 := bytes.Clone(q0)
	name := `json:{"driver":"raw","file":{"driver":"file","filename":"/etc/hosts"}}`
	binary.BigEndian.PutUint64(q2[8:], 0x200)
	binary.BigEndian.PutUint32(q2[16:], uint32(len(name)))
	copy(q2[0x200:], name)
	q5 := bytes.Clone(q0)
	q5[0x4f] = 4
	return map[string][]byte{
		"qcow2 Q1": created("q1", "-f", "qcow2", "-b", "/etc/hosts", "-F", "raw", "q1", "1M"), "qcow2 Q2": q2, "qcow2 Q5": q5,
		"vmdk V1": []byte("# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 1 FLAT \"/etc/hosts\" 0\n"),
		"raw Q1":  created("q1", "-f", "qcow2", "-b", "/etc/hosts", "-F", "raw", "q1", "1M"),
		"raw Q0":  q0, "qcow2 raw": []byte("no qcow2 at all"), "raw E1": created("e1", "-f", "qed", "-b", "/etc/hosts", "-F", "raw", "e1", "1M"),
	}
}

// Spec security P36, P38, P39, R1: what leads to files of the host, or is not what it is called, never becomes an image,
// with a folder or without, converted or not.
func TestSecTaskBackingFileRefused(t *testing.T) {
	t.Parallel()
	images := dangerous(t)
	for how, change := range map[string]func(*glance.Config){"folder": converting("raw"), "straight": straight} {
		f := start(t, importing("127.0.0.1"), change)
		for name, data := range images {
			url, _ := serving(t, data)
			declared, _, _ := strings.Cut(name, " ")
			text := f.as(admin).refused(source(url, fmt.Sprintf(`"disk_format": %q, "container_format": "bare"`, declared)))
			if strings.Contains(text, "/") || strings.Contains(text, "later") {
				t.Errorf("%s, %s: %q", how, name, text)
			}
		}
		if n := f.text("SELECT COUNT(*) FROM images WHERE status <> 'queued' OR size IS NOT NULL"); n != "0" {
			t.Errorf("%s: %s images are not queued and empty", how, n)
		}
	}
}

// Spec security S125: a disk that is larger than an image may be is not converted.
func TestSecConversionBomb(t *testing.T) {
	t.Parallel()
	f := start(t, importing("127.0.0.1"), converting("raw"), func(c *glance.Config) { c.Options.SizeCap = 64 << 20 })
	dir := t.TempDir()
	qemuImg(t, dir, "create", "-f", "qcow2", "bomb", "1T")
	data, err := os.ReadFile(filepath.Join(dir, "bomb"))
	f.must(err)
	url, _ := serving(t, data)
	if text := f.as(admin).refused(source(url, qcowBare)); !strings.Contains(text, "67108864") {
		t.Error(text)
	}
}

// Spec security S127: a disk that holds another image at its beginning does not become one by conversion.
func TestSecNestedFormatOutput(t *testing.T) {
	t.Parallel()
	f := start(t, importing("127.0.0.1"), converting("raw"))
	dir := t.TempDir()
	qemuImg(t, dir, "create", "-f", "qcow2", "-b", "/etc/hosts", "-F", "raw", "inner", "1M")
	qemuImg(t, dir, "convert", "-f", "raw", "-O", "qcow2", "inner", "outer")
	data, err := os.ReadFile(filepath.Join(dir, "outer"))
	f.must(err)
	url, _ := serving(t, data)
	f.as(admin).refused(source(url, qcowBare))
}

// sendForever sends without end, or until the client has gone.
func sendForever(w http.ResponseWriter, _ *http.Request) {
	for block := make([]byte, 64<<10); ; {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// Spec security P63, P50: the size cap and the quota hold while data comes.
func TestSecImportStreamCapped(t *testing.T) {
	t.Parallel()
	forever, _ := canary(t, sendForever)
	large, visits := serving(t, make([]byte, 200<<10))
	for how, change := range map[string]func(*glance.Config){"folder": func(*glance.Config) {}, "straight": straight} {
		capped := start(t, importing("127.0.0.1"), change, func(c *glance.Config) { c.Options.SizeCap = 100 << 10 })
		quota := start(t, importing("127.0.0.1"), change, func(c *glance.Config) { c.Options.UserStorageQuota = "100KB" })
		for _, u := range []string{forever, large} {
			if text := capped.as(admin).refused(source(u, rawBare)); !strings.Contains(text, "102400") {
				t.Errorf("%s: %q", how, text)
			}
			if text := quota.as(admin).refused(source(u, rawBare)); !strings.Contains(text, "quota") {
				t.Errorf("%s: %q", how, text)
			}
		}
	}
	if visits.Load() == 0 {
		t.Error("nobody was asked")
	}
}

// Spec security P75, P76, S120, S140-S149: this machine and what lies near it is not read, however it is spelled.
func TestSecLegacyTaskURIFiltered(t *testing.T) {
	t.Parallel()
	url, visits := canary(t, serveText("secret"))
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	f := start(t, importing(), func(c *glance.Config) { c.Options.WorkDir = "" })
	texts := map[string]bool{}
	for _, host := range []string{
		"127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]",
		"[64:ff9b::7f00:1]", "169.254.169.254", "user:pw@127.0.0.1", "%3127.0.0.1", "[fe80::1%25lo]",
	} {
		texts[f.as(admin).refused(source("http://"+host+":"+port+"/", rawBare))] = true
	}
	if len(texts) != 1 {
		t.Errorf("refusals can be told apart: %v", texts)
	}
	for _, u := range []string{"http://127.0.0.1/", "HTTP://127.0.0.1:80/", "file:///etc/hosts", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "dict://127.0.0.1/", "data:,x", "unix:/x", "FILE:///x", "http:/x", "//h/x"} {
		f.as(admin).refused(source(u, rawBare))
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("the canary was visited %d times", n)
	}
	allowed := start(t, importing("127.0.0.1"))
	allowed.as(admin).imported(url, rawBare)
	allowed.as(admin).refused(source(strings.Replace(url, "127.0.0.1", "localhost", 1), rawBare))
	if n := visits.Load(); n != 1 {
		t.Errorf("the canary was visited %d times", n)
	}
}

// halfServer is a web server that sends the first half and then waits.
type halfServer struct {
	url     string
	halfway chan struct{} // one value for every client
	resume  chan struct{}
}

func pausedServer(t *testing.T, first, second string) *halfServer {
	t.Helper()
	p := &halfServer{halfway: make(chan struct{}, 10), resume: make(chan struct{})}
	p.url, _ = canary(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(first)+len(second)))
		fmt.Fprint(w, first) //nolint:errcheck // a test's
		_ = http.NewResponseController(w).Flush()
		p.halfway <- struct{}{}
		select {
		case <-p.resume:
			fmt.Fprint(w, second) //nolint:errcheck // a test's
		case <-r.Context().Done():
		}
	})
	return p
}

// Spec security P52: an image that is deleted while its data comes leaves none.
func TestSecTaskDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	for how, change := range map[string]func(*glance.Config){"folder": func(*glance.Config) {}, "straight": straight} {
		f := start(t, importing("127.0.0.1"), change)
		p := pausedServer(t, "first, ", "second")
		id := f.as(admin).imports(source(p.url, rawBare))
		<-p.halfway
		wanted := "queued"
		if how == "straight" {
			wanted = "saving"
		}
		images := f.as(admin).get("/v2/images?status=" + wanted).ids()
		for end := time.Now().Add(time.Minute); len(images) == 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			images = f.as(admin).get("/v2/images?status=" + wanted).ids()
		}
		if len(images) != 1 {
			t.Fatalf("%s: images %v", how, images)
		}
		f.as(admin).ask("DELETE /v2/images/"+images[0], "").want(http.StatusNoContent)
		close(p.resume)
		doc := f.as(admin).ended(id)
		if text := fmt.Sprint(doc["message"]); doc["status"] != "failure" || !strings.Contains(text, "deleted") {
			t.Errorf("%s: the task is %v", how, doc)
		}
		f.as(admin).leftNothing(nil)
	}
}

// Spec security P54: imports and deletions leave nothing, however often.
func TestSecTaskDeleteLoop(t *testing.T) {
	t.Parallel()
	f := start(t, importing("127.0.0.1"))
	url, _ := canary(t, serveText("data"))
	for range 10 {
		v := f.as(admin).imported(url, rawBare)
		f.as(admin).ask("DELETE /v2/images/"+fmt.Sprint(v["id"]), "").want(http.StatusNoContent)
	}
	f.as(admin).leftNothing(nil)
}

// A server that breaks off: the task says so, the image stays queued without data.
func TestImportBreaksOff(t *testing.T) {
	t.Parallel()
	url, _ := canary(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, "half") //nolint:errcheck // a test's
	})
	for how, change := range map[string]func(*glance.Config){"folder": func(*glance.Config) {}, "straight": straight} {
		f := start(t, importing("127.0.0.1"), change)
		if text := f.as(admin).refused(source(url, rawBare)); !strings.Contains(text, "stopped sending") {
			t.Errorf("%s: %q", how, text)
		}
		if n := f.text("SELECT COUNT(*) FROM images WHERE status = 'queued' AND size IS NULL AND checksum IS NULL"); n != "1" {
			t.Errorf("%s: %s images are queued", how, n)
		}
	}
}

// The rules of images hold for who imports them (spec tasks-import C.3; security P09, S28).
func TestSecTaskPrivilege(t *testing.T) {
	t.Parallel()
	url, visits := canary(t, serveText("data"))
	rows := map[string]struct{ rule, properties string }{
		"public":          {"", rawBare + `, "visibility": "public"`},
		"somebody else's": {"", rawBare + `, "owner": "somebody"`},
		"nobody's":        {"", rawBare + `, "owner": null`},
		"a status":        {"", rawBare + `, "status": "active"`},
		"an id":           {"", rawBare + `, "id": "00000000-0000-4000-8000-999999999999"`},
		"no formats":      {"", ``},
		"no disk format":  {"", `"container_format": "bare"`},
		"add_image":       {"add_image", rawBare}, "communitize_image": {"communitize_image", rawBare + `, "visibility": "community"`},
	}
	for name, row := range rows {
		pairs := []string{"tasks_api_access", ""}
		if row.rule != "" {
			pairs = append(pairs, row.rule, "!")
		}
		f := start(t, importing("127.0.0.1"), rules(pairs...))
		f.as(owner).refused(source(url, row.properties))
		want := "0"
		if strings.HasPrefix(name, "no ") { // the record stays, as the reference leaves it
			want = "1"
		}
		if n := f.text("SELECT COUNT(*) FROM images"); n != want {
			t.Errorf("%s: %s images", name, n)
		}
	}
	for _, rule := range []string{"upload_image", "modify_image", "get_image"} {
		for _, change := range []func(*glance.Config){func(*glance.Config) {}, straight} {
			f := start(t, importing("127.0.0.1"), rules("tasks_api_access", "", rule, "!"), change)
			f.as(owner).refused(source(url, rawBare))
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("the source was asked %d times", n)
	}
}

// trust stands in for one of Keystone.
type trust struct{ renewed, deleted atomic.Int32 }

// Identity returns somebody with a new token.
func (t *trust) Identity(context.Context) (*auth.Identity, error) {
	t.renewed.Add(1)
	return &auth.Identity{Token: "new", Roles: []string{"admin"}}, nil
}

// Delete counts.
func (t *trust) Delete(context.Context) error {
	t.deleted.Add(1)
	return nil
}

// An import has a trust while it runs, and goes on without where there is none to be had.
func TestImportTrust(t *testing.T) {
	t.Parallel()
	url, _ := canary(t, serveText("data"))
	made := &trust{}
	entrust := func(c *glance.Config) {
		c.Entrust = func(context.Context, *auth.Identity, time.Duration) (auth.Trust, error) { return made, nil }
	}
	start(t, importing("127.0.0.1"), entrust).as(admin).with("X-Auth-Token: old").imported(url, rawBare)
	if made.renewed.Load() == 0 || made.deleted.Load() != 1 {
		t.Errorf("renewed %d times, deleted %d times", made.renewed.Load(), made.deleted.Load())
	}
	refuse := func(c *glance.Config) {
		c.Entrust = func(context.Context, *auth.Identity, time.Duration) (auth.Trust, error) {
			return nil, context.DeadlineExceeded
		}
	}
	start(t, importing("127.0.0.1"), refuse).as(admin).with("X-Auth-Token: old").imported(url, rawBare)
}

// A service that stops ends its imports: they fail with a reason, and leave nothing.
func TestImportStops(t *testing.T) {
	t.Parallel()
	for how, change := range map[string]func(*glance.Config){"folder": func(*glance.Config) {}, "straight": straight} {
		f := start(t, importing("127.0.0.1"), change)
		p := pausedServer(t, "first, ", "second")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.svc.Run(ctx) }()
		id := f.as(admin).imports(source(p.url, rawBare))
		<-p.halfway
		stop()
		f.must(<-done)
		if doc := f.as(admin).ended(id); doc["status"] != "failure" || !strings.Contains(fmt.Sprint(doc["message"]), "stopped") {
			t.Errorf("%s: %v", how, doc)
		}
		f.as(admin).leftNothing(nil)
	}
}

// A task says which step is under way; and whoever changes the formats of its image meanwhile does not get data that is
// called something else (spec security P39).
func TestSecImportFormatChanged(t *testing.T) {
	t.Parallel()
	f := start(t, importing("127.0.0.1"))
	p := pausedServer(t, "first, ", "second")
	task := f.as(admin).imports(source(p.url, rawBare))
	<-p.halfway
	message := ""
	for end := time.Now().Add(time.Minute); !strings.Contains(message, "7 bytes") && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		message = fmt.Sprint(f.as(admin).get("/v2/tasks/" + task).doc()["message"])
	}
	if message != "reading the source: 7 bytes" {
		t.Errorf("the task says %q", message)
	}
	id := f.text("SELECT id FROM images")
	f.as(admin).ask("PATCH /v2/images/"+id, `[{"op": "replace", "path": "/disk_format", "value": "qcow2"}]`, patch21).want(http.StatusOK)
	close(p.resume)
	if doc := f.as(admin).ended(task); doc["status"] != "failure" || !strings.Contains(fmt.Sprint(doc["message"]), "disk_format") {
		t.Errorf("the task is %v", doc)
	}
	f.as(admin).leftNothing(nil)
}
