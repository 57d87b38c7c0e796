package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"goglance/glance/fault"
	"goglance/glance/option"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// names is a resolver with a fixed table. It wants names from the root.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	texts, ok := n[strings.TrimSuffix(name, ".")]
	if !ok || !strings.HasSuffix(name, ".") {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	var addrs []netip.Addr
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

// world is what the names of these tests resolve to.
func world() names {
	return names{
		"public.test": {"192.0.2.1"}, "other.test": {"192.0.2.2", "2001:db8::2"}, "private.test": {"10.1.2.3"},
		"localhost": {"127.0.0.1", "::1"}, "mixed.test": {"192.0.2.1", "127.0.0.1"}, "mixed6.test": {"192.0.2.1", "::ffff:127.0.0.1"},
		"link.test": {"169.254.169.254"}, "zone.test": {"fe80::1%lo"}, "nat64.test": {"64:ff9b::7f00:1"}, "empty.test": {},
		"under_score.test": {"192.0.2.3"}, "xn--bcher-kva.test": {"192.0.2.4"},
	}
}

// defaults returns a filter with the default options, changed.
func defaults(t testing.TB, change func(*Options)) *Filter {
	t.Helper()
	var o Options
	if err := option.SetDefaults(&o); err != nil {
		t.Fatal(err)
	}
	o.Resolver = world()
	if change != nil {
		change(&o)
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// expectRefused expects the one refusal, with no part of the URL in the text for the client and no secret anywhere.
func expectRefused(t *testing.T, what string, err error) {
	t.Helper()
	if !fault.Is(err, fault.Invalid) || fault.Message(err) != "the URL cannot be used" {
		t.Errorf("%s: %v (%v, %q), want a refusal", what, err, fault.KindOf(err), fault.Message(err))
		return
	}
	if text := err.Error(); strings.Contains(text, "s3cret") || strings.ContainsAny(text, "\r\n\x00") {
		t.Errorf("%s: the log would get %q", what, text)
	}
}

// row is a URL and what becomes of it.
type row struct {
	id       string
	url      string
	imports  bool // passes as an Import
	location bool // passes as a Location
}

func (r row) run(t *testing.T, f *Filter) {
	t.Helper()
	for use, passes := range map[Use]bool{Import: r.imports, Location: r.location} {
		err := f.Check(t.Context(), use, r.url)
		if what := fmt.Sprintf("%s, use %d, %q", r.id, use, r.url); !passes {
			expectRefused(t, what, err)
		} else if err != nil {
			t.Errorf("%s: %v, want it to pass", what, err)
		}
	}
}

// never are the rows that neither use lets pass.
func never() []row {
	var rows []row
	add := func(id string, urls ...string) {
		for _, url := range urls {
			rows = append(rows, row{id: id, url: url})
		}
	}
	add("S140", "http://127.0.0.1/", "http://localhost/", "http://localhost./", "HTTP://127.0.0.1/", "http://LOCALHOST/", "https://127.255.255.254/")
	add("S141", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0/", "http://127.0.0.1.:80/",
		"http://127.0.0.1./", "http://0x7f.1/", "http://127.0.0.01/", "http://00000000127.0.0.1/", "http://017700000001/", "http://0X7F000001/",
		"http://1.2.3.4.5/", "http://192.0.2.1./", "http://192.0.2.0x1/", "http://192.0.2/", "http://public.test.1/", "http://public.0x/", "http://256.0.0.1/")
	add("S142", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::1]:80/")
	add("S143", "http://0.0.0.0/", "http://[::]/", "http://[64:ff9b::7f00:1]/", "http://[::127.0.0.1]/", "http://[2002:7f00:1::]/",
		"http://0.1.2.3/", "http://[64:ff9b:1:7f00:0:100::]/", "http://[64:ff9b:1::7f00:1]/", "http://[::ffff:0:7f00:1]/",
		"http://[2001:0:7f00:1::]/", "http://[2001:0:c000:201:0:0:80ff:fffe]/", "http://[2001:db8::5efe:7f00:1]/",
		"http://[2001:db8::200:5efe:a9fe:a9fe]/", "http://255.255.255.255/", "http://224.0.0.1/", "http://[ff02::1]/", "http://[64:ff9b::a9fe:a9fe]/")
	add("S144", "http://[fe80::1%25lo]/", "http://[fe80::1%lo]/", "http://[fe80::1]/", "http://169.254.169.254/", "http://[2001:db8::1%25eth0]/")
	add("S145", "http://allowed@127.0.0.1/", "http://public.test@127.0.0.1/", "http://127.0.0.1#@public.test/", "http://public.test\\@127.0.0.1/",
		"http://a@b@public.test/", "http://u:s3cret@127.0.0.1/", "http://u:s3cret@x@public.test/", "http://u:s3:cret@public.test/",
		"http://s3cret@public.test/", "http://@public.test/", "http://u:s3cret%zz@public.test/", "http://127.0.0.1\\@public.test/", "http://u:s3cret@/")
	add("S146", "http://１２７.0.0.1/", "http://①②⑦.0.0.1/", "http://127。0。0。1/", "http://pübliç.test/", "http://publіc.test/", "http://%3127.0.0.1/",
		"http://%31%32%37.0.0.1/", "http://127.0.0.1%00.public.test/", "http://127.0.0.1\x00.public.test/", "http://public%2etest/",
		"http://%E3%80%82.test/", "http://%EF%BC%91/", "http://public.test%20/", "http://pub lic.test/", "http://pub\u00adlic.test/")
	add("S147", "http://public.test:0/", "http://public.test:99999/", "http://public.test:abc/", "http://public.test:80:9998/", "http://public.test:/",
		"http://public.test:-80/", "http://public.test:+80/", "http://public.test:080/", "http://public.test:65536/", "http://public.test:８０/", "http://[2001:db8::2]:/")
	add("S148", "http:/public.test", "http:public.test", "http:///x", "//public.test/x", " http://public.test/", "http://public.test/ ", "\thttp://public.test/",
		"http://public.test/\r\nX: y", "http://pub\r\nlic.test/", "http://", "http:", "http", "", "public.test", "/x", "http://public.test/a b",
		"http://public.test/\x7f", "ht\ntp://public.test/", "http://public.test/%", "http://pub[lic.test/", "http://[public.test]/", "http://[192.0.2.1]/",
		"http://[::1", "http://public.test/?\xff", "http://?public.test/", "http://#public.test", "http://.../", "http://a..b/", "http://public.test../")
	add("S149", "file:///etc/passwd", "ftp://public.test/", "gopher://public.test/", "dict://public.test/", "data:text/plain,x", "jar:http://public.test/!/x",
		"unix:///x", "netdoc:///x", "FILE:///etc/passwd", "Gopher://public.test:80/", "javascript:x", "ws://public.test/", "httpx://public.test/", "://public.test/")
	add("names", "http://nowhere.test/", "http://empty.test/", "http://mixed.test/", "http://link.test/", "http://zone.test/", "http://nat64.test/",
		"http://mixed6.test/", "http://"+strings.Repeat("a", 64)+".test/", "http://"+strings.Repeat("a.", 127)+"test/")
	add("length", "http://public.test/"+strings.Repeat("x", 2048))
	return rows
}

// S84, S140-S149, P72, P76: what passes with the default options, and what does not.
func TestSecURLFilterTable(t *testing.T) {
	t.Parallel()
	f := defaults(t, nil)
	rows := append(never(),
		row{"plain", "http://public.test/x", true, true},
		row{"plain", "HTTPS://PUBLIC.test./x?y=z#w", true, true},
		row{"plain", "http://192.0.2.1/", true, true},
		row{"plain", "http://[2001:db8::2]/", true, true},
		row{"plain", "http://other.test:443/", true, true},
		row{"plain", "http://under_score.test/", true, true},
		row{"plain", "http://xn--bcher-kva.test/", true, true},
		row{"plain", "http://private.test/", true, true},
		row{"S144", "http://[fd00:ec2::254]/", true, true},
		row{"plain", "http://public.test/a%20b/%00?q=http://127.0.0.1/@x", true, true},
		row{"length", "http://public.test/" + strings.Repeat("x", 2048-19), true, true},
		row{"S145", "http://user:s3cret@public.test/", false, true},
		row{"S145", "http://user:@public.test/", false, true},
		row{"S145", "http://user:s%403cret@public.test/x", false, true},
		row{"S147", "http://public.test:8080/", false, true},
		row{"S147", "http://public.test:65535/", false, true},
	)
	for _, r := range rows {
		t.Run(r.id, func(t *testing.T) { r.run(t, f) })
	}
}

// S84: the same name, the addresses in the other order.
func TestSecMixedAddressName(t *testing.T) {
	t.Parallel()
	for _, addrs := range [][]string{{"127.0.0.1", "192.0.2.1"}, {"192.0.2.1", "127.0.0.1"}, {"2001:db8::1", "::1", "192.0.2.1"}} {
		f := defaults(t, func(o *Options) { o.Resolver = names{"mixed.test": addrs} })
		row{url: "http://mixed.test/"}.run(t, f)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		allowed, denied []string
		rows            []row
	}{
		{"allowed", []string{"LOCALHOST.", "127.0.0.2", "[::1]", "fe80::1", " ", ""}, nil, []row{
			{url: "http://localhost/", imports: true, location: true}, {url: "http://LocalHost./", imports: true, location: true},
			{url: "http://127.0.0.2/", imports: true, location: true}, {url: "http://[::ffff:127.0.0.2]/", imports: true, location: true},
			{url: "http://[0::1]/", imports: true, location: true}, {url: "http://[fe80::1]/", imports: true, location: true},
			{url: "http://127.0.0.1/"}, {url: "http://127.0.0.2./"}, {url: "http://2130706434/"}, {url: "http://public.test/"},
			{url: "http://localhost.public.test/"}, {url: "http://[64:ff9b::7f00:2]/"},
		}},
		{"denied", nil, []string{"Public.test", "192.0.2.2", "10.1.2.3", "2001:DB8::2", "2130706433"}, []row{
			{url: "http://public.test/"}, {url: "http://PUBLIC.test./"}, {url: "http://192.0.2.1/", imports: true, location: true},
			{url: "http://192.0.2.2/"}, {url: "http://other.test/"}, {url: "http://private.test/"}, {url: "http://[::ffff:10.1.2.3]/"},
			{url: "http://[64:ff9b::a01:203]/"}, {url: "http://[2001:0db8:0::2]/"}, {url: "http://127.0.0.1/"},
		}},
		{"both", []string{"public.test", "other.test", "localhost"}, []string{"public.test", "192.0.2.2", "::1"}, []row{
			{url: "http://public.test/", imports: true}, {url: "http://other.test/", imports: true}, {url: "http://localhost/", imports: true},
			{url: "http://private.test/"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := defaults(t, func(o *Options) { o.AllowedHosts, o.DisallowedHosts = c.allowed, c.denied })
			for _, r := range c.rows {
				r.run(t, f)
			}
		})
	}
}

func TestSchemesAndPorts(t *testing.T) {
	t.Parallel()
	f := defaults(t, func(o *Options) {
		o.AllowedSchemes, o.DisallowedSchemes = []string{"HTTPS", "ftp"}, []string{"https"}
		o.AllowedPorts, o.DisallowedPorts = nil, []string{"25", " 80"}
	})
	for _, r := range []row{
		{url: "http://public.test:443/", location: true}, {url: "https://public.test/", imports: true, location: true},
		{url: "https://public.test:25/", location: true}, {url: "https://public.test:80/", location: true},
		{url: "https://public.test:8443/", imports: true, location: true}, {url: "ftp://public.test/"},
	} {
		r.run(t, f)
	}
	f = defaults(t, func(o *Options) {
		o.AllowedSchemes, o.DisallowedSchemes = nil, []string{"http"}
		o.AllowedPorts = []string{"443"}
	})
	for _, r := range []row{
		{url: "http://public.test:443/", location: true}, {url: "https://public.test/", imports: true, location: true},
		{url: "https://public.test:80/", location: true},
	} {
		r.run(t, f)
	}
	f = defaults(t, func(o *Options) { o.AllowedPorts = []string{"8080"} })
	row{id: "S147", url: "http://public.test/", location: true}.run(t, f) // the port that is not written counts too
}

func TestPrivateNetworks(t *testing.T) {
	t.Parallel()
	f := defaults(t, func(o *Options) { o.PrivateNetworks = false })
	for _, url := range []string{
		"http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://100.64.0.1/", "http://100.127.255.255/",
		"http://[fd00:ec2::254]/", "http://[fc00::1]/", "http://[fec0::1]/", "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::a00:1]/", "http://private.test/",
	} {
		row{url: url}.run(t, f)
	}
	for _, url := range []string{"http://172.32.0.1/", "http://100.128.0.1/", "http://192.169.0.1/", "http://[2001:db8::1]/", "http://public.test/"} {
		row{url: url, imports: true, location: true}.run(t, f)
	}
	f = defaults(t, func(o *Options) { o.PrivateNetworks, o.AllowedHosts = false, []string{"private.test"} })
	row{url: "http://private.test/", imports: true, location: true}.run(t, f)
}

func TestOwnListeners(t *testing.T) {
	t.Parallel()
	own := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:9292")}
	listen := func(o *Options) { o.Own = func() []netip.AddrPort { return own }; o.AllowedPorts = nil }
	f := defaults(t, listen)
	row{url: "http://public.test:9292/"}.run(t, f)
	row{url: "http://[::ffff:192.0.2.1]:9292/"}.run(t, f)
	row{url: "http://[64:ff9b::c000:201]:9292/"}.run(t, f)
	row{url: "http://public.test:9293/", imports: true, location: true}.run(t, f)
	row{url: "http://192.0.2.2:9292/", imports: true, location: true}.run(t, f)
	own = []netip.AddrPort{netip.MustParseAddrPort("[::]:9292")}
	row{url: "http://public.test:9292/", imports: true, location: true}.run(t, f) // not an address of this machine
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if addr := netip.MustParsePrefix(a.String()).Addr(); !local(addr) || !listens(own, netip.AddrPortFrom(addr, 9292)) {
			t.Errorf("%s is not known as an address of this machine", a)
		}
	}
	f = defaults(t, func(o *Options) { listen(o); o.AllowedHosts = []string{"public.test"} })
	own = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:9292")}
	row{url: "http://public.test:9292/", imports: true, location: true}.run(t, f)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]Options{
		"allowed_ports":    {AllowedPorts: []string{"80", "http"}},
		"disallowed_ports": {DisallowedPorts: []string{"0"}},
		"allowed_hosts":    {AllowedHosts: []string{"*.test"}},
		"disallowed_hosts": {DisallowedHosts: []string{"10.0.0.0/8"}},
		`"public.test:80"`: {DisallowedHosts: []string{"public.test:80"}},
		`"[public.test]"`:  {AllowedHosts: []string{"[public.test]"}},
		"65536":            {AllowedPorts: []string{"65536"}},
		`"http://a.test/"`: {AllowedHosts: []string{"http://a.test/"}},
	} {
		if f, err := New(o); err == nil || f != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", want, f, err)
		}
	}
}

// failing is a resolver that does not answer.
type failing struct{ err error }

func (r failing) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	if r.err == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, r.err
}

func TestCheckWithoutResolver(t *testing.T) {
	t.Parallel()
	f := defaults(t, func(o *Options) { o.Resolver = failing{errors.New("timeout")} })
	row{url: "http://public.test/"}.run(t, f)
	f = defaults(t, func(o *Options) { o.Resolver = failing{} })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Check(ctx, Import, "http://public.test/"); !errors.Is(err, context.Canceled) || fault.Is(err, fault.Invalid) {
		t.Errorf("%v, want the error of the context", err)
	}
}

func TestSystemResolver(t *testing.T) {
	t.Parallel()
	f := defaults(t, func(o *Options) { o.Resolver = nil })
	row{id: "S140", url: "http://localhost/"}.run(t, f)
	f = defaults(t, func(o *Options) { o.Resolver, o.AllowedHosts = nil, []string{"localhost"} })
	row{url: "http://localhost/", imports: true, location: true}.run(t, f)
}

func TestOptions(t *testing.T) {
	t.Parallel()
	var o Options
	if err := option.SetDefaults(&o); err != nil {
		t.Fatal(err)
	}
	count := 0
	err := option.Walk(&o, func(op option.Option) error {
		count++
		if op.Group != "import_filtering_opts" || op.Help == "" {
			t.Errorf("option %s: group %q, help %q", op.Name, op.Group, op.Help)
		}
		return nil
	})
	if err != nil || count != 7 || !o.PrivateNetworks || len(o.AllowedPorts) != 2 {
		t.Errorf("%d options, %+v, %v", count, o, err)
	}
}
