package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// object writes a JSON object the way the reference's clients know it: one line, ", " between members, ": " behind
// keys, nothing but the necessary escaped (spec operations 2.9). The zero value is an empty object.
type object struct {
	buf []byte
}

// end returns the text. The object is not to be used any more.
func (o *object) end() []byte {
	if o.buf == nil {
		return []byte("{}")
	}
	return append(o.buf, '}')
}

func (o *object) key(name string) {
	if o.buf == nil {
		o.buf = append(make([]byte, 0, 1024), '{')
	} else {
		o.buf = append(o.buf, ", "...)
	}
	o.buf = append(appendString(o.buf, name), ": "...)
}

func (o *object) string(name, v string) {
	o.key(name)
	o.buf = appendString(o.buf, v)
}

func (o *object) nullable(name string, v *string) {
	if v != nil {
		o.string(name, *v)
		return
	}
	o.raw(name, null)
}

func (o *object) number(name string, v int64) {
	o.key(name)
	o.buf = strconv.AppendInt(o.buf, v, 10)
}

func (o *object) nullableNumber(name string, v *int64) {
	if v != nil {
		o.number(name, *v)
		return
	}
	o.raw(name, null)
}

func (o *object) bool(name string, v bool) {
	o.key(name)
	o.buf = strconv.AppendBool(o.buf, v)
}

// raw adds a member whose value is JSON text already.
func (o *object) raw(name, v string) {
	o.key(name)
	o.buf = append(o.buf, v...)
}

// list adds an array of n members, each appended by one.
func (o *object) list(name string, n int, one func(buf []byte, i int) []byte) {
	o.key(name)
	o.buf = append(o.buf, '[')
	for i := range n {
		if i > 0 {
			o.buf = append(o.buf, ", "...)
		}
		o.buf = one(o.buf, i)
	}
	o.buf = append(o.buf, ']')
}

const null = "null"

// appendString appends s as a JSON string.
func appendString(buf []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendQuoted(buf, s)
		}
	}
	buf = append(append(buf, '"'), s...)
	return append(buf, '"')
}

// appendQuoted leaves the rare cases to encoding/json.
func appendQuoted(buf []byte, s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return append(buf, `""`...) // a string can always be encoded
	}
	return append(buf, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// appendJSON appends a value that came from JSON, or could have, in the same form. Keys are sorted.
func appendJSON(buf []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		var o object
		for _, name := range slices.Sorted(maps.Keys(v)) {
			o.key(name)
			o.buf = appendJSON(o.buf, v[name])
		}
		return append(buf, o.end()...)
	case []any:
		buf = append(buf, '[')
		for i, member := range v {
			if i > 0 {
				buf = append(buf, ", "...)
			}
			buf = appendJSON(buf, member)
		}
		return append(buf, ']')
	case string:
		return appendString(buf, v)
	}
	text, err := json.Marshal(v) // a number, a truth value or nothing
	if err != nil {
		return append(buf, null...)
	}
	return append(buf, text...)
}
