package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"goglance/glance/fault"
	"goglance/glance/internal/schema"
	"goglance/glance/settings"
)

// decoder returns an API that can read documents, and nothing else.
func decoder(t testing.TB) *API {
	t.Helper()
	s, err := schema.NewImage(schema.Formats{Container: []string{"bare"}, Disk: []string{"raw"}}, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &API{Config: Config{Options: settings.API{BodyMax: 1 << 20}}, schema: s}
}

func post(body io.Reader) *http.Request { return httptest.NewRequest(http.MethodPost, "/", body) }

func TestLoneSurrogate(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{
		``: false, `\`: false, `\u`: false, `\ud8`: false, `\u00e9`: false, `\\ud800`: false, `\\\\ud800`: false,
		`ud800`: false, `\ud83d\ude00`: false, `\uD83D\uDE00x`: false,
		`\ud800`: true, `\udc00`: true, `\ud800x`: true, `\ud800\`: true, `\ud800\n`: true, `\ud800\u0041`: true,
		`\ud800\ud800`: true, `\udc00\ud800`: true,
		`\\\ud800`: true, `\ud83d\ude00\ud83d`: true, `\ud83d\\ude00`: true, `\ud83d \ude00`: true, `x\uDFFF`: true,
		`\ud83d\u`: true, `\ud83d\udg00`: true,
	}
	for text, want := range rows {
		if loneSurrogate([]byte(text)) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

func TestCommas(t *testing.T) {
	t.Parallel()
	rows := map[string]int{
		``: 0, `[1,2,3]`: 2, `{"a": ",", "b": [",,"]}`: 1, `["\",", ","]`: 1, `["\\",","]`: 1, `["\\\",,,", 1]`: 1, `",`: 0, `"\`: 0, `,,,`: 3,
		`{"\u0022": ",", "x,": 1}`: 1,
	}
	for text, want := range rows {
		if got := commas([]byte(text)); got != want {
			t.Errorf("%s: %d", text, got)
		}
	}
}

func TestInteger(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "1": 1, "-1": -1, "1.0": 1, "-1.000": -1, "9223372036854775807": 9223372036854775807,
		"-9223372036854775808":  -9223372036854775808,
		"9223372036854775807.0": 9223372036854775807,
	} {
		if got, err := integer(json.Number(text)); err != nil || got != want {
			t.Errorf("%s: %d %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "1.5", "1e2", "1.0e2", "1E400", "9223372036854775808", "-9223372036854775809", "9223372036854775808.0", "x", "0x1",
		"1_0", ".", "1/2",
	} {
		if got, err := integer(json.Number(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
}

// What the body itself says of its end counts for more than what has been read.
func TestDecodeObjectReadError(t *testing.T) {
	t.Parallel()
	broke := errors.New("the client has gone")
	_, err := decoder(t).decodeObject(post(io.MultiReader(strings.NewReader("{}"), iotest.ErrReader(broke))))
	if !errors.Is(err, broke) {
		t.Errorf("error %v", err)
	}
}

func FuzzAttributes(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", "null", `{"name": "x", "tags": ["a"], "min_disk": 1.0, "k": "v"}`, `{"min_ram": 1e400}`,
		`{"min_disk": 1.5}`, `{"name": "\ud800"}`, `{"size": 1, "status": "queued"}`,
		`{"locations": [{"url": "x", "metadata": {}}]}`, `{"owner": null, "visibility": "public", "protected": true}`,
		`{"a": {"b": [1, {"c": null}]}}`, "{\"\xff\": 1}", `{"id": "x"}`,
		`{"min_disk": 123456789012345678901234567890123456789012345678901234567890123456789}`, `{"os_glance_x": "1"}`,
		`{"disk_format": "raw", "container_format": null}`,
	} {
		f.Add([]byte(seed))
	}
	a := decoder(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		attrs, err := a.decodeObject(post(strings.NewReader(string(body))))
		if err == nil {
			n, derr := a.imageAttributes(attrs)
			if err = derr; err == nil && n.Name != nil && !utf8.ValidString(*n.Name) {
				t.Errorf("the name is %q", *n.Name)
			}
		}
		if err != nil && (fault.Is(err, fault.Internal) || fault.Message(err) == "") {
			t.Errorf("error %v", err)
		}
	})
}
