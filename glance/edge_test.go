package glance_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// codes returns the codes of answers.
func codes(answers []answer) []int {
	all := []int{}
	for _, a := range answers {
		all = append(all, a.code)
	}
	return all
}

// message is a raw request of owner. lines are header lines; what is in body follows them as it is.
func message(line, lines, body string) string {
	return line + " HTTP/1.1\r\nHost: glance\r\n" + wire(owner) + lines + "\r\n" + body
}

// last is a request behind another one, which shows whether the server still understands what it reads.
func last() string { return message("GET /v2/nope", "Connection: close\r\n", "") }

// rejected sends requests that must be refused with one of the codes and end the connection, and checks that nothing
// was stored.
func (f *fixture) rejected(want []int, requests ...string) {
	f.t.Helper()
	before := f.state()
	for _, request := range requests {
		answers := f.raw(request+last(), http.MethodPost)
		if len(answers) != 1 || !slices.Contains(want, answers[0].code) {
			f.t.Errorf("%q: %v", shortened(request), codes(answers))
		}
		if now := f.state(); now != before {
			f.t.Errorf("%q: stored %s", shortened(request), now)
			before = now
		}
	}
}

// Spec security S31: the chunks count, and what follows them is the next request.
func TestSecCLPlusTE(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, length := range []int{0, 1, 4, 100000} {
		for _, lines := range []string{"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: %d\r\n"} {
			answers := f.raw(message("POST /v2/images", fmt.Sprintf(lines, length), "2\r\n{}\r\n0\r\n\r\n")+last(), http.MethodPost)
			if got := codes(answers); !slices.Equal(got, []int{201, 404}) && !slices.Equal(got, []int{201}) && !slices.Equal(got, []int{400}) {
				t.Errorf("length %d: %v", length, got)
			}
		}
	}
	id := f.as(owner).create(formats)
	put := message("PUT /v2/images/"+id+"/file", octets+"\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n", "4\r\ndata\r\n0\r\n\r\n")
	if got := codes(f.raw(put+last(), http.MethodPut)); got[0] != http.StatusNoContent {
		t.Errorf("the upload is answered with %v", got)
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
}

// Spec security S32.
func TestSecContentLengthForms(t *testing.T) {
	t.Parallel()
	f := start(t)
	post := func(lines string) string { return message("POST /v2/images", lines, "{}") }
	f.rejected([]int{http.StatusBadRequest},
		post("Content-Length: 2\r\nContent-Length: 3\r\n"), post("Content-Length: 3\r\nContent-Length: 2\r\n"), post("Content-Length: 2, 2\r\n"),
		post("Content-Length: +2\r\n"), post("Content-Length: -2\r\n"), post("Content-Length: 0x2\r\n"), post("Content-Length: 2_0\r\n"),
		post("Content-Length: 2.0\r\n"), post("Content-Length: 2 2\r\n"), post("Content-Length: 99999999999999999999\r\n"), post("Content-Length: \uff12\r\n"),
		post("Content-Length : 2\r\n"), post("Content-Length: 2;\r\n"), post("Content-Length: two\r\n"),
	)
}

// Spec security S33.
func TestSecTransferEncodingForms(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, lines := range []string{
		"Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
		"Transfer-Encoding: identity, chunked\r\n", "Transfer-Encoding: identity\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
		"Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: \vchunked\r\n", "Transfer-Encoding : chunked\r\n",
		"Transfer-Encoding: chunked;x\r\n",
		"Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding:\r\n", "Transfer-Encoding: gzip\r\n",
		"Transfer-Encoding: chunked\x00\r\n",
	} {
		f.rejected([]int{http.StatusBadRequest, http.StatusNotImplemented}, message("POST /v2/images", lines, "2\r\n{}\r\n0\r\n\r\n"))
	}
	// A folded line is one line; one that continues the header before it is no header of its own.
	for lines, want := range map[string][]int{"Transfer-Encoding:\r\n chunked\r\n": {201, 404}, " Transfer-Encoding: chunked\r\n": {400, 400}} {
		request := message("POST /v2/images", lines, "2\r\n{}\r\n0\r\n\r\n")
		if got := codes(f.raw(request+last(), http.MethodPost)); !slices.Equal(got, want) {
			t.Errorf("%q: %v", lines, got)
		}
	}
}

// chunkForms are chunked bodies that are no good.
func chunkForms() []string {
	return []string{
		"0x2\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n0\r\n\r\n", "+2\r\n{}\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
		"00000000000000002\r\n{}\r\n0\r\n\r\n",
		"\r\n{}\r\n0\r\n\r\n", " \r\n{}\r\n0\r\n\r\n", "2 2\r\n{}\r\n0\r\n\r\n", "2\r\n{}0\r\n\r\n", "2\r\n{}x\r\n0\r\n\r\n",
		"2\r\n{}\r\nx\r\n\r\n", "2;" + strings.Repeat("e", 1<<20) + "\r\n{}\r\n0\r\n\r\n", "g\r\n{}\r\n0\r\n\r\n",
		"2\r\n{}\r\n0\r\nbad trailer\r\n\r\n", "2\r{}\r\n0\r\n\r\n",
	}
}

// Spec security S34: a chunked body that is malformed is no body, and an upload of it never was.
func TestSecChunkForms(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create(formats)
	for _, body := range chunkForms() {
		f.rejected([]int{http.StatusBadRequest}, message("POST /v2/images", "Transfer-Encoding: chunked\r\n", body))
		put := message("PUT /v2/images/"+id+"/file", octets+"\r\nTransfer-Encoding: chunked\r\n", body)
		if got := codes(f.raw(put+last(), http.MethodPut)); !slices.Equal(got, []int{400}) {
			t.Errorf("%q: %v", shortened(body), got)
		}
		if files := f.files(); len(files) != 0 || f.status(id) != "queued" {
			t.Fatalf("%q: the image is %s, the store has %v", shortened(body), f.status(id), files)
		}
	}
	f.as(owner).put(id, "data").want(http.StatusNoContent)
}

// Spec security S36: what is behind a body is the next request.
func TestSecExcessBody(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create(formats)
	put := message("PUT /v2/images/"+id+"/file", octets+"\r\nContent-Length: 4\r\n", "data")
	if got := codes(f.raw(put+last(), http.MethodPut)); !slices.Equal(got, []int{204, 404}) {
		t.Errorf("%v", got)
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK).wantBody("data")
	other := f.as(owner).create(formats)
	put = message("PUT /v2/images/"+other+"/file", octets+"\r\nContent-Length: 4\r\n", "data and more\r\n\r\n")
	if got := codes(f.raw(put+last(), http.MethodPut)); !slices.Equal(got, []int{204, 400}) {
		t.Errorf("%v", got)
	}
	f.as(owner).get("/v2/images/" + other + "/file").want(http.StatusOK).wantBody("data")
}

// Spec security S38.
func TestSecHostForms(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, lines := range []string{
		"", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n", "Host: \"><script>\r\n", "Host: a b\r\n", "Host: a/b\r\n",
		"Host: a@b\r\n", "Host: a\\b\r\n", "Host: a<b\r\n",
		"Host: caf\u00e9\r\n", "Host : a\r\n", "Host: a\x00b\r\n", "Host: a#b\r\n", "Host: a?b\r\n", "Host: {a}\r\n",
		"Host: a\tb\r\n",
	} {
		for _, path := range []string{"/versions", "/v2/images", "/v2"} {
			answers := f.raw("GET " + path + " HTTP/1.1\r\n" + lines + wire(owner) + "Connection: close\r\n\r\n")
			if len(answers) != 1 || answers[0].code != http.StatusBadRequest {
				t.Errorf("%q: %v", lines, codes(answers))
			}
		}
	}
	absolute := f.raw("GET http://front.test:1/v2/../versions HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n")
	if len(absolute) != 1 || absolute[0].code != http.StatusNotFound && absolute[0].code != http.StatusBadRequest {
		t.Errorf("an absolute URI with dots: %v", codes(absolute))
	}
	absolute = f.raw("GET http://front.test:1/versions HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n")
	if len(absolute) != 1 || href(absolute[0]) != "http://front.test:1/v2/" {
		t.Errorf("an absolute URI: %v", codes(absolute))
	}
}

// Spec security S43: headers are bounded.
func TestSecHeaderFlood(t *testing.T) {
	t.Parallel()
	f := start(t)
	long := strings.Repeat("x", 2<<20)
	for _, request := range []string{
		message("GET /v2/images", "X-Long: "+long+"\r\n", ""), message("GET /v2/images", strings.Repeat("X-A: b\r\n", 300000), ""),
		"GET /v2/images?x=" + long + " HTTP/1.1\r\nHost: glance\r\n\r\n",
		"GET /v2/images HTTP/1.1\r\nHost: glance\r\n" + long + ": x\r\n\r\n",
	} {
		answers := f.raw(request)
		if len(answers) > 1 || len(answers) == 1 && answers[0].code != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: %v", request[:60], codes(answers))
		}
	}
}

// bodiless lists the calls on an image that take no body, from the golden file of the route table.
func bodiless(t *testing.T, id string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("internal", "api", "testdata", "routes.golden"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	path := ""
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if strings.HasPrefix(line, "/") {
			path = strings.NewReplacer("{id}", id, "{member}", member.project(), "{tag}", "tag").Replace(words[0])
		} else if len(words) == 3 && strings.Contains(path, id) { // GET no body
			found = append(found, words[0]+" "+path)
		}
	}
	if len(found) < 10 {
		t.Errorf("only %q take no body", found)
	}
	return found
}

// Spec security S48: a body that is not wanted is never taken for a request.
func TestSecBodyOnNoBodyRoutes(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store("", "data")
	smuggled := message("DELETE /v2/images/"+id, "", "")
	length := fmt.Sprintf("Content-Length: %d\r\n", len(smuggled))
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled)
	for _, line := range bodiless(t, id) {
		f.rejected([]int{http.StatusBadRequest}, message(line, length, smuggled), message(line, "Transfer-Encoding: chunked\r\n", chunks))
	}
	for _, line := range []string{"HEAD /v2/images/" + id, "HEAD /v2/images"} {
		for _, request := range []string{message(line, length, smuggled), message(line, "Transfer-Encoding: chunked\r\n", chunks)} {
			if got := codes(f.raw(request+last(), http.MethodHead)); !slices.Equal(got, []int{405}) {
				t.Errorf("%s: %v", line, got)
			}
		}
	}
	list := codes(f.raw(message("GET /v2/images", length, smuggled) + last()))
	if !slices.Equal(list, []int{200, 404}) && !slices.Equal(list, []int{200}) {
		t.Errorf("a list: %v", list)
	}
	f.as(owner).get("/v2/images/" + id + "/file").want(http.StatusOK)
}
