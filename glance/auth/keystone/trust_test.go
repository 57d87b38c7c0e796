package keystone_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"goglance/glance/auth/keystone"
	"goglance/glance/auth/keystone/keystonetest"
	"goglance/glance/fault"
)

// Spec operations 8: made with the roles as Keystone spells them, used when the user's token is over, and removed.
func TestTrust(t *testing.T) {
	t.Parallel()
	k, c := timed(t)
	a := k.New()
	token := member()
	token.Expires = c.read().Add(time.Minute)
	text := k.Issue(token)
	who, err := a.Authenticate(request(t, userToken, text))
	if err != nil {
		t.Fatal(err)
	}
	trust, err := a.Entrust(t.Context(), who, time.Hour)
	if err != nil || k.Trusts() != 1 {
		t.Fatalf("%v, %d trusts", err, k.Trusts())
	}
	c.add(2 * time.Minute)
	want(t, "the user's token", ask(t, a, userToken, text), "nobody")
	later, err := trust.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if later.UserID != "u" || later.ProjectID != "p" || later.Token == text || len(later.Roles) != 2 {
		t.Errorf("%+v", later)
	}
	want(t, "the trust's token", ask(t, a, userToken, later.Token), "u")
	if err := trust.Delete(t.Context()); err != nil || k.Trusts() != 0 {
		t.Errorf("%v, %d trusts are left", err, k.Trusts())
	}
	if _, err := trust.Identity(t.Context()); !fault.Is(err, fault.Forbidden) {
		t.Errorf("after the end: %v", err)
	}
	if err := trust.Delete(t.Context()); err == nil {
		t.Error("deleted twice")
	}
	if _, err := a.Entrust(t.Context(), who, time.Hour); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("with an expired token: %v", err)
	}
}

// TestAtKeystone goes through validation and trusts at a real Keystone: that of the environment, as openrc files have it,
// with the user of GLANCE_TEST_TOKEN.
func TestAtKeystone(t *testing.T) {
	t.Parallel()
	url, tokens := os.Getenv("GLANCE_TEST_KEYSTONE"), strings.Fields(os.Getenv("GLANCE_TEST_TOKENS"))
	if url == "" {
		t.Skip("GLANCE_TEST_KEYSTONE names no Keystone")
	}
	o := (&keystonetest.Server{URL: url, Clock: time.Now}).Options()
	o.Login.Password = "password"
	a, err := keystone.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // the test is over
	want(t, "unknown", ask(t, a, userToken, "unknown"), "nobody")
	for _, text := range tokens { // of users of different domains
		who, err := a.Authenticate(request(t, userToken, text))
		if err != nil || who == nil {
			t.Fatalf("%+v %v", who, err)
		}
		trust, err := a.Entrust(t.Context(), who, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		later, err := trust.Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if later.UserID != who.UserID || later.ProjectID != who.ProjectID || later.Token == who.Token || len(later.Roles) == 0 {
			t.Errorf("%s is %s with the trust", who.UserID, later.UserID)
		}
		if err := trust.Delete(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := trust.Identity(t.Context()); err == nil {
			t.Error("the trust is still there")
		}
	}
}
