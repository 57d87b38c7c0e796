package egress

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Options says where the service may go. The package documentation explains each.
type Options struct {
	AllowedSchemes    []string `name:"allowed_schemes" group:"import_filtering_opts" default:"http,https" help:"schemes of URLs that may be imported"`
	DisallowedSchemes []string `name:"disallowed_schemes" group:"import_filtering_opts" help:"schemes of URLs that may not be imported; counts while allowed_schemes is empty"`
	AllowedHosts      []string `name:"allowed_hosts" group:"import_filtering_opts" help:"hosts that may be read from, and no others; these may be on this machine too"`
	DisallowedHosts   []string `name:"disallowed_hosts" group:"import_filtering_opts" help:"hosts that may not be read from; for imports it counts while allowed_hosts is empty"`
	AllowedPorts      []string `name:"allowed_ports" group:"import_filtering_opts" default:"80,443" help:"ports that may be imported from"`
	DisallowedPorts   []string `name:"disallowed_ports" group:"import_filtering_opts" help:"ports that may not be imported from; counts while allowed_ports is empty"`
	PrivateNetworks   bool     `name:"allow_private_networks" group:"import_filtering_opts" default:"true" help:"read from addresses of private networks, as 10.0.0.0/8; not in the reference"`

	Resolver Resolver                // nil: the system's
	Own      func() []netip.AddrPort // where the service itself listens, asked every time; nil: nowhere
}

// list is a pair of options: what is allowed, and what is not.
type list struct{ allowed, denied map[string]bool }

// has reports whether a value passes: what is denied counts while nothing is allowed (spec tasks-import E.7).
func (l list) has(value string) bool {
	if len(l.allowed) > 0 {
		return l.allowed[value]
	}
	return !l.denied[value]
}

// newList reads both options with one function, which returns the spelling that values are compared in.
func newList(name string, allowed, denied []string, read func(string) (string, error)) (l list, err error) {
	if l.allowed, err = newValues("allowed_"+name, allowed, read); err == nil {
		l.denied, err = newValues("disallowed_"+name, denied, read)
	}
	return l, err
}

func newValues(option string, texts []string, read func(string) (string, error)) (map[string]bool, error) {
	values := map[string]bool{}
	for _, text := range texts {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		value, err := read(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		values[value] = true
	}
	return values, nil
}

func readScheme(text string) (string, error) { return strings.ToLower(text), nil }

func readPort(text string) (string, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return "", fmt.Errorf("%q is not a port: a number from 1 to 65535", text)
	}
	return strconv.FormatUint(port, 10), nil
}

// readHost reads a host as a URL has it, but an IPv6 address may lack the brackets. A number in the place of a host is
// let be, though no URL with one passes: operators have listed such spellings of addresses.
func readHost(text string) (string, error) {
	spelled := text
	if strings.Contains(text, ":") && !strings.HasPrefix(text, "[") {
		spelled = "[" + text + "]"
	}
	h, err := parseHost(spelled)
	if err != nil && endsInNumber(text) {
		return text, nil
	}
	if err != nil {
		return "", fmt.Errorf("%q is not a host: a name or an address, without port or wildcard", text)
	}
	return h.name, nil
}
