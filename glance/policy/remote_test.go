package policy_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/policy"
)

// oracle is a remote service that remembers what it was asked.
type oracle struct {
	answer  string
	err     error
	address string
	form    url.Values
	asked   int
}

func (o *oracle) ask(_ context.Context, address string, form url.Values) (string, error) {
	o.asked++
	o.address, o.form = address, form
	return o.answer, o.err
}

// remotely compiles one rule, r, that may ask o.
func remotely(t *testing.T, o *oracle, rule any) subject {
	t.Helper()
	rules, err := policy.CompileRemote(map[string]any{"r": rule, "default": "!"}, "default", o.ask)
	if err != nil {
		t.Fatal(err)
	}
	return subject{rules, t}
}

// Spec tasks-import F.6 and security S21: True lets in, False does not, everything else is no decision at all.
func TestRemoteAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		answer         string
		err            error
		want, opposite bool
	}{
		{answer: "True", want: true},
		{answer: `"True"`, want: true},
		{answer: "False", opposite: true},
		{answer: `"False"`, opposite: true},
		{answer: "True", err: errors.New("down")},
		{answer: "False", err: errors.New("down")},
		{answer: "true"}, {answer: "TRUE"}, {answer: "True\n"}, {answer: " True"}, {answer: "'True'"}, {answer: "1"},
		{answer: ""}, {answer: `""`}, {answer: "TrueTrue"}, {answer: "True False"}, {answer: "{\"allowed\": true}"},
		{answer: "false"}, {answer: "False\n"}, {answer: "<html>False</html>"},
	} {
		for text, want := range map[string]bool{
			"http://h/p": row.want, "https://h/p": row.want, "not http://h/p": row.opposite,
			"not (not http://h/p)": row.want, "http://h/p or @": true, "http://h/p and @": row.want,
			"not (http://h/p and @)": row.opposite, "! or http://h/p": row.want,
		} {
			o := &oracle{answer: row.answer, err: row.err}
			set := remotely(t, o, text)
			if got := set.allows("r", caller(), image()); got != want || o.asked != 1 || len(set.Warnings()) > 0 {
				t.Errorf("%s, answer %q, %v: allowed %v after %d questions; warnings %q", text, row.answer, row.err, got, o.asked, set.Warnings())
			}
		}
	}
	o := &oracle{answer: "True"}
	if !remotely(t, o, []any{[]any{"http://h/p", "role:a"}}).allows("r", caller("a"), image()) {
		t.Error("a list with http: denies")
	}
	if remotely(t, o, "! and http://h/p").allows("r", caller("a"), image()) || o.asked != 1 {
		t.Error("the remote service is asked for nothing")
	}
}

// S21: what a user wrote into an image cannot choose where we ask.
func TestRemoteAddress(t *testing.T) {
	t.Parallel()
	const never = ""
	for _, row := range []struct{ rule, value, want string }{
		{"http://h:1/p", "x", "http://h:1/p"},
		{"https://u:p@h/p?q=1", "x", "https://u:p@h/p?q=1"},
		{"http://h/a%%2Fb", "x", "http://h/a%2Fb"},
		{"http://h/%(v)s", "x", "http://h/x"},
		{"http://h/%(v)s/%(owner)s?v=%(v)s", "x", "http://h/x/p1?v=x"},
		{"http://h?v=%(v)s", "a b+c&d=e", "http://h?v=a%20b%2Bc%26d%3De"},
		{"http://h/p/%(v)s", "../x?", "http://h/p/..%2Fx%3F"},
		{"http://h/p/%(v)s", "#f", "http://h/p/%23f"},
		{"http://h/p/%(v)s", "%2e%2e", "http://h/p/%252e%252e"},
		{"http://h/p/%(v)s", "@evil:1\\", "http://h/p/%40evil%3A1%5C"},
		{"http://h/p/%(v)s", "a\r\nHost: evil", "http://h/p/a%0D%0AHost%3A%20evil"},
		{"http://h/p/%(v)s", "\u00e9\x00\xff", "http://h/p/%C3%A9%00%FF"},
		{"http://h/p/%(v)s", "A-z_0.9~", "http://h/p/A-z_0.9~"},
		{"http://h/p/%(v)s/q", "", "http://h/p//q"},
		{"http://h/p/%(v)s", "..", never},
		{"http://h/p/%(v)s/q", ".", never},
		{"http://h/p/.%(v)s", ".", never},
		{"http://h/p?%(v)s", "..", "http://h/p?.."},
		{"http://h/p/%(missing)s", "x", never},
		{"http://h/p?x=%(missing)s", "x", never},
	} {
		o := &oracle{answer: "True"}
		target := attrs{"v": row.value, "owner": "p1"}
		set := remotely(t, o, row.rule)
		if got := set.allows("r", caller(), target); o.address != row.want || got != (row.want != never) || len(set.Warnings()) > 0 {
			t.Errorf("%s for %q: asked %q, allowed %v; want %q; %q", row.rule, row.value, o.address, got, row.want, set.Warnings())
		}
		if row.want == never && remotely(t, o, "not "+row.rule).allows("r", caller(), target) {
			t.Errorf("not %s for %q: allowed", row.rule, row.value)
		}
	}
}

func TestRemoteMistakes(t *testing.T) {
	t.Parallel()
	for rule, why := range map[string]string{
		"http:":                         "//host/path",
		"http:h/p":                      "//host/path",
		"http:/p":                       "//host/path",
		"http:/p/%(v)s":                 "//host/path",
		"http:///p":                     "//host/path",
		"http://h:x/p":                  "//host/path",
		"http://h/%%zz":                 "//host/path",
		"http://h/p#f":                  "//host/path",
		"http://h/p#%(v)s":              "//host/path",
		"http:%(v)s":                    "part of the host",
		"http://%(v)s/p":                "part of the host",
		"http://h%(v)s/p":               "part of the host",
		"https://h:%(v)s/p":             "part of the host",
		"https://u:secret@h.%(v)s/p":    "part of the host",
		"https://u:secret@h/%(v)s%":     "after %",
		"https://u:secret@h:port/%(v)s": "//host/path",
	} {
		for _, text := range []string{rule, "not " + rule} {
			o := &oracle{answer: "True"}
			set := remotely(t, o, text)
			warnings := strings.Join(set.Warnings(), "\n")
			if set.allows("r", caller(), attrs{"v": "x"}) || o.asked > 0 {
				t.Errorf("%s: allowed", text)
			}
			if !strings.Contains(warnings, why) || strings.Contains(warnings, "secret") {
				t.Errorf("%s: warnings %q, want %q", text, warnings, why)
			}
		}
	}
}

// Spec tasks-import F.6: what the remote service is told. The token is nobody's business.
func TestRemoteForm(t *testing.T) {
	t.Parallel()
	o := &oracle{answer: "True"}
	full := caller("admin", "member")
	full.NotAdminProject, full.Catalog = true, []byte(`"secret"`)
	for _, row := range []struct {
		who                  *auth.Identity
		target               policy.Target
		credentials, target2 map[string]any
	}{
		{full, attrs{"owner": "p1", "a&b=c": `<"> é`}, map[string]any{
			"roles": []any{"admin", "member"}, "user_id": "u1", "user": "u1", "project_id": "p1", "tenant": "p1",
			"user_domain_id": "ud1", "project_domain_id": "pd1", "is_admin_project": false,
		}, map[string]any{"owner": "p1", "a&b=c": `<"> é`}},
		{nil, nil, map[string]any{
			"roles": []any{}, "user_id": nil, "user": nil, "project_id": nil, "tenant": nil,
			"user_domain_id": nil, "project_domain_id": nil, "is_admin_project": true,
		}, map[string]any{}},
	} {
		set := remotely(t, o, "http://h/p")
		if !set.allows("r", row.who, row.target) {
			t.Fatal("denied")
		}
		if strings.Contains(o.form.Encode(), "secret") || len(o.form) != 3 {
			t.Errorf("form %v", o.form)
		}
		for name, want := range map[string]any{"rule": "r", "credentials": row.credentials, "target": row.target2} {
			var got any
			if err := json.Unmarshal([]byte(o.form.Get(name)), &got); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

// The rule that is told is the one that was asked for, wherever the check stands.
func TestRemoteRuleName(t *testing.T) {
	t.Parallel()
	o := &oracle{answer: "True"}
	rules, err := policy.CompileRemote(map[string]any{"a": "rule:b", "b": "http://h/p", "default": "rule:b"}, "default", o.ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", `get "image"`} {
		want, err := json.Marshal(name)
		if err != nil || !(subject{rules, t}).allows(name, caller(), nil) || o.form.Get("rule") != string(want) {
			t.Errorf("%s: told %s, %v", name, o.form.Get("rule"), err)
		}
	}
}

// odd is a target that has no JSON form.
type odd struct{ policy.NoTarget }

func (odd) All() map[string]any { return map[string]any{"x": func() {}} }

func TestRemoteTargetWithoutForm(t *testing.T) {
	t.Parallel()
	o := &oracle{answer: "True"}
	for _, rule := range []string{"http://h/p", "not http://h/p"} {
		if remotely(t, o, rule).allows("r", caller(), odd{}) || o.asked > 0 {
			t.Errorf("%s: allowed", rule)
		}
	}
}

// A hundred remote checks are the most that one decision may lead to.
func TestRemoteLimit(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{90: true, 101: false} {
		o := &oracle{answer: "True"}
		set := remotely(t, o, strings.Repeat("http://h/p and ", n)+"@")
		if got := set.allows("r", caller(), nil); got != want {
			t.Errorf("%d checks: allowed %v; %q", n, got, set.Warnings())
		}
	}
}

// The context of the request reaches the remote service, so a client that goes away ends the question.
func TestRemoteContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rules, err := policy.CompileRemote(map[string]any{"r": "http://h/p"}, "", func(ctx context.Context, _ string, _ url.Values) (string, error) {
		return "True", ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := rules.Enforce(ctx, "r", caller(), nil); !fault.Is(err, fault.Forbidden) {
		t.Errorf("Enforce = %v", err)
	}
}

// The log says why nobody gets in, unless it was the client who went away.
func TestFilesTellOfRemoteFailures(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"r": "http://h/p"}`)
	o := &oracle{err: errors.New("connection refused")}
	source := d.source()
	source.Remote = o.ask
	files, err := policy.Open(source)
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{t.Context(), gone} {
		if err := files.Enforce(ctx, "r", caller(), nil); !fault.Is(err, fault.Forbidden) {
			t.Errorf("Enforce = %v", err)
		}
	}
	if o.asked != 2 || len(d.log.errors) != 1 || !strings.Contains(d.log.errors[0], "connection refused") {
		t.Errorf("%d questions, errors %q", o.asked, d.log.errors)
	}
}
