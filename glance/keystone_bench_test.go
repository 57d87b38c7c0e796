package glance_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/auth/keystone/keystonetest"
)

// timed measures an Authenticator.
type timed struct {
	auth.Authenticator
	spent time.Duration
}

// Authenticate asks, and counts the time.
func (a *timed) Authenticate(r *http.Request) (*auth.Identity, error) {
	begin := time.Now()
	defer func() { a.spent += time.Since(begin) }()
	return a.Authenticator.Authenticate(r)
}

// maxShare is the most that a cached token may cost of showing an image.
const maxShare = 0.15

// BenchmarkShowWithToken shows an image to somebody whose token is cached, with a catalog of a size that clouds have.
// "of-show" is the part of the time that goes to the token.
func BenchmarkShowWithToken(b *testing.B) {
	k := keystonetest.Start(b)
	for i := range 40 {
		k.Publish(fmt.Sprint("service-", i), fmt.Sprintf("https://service-%d.example:8774/v2.1/0123456789abcdef0123456789abcdef", i))
	}
	a := &timed{Authenticator: k.New()}
	f := start(b, quiet, func(c *glance.Config) { c.Auth = a })
	c := client{f, []string{"X-Auth-Token: " + k.Issue(keystonetest.Token{User: "u", Project: "p", Roles: []string{"member"}})}}
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v2/images/"+c.create(formats), nil)
	r.Header = header(c.headers...)
	a.spent = 0
	for b.Loop() {
		w := httptest.NewRecorder()
		if f.svc.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
	share := a.spent.Seconds() / b.Elapsed().Seconds()
	b.ReportMetric(share, "of-show")
	if b.N > 100 && share > maxShare {
		b.Errorf("%.0f %% of the time goes to the token", 100*share)
	}
}
