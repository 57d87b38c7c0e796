package glance_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"goglance/glance"
)

// refuse sends bodies to create an image from, none of which may be taken.
func (c client) refuse(code int, bodies ...string) {
	c.t.Helper()
	before := c.state()
	for _, body := range bodies {
		begin := time.Now()
		c.ask("POST /v2/images", body).want(code)
		if took := time.Since(begin); took > 3*time.Second { // what this guards against takes many
			c.t.Errorf("%s takes %v", shortened(body), took)
		}
	}
	if c.state() != before {
		c.t.Errorf("something was stored")
	}
}

// Spec security S60.
func TestSecJSONDepth(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	for _, n := range []int{1000, 9999, 10001, 100000, 1000000} {
		deep, wide := strings.Repeat("[", n), strings.Repeat(`{"a":`, n)
		c.refuse(http.StatusBadRequest, deep, deep+strings.Repeat("]", n), `{"a": `+deep+strings.Repeat("]", n)+"}",
			wide+"1"+strings.Repeat("}", n), `{"tags": `+deep+strings.Repeat("]", n)+"}", `{"locations": `+wide+"1"+strings.Repeat("}", n)+"}")
	}
}

// endless is a JSON document that never ends. It counts what has been taken of it.
type endless struct{ sent int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.sent == 0 {
		p = p[:copy(p, `{"k": "`)]
	} else {
		for i := range p {
			p[i] = 'x'
		}
	}
	e.sent += int64(len(p))
	return len(p), nil
}

// Spec security S61: the size of a body is bounded, announced or not.
func TestSecJSONSize(t *testing.T) {
	t.Parallel()
	const room = 1000
	f := start(t, func(c *glance.Config) { c.Options.BodyMax = room })
	body := func(n int) string { return `{"k": "` + strings.Repeat("x", n-len(`{"k": ""}`)) + `"}` }
	c := f.as(owner)
	c.ask("POST /v2/images", body(room)).want(http.StatusCreated)
	c.send("POST /v2/images", chunked(body(room))).want(http.StatusCreated)
	c.refuse(http.StatusRequestEntityTooLarge, body(room+1), body(5<<20), "{}"+strings.Repeat(" ", room))
	c.send("POST /v2/images", chunked(body(room+1))).want(http.StatusRequestEntityTooLarge)
	c.send("POST /v2/images", io.LimitReader(&endless{}, 64<<20)).want(http.StatusRequestEntityTooLarge)
	wide := start(t)
	wide.as(owner).ask("POST /v2/images", body(5<<20)).want(wide.unlessMariaDB(http.StatusCreated))
}

// Spec security S62: the last of two equal keys counts, in every check.
func TestSecJSONDuplicateKeys(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	c.refuse(http.StatusForbidden, `{"visibility": "private", "visibility": "public"}`, `{"owner": "project-owner", "owner": "project-admin"}`,
		`{"visibility": "private", "\u0076isibility": "public"}`)
	c.refuse(http.StatusBadRequest, `{"name": "x", "name": 1}`)
	doc := c.ask("POST /v2/images", `{"visibility": "public", "name": 1, "visibility": "private", "name": "last"}`).want(http.StatusCreated).doc()
	if doc["visibility"] != "private" || doc["name"] != "last" {
		t.Errorf("the image is %v", doc)
	}
}

// Spec security S63: names of attributes are taken letter by letter.
func TestSecJSONKeyCase(t *testing.T) {
	t.Parallel()
	f := start(t)
	attrs := `"Visibility": "public", "STATUS": "active", "Owner": "x", "ID": "y", "Protected": "true", "Tags": "z", "Name": "n",
		"vi\u017fibility": "public"`
	if f.mariadb() {
		f.as(owner).ask("POST /v2/images", "{"+attrs+"}").want(http.StatusBadRequest)
		return
	}
	id := f.as(owner).create(attrs)
	doc := f.as(owner).get("/v2/images/" + id).doc()
	want := map[string]any{
		"visibility": "shared", "status": "queued", "owner": "project-owner", "protected": false, "name": nil,
		"Visibility": "public", "STATUS": "active", "Owner": "x", "ID": "y", "Protected": "true", "Tags": "z", "Name": "n",
		"vi\u017fibility": "public",
	}
	for name, value := range want {
		if doc[name] != value {
			t.Errorf("%s is %v, want %v", name, doc[name], value)
		}
	}
	if f.text("SELECT COUNT(*) FROM image_properties") != "8" {
		t.Error("the properties are not eight")
	}
}

// Spec security S64.
func TestSecJSONNumbers(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	long := strings.Repeat("7", 5000)
	huge := strings.Repeat("7", 2<<20)
	for _, name := range []string{"min_disk", "min_ram"} {
		for _, number := range []string{
			"1e400", "1e2", "1e-2", "1e999999999", "1.5", "-1", "-1.0", "2147483648", "2147483648.0", "9223372036854775807",
			"9223372036854775808",
			"18446744073709551617", "true", "NaN", "Infinity", "-Infinity", "0x10", "+1", "01", "1_0", ".5", "1.", "\uff11",
			long, "-" + long, "1." + long, huge, "1." + huge, "1e" + long,
		} {
			c.refuse(http.StatusBadRequest, `{"`+name+`": `+number+`}`)
		}
	}
	c.refuse(http.StatusBadRequest, `{"k": `+huge+`}`, `{"tags": [`+huge+`]}`, `{"size": `+huge+`}`,
		`{"locations": [{"url": "x", "metadata": {"n": `+huge+`}}]}`)
	for _, number := range []string{"1.0", "1", "1.000"} {
		if doc := c.ask("POST /v2/images", `{"min_disk": `+number+`}`).want(http.StatusCreated).doc(); doc["min_disk"] != 1.0 {
			t.Errorf("%s is stored as %v", number, doc["min_disk"])
		}
	}
}

// Spec security S65: what is not UTF-8, or not one document.
func TestSecJSONEncoding(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	c.refuse(http.StatusBadRequest,
		`{"name": "\ud800"}`, `{"name": "\udc00"}`, `{"name": "\ud800x"}`, `{"name": "\ud800\ud800"}`,
		`{"name": "\udc00\ud800"}`,
		`{"name": "\uD800\u0041"}`, `{"\ud800": "x"}`, `{"tags": ["\ud800"]}`, `{"name": "\\\ud800"}`,
		"{\"name\": \"\xff\"}", "{\"name\": \"\xc0\xaf\"}", "{\"name\": \"\xed\xa0\x80\"}", "{\"name\": \"caf\xe9\"}",
		"{\"\xff\": \"x\"}", "{} \xff",
		"\ufeff{}", "{\x00}", "{\x00\"\x00}\x00", "\xff\xfe{\x00}\x00", "\x00{\x00}", "{}{}", "{} {}", "{}x", "{},", "{}]",
		"{}\x00", "{\"name\": \"a\nb\"}",
	)
	for body, name := range map[string]string{
		`{"name": "\\ud800"}`: `\ud800`, `{"name": "\\\\ud800"}`: `\\ud800`, `{"name": "\u20ac"}`: "\u20ac",
		`{"name": "\ufffd"}`:           "\ufffd",
		`{"name": "a\tb\u007f\u0085"}`: "a\tb\u007f\u0085", ` {"name": "x"} ` + "\n\t\r": "x",
	} {
		if doc := c.ask("POST /v2/images", body).want(http.StatusCreated).doc(); doc["name"] != name {
			t.Errorf("%s is stored as %q", body, doc["name"])
		}
	}
	c.refuse(http.StatusBadRequest, `{"name": "\ud83d\ude00"}`, "{\"name\": \"\U0001f600\"}", `{"k": "\ud83d\ude00"}`)
}

// Spec security S66.
func TestSecControlCharacters(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	c.refuse(http.StatusBadRequest, `{"name": "a\u0000b"}`, `{"k": "a\u0000b"}`, `{"a\u0000b": "v"}`, `{"tags": ["a\u0000b"]}`)
	all := ""
	for r := rune(1); r < ' '; r++ {
		all += string(r)
	}
	all += "\x7f\u0080\u009f\u2028\u2029\ufeff\r\nX-Evil: 1"
	text, _ := json.Marshal(all) //nolint:errchkjson // a string can always be encoded
	id := c.create(`"name": ` + string(text) + `, "k": ` + string(text) + `, ` + string(text) + `: "v", "tags": [` + string(text) + `]`)
	a := c.get("/v2/images/"+id).want(http.StatusOK).wantHeader("X-Evil", "")
	for b := byte(0); b < ' '; b++ {
		if strings.IndexByte(a.body, b) >= 0 {
			t.Errorf("byte %d stands in the document", b)
		}
	}
	doc := a.doc()
	tag, _ := doc["tags"].([]any)
	if doc["name"] != all || doc["k"] != all || doc[all] != "v" || len(tag) != 1 || tag[0] != all {
		t.Errorf("the document is %q", a.body)
	}
	if listed := c.get("/v2/images").want(http.StatusOK); !strings.Contains(listed.body, a.body) {
		t.Errorf("the list shows something else: %q", listed.body)
	}
}

// Spec security S67, S30.
func TestSecPropertyKeys(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	c.refuse(http.StatusBadRequest, `{"": "v"}`, `{"`+strings.Repeat("k", 256)+`": "v"}`, `{"`+strings.Repeat("k", 300)+`": "v"}`)
	c.refuse(http.StatusForbidden, `{"os_glance_x": "v"}`, `{"os_glance_": "v"}`, `{"os_glance_stage_host": "http://evil.test"}`, `{"location": "v"}`,
		`{"deleted": "v"}`, `{"self": "v"}`, `{"file": "v"}`, `{"schema": "v"}`, `{"direct_url": "v"}`, `{"os\u005fglance_x": "v"}`)
	for _, key := range []string{"a/b", "a~b", "~", "/", "..", "%", "is_public", "os_glance", "OS_GLANCE_x", " ", "a.b", "-", strings.Repeat("\u20ac", 255)} {
		text, _ := json.Marshal(key) //nolint:errchkjson // a string can always be encoded
		if doc := c.ask("POST /v2/images", "{"+string(text)+`: "v"}`).want(http.StatusCreated).doc(); doc[key] != "v" {
			t.Errorf("%q is not in %v", key, doc)
		}
	}
}

// Spec security S68.
func TestSecImageIDWholeMatch(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	id := "00000000-0000-4000-8000-0000000000aa"
	c.refuse(http.StatusBadRequest, `{"id": "`+id+`\n"}`, `{"id": "\n`+id+`"}`, `{"id": "`+id+` "}`, `{"id": "`+id+`\u0000"}`, `{"id": "`+id+`\r\n"}`,
		`{"id": "{`+id+`}"}`, `{"id": "urn:uuid:`+id+`"}`, `{"id": ".."}`, `{"id": "../`+id+`"}`, `{"id": "`+id+`\n`+id+`"}`, `{"id": "0000000000004000800000000000000a"}`)
	c.ask("POST /v2/images", `{"id": "`+id+`"}`).want(http.StatusCreated)
}

// Spec security S45: a body is taken as it is sent.
func TestSecEncodedRequestBody(t *testing.T) {
	t.Parallel()
	f := start(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(`{"name": "x"}`))
	f.must(err)
	f.must(z.Close())
	before := f.state()
	f.as(owner).ask("POST /v2/images", packed.String(), "Content-Encoding: gzip").want(http.StatusBadRequest)
	if f.state() != before {
		t.Error("something was stored")
	}
	id := f.as(owner).create(formats)
	f.as(owner).ask("PUT /v2/images/"+id+"/file", packed.String(), octets, "Content-Encoding: gzip").want(http.StatusNoContent)
	f.as(owner).get("/v2/images/"+id+"/file").want(http.StatusOK).wantBody(packed.String()).wantHeader("Content-Encoding", "")
}

// Spec security S58.
func TestSecNoResponseCompression(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	id := c.store("", strings.Repeat("a", 10000))
	for _, line := range []string{"GET /v2/images", "GET /v2/images/" + id, "GET /v2/images/" + id + "/file", "GET /versions", "GET /v2/nope", "POST /v2/images"} {
		c.ask(line, "", "Accept-Encoding: gzip, deflate, br").wantHeader("Content-Encoding", "").wantHeader("Vary", "")
	}
}
