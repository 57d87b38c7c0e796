package egress

import (
	"errors"
	"net/netip"
	"strings"
)

// host is the host of a URL in the one spelling that it is compared in.
type host struct {
	name string     // an address in its standard form, or a name in lower case without a final dot
	addr netip.Addr // not valid for a name
}

// parseHost reads a host: a name, an IPv4 address, or an IPv6 address in brackets. Anything that another reader could
// take for an address and this one for a name is no host: 2130706433, 0x7f000001, 127.1, 0177.0.0.1 (spec security
// S141, S146).
func parseHost(text string) (host, error) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !addr.Is6() || addr.Zone() != "" || len(inner) == len(strings.TrimSuffix(inner, "]")) {
			return host{}, errors.New("not an IPv6 address")
		}
		return literal(addr), nil
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Is4() {
		return literal(addr), nil
	}
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	if !isName(name) || endsInNumber(name) {
		return host{}, errors.New("neither a name nor an address in its standard form")
	}
	return host{name: name}, nil
}

func literal(addr netip.Addr) host {
	addr = addr.Unmap()
	return host{name: addr.String(), addr: addr}
}

// isName reports whether text is a name that DNS can have, in lower case.
func isName(text string) bool {
	if len(text) > 253 {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// endsInNumber reports whether readers of addresses, of which inet_aton is the most generous, would try: no top-level
// domain is a number.
func endsInNumber(text string) bool {
	text = strings.ToLower(strings.TrimSuffix(text, "."))
	last := text[strings.LastIndexByte(text, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
