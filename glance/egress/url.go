package egress

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// maxURL is the most bytes of a URL (spec security 2.6).
const maxURL = 2048

// target is a URL that is understood in one way only.
type target struct {
	url  *url.URL // without the user
	user *url.Userinfo
	host host
	port uint16
}

// parseURL reads the text of a URL. Its errors do not quote it.
func parseURL(text string) (*target, error) {
	if len(text) > maxURL {
		return nil, errors.New("the URL is too long")
	}
	if !graphic(text) {
		return nil, errors.New("the URL has a blank, a backslash, or a character that is not ASCII")
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("the URL does not parse") // the cause quotes it
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the scheme is neither http nor https")
	}
	if u.Host == "" || u.Opaque != "" {
		return nil, errors.New("the URL has no host")
	}
	if u.User != nil && !isPair(text) {
		return nil, errors.New("what is before the host is not user:password")
	}
	t := &target{url: u, user: u.User}
	return t, t.readHost()
}

// readHost takes host and port apart and puts them into the URL in their standard form, so that what was judged is what
// is asked for.
func (t *target) readHost() (err error) {
	name, port := t.url.Host, ""
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, ']') {
		name, port = name[:colon], name[colon+1:]
		if port == "" {
			return errors.New("the port is empty")
		}
	}
	if t.host, err = parseHost(name); err != nil {
		return err
	}
	if t.port, err = portOf(t.url.Scheme, port); err != nil {
		return err
	}
	t.url.User, t.url.Host, t.url.Fragment, t.url.RawFragment = nil, t.host.name, "", ""
	if t.host.addr.Is6() {
		t.url.Host = "[" + t.host.name + "]"
	}
	if port != "" {
		t.url.Host += ":" + port
	}
	return nil
}

func portOf(scheme, text string) (uint16, error) {
	switch {
	case text == "" && scheme == "https":
		return 443, nil
	case text == "":
		return 80, nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 || text[0] == '0' {
		return 0, errors.New("the port is not a number from 1 to 65535")
	}
	return uint16(n), nil
}

// graphic reports whether text has nothing in it that one reader of URLs skips or changes and another does not.
func graphic(text string) bool {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }
	return !strings.ContainsFunc(text, odd)
}

// isPair reports whether a URL with an @ has exactly user:password before it (spec storage-db 9.2).
func isPair(text string) bool {
	_, rest, _ := strings.Cut(text, "//")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	user, _, _ := strings.Cut(authority, "@")
	return strings.Count(authority, "@") == 1 && strings.Count(user, ":") == 1
}

// origin tells one server from another.
func (t *target) origin() [2]string { return [2]string{t.url.Scheme, t.url.Host} }
