package egress

import (
	"net"
	"net/netip"
	"slices"
)

// meanings returns the addresses that a packet to addr may end up at: itself, and an IPv4 address that a mechanism of
// transition would take out of it.
func meanings(addr netip.Addr) []netip.Addr {
	addr = addr.Unmap().WithZone("")
	all := []netip.Addr{addr}
	if addr.Is4() {
		return all
	}
	b := addr.As16()
	within := func(prefix string) bool { return netip.MustParsePrefix(prefix).Contains(addr) }
	add := func(a, b, c, d byte) { all = append(all, netip.AddrFrom4([4]byte{a, b, c, d})) }
	isatap := b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe // RFC 5214
	switch {
	case within("::/96"), within("::ffff:0:0:0/96"), within("64:ff9b::/96"), isatap: // RFC 4291, 2765, 6052
		add(b[12], b[13], b[14], b[15])
	case within("64:ff9b:1::/48"): // RFC 8215: by the whole prefix, or by one of 96 bits in it
		add(b[6], b[7], b[9], b[10])
		add(b[12], b[13], b[14], b[15])
	case within("2002::/16"): // RFC 3056
		add(b[2], b[3], b[4], b[5])
	case within("2001::/32"): // RFC 4380: the server, and the client inverted
		add(b[4], b[5], b[6], b[7])
		add(^b[12], ^b[13], ^b[14], ^b[15])
	}
	return all
}

// inward reports whether an address means this machine, this link, or no one in particular.
func inward(addr netip.Addr) bool {
	return addr.IsLoopback() || addr.IsUnspecified() || addr.IsLinkLocalUnicast() || addr.IsMulticast() ||
		netip.MustParsePrefix("0.0.0.0/8").Contains(addr) || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// private reports whether an address belongs to a private network. 100.64.0.0/10 is shared between provider and
// customers; fec0::/10 is what fc00::/7 was before.
func private(addr netip.Addr) bool {
	return addr.IsPrivate() || netip.MustParsePrefix("100.64.0.0/10").Contains(addr) ||
		netip.MustParsePrefix("fec0::/10").Contains(addr)
}

// listens reports whether at is one of the service's own listeners. One on the unspecified address is on all of the
// machine's.
func listens(own []netip.AddrPort, at netip.AddrPort) bool {
	return slices.ContainsFunc(own, func(l netip.AddrPort) bool {
		if l.Port() != at.Port() {
			return false
		}
		return l.Addr().Unmap() == at.Addr() || l.Addr().IsUnspecified() && local(at.Addr())
	})
}

// local reports whether an interface of this machine has the address. If that cannot be known it is taken to be so.
func local(addr netip.Addr) bool {
	all, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(all, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr() == addr
	})
}
