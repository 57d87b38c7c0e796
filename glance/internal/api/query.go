package api

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"goglance/glance/fault"
)

// parameter is one parameter of a query string, decoded.
type parameter struct {
	name, value string
}

// query is the parameters in their order, repeated ones included.
type query []parameter

// maxQuery is the most bytes of a query string. It has room for a filter by some thousand ids (spec security S77).
const maxQuery = 256 << 10

// parseQuery reads a query string. A % that begins no escape stands for itself (spec images-api 0.2), so no parameter
// is ever lost. Text that is not UTF-8 is refused, and so is NUL, which not every database takes (spec security S66).
func parseQuery(raw string) (query, error) {
	if len(raw) > maxQuery {
		return nil, fault.New(fault.Invalid, "the query string has more than %d bytes", maxQuery)
	}
	var q query
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		p := parameter{unescape(name), unescape(value)}
		if !utf8.ValidString(p.name) || !utf8.ValidString(p.value) || strings.Contains(p.name+p.value, "\x00") {
			return nil, fault.New(fault.Invalid, "the query string is not UTF-8, or has a NUL in it")
		}
		q = append(q, p)
	}
	return q, nil
}

func unescape(s string) string {
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	var fixed strings.Builder
	for i := range len(s) {
		fixed.WriteByte(s[i])
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			fixed.WriteString("25")
		}
	}
	t, err := url.QueryUnescape(fixed.String())
	if err != nil {
		return s // cannot be: every % now begins an escape
	}
	return t
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// get returns the last value of a parameter.
func (q query) get(name string) (string, bool) {
	for i := len(q) - 1; i >= 0; i-- {
		if q[i].name == name {
			return q[i].value, true
		}
	}
	return "", false
}

// all returns every value of a parameter, in order.
func (q query) all(name string) []string {
	var values []string
	for _, p := range q {
		if p.name == name {
			values = append(values, p.value)
		}
	}
	return values
}

func (q query) without(name string) query {
	var rest query
	for _, p := range q {
		if p.name != name {
			rest = append(rest, p)
		}
	}
	return rest
}

func (q query) encode() string {
	pairs := make([]string, len(q))
	for i, p := range q {
		pairs[i] = url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value)
	}
	return strings.Join(pairs, "&")
}
