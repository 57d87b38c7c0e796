package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"

	"goglance/glance"
	"goglance/glance/auth/keystone/keystonetest"
	"goglance/glance/config"
)

func TestRun(t *testing.T) {
	t.Parallel()
	k := keystonetest.Start(t)
	c, err := config.Embedded(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Auth = k.New()
	svc, err := glance.New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(svc)
	t.Cleanup(func() {
		server.Close()
		if err := svc.Close(); err != nil {
			t.Error(err)
		}
		if err := c.DB.Close(); err != nil {
			t.Error(err)
		}
	})
	k.Publish("image", server.URL)
	someone := func(name string) gophercloud.AuthOptions {
		k.Enroll(name, "secret", keystonetest.Token{User: name, Project: "project of " + name, Roles: []string{"member"}})
		return gophercloud.AuthOptions{IdentityEndpoint: k.URL, Username: name, Password: "secret", TenantName: name, DomainName: "Default"}
	}
	var out strings.Builder
	if err := run(t.Context(), someone("demo"), someone("alt"), &out); err != nil {
		t.Error(err)
	}
	for _, step := range []string{"created", "uploaded", "shared", "deleted"} {
		if strings.Count(out.String(), step) == 0 {
			t.Errorf("%s is not said: %s", step, out.String())
		}
	}
	stranger := someone("nobody")
	stranger.Password = "wrong"
	if err := run(t.Context(), someone("demo"), stranger, &out); err == nil {
		t.Error("a wrong password is good enough")
	}
}
