package api

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestObject(t *testing.T) {
	t.Parallel()
	var empty, o object
	if got := string(empty.end()); got != "{}" {
		t.Errorf("an empty object is %s", got)
	}
	text, number := "v", int64(-1)
	o.string("s", `"`)
	o.nullable("n1", &text)
	o.nullable("n2", nil)
	o.number("i", 1<<62)
	o.nullableNumber("n3", &number)
	o.nullableNumber("n4", nil)
	o.bool("b", true)
	o.raw("r", "[]")
	o.list("l0", 0, nil)
	o.list("l2", 2, func(buf []byte, i int) []byte { return append(buf, '0'+byte(i)) })
	o.string("", "")
	const want = `{"s": "\"", "n1": "v", "n2": null, "i": 4611686018427387904, "n3": -1, "n4": null, "b": true, "r": [], "l0": [], "l2": [0, 1], "": ""}`
	if got := string(o.end()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"null": "null", "true": "true", "0.50": "0.50", "1e2": "1e2", `"<\u00e9>"`: "\"<\u00e9>\"", "{}": "{}", "[]": "[]", `[1,[null],{}]`: `[1, [null], {}]`,
		`{"b":{"z":[],"a":1},"a":"x"}`: `{"a": "x", "b": {"a": 1, "z": []}}`,
	} {
		var v any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if got := string(appendJSON([]byte("x"), v)); got != "x"+want {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := string(appendJSON(nil, []any{float64(255), 7})); got != "[255, 7]" {
		t.Errorf("numbers: %s", got)
	}
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": `""`, "plain ~!": `"plain ~!"`, `a"b\c`: `"a\"b\\c"`, "<&>": `"<&>"`, "caf\u00e9 \u20ac": "\"caf\u00e9 \u20ac\"",
		"\t\r\n\x00\x1f": `"\t\r\n\u0000\u001f"`, "\xff": `"\ufffd"`,
	} {
		if got := string(appendString(nil, text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "a\"b", "\x00\u2028\U0001f600", "\xff", "</script>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := appendString([]byte("x"), text)
		var back string
		if err := json.Unmarshal(out[1:], &back); err != nil || utf8.ValidString(text) && back != text {
			t.Errorf("%q becomes %s (%v)", text, out, err)
		}
	})
}
