package glance_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"goglance/glance"
)

// fuzzBodies are bodies to begin with, of every call.
func fuzzBodies() []string {
	return []string{
		"", "{}", "[]", "data", `{"name": "n", "tags": ["a"], "min_disk": 1, "k": "v", "visibility": "community"}`, `{"member": "project-member"}`,
		`{"status": "accepted"}`, `[{"op": "replace", "path": "/name", "value": "x"}, {"op": "add", "path": "/k", "value": "v"}]`,
		`[{"op": "add", "path": "/locations/-", "value": {"url": "mem://a", "metadata": {"k": "v"}}}, {"op": "remove", "path": "/locations/0"}]`,
		`[{"op": "replace", "path": "/locations", "value": [{"url": "mem://b", "metadata": {}}]}]`, `[{"replace": "/tags", "value": ["a", "b"]}]`,
		`[{"op": "remove", "path": "/k"}, {"op": "replace", "path": "/owner", "value": null}]`,
		`{"namespace": "n", "properties": {"p": {"type": "string", "title": "t"}}, "objects": [{"name": "o"}], "tags": [{"name": "t"}]}`,
	}
}

// fuzzQueries are queries of lists to begin with.
func fuzzQueries() []string {
	return []string{
		"limit=1&marker=%ID&sort=name:asc,size", "sort_key=size&sort_dir=asc", "name=in:a,%22b,c%22&tag=x&tag=y&k=v", "created_at=gt:2017-01-01&size_min=-1",
		"visibility=shared&member_status=all&protected=true&owner=x", "changes-since=x&deleted=1", "limit=99999999999999999999&%FF=%00",
	}
}

// FuzzRequest sends whatever HTTP takes for a request: no answer says that the server failed, what says it is JSON is
// JSON, and no answer tells of the machine below.
func FuzzRequest(t *testing.F) {
	m := &memory{}
	f := start(t, withMemory(m, "a", "data", "b", "other data"), func(c *glance.Config) {
		c.Options.PropertyQuota, c.Options.TagQuota, c.Options.UserStorageQuota, c.Options.MemberQuota = 5, 5, "1KB", 5
	})
	ids := []string{f.as(owner).create(formats), f.as(owner).store(`"visibility": "community"`, "data"), f.as(admin).store(`"k": "v"`, "data")}
	f.as(owner).ask("POST /v2/images/"+ids[1]+"/tags/x", "")
	types := []string{patch21, patch20, octets, "Content-Type: application/json"}
	n := 0
	seed := func(line, body string) {
		n++
		t.Add(uint8(n), line, types[n%len(types)]+"\r\nAccept: "+[]string{"application/json", "text/html", "*/*"}[n%3], body)
	}
	for _, line := range goldenRoutes(t) {
		line = strings.NewReplacer("{id}", "%ID", "{member}", "project-member", "{tag}", "x").Replace(line)
		for _, body := range fuzzBodies() {
			seed(line, body)
		}
	}
	for _, query := range fuzzQueries() {
		seed("GET /v2/images?"+query, "")
	}
	t.Fuzz(func(t *testing.T, pick uint8, line, headers, body string) {
		id := ids[int(pick/8)%len(ids)]
		for _, text := range []*string{&line, &headers, &body} {
			*text = strings.ReplaceAll(*text, "%ID", id)
		}
		who := everybody()[int(pick)%len(everybody())]
		text := fmt.Sprintf("%s HTTP/1.1\r\nHost: glance\r\n%s%s\r\n\r\n", line, wire(who), headers)
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Skip()
		}
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		w := httptest.NewRecorder()
		f.svc.ServeHTTP(w, r)
		checkAnswer(t, f, w, line)
		f.log.Reset()
	})
}

func checkAnswer(t *testing.T, f *fixture, w *httptest.ResponseRecorder, line string) {
	t.Helper()
	if w.Code >= http.StatusInternalServerError && w.Code != http.StatusNotImplemented {
		t.Errorf("%s: %d, %s; %s", line, w.Code, w.Body, f.logged())
	}
	body := w.Body.Bytes()
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && len(body) > 0 && !json.Valid(body) {
		t.Errorf("%s: this is no JSON: %s", line, body)
	}
	for _, secret := range []string{f.dir, "SELECT ", "sqlite"} {
		if bytes.Contains(body, []byte(secret)) && w.Code >= http.StatusBadRequest {
			t.Errorf("%s: the answer tells %q: %s", line, secret, body)
		}
	}
}
