package remote_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/policy"
	"goglance/glance/policy/remote"
)

// target is an image with properties that a user chose.
type target map[string]string

func (t target) Attr(name string) (string, bool) {
	text, ok := t[name]
	return text, ok
}

func (t target) All() map[string]any { return map[string]any{"name": t["name"]} }

// server is a policy server that remembers what it was asked.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	asked []*http.Request // with their forms parsed
}

func serve(t *testing.T, answer http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(s.remember(t, answer))
	t.Cleanup(s.Close)
	return s
}

func (s *server) remember(t *testing.T, answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Errorf("form: %v", err)
		}
		s.mu.Lock()
		s.asked = append(s.asked, r)
		s.mu.Unlock()
		answer(w, r)
	})
}

func (s *server) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) } //nolint:errcheck // a test's answer
}

// allows asks one rule, and its opposite, which must not let anybody in because of a failure.
func allows(t *testing.T, config *tls.Config, rule string, property string) (is, opposite bool) {
	t.Helper()
	client := remote.New(config)
	t.Cleanup(client.Close)
	rules, err := policy.CompileRemote(map[string]any{"is": rule, "opposite": "not " + rule}, "", client.Ask)
	if err != nil || len(rules.Warnings()) > 0 {
		t.Fatalf("%s: %v, %q", rule, err, rules.Warnings())
	}
	enforce := func(name string) bool {
		err := rules.Enforce(t.Context(), name, &auth.Identity{UserID: "u", Token: "secret"}, target{"name": property})
		if err != nil && !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
		return err == nil
	}
	return enforce("is"), enforce("opposite")
}

// S21: the whole row. What a user wrote is escaped, the answer is exactly True, every failure denies, https is verified.
func TestSecHTTPPolicyCheck(t *testing.T) {
	t.Parallel()
	s := serve(t, says("True"))
	if is, opposite := allows(t, nil, "http:"+strings.TrimPrefix(s.URL, "http:")+"/p/%(name)s?n=%(name)s", "../x?&n=y"); !is || opposite {
		t.Errorf("True: allowed %v, opposite %v", is, opposite)
	}
	for _, r := range s.requests() {
		if r.RequestURI != "/p/..%2Fx%3F%26n%3Dy?n=..%2Fx%3F%26n%3Dy" || r.Method != http.MethodPost {
			t.Errorf("asked %s %s", r.Method, r.RequestURI)
		}
		if r.PostForm.Get("target") != `{"name":"../x?\u0026n=y"}` || strings.Contains(fmt.Sprint(r.PostForm, r.Header), "secret") ||
			!strings.Contains(r.PostForm.Get("credentials"), `"user_id":"u"`) {
			t.Errorf("form %v", r.PostForm)
		}
	}
	if len(s.requests()) != 2 {
		t.Errorf("%d requests", len(s.requests()))
	}
}

// S21: every failure denies, behind a not too.
func TestSecHTTPPolicyCheckFails(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, says("True"))
	for name, answer := range map[string]http.HandlerFunc{
		"not found":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "True", http.StatusNotFound) },
		"error":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
		"see other": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusSeeOther) },
		"page":      says("<html>Welcome</html>"),
		"nothing":   says(""),
		"long":      says(strings.Repeat(`"`, 1<<20) + "False"),
		"endless": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		},
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "6")
			fmt.Fprint(w, "False") //nolint:errcheck // a test's answer
		},
		"gone": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"compressed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "\x1f\x8b") //nolint:errcheck // a test's answer
		},
	} {
		s := serve(t, answer)
		if is, opposite := allows(t, nil, s.URL+"/p", ""); is || opposite {
			t.Errorf("%s: allowed %v, opposite %v", name, is, opposite)
		}
	}
	if n := len(elsewhere.requests()); n > 0 {
		t.Errorf("%d redirects followed", n)
	}
	down := serve(t, says("True"))
	down.Close()
	if is, opposite := allows(t, nil, down.URL+"/p", ""); is || opposite {
		t.Errorf("server down: allowed %v, opposite %v", is, opposite)
	}
}

func TestFalseIsAnAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t, says(`"False"`))
	if is, opposite := allows(t, nil, s.URL, ""); is || !opposite {
		t.Errorf("False: allowed %v, opposite %v", is, opposite)
	}
}

// S21: https is verified.
func TestSecHTTPSPolicyCheck(t *testing.T) {
	t.Parallel()
	s := &server{}
	s.Server = httptest.NewUnstartedServer(s.remember(t, says("True")))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	trusting := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		config *tls.Config
		host   string
		want   bool
	}{{trusting, "127.0.0.1", true}, {trusting, "localhost", false}, {nil, "127.0.0.1", false}} {
		is, opposite := allows(t, row.config, "https://"+net.JoinHostPort(row.host, port)+"/p", "")
		if is != row.want || opposite {
			t.Errorf("%s: allowed %v, opposite %v", row.host, is, opposite)
		}
	}
}

// A server that does not answer holds a request no longer than the request lives.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := remote.New(nil)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if answer, err := client.Ask(ctx, s.URL, url.Values{}); err == nil || answer != "" {
		t.Errorf("Ask = %q, %v", answer, err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// Without an end of the request's own there is one of ours.
func TestPatience(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 10 seconds")
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil { // a byte now and then does not help
			fmt.Fprint(w, `"`)                    //nolint:errcheck // the client goes away
			http.NewResponseController(w).Flush() //nolint:errcheck // the client goes away
			time.Sleep(100 * time.Millisecond)
		}
	})
	client := remote.New(nil)
	defer client.Close()
	start := time.Now()
	if answer, err := client.Ask(t.Context(), s.URL, url.Values{}); err == nil || answer != "" {
		t.Errorf("Ask = %q, %v", answer, err)
	}
	if took := time.Since(start); took < 9*time.Second || took > 15*time.Second {
		t.Errorf("took %v", took)
	}
}

// What goes to the log has no password in it.
func TestErrorsHideThePassword(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "u" || password != "pw" {
			t.Errorf("credentials %q %q %v", user, password, ok)
		}
		w.WriteHeader(http.StatusTeapot)
	})
	client := remote.New(nil)
	defer client.Close()
	for _, address := range []string{
		strings.Replace(s.URL, "//", "//u:pw@", 1), "http://u:pw@127.0.0.1:1/", "ftp://u:pw@127.0.0.1/", "http://u:pw@[::1/",
	} {
		if _, err := client.Ask(t.Context(), address, url.Values{}); err == nil || strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
