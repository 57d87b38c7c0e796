package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"goglance/glance/fault"
)

// Use is what a URL is read for. It decides which options count.
type Use uint8

// The uses.
const (
	Import   Use = iota // data that becomes an image's: all options count
	Location            // data that is an image's: those of hosts and addresses count
)

// Filter decides which URLs may be read. It is safe for concurrent use and does not change.
type Filter struct {
	schemes, hosts, ports list
	private               bool
	resolver              Resolver
	own                   func() []netip.AddrPort

	connect func(ctx context.Context, d net.Dialer, at netip.AddrPort) (net.Conn, error)
}

// New returns the filter of o, or an error for an option that makes no sense.
func New(o Options) (*Filter, error) {
	f := &Filter{private: o.PrivateNetworks, resolver: o.Resolver, own: o.Own, connect: connect}
	if f.resolver == nil {
		f.resolver = system{}
	}
	if f.own == nil {
		f.own = func() []netip.AddrPort { return nil }
	}
	var errs [3]error
	f.schemes, errs[0] = newList("schemes", o.AllowedSchemes, o.DisallowedSchemes, readScheme)
	f.hosts, errs[1] = newList("hosts", o.AllowedHosts, o.DisallowedHosts, readHost)
	f.ports, errs[2] = newList("ports", o.AllowedPorts, o.DisallowedPorts, readPort)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return f, nil
}

func connect(ctx context.Context, d net.Dialer, at netip.AddrPort) (net.Conn, error) {
	return d.DialContext(ctx, "tcp", at.String())
}

// Check reports whether a URL may be read: nil, fault.Invalid, or the error of ctx. It resolves the host and asks
// nobody else. The answer is for the moment: read through a Client, which checks again.
func (f *Filter) Check(ctx context.Context, use Use, rawURL string) error {
	t, err := f.target(use, rawURL)
	if err != nil {
		return err
	}
	_, err = f.addresses(ctx, use, t.host, t.port)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !fault.Is(err, fault.Invalid) {
		return Refuse("egress.Check", err)
	}
	return err
}

// Refuse returns the one error, of kind fault.Invalid, for a URL that cannot be used for whatever cause. The cause is
// for the log.
func Refuse(op string, cause error) error {
	return &fault.Error{Kind: fault.Invalid, Op: op, Msg: "the URL cannot be used", Err: cause}
}

// target applies the rules that need no look at the network.
func (f *Filter) target(use Use, rawURL string) (*target, error) {
	t, err := parseURL(rawURL)
	if err == nil {
		err = f.permit(use, t)
	}
	if err != nil {
		return nil, Refuse("egress.Check", err)
	}
	return t, nil
}

func (f *Filter) permit(use Use, t *target) error {
	if use == Import {
		switch port := strconv.Itoa(int(t.port)); {
		case !f.schemes.has(t.url.Scheme):
			return fmt.Errorf("scheme %s is not allowed", t.url.Scheme)
		case t.user != nil:
			return errors.New("a user in the URL is not allowed")
		case !f.ports.has(port):
			return fmt.Errorf("port %s of host %s is not allowed", port, t.host.name)
		}
	}
	if f.denies(use, t.host.name) || len(f.hosts.allowed) > 0 && !f.hosts.allowed[t.host.name] {
		return fmt.Errorf("host %s is not allowed", t.host.name)
	}
	return nil
}

// denies reports whether disallowed_hosts has a host, if it counts.
func (f *Filter) denies(use Use, name string) bool {
	return f.hosts.denied[name] && (use == Location || len(f.hosts.allowed) == 0)
}

// addresses resolves a host and judges all of its addresses: one that is refused refuses the host, else the answer
// would depend on which of them is tried (spec security S84). Refusals are fault.Invalid, failures to resolve are not.
func (f *Filter) addresses(ctx context.Context, use Use, h host, port uint16) ([]netip.AddrPort, error) {
	addrs, err := f.resolve(ctx, h)
	if err != nil {
		return nil, err
	}
	all := make([]netip.AddrPort, len(addrs))
	for i, addr := range addrs {
		all[i] = netip.AddrPortFrom(addr.Unmap(), port)
		if err := f.judge(use, h.name, all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// judge decides about one address of a host.
func (f *Filter) judge(use Use, name string, at netip.AddrPort) error {
	for _, addr := range meanings(at.Addr()) {
		why := ""
		switch {
		case f.denies(use, addr.String()):
			why = "a disallowed host"
		case f.hosts.allowed[name]:
		case inward(addr):
			why = "an address of this machine, this link or nobody"
		case !f.private && private(addr):
			why = "an address of a private network"
		case listens(f.own(), netip.AddrPortFrom(addr, at.Port())):
			why = "this service"
		}
		if why != "" {
			return Refuse("egress.Check", fmt.Errorf("host %s: %s is %s", name, at, why))
		}
	}
	return nil
}
