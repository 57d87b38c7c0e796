package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSecSlowHeaders: clients that send a header byte by byte do not keep others out, and are dropped when their time is
// over (S40).
func TestSecSlowHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, "client_socket_timeout = 3")
	d := s.start()
	var slow []net.Conn
	for range 200 {
		conn := d.raw()
		if _, err := io.WriteString(conn, "GET /v2/im"); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
	}
	silent := d.raw()
	begin := time.Now()
	if code, _ := d.call(http.MethodGet, "/v2/images", nil); code != http.StatusOK || time.Since(begin) > 2*time.Second {
		t.Errorf("among slow clients: %d after %v", code, time.Since(begin))
	}
	for i := range 2 {
		time.Sleep(time.Second)
		for _, conn := range slow {
			if _, err := io.WriteString(conn, "ages"[i:i+1]); err != nil {
				t.Errorf("dropped after %v: %v", time.Since(begin), err)
			}
		}
	}
	for _, conn := range append(slow, silent) {
		text, err := io.ReadAll(conn) // it has a deadline
		if err != nil && !strings.Contains(err.Error(), "reset") || strings.Contains(string(text), "200 OK") {
			t.Fatalf("a slow client gets %q, %v", text, err)
		}
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("slow clients stay for %v", took)
	}
}

// TestSecIdleFloodDoesNotStarve: connections without a request cost others nothing (P59).
func TestSecIdleFloodDoesNotStarve(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.start()
	for range 200 {
		d.raw()
	}
	for range 20 {
		begin := time.Now()
		if code, _ := d.call(http.MethodGet, "/v2/images", nil); code != http.StatusOK || time.Since(begin) > 2*time.Second {
			t.Errorf("%d after %v", code, time.Since(begin))
		}
	}
	d.stop()
}

// TestSecPipelineAndReset: requests sent ahead are served one after the other, and HTTP/2, whose streams can be opened
// and reset by the thousand, is not spoken (S44).
func TestSecPipelineAndReset(t *testing.T) {
	t.Parallel()
	metrics := "127.0.0.1:" + freePort(t)
	s := newSite(t, "default_log_levels = eventlet.wsgi.server=WARN\n[metrics]\nbind_port = "+metrics[len("127.0.0.1:"):])
	d := s.start()
	const requests = 10000
	conn := d.raw()
	if err := conn.SetDeadline(time.Now().Add(3 * patience)); err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, strings.Repeat("GET /versions HTTP/1.1\r\nHost: x\r\n\r\n", requests))
		sent <- err
	}()
	answers, most := bufio.NewReader(conn), 0
	for i := range requests {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("answer %d: %d, %v", i, resp.StatusCode, err)
		}
		resp.Body.Close() //nolint:errcheck // only read
		if i%1000 == 0 {
			most = max(most, number(t, metrics, `glance_under_way{kind="other"}`))
		}
	}
	if err := <-sent; err != nil || most > 1 {
		t.Errorf("%v; at once were served %d", err, most)
	}
	if resp := ask(t, d.raw(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); resp.code != http.StatusHTTPVersionNotSupported {
		t.Errorf("the preface of HTTP/2: %d", resp.code)
	}
	upgrade := "GET /versions HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
	if resp := ask(t, d.raw(), upgrade); resp.code != http.StatusOK {
		t.Errorf("an upgrade to HTTP/2: %d", resp.code)
	}
}

// TestSecAbortedDownloadsFreeWorkers: downloads that clients give up leave nothing behind (P61).
func TestSecAbortedDownloadsFreeWorkers(t *testing.T) {
	t.Parallel()
	metrics := "127.0.0.1:" + freePort(t)
	s := newSite(t, "[metrics]\nbind_port = "+metrics[len("127.0.0.1:"):])
	d := s.start()
	id := d.create(rawImage)
	const size = 8 << 20 // more than the buffers of a connection
	if code, text := d.call(http.MethodPut, "/v2/images/"+id+"/file", strings.NewReader(strings.Repeat("x", size))); code != http.StatusNoContent {
		t.Fatalf("upload: %d %s", code, text)
	}
	goroutines, files := resources(t, metrics)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 250 {
				conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
				if err != nil {
					t.Error(err)
					return
				}
				_, err = fmt.Fprintf(conn, "GET /v2/images/%s/file HTTP/1.1\r\nHost: x\r\n\r\n", id)
				if err == nil {
					_, err = io.ReadFull(conn, make([]byte, 100))
				}
				if err != nil {
					t.Error(err)
				}
				conn.Close() //nolint:errcheck // given up
			}
		})
	}
	clients.Wait()
	await(t, "nothing is left of them", func() bool {
		g, f := resources(t, metrics)
		const pool = 16 // connections to the database open as they are needed, and stay
		return g <= goroutines+4 && f <= files+pool && metric(t, metrics, `glance_under_way{kind="download"}`) == "0"
	})
	if code, text := d.call(http.MethodGet, "/v2/images/"+id+"/file", nil); code != http.StatusOK || len(text) != size {
		t.Errorf("a whole download: %d, %d bytes", code, len(text))
	}
}

// TestSecTrustedAuthExposureWarning: identity headers from anywhere are warned of; with a list of peers others are
// nobody (S04).
func TestSecTrustedAuthExposureWarning(t *testing.T) {
	t.Parallel()
	const flavor = "[paste_deploy]\nflavor = trusted-auth"
	rows := []struct {
		options []string
		warns   string
		code    int
	}{
		{[]string{"bind_host = 0.0.0.0", flavor}, "identity headers are believed of everyone who reaches", 200},
		{[]string{"bind_host = 127.0.0.1", flavor}, "", 200},
		{[]string{"bind_host = 0.0.0.0", "trusted_peers = 192.0.2.7", flavor}, "", 401},
		{[]string{"bind_host = 0.0.0.0", "trusted_peers = 127.0.0.0/8", flavor}, "", 200},
		{[]string{"bind_host = 0.0.0.0"}, "everyone who reaches", 200},
		{nil, "", 200},
	}
	for _, row := range rows {
		s := newSite(t, row.options...)
		d := s.start()
		d.url = "http://127.0.0.1" + d.url[strings.LastIndexByte(d.url, ':'):]
		d.header = http.Header{"X-Identity-Status": {"Confirmed"}, "X-User-Id": {"u"}, "X-Project-Id": {"p"}}
		if code, _ := d.call(http.MethodGet, "/v2/images", nil); code != row.code {
			t.Errorf("%v: %d, want %d", row.options, code, row.code)
		}
		said := strings.Contains(s.log(), "everyone who reaches")
		if said != (row.warns != "") || !strings.Contains(s.log(), row.warns) {
			t.Errorf("%v: the log is %s", row.options, s.log())
		}
		d.stop()
	}
}

// TestSecConfigFileModes: files that everyone can change are warned of (S112).
func TestSecConfigFileModes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	policy := s.file("policy.json", `{"default": ""}`)
	protections := s.file("protect.conf", "[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n")
	options := []string{"property_protection_file = " + protections, "[oslo_policy]\npolicy_file = " + policy}
	s.write(options...)
	all := []string{s.conf, filepath.Join(s.dir, "paste.ini"), policy, protections}
	d := s.start()
	if strings.Contains(s.log(), "can be changed by everyone") {
		t.Errorf("files of the operator's own are warned of: %s", s.log())
	}
	for _, path := range all {
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s.reload(d, reloaded)
	for _, path := range all {
		if n := strings.Count(s.log(), path+" can be changed by everyone"); n != 1 {
			t.Errorf("%s is warned of %d times: %s", path, n, s.log())
		}
	}
}

// TestSecOptionDumpMasksSecrets: at debug every option is told, secret ones without their value, however it is written
// (P26).
func TestSecOptionDumpMasksSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t, "debug = true", "admin_role = shown-role", "admin_password = pa\"ss'w-canary", "metadata_encryption_key = 0123456789canary")
	s.env = []string{"OS_DEFAULT__TRANSPORT_URL=rabbit://u:canary@h/"}
	s.start().stop()
	log := s.log()
	for _, want := range []string{"DEBUG glance.common.config [-] DEFAULT.admin_role = shown-role ", "DEFAULT.metadata_encryption_key = **** ", "database.connection = **** "} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if i := strings.Index(log, "canary"); i >= 0 {
		t.Errorf("the log has a secret: %s", log[max(0, i-200):i+20])
	}
}

// TestSecSecretCanaries: no secret of the configuration, and no token, gets into the log or into an answer, whatever
// happens at debug (S109).
func TestSecSecretCanaries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	options := []string{
		"debug = true", "show_multiple_locations = true", "metadata_encryption_key = keycanary7890123",
		"admin_password = canary-admin", "transport_url = rabbit://u:canary-rabbit@h/", "[keystone_authtoken]\npassword = canary-token",
		"[paste_deploy]\nflavor = trusted-auth",
	}
	s.write(options...)
	d := s.start()
	d.header = http.Header{
		"X-Identity-Status": {"Confirmed"}, "X-User-Id": {"u"}, "X-Project-Id": {"p"}, "X-Roles": {"admin"},
		"X-Auth-Token": {"canary-user-token"}, "Authorization": {"Basic canary-basic"}, "Cookie": {"canary-cookie"},
		"X-Service-Token": {"canary-service-token"}, "X-Service-Catalog": {`["canary-catalog"]`},
	}
	var said []string
	id := d.create(rawImage)
	for _, row := range [][3]string{
		{http.MethodGet, "/v2/images", ""}, {http.MethodGet, "/v2/images/" + id, ""}, {http.MethodGet, "/v2/images/nothing", ""},
		{http.MethodPut, "/v2/images/" + id + "/file", "data"}, {http.MethodGet, "/v2/images/" + id + "/file", ""},
		{http.MethodPost, "/v2/images", "{broken"}, {"STRANGE", "/nowhere", ""}, {http.MethodDelete, "/v2/images/" + id, ""},
	} {
		_, text := d.call(row[0], row[1], strings.NewReader(row[2]))
		said = append(said, text)
	}
	for _, broken := range []string{
		"[database]\nconnection = mysql://u:canary-sql@127.0.0.1:1/db\nmax_retries = 0", "[database]\nconnection = canary-sql",
		"[DEFAULT]\nmetadata_encryption_key = canary-key", "[DEFAULT]\nmetadata_encryption_key = $canary",
	} {
		s.write(append(slices.Clone(options), broken)...)
		s.reload(d, notReloaded)
	}
	d.stop()
	log := s.log() + d.log.String() + strings.Join(said, "\n")
	if i := strings.Index(log, "canary"); i >= 0 {
		t.Errorf("a secret is told: %s", log[max(0, i-300):i+30])
	}
	if !strings.Contains(log, "a request was refused") {
		t.Errorf("nothing was logged at debug: %s", log)
	}
}

// TestSecNoDebugHandlers: nothing of the runtime is on the listener of the API (S165).
func TestSecNoDebugHandlers(t *testing.T) {
	t.Parallel()
	d := newSite(t, "debug = true").start()
	for _, path := range []string{"/debug/pprof/", "/debug/vars", "/metrics", "/debug/requests"} {
		if code, text := d.call(http.MethodGet, path, nil); code != http.StatusMultipleChoices || strings.Contains(text, "goroutine") {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
}
