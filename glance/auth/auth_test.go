package auth

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A context that nobody put an identity in opens no door.
func TestFrom(t *testing.T) {
	t.Parallel()
	if who := From(t.Context()); !who.ReadOnly || who.Admin || who.Unchecked || len(who.Roles) > 0 {
		t.Errorf("nobody is %+v", who)
	}
	who := &Identity{UserID: "u"}
	if From(WithIdentity(t.Context(), who)) != who {
		t.Error("the identity has got lost")
	}
	if who := From(WithIdentity(t.Context(), nil)); who == nil || !who.ReadOnly {
		t.Errorf("a nil identity is %+v", who)
	}
}

func TestUnauthenticated(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Roles", "admin")
	got, err := Unauthenticated{}.Authenticate(r)
	if diff := cmp.Diff(&Identity{Admin: true, Unchecked: true}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// Spec security S07.
func TestFoldRole(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"admin": "admin", "ADMIN": "admin", " Admin\t": "admin", "\r\n\v\fadmin": "admin", "": "", " ": "", "a B": "a b",
		"[@`{Z":       "[@`{z",
		"\u212aeeper": "\u212aeeper", "adm\u0131n": "adm\u0131n", "ADM\u0130N": "adm\u0130n", "\u00c9": "\u00c9",
		"\u00a0admin": "\u00a0admin", "admin\u2003": "admin\u2003", "\xff": "\xff",
		"admin\u0000": "admin\u0000", "\ufeffadmin": "\ufeffadmin", "\u0085admin": "\u0085admin",
	} {
		if got := FoldRole(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzFoldRole(f *testing.F) {
	for _, seed := range []string{"admin", " ADMIN", "\u00a0admin", "\u212a", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		folded := FoldRole(name)
		if FoldRole(folded) != folded {
			t.Errorf("%q folds to %q and on", name, folded)
		}
		ascii := !slices.ContainsFunc([]byte(name), func(b byte) bool { return b >= 0x80 })
		if folded == "admin" && !ascii {
			t.Errorf("%q is admin", name)
		}
	})
}

func TestParsePeers(t *testing.T) {
	t.Parallel()
	good := []string{"192.0.2.7", "192.0.2.0/24", "192.0.2.9/24", "::1", "fd00::/8", "0.0.0.0/0"}
	if peers, err := ParsePeers(good); err != nil || len(peers) != len(good) {
		t.Errorf("%v %v", peers, err)
	}
	if peers, err := ParsePeers(nil); err != nil || peers != nil {
		t.Errorf("%v %v", peers, err)
	}
	for _, text := range []string{"", "x", "192.0.2", "192.0.2.0/33", "192.0.2.1:80", "localhost", "192.0.2.0/-1", "192.0.2.1 ", "[::1]"} {
		if peers, err := ParsePeers([]string{text}); err == nil {
			t.Errorf("%q is %v", text, peers)
		}
	}
}

func TestBelieves(t *testing.T) {
	t.Parallel()
	rows := []struct {
		peers  []string
		remote string
		want   bool
	}{
		{nil, "198.51.100.1:1", true}, {nil, "", true}, {nil, "nonsense", true},
		{[]string{"192.0.2.0/24"}, "192.0.2.1:1", true}, {[]string{"192.0.2.0/24"}, "192.0.3.1:1", false},
		{[]string{"192.0.2.77/24"}, "192.0.2.1:1", true},
		{[]string{"192.0.2.7"}, "192.0.2.7:1", true}, {[]string{"192.0.2.7"}, "192.0.2.8:1", false}, {[]string{"192.0.2.7"},
			"[::ffff:192.0.2.7]:1", true},
		{[]string{"::1"}, "[::1]:1", true}, {[]string{"::1"}, "127.0.0.1:1", false}, {[]string{"fd00::/8"},
			"[fd12::1]:1", true}, {[]string{"::/0"}, "192.0.2.1:1", false},
		{[]string{"192.0.2.7"}, "@", true}, {[]string{"192.0.2.7"}, "/run/glance.sock", true}, {[]string{"192.0.2.7"},
			"", true},
		{[]string{"192.0.2.7"}, "192.0.2.7", false}, {[]string{"192.0.2.7"}, "nonsense", false},
		{[]string{"192.0.2.7", "::1"}, "[::1]:1", true},
	}
	for _, row := range rows {
		peers, err := ParsePeers(row.peers)
		if err != nil {
			t.Fatal(err)
		}
		if peers.Believes(row.remote) != row.want {
			t.Errorf("%v of %q: %v", row.peers, row.remote, !row.want)
		}
	}
}
