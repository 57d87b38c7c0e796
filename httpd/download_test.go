package main_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// upload makes an image of n bytes.
func (s *site) upload(n int64) (id string) {
	s.t.Helper()
	id = s.create()
	if got := s.call("PUT", "/v2/images/"+id+"/file", bytesOf(n), "Content-Length", fmt.Sprint(n)); got.code != http.StatusNoContent {
		s.t.Fatalf("upload: %d %s", got.code, got.body)
	}
	return id
}

// reading returns how many files of the store httpd has open.
func (s *site) reading() (n int) {
	s.t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", s.back.cmd.Process.Pid)
	found, err := os.ReadDir(dir)
	if err != nil {
		s.t.Skipf("no %s here", dir)
	}
	for _, f := range found {
		if to, err := os.Readlink(filepath.Join(dir, f.Name())); err == nil && strings.HasPrefix(to, s.Images) {
			n++
		}
	}
	return n
}

// TestDownloads: the whole and parts, and the calls that have no body.
func TestDownloads(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		const size = 3 << 20
		id := s.upload(size)
		path := "/v2/images/" + id + "/file"
		whole, _ := io.ReadAll(bytesOf(size))
		got := s.call("GET", path, nil)
		if got.code != http.StatusOK || got.body != string(whole) {
			t.Errorf("whole: %d, %d bytes", got.code, len(got.body))
		}
		for name, want := range map[string]string{
			"Content-Type": "application/octet-stream", "Content-Length": fmt.Sprint(size), "Content-Md5": digest(bytesOf(size)),
			"X-Content-Type-Options": "nosniff",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s is %q", name, got.header.Get(name))
			}
		}
		for _, r := range []struct {
			asked, answered string
			code            int
			from, to        int
		}{
			{"bytes=0-0", "bytes 0-0/3145728", http.StatusPartialContent, 0, 1},
			{"bytes=1048576-2097151", "bytes 1048576-2097151/3145728", http.StatusPartialContent, 1 << 20, 2 << 20},
			{"bytes=3145000-", "bytes 3145000-3145727/3145728", http.StatusPartialContent, 3145000, size},
			{"bytes=-5", "bytes 3145723-3145727/3145728", http.StatusPartialContent, size - 5, size},
			{"bytes=3145728-", "", http.StatusRequestedRangeNotSatisfiable, 0, 0},
			{"bytes=0-1,3-4", "", http.StatusBadRequest, 0, 0},
		} {
			got := s.call("GET", path, nil, "Range", r.asked)
			if got.code != r.code || got.header.Get("Content-Range") != r.answered {
				t.Errorf("%s: %d, %q", r.asked, got.code, got.header.Get("Content-Range"))
			}
			if r.code == http.StatusPartialContent && got.body != string(whole[r.from:r.to]) {
				t.Errorf("%s: other bytes, %d", r.asked, len(got.body))
			}
		}
	})
}

// TestOtherCalls: what has no body, and what deletes.
func TestOtherCalls(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, s *site) {
		id := s.upload(1000)
		path := "/v2/images/" + id + "/file"
		for _, c := range []struct {
			method, path string
			code         int
		}{
			{"HEAD", "/v2/images/" + id, http.StatusMethodNotAllowed}, {"HEAD", "/v2/nothing", http.StatusNotFound},
			{"OPTIONS", "/v2/images", http.StatusOK}, {"GET", "/versions", http.StatusOK},
			{"DELETE", "/v2/images/" + id, http.StatusNoContent}, {"GET", path, http.StatusNotFound},
		} {
			if got := s.call(c.method, c.path, nil); got.code != c.code || c.method == "HEAD" && got.body != "" {
				t.Errorf("%s %s: %d %q", c.method, c.path, got.code, got.body)
			}
		}
	})
}

// TestSecSlowReader is spec security S42 behind a front end: a slow reader gets all of it, one that stands still or
// leaves is dropped, and its file closed.
func TestSecSlowReader(t *testing.T) {
	t.Parallel()
	everywhere(t, []option{stalls(2)}, func(t *testing.T, s *site) {
		const size = 48 << 20
		id := s.upload(size)
		ask := func() *wire {
			w := s.dial()
			w.send(fmt.Sprintf("GET /image/v2/images/%s/file HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", id, s.Addr))
			resp, err := http.ReadResponse(w.in, nil) //nolint:bodyclose // the reader goes on with the connection, which the test closes
			s.must(err)
			if resp.StatusCode != http.StatusOK || resp.ContentLength != size {
				t.Fatalf("answered %d, %d bytes", resp.StatusCode, resp.ContentLength)
			}
			return w
		}
		slow := ask()
		var n int64
		for n < size { // about four seconds, twice the time in which one must not stand still
			time.Sleep(80 * time.Millisecond)
			m, err := io.CopyN(io.Discard, slow.in, min(1<<20, size-n))
			n += m
			if err != nil {
				t.Fatalf("a slow reader gets %d bytes of %d: %v", n, size, err)
			}
			if kept := s.kept(); kept > 0 {
				t.Fatalf("the front end keeps %d bytes on its disk", kept)
			}
		}
		leaver := ask()
		s.must(leaver.Close())
		s.await("the file of the one that left is closed", func() bool { return s.reading() == 0 })
		stalled := ask()
		s.await("the file of the one that stands still is closed", func() bool { return s.reading() == 0 })
		if n, err := io.Copy(io.Discard, stalled.in); err == nil && n == size && s.Program != "apache2" {
			t.Errorf("the one that stood still has %d bytes in the end", n)
		}
	})
}

// TestSendfile: nginx sends whole images itself, with the same answer; parts come from the service. Nothing of it can be
// reached directly, and what a policy or a status forbids is not sent.
func TestSendfile(t *testing.T) {
	t.Parallel()
	s := newSite(t, overHTTP("nginx"), sendfile)
	const size = 3 << 20
	id := s.upload(size)
	path := "/v2/images/" + id + "/file"
	got := s.call("GET", path, nil, "X-Openstack-Request-Id", "x")
	if got.code != http.StatusOK || digest(strings.NewReader(got.body)) != digest(bytesOf(size)) {
		t.Errorf("%d, %d bytes", got.code, len(got.body))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Length": fmt.Sprint(size), "Content-Md5": digest(bytesOf(size)),
		"X-Content-Type-Options": "nosniff", "X-Accel-Redirect": "", "Etag": "",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q", name, got.header.Get(name))
		}
	}
	if !strings.HasPrefix(got.header.Get("X-Openstack-Request-Id"), "req-") {
		t.Errorf("the request id is %q", got.header.Get("X-Openstack-Request-Id"))
	}
	if got := s.call("GET", path, nil, "Range", "bytes=10-19"); got.code != http.StatusPartialContent || len(got.body) != 10 {
		t.Errorf("a part: %d, %d bytes", got.code, len(got.body))
	}
	if !strings.Contains(s.back.out.String(), `/file HTTP/1.1" 200 0 `) {
		t.Error("the service has sent the bytes")
	}
	plain := strings.TrimSuffix(s.url, "/image")
	for _, path := range []string{"/image-data/" + id, "/image-data/../image-data/" + id, "/image-data/../glance.sqlite", "/image/../image-data/" + id} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plain, nil)
		s.must(err)
		r.URL.Opaque = path
		resp, err := s.client().Do(r)
		s.must(err)
		if s.must(resp.Body.Close()); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	s.call("POST", "/v2/images/"+id+"/actions/deactivate", nil)
	empty := s.create()
	s.call("PUT", "/v2/images/"+empty+"/file", http.NoBody)
	if got := s.call("GET", "/v2/images/"+empty+"/file", nil); got.code != http.StatusOK || got.body != "" {
		t.Errorf("an empty image: %d %q", got.code, got.body)
	}
}
