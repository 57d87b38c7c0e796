package auth

import (
	"fmt"
	"net/netip"
)

// Peers is a list of networks whose requests may carry headers that we believe: identity headers, X-Forwarded-*.
// An empty list believes every peer, as the reference does. The peer of a unix socket is always believed: the mode
// of the socket says who may connect.
type Peers []netip.Prefix

// ParsePeers reads addresses (192.0.2.7) and networks (192.0.2.0/24, fd00::/8).
func ParsePeers(texts []string) (Peers, error) {
	var peers Peers
	for _, text := range texts {
		if addr, err := netip.ParseAddr(text); err == nil {
			peers = append(peers, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("trusted peer %q: %w", text, err)
		}
		peers = append(peers, network.Masked())
	}
	return peers, nil
}

// Believes reports whether the peer at remoteAddr, as in http.Request.RemoteAddr, is on the list.
func (p Peers) Believes(remoteAddr string) bool {
	if len(p) == 0 {
		return true
	}
	peer, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return remoteAddr == "" || remoteAddr[0] == '@' || remoteAddr[0] == '/' // a unix socket has no port
	}
	addr := peer.Addr().Unmap()
	for _, network := range p {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}
