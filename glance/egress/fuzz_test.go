package egress

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"goglance/glance/fault"
)

// FuzzCheck looks for a text that passes although it is not what it seems.
func FuzzCheck(f *testing.F) {
	for _, r := range never() {
		f.Add(r.url)
	}
	f.Add("https://user:password@other.test:8443/a%20b;c?d=e&f#g")
	f.Add("http://[2001:db8::2]:80/")
	filter := defaults(f, func(o *Options) { o.PrivateNetworks = false })
	f.Fuzz(func(t *testing.T, text string) {
		for _, use := range []Use{Import, Location} {
			err := filter.Check(t.Context(), use, text)
			if err != nil {
				if !fault.Is(err, fault.Invalid) || strings.ContainsAny(err.Error(), "\r\n\x00@") {
					t.Errorf("%q: %v", text, err)
				}
				continue
			}
			u, err := url.Parse(text)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || use == Import && u.User != nil {
				t.Fatalf("%q passes: %v", text, err)
			}
			if addr, err := netip.ParseAddr(u.Hostname()); err == nil && (addr.Unmap().IsLoopback() || addr.Unmap().IsPrivate() || addr.IsUnspecified()) {
				t.Errorf("%q passes", text)
			} else if _, known := world()[strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))]; err != nil && !known {
				t.Errorf("%q passes: no such name", text)
			}
			again(t, filter, use, text)
		}
	})
}

// again judges what would be asked for: it must be the same host, in a spelling that does not change any more.
func again(t *testing.T, f *Filter, use Use, text string) {
	t.Helper()
	one, err := f.target(use, text)
	if err != nil {
		t.Fatal(err)
	}
	two, err := f.target(use, one.url.String())
	if err != nil {
		t.Fatalf("%q passes, %q does not: %v", text, one.url, err)
	}
	if one.host != two.host || one.port != two.port || one.url.String() != two.url.String() {
		t.Errorf("%q is %v, then %v", text, one, two)
	}
}
