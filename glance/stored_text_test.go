package glance_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// oddTexts are texts that a database, a header or a file name could choke on.
func oddTexts() []string {
	return []string{
		"\x00", "a\x00b", "\U0001f600", "a\U00010000", "\uffff", "\ufffe", "\ufffd", "\u2028\u2029", "a\r\nX-Evil: 1", "\x1b[31m", "\x7f", "\u200b",
		"e\u0301", "\u202eabc", " ", "", " a ", "\t", "'", `"`, `\`, "%", "%00", "%s%n", "_", "' OR 1=1 --", "${x}", "{{x}}", "../../etc/passwd", "None", "null",
		"0", "-1", "true", "\u00df", "\u0131\u212a", strings.Repeat("x", 255), strings.Repeat("\u4e16", 255), strings.Repeat("x", 256),
		strings.Repeat("\u4e16", 256), strings.Repeat("x", 70_000),
	}
}

// Spec images-api 16.4, security S66, S76, S108: wherever a client can leave text it comes back as it was, or is refused.
func TestSecStoredText(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data"))
	c := f.as(owner)
	for _, text := range oddTexts() {
		q := quoted(t, text)
		f.stored(text, "name", c.ask("POST /v2/images", `{"name": `+q+`}`))
		f.stored(text, "owner", f.as(admin).ask("POST /v2/images", `{"owner": `+q+`}`))
		f.stored(text, "k", c.ask("POST /v2/images", `{"k": `+q+`}`))
		f.stored("v", text, c.ask("POST /v2/images", `{`+q+`: "v"}`))
		f.stored("["+text+"]", "tags", c.ask("POST /v2/images", `{"tags": [`+q+`]}`))
		id := c.create(formats)
		f.stored(text, "name", c.patch(v21, id, v21.op("replace", "/name", q)))
		f.stored(text, "k", c.patch(v21, id, v21.op("add", "/k", q)))
		f.stored("["+text+"]", "tags", c.patch(v21, id, v21.op("replace", "/tags", "["+q+"]")))
		f.stored(text, "owner", f.as(admin).patch(v21, id, v21.op("replace", "/owner", q)))
		f.as(admin).patch(v21, id, v21.op("replace", "/owner", `"project-owner"`)).want(http.StatusOK)
		f.refused(c.patch(v21, id, located(text, "{}")), text)
		f.sane(c.patch(v21, id, located("mem://a", `{`+q+`: "v"}`)))
		f.sane(c.patch(v21, id, located("mem://a", `{"k": [`+q+`]}`)))
		f.stored(text, "member_id", c.ask("POST /v2/images/"+id+"/members", `{"member": `+q+`}`))
		f.sane(c.ask("PUT /v2/images/"+id+"/members/m", `{"status": `+q+`}`))
		f.inPaths(c, id, text)
	}
}

// inPaths puts text wherever a path or a query takes it.
func (f *fixture) inPaths(c client, id, text string) {
	f.t.Helper()
	if len(text) > 5000 {
		text = text[:5000]
	}
	for _, line := range []string{
		"PUT /v2/images/" + id + "/tags/%", "DELETE /v2/images/" + id + "/tags/%", "GET /v2/images/" + id + "/members/%",
		"DELETE /v2/images/" + id + "/members/%", "GET /v2/images/%", "GET /v2/images/%/file", "DELETE /v2/images/%", "GET /v2/images?name=%",
		"GET /v2/images?name=eq:%", "GET /v2/images?id=%", "GET /v2/images?owner=%", "GET /v2/images?k=%", "GET /v2/images?tag=%", "GET /v2/images?%=v",
		"GET /v2/images?status=%", "GET /v2/images?checksum=%", "GET /v2/images?size=%", "GET /v2/images?size_min=%", "GET /v2/images?created_at=%",
		"GET /v2/images?marker=%", "GET /v2/images?limit=%", "GET /v2/images?sort=%", "GET /v2/images?sort_key=%", "GET /v2/images?visibility=%",
		"GET /v2/images?member_status=%", "GET /v2/images?container_format=in:%", "GET /v2/images?protected=%", "GET /v2/images?changes-since=%",
	} {
		f.sane(c.ask(strings.Replace(line, "%", url.PathEscape(text), 1), ""))
		f.sane(f.as(admin).ask(strings.Replace(line, "%", url.QueryEscape(text), 1), ""))
	}
	member := "/v2/images/" + id + "/members/" + url.PathEscape(text)
	f.sane(f.as(admin).ask("PUT "+member, `{"status": "accepted"}`))
}

// stored checks that a document has the text under the name, and that the image, asked for again, still has it; unless it
// was refused as invalid.
func (f *fixture) stored(text, name string, a answer) {
	f.t.Helper()
	f.sane(a)
	if a.code >= http.StatusBadRequest {
		return
	}
	doc := a.doc()
	if name == "owner" && text == "" {
		text = "<nil>"
	}
	if got := fmt.Sprint(doc[name]); got != text {
		f.t.Errorf("%s: %q has become %q", a.line, shortened(text), shortened(got))
	}
	if id, ok := doc["id"].(string); ok {
		if got := fmt.Sprint(f.as(admin).get("/v2/images/" + id).want(http.StatusOK).doc()[name]); got != text {
			f.t.Errorf("%s: %q is stored as %q", a.line, shortened(text), shortened(got))
		}
	}
}

// refused checks that an invalid value was named as such, and not told again where it is a location.
func (f *fixture) refused(a answer, text string) {
	f.t.Helper()
	if a.code != http.StatusBadRequest {
		f.t.Errorf("%s: %d for %q", a.line, a.code, shortened(text))
	}
}

// sane checks that the server did not fail.
func (f *fixture) sane(a answer) {
	f.t.Helper()
	if a.code >= http.StatusInternalServerError || a.err != nil {
		f.t.Errorf("%s: %d (%v)", shortened(a.line), a.code, a.err)
	}
	if a.header.Get("X-Evil") != "" {
		f.t.Errorf("%s: a header was made", shortened(a.line))
	}
}
