package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// lookupTime is how long a name may take to resolve.
const lookupTime = 30 * time.Second

// Resolver turns names into addresses; *net.Resolver is one. It is asked for names with a final dot.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// resolve looks a name up from the root: with the search list of this machine a short name would be another host than
// the one the options were asked about.
func (f *Filter) resolve(ctx context.Context, h host) ([]netip.Addr, error) {
	if h.addr.IsValid() {
		return []netip.Addr{h.addr}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addrs, err := f.resolver.LookupNetIP(ctx, "ip", h.name+".")
	if err == nil && len(addrs) == 0 {
		err = fmt.Errorf("host %s has no address", h.name)
	}
	return addrs, err
}

// system is the resolver of this machine: /etc/hosts and DNS. The C library's is not used: it takes numbers for
// addresses.
type system struct{}

// LookupNetIP resolves a name with a final dot. /etc/hosts has its short names without one, and without one DNS would
// go through the search list, so for these DNS is kept out.
func (system) LookupNetIP(ctx context.Context, network, name string) ([]netip.Addr, error) {
	if short := strings.TrimSuffix(name, "."); !strings.Contains(short, ".") {
		if addrs, err := hostsFile().LookupNetIP(ctx, network, short); err == nil {
			return addrs, nil
		}
	}
	return (&net.Resolver{PreferGo: true}).LookupNetIP(ctx, network, name)
}

func hostsFile() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("DNS is not asked for this name")
	}}
}
