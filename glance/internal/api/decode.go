package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"goglance/glance/fault"
	"goglance/glance/internal/storable"
)

// decodeObject reads a JSON object. Where a key occurs twice the last one counts, for every check alike; keys are
// taken as they are, so "Status" is not "status" (spec security S62, S63).
func (a *API) decodeObject(r *http.Request) (map[string]any, error) {
	v, err := a.decodeJSON(r)
	if err != nil {
		return nil, err
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, fault.New(fault.Invalid, "the body is not a JSON object")
	}
	return o, nil
}

// decodeArray reads a JSON array.
func (a *API) decodeArray(r *http.Request) ([]any, error) {
	v, err := a.decodeJSON(r)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fault.New(fault.Invalid, "the body is not a JSON array")
	}
	return list, nil
}

// maxMembers is about how many values a JSON document may have. Decoded, even the shortest one takes dozens of times the
// memory of its text.
const maxMembers = 100_000

// decodeJSON reads a JSON document, with numbers as json.Number. encoding/json bounds its depth.
func (a *API) decodeJSON(r *http.Request) (any, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(a.Options.BodyMax)+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) == 0:
		return nil, fault.New(fault.Invalid, "a JSON body is expected")
	case len(body) > a.Options.BodyMax:
		return nil, fault.New(fault.TooLarge, "the body has more than %d bytes", a.Options.BodyMax)
	case !utf8.Valid(body) || loneSurrogate(body):
		return nil, fault.New(fault.Invalid, "the body is not UTF-8")
	case commas(body) > maxMembers:
		return nil, fault.New(fault.TooLarge, "the body has more than %d values", maxMembers)
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Msg: "the body is not valid JSON", Err: err}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "there is something behind the JSON document")
	}
	return v, nil
}

// commas counts the commas of JSON text that are not in a string.
func commas(text []byte) int {
	n, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ',':
			n++
		}
	}
	return n
}

// loneSurrogate reports whether JSON text has a \uD800-\uDFFF escape that is not half of a pair. encoding/json would
// silently replace it.
func loneSurrogate(text []byte) bool {
	for i := 0; i < len(text)-1; i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		r := escaped(text[i:])
		if !utf16.IsSurrogate(r) {
			continue
		}
		if len(text) < i+6 || text[i+5] != '\\' || utf16.DecodeRune(r, escaped(text[i+6:])) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// escaped returns the code of an escape that begins with u, 0 for any other.
func escaped(text []byte) rune {
	if len(text) < 5 || text[0] != 'u' {
		return 0
	}
	code, err := strconv.ParseUint(string(text[1:5]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(code)
}

// integer reads a JSON number that the schema calls an integer: digits, or digits with a fraction of zeros. One beyond
// 64 bits is refused.
func integer(n json.Number) (int64, error) {
	text := n.String()
	if strings.ContainsAny(text, ".") && !strings.ContainsAny(text, "eE") {
		if f, ok := new(big.Rat).SetString(text); ok && f.IsInt() {
			text = f.Num().String()
		}
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fault.New(fault.Invalid, "a number in the body is not an integer of at most 64 bits")
	}
	return v, nil
}

// checkLabel refuses the name of a tag or a member that no database keeps: it has 1 to 255 characters, none of them NUL
// or of four bytes (spec images-api 8.3, 9; security S66).
func checkLabel(text string) error {
	if n := utf8.RuneCountInString(text); n < 1 || n > 255 {
		return fault.New(fault.Invalid, "a tag or a member has 1 to 255 characters")
	}
	return storable.Text(text)
}
