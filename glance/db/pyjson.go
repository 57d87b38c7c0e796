package db

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// encodeMetadata writes a JSON column the way Python's encoder does by default: a space behind comma and colon,
// nothing but ASCII. Software that edits these texts (a later Glance replaces `"backend":`) relies on the spelling.
func encodeMetadata(m map[string]any) (string, error) {
	if m == nil {
		return "{}", nil
	}
	return encodeJSON(m)
}

func encodeJSON(v any) (string, error) {
	var compact bytes.Buffer
	enc := json.NewEncoder(&compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("a JSON column: %w", err)
	}
	return pythonic(bytes.TrimSuffix(compact.Bytes(), []byte("\n"))), nil
}

// decodeMetadata reads a JSON column. Numbers stay json.Number, so that writing them again changes nothing.
func decodeMetadata(text string) (map[string]any, error) {
	m := map[string]any{}
	if text == "" || text == "{}" {
		return m, nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("a JSON column does not hold an object: %w", err)
	}
	if m == nil { // the text was null
		m = map[string]any{}
	}
	return m, nil
}

// pythonic respells compact JSON.
func pythonic(compact []byte) string {
	var b strings.Builder
	quoted := false
	for len(compact) > 0 {
		r, n := utf8.DecodeRune(compact)
		switch {
		case r == '\\':
			n = 2 // the escaped character must not be taken for a quote
			b.Write(compact[:n])
		case r > '~':
			writeEscaped(&b, r)
		case !quoted && (r == ',' || r == ':'):
			b.WriteByte(compact[0])
			b.WriteByte(' ')
		default:
			if r == '"' {
				quoted = !quoted
			}
			b.WriteByte(compact[0])
		}
		compact = compact[n:]
	}
	return b.String()
}

func writeEscaped(b *strings.Builder, r rune) {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
		return
	}
	fmt.Fprintf(b, `\u%04x`, r)
}
