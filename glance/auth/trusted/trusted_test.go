package trusted

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/auth"
	"goglance/glance/fault"
)

var _ auth.Authenticator = Headers{}

// request has the headers in pairs.
func request(pairs ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "192.0.2.1:1234"
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Add(pairs[i], pairs[i+1])
	}
	return r
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	full := []string{
		"X-Identity-Status", "Confirmed", "X-User-Id", "u", "X-User", "v", "X-Project-Id", "p", "X-Tenant-Id", "q",
		"X-Tenant", "r", "X-User-Domain-Id", "d",
		"X-Project-Domain-Id", "e", "X-Roles", " Member ,,ADMIN,\u00c9", "X-Auth-Token", "t", "X-Storage-Token", "s",
		"X-Service-Catalog", "[]",
	}
	want := &auth.Identity{
		UserID: "u", ProjectID: "p", UserDomainID: "d", ProjectDomainID: "e", Roles: []string{"member", "admin", "\u00c9"}, Token: "t", Catalog: []byte("[]"),
	}
	got, err := Headers{}.Authenticate(request(full...))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	got, err = Headers{}.Authenticate(request("X-Identity-Status", "Confirmed"))
	if diff := cmp.Diff(&auth.Identity{}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// Whatever the header says that is not true, the project is not the one for administrators.
func TestAdminProject(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"True": false, "true": false, "False": true, "": true, "1": true} {
		who, err := Headers{}.Authenticate(request("X-Identity-Status", "Confirmed", "X-Is-Admin-Project", value))
		if err != nil || who.NotAdminProject != want {
			t.Errorf("%q: %+v %v", value, who, err)
		}
	}
}

// Whoever is not confirmed, or not believed, is nobody: that is no error.
func TestNobody(t *testing.T) {
	t.Parallel()
	peers, err := auth.ParsePeers([]string{"198.51.100.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		headers Headers
		status  string
	}{
		{Headers{}, ""}, {Headers{}, "Invalid"}, {Headers{}, "confirmed"}, {Headers{}, "Confirmed "}, {Headers{},
			"Confirmed, Confirmed"}, {Headers{Peers: peers}, "Confirmed"},
	}
	for _, row := range rows {
		who, err := row.headers.Authenticate(request("X-Identity-Status", row.status, "X-User-Id", "u", "X-Roles", "admin", "X-Service-Catalog", "{"))
		if who != nil || err != nil {
			t.Errorf("%q: %+v %v", row.status, who, err)
		}
	}
}

// Spec security S05, S09.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, name := range names() {
		for _, status := range []string{"Confirmed", "Invalid"} {
			who, err := Headers{}.Authenticate(request("X-Identity-Status", status, name, "a", name, "a"))
			if who != nil || !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), name) {
				t.Errorf("%s twice: %+v %v", name, who, err)
			}
		}
	}
	for _, catalog := range []string{"{", "x", "[]]", strings.Repeat("[", 100000)} {
		who, err := Headers{}.Authenticate(request("X-Identity-Status", "Confirmed", "X-Service-Catalog", catalog))
		if who != nil || !fault.Is(err, fault.Invalid) {
			t.Errorf("catalog %.20s: %+v %v", catalog, who, err)
		}
	}
}
