package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"goglance/glance/fault"
	"goglance/glance/internal/api/middleware"
)

func TestStatusOfKinds(t *testing.T) {
	t.Parallel()
	want := map[fault.Kind]int{
		fault.Internal: 500, fault.Invalid: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409, fault.Gone: 410,
		fault.TooLarge: 413, fault.MediaType: 415, fault.BadRange: 416, fault.HeaderTooLarge: 431, fault.Timeout: 408, fault.Unavailable: 503, fault.Kind(99): 500,
	}
	for kind, code := range want {
		if got := status(kind); got != code {
			t.Errorf("%s: %d, want %d", kind, got, code)
		}
		if explanation(code) == "." {
			t.Errorf("%s has no explanation", kind)
		}
	}
}

// answer lets fail answer a request, behind the middleware that it relies on.
func answer(err error, before func(http.ResponseWriter)) (*httptest.ResponseRecorder, *logtest.Hook) {
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	h := middleware.Begin(0, func() string { return "id" }, func(middleware.Access) {})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before(w)
		fail(log)(w, r, err)
	}))
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept", mediaJSON)
	h.ServeHTTP(w, r)
	return w, hook
}

func nothing(http.ResponseWriter) {}

func TestFail(t *testing.T) {
	t.Parallel()
	secret := errors.New("secret")
	rows := []struct {
		err     error
		code    int
		message string
		level   logrus.Level
	}{
		{fault.New(fault.Conflict, "taken: %d", 1), 409, "taken: 1", logrus.DebugLevel},
		{fault.Wrap(fault.NotFound, "op", secret), 404, "The resource could not be found.", logrus.DebugLevel},
		{&fault.Error{Kind: fault.Forbidden, Err: fault.New(fault.Invalid, "deeper")}, 403, "deeper", logrus.DebugLevel},
		{&fault.Error{Kind: fault.Unavailable, Msg: "away", Err: secret}, 503, "away", logrus.ErrorLevel},
		{fault.New(fault.Internal, "secret"), 500, explanation(500), logrus.ErrorLevel},
		{fmt.Errorf("more: %w", secret), 500, explanation(500), logrus.ErrorLevel},
		{fmt.Errorf("more secret: %w", fault.New(fault.Gone, "was here")), 410, "was here", logrus.DebugLevel},
	}
	for _, row := range rows {
		w, log := answer(row.err, nothing)
		var body struct{ Message, Code, Title string }
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%d %s", row.code, http.StatusText(row.code))
		if w.Code != row.code || body.Message != row.message+"<br /><br />\n\n\n" || body.Code != want || body.Title != http.StatusText(row.code) {
			t.Errorf("%v: %d %+v", row.err, w.Code, body)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: the client is told %s", row.err, w.Body)
		}
		entry := log.AllEntries()[0]
		if entry.Level != row.level || entry.Data["request"] != "req-id" || entry.Data[logrus.ErrorKey] != row.err { //nolint:errorlint // the same value
			t.Errorf("%v: the log has %v %v", row.err, entry.Level, entry.Data)
		}
	}
}

// Once something has been sent, an error cuts the connection.
func TestFailAfterHeader(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(http.ResponseWriter){
		"header": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"body":   func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) },
	} {
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
					t.Errorf("%s: %v", name, v)
				}
			}()
			answer(errors.New("broken"), before)
			t.Errorf("%s: an answer", name)
		}()
	}
}

func TestEscapeHTML(t *testing.T) {
	t.Parallel()
	if got := escapeHTML(`<a b="c" d='e'>&amp;&#34;`); got != `&lt;a b=&quot;c&quot; d=&#x27;e&#x27;&gt;&amp;amp;&amp;#34;` {
		t.Error(got)
	}
}
