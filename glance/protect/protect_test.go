package protect_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/policy"
	"goglance/glance/protect"
)

func parse(t testing.TB, text string, f protect.Format) *protect.Rules {
	t.Helper()
	r, err := protect.Parse(strings.NewReader(text), f)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return r
}

// section writes a section whose four values are the same.
func section(name, value string) string {
	return "[" + name + "]\ncreate=" + value + "\nread=" + value + "\nupdate=" + value + "\ndelete=" + value + "\n"
}

func operations() []protect.Operation {
	return []protect.Operation{protect.Create, protect.Read, protect.Update, protect.Delete}
}

// caller returns the context of a request by somebody with these roles.
func caller(t testing.TB, roles ...string) context.Context {
	return auth.WithIdentity(t.Context(), &auth.Identity{Roles: roles, ProjectID: "p"})
}

// noPolicy must not be asked.
type noPolicy struct{ *testing.T }

func (n noPolicy) Enforce(context.Context, string, *auth.Identity, policy.Target) error {
	n.Error("the policy was asked")
	return nil
}

func TestOperations(t *testing.T) {
	t.Parallel()
	r := parse(t, "[^x$]\ncreate = maker\nread = maker, reader\nupdate = Writer\ndelete = !\n"+section("^all$", "@")+section("^none$", ""), protect.Roles)
	rows := []struct {
		name  string
		roles string
		want  string // the operations, by their first letters
	}{
		{"x", "maker", "cr"}, {"x", "reader", "r"}, {"x", "writer", "u"}, {"x", "reader,writer", "ru"}, {"x", "admin", ""}, {"x", "", ""},
		{"all", "", "crud"}, {"all", "admin", "crud"}, {"none", "admin", ""}, {"none", "", ""}, {"y", "admin,maker", ""}, {"", "admin", ""},
	}
	for _, row := range rows {
		got := ""
		for _, op := range operations() {
			if r.Allows(caller(t, strings.Split(row.roles, ",")...), op, row.name, noPolicy{t}) {
				got += string(op[0])
			}
		}
		if got != row.want {
			t.Errorf("%q may %q with %q, want %q", row.roles, got, row.name, row.want)
		}
	}
	if r.Allows(caller(t), "", "all", nil) || r.Allows(caller(t), "list", "all", nil) {
		t.Error("there is a fifth operation")
	}
	if !r.Allows(t.Context(), protect.Read, "all", nil) || r.Allows(t.Context(), protect.Read, "x", nil) {
		t.Error("nobody is not everybody")
	}
}

// An administrator has no other way in than his role.
func TestAdminIsNobodySpecial(t *testing.T) {
	t.Parallel()
	r := parse(t, section("x", "owner"), protect.Roles)
	admin := &auth.Identity{Admin: true, Unchecked: true, Roles: []string{"admin"}}
	if r.Allows(auth.WithIdentity(t.Context(), admin), protect.Read, "x", nil) {
		t.Error("he read it")
	}
}

// Without sections everything is allowed.
func TestNothingProtected(t *testing.T) {
	t.Parallel()
	for _, r := range []*protect.Rules{nil, {}, parse(t, "", protect.Roles), parse(t, "\n# nothing\n ; here\n", protect.Policies)} {
		for _, op := range operations() {
			if !r.Allows(caller(t), op, "x", nil) {
				t.Errorf("%v %s", r, op)
			}
		}
	}
}

// The first section that is found anywhere in the name decides.
func TestOrder(t *testing.T) {
	t.Parallel()
	r := parse(t, section("secret", "one")+section("^x_", "two")+section("a_*", "three")+section("[0-9]$", "four"), protect.Roles)
	for name, want := range map[string]string{
		"x_secret_a": "one", "secret": "one", "x_a": "two", "x_": "two", "ax_": "three", "xa": "three", "x9": "four", "9x": "", "Secret": "",
		"X_9": "four", "x": "",
	} {
		for _, role := range []string{"one", "two", "three", "four"} {
			if r.Allows(caller(t, role), protect.Read, name, nil) != (role == want) {
				t.Errorf("%s and %q", role, name)
			}
		}
	}
}

// What is written in a file, and who may then do something.
func TestValues(t *testing.T) {
	t.Parallel()
	rows := []struct{ value, yes, no string }{
		{"Admin", "admin", "member"}, {" a , B,c ", "a b c", "d"}, {"a,,b,", "a b", "c"}, {",", "", "a"}, {"a b", "", "a b"},
		{"!", "", "a !"}, {"!,a", "", "a"}, {"a, !", "", "a"}, {"@", "a @", ""}, {"@,a", "a b", ""}, {"", "", "a"},
		{"a ; b", "a", "b"}, {"a\t;b", "a", "b"}, {"a;b", "a;b", "a b"}, {"; a", "", "a"}, {"a # b", "", "a b"}, {"100%%", "100%", "100%%"},
		{"a,\n  b,\n\n  # or\n\tc", "a b c", "d"}, {"\n a", "a", "b"}, {"a=b", "a=b", "a"}, {"a:b", "a:b", "a"}, {"\u212aeeper", "", "keeper"},
	}
	for _, row := range rows {
		r := parse(t, "[x]\ncreate=\nupdate=\ndelete=\nread="+row.value+"\n", protect.Roles)
		for _, role := range strings.Fields(row.yes) {
			if !r.Allows(caller(t, "z", role), protect.Read, "x", nil) {
				t.Errorf("%q does not let in %q", row.value, role)
			}
		}
		for _, role := range strings.Fields(row.no) {
			if r.Allows(caller(t, "z", role), protect.Read, "x", nil) {
				t.Errorf("%q lets in %q", row.value, role)
			}
		}
	}
}

// What Python's parser takes, we take.
func TestDialect(t *testing.T) {
	t.Parallel()
	all := "CREATE: @\r\nRead = @\nupdate=@\ndelete :@"
	rows := []string{
		"[x]\n" + all, "[x] ; behind\n" + all, "[x]   # behind\n" + all, "  [x]\n  create=@\n  read=@\n  update=@\n  delete=@", "\n\n[x]\n\n" + all,
		"# first\n;second\n[x]\n" + all, "[DEFAULT]\n" + all + "\n[x]\n", "[x]\n[DEFAULT]\n" + all, "[DEFAULT]\ncreate=!\n[x]\n" + all,
		"[[xyz]]\n" + all, "[^[a-z]$]\n" + all, "[x|]\n" + all, "[^x\\Z]\n" + all, "[%x|x]\n" + all, "[[[]|x]]|x]\n" + all,
	}
	for _, text := range rows {
		r := parse(t, text, protect.Roles)
		for _, op := range operations() {
			if !r.Allows(caller(t), op, "x", nil) {
				t.Errorf("%q: %s", text, op)
			}
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	good := section("x", "a")
	rows := []struct{ text, names string }{
		{strings.Replace(good, "read=a", "", 1), "line 1, section [x]: read"}, {"\n" + strings.Replace(good, "delete=a", "", 1), "line 2, section [x]: delete"},
		{"[x]\n", "create"}, {good + good, "line 6"}, {good + "read=b", "line 6, section [x]"}, {good + "Read=b", "line 6"}, {good + "raed=b", `"raed"`},
		{"read=a\n" + good, "line 1"}, {"x\n" + good, "line 1"}, {good + "x", "line 6"}, {good + "=x", "line 6"}, {"[x\n", "line 1"}, {"[]\n", "line 1"},
		{"[x] y\n", "line 1"}, {"[DEFAULT]\nread=a", "DEFAULT"}, {"[DEFAULT]\n[DEFAULT]\n", "line 2"},
		{section("(", "a"), "line 1, section [(]"}, {good + section("[a", "a"), "line 6"}, {section("(?!x)", "a"), "section [(?!x)]"}, {section("*", "a"), "line 1"},
		{section("x{1001}", "a"), "section"}, {section(strings.Repeat("x", 5000), "a"), "bytes"}, {section("x", "@,!"), "line 2"}, {section("x", "a,!,b,@"), "create"},
		{section("x", "100%"), "per cent"}, {section("x", "%(read)s"), "per cent"}, {section("x", "a\n  b"), "comma"},
		{good + "  [y]\n  create = b\n", "section [x]: delete"}, {"[x]\xff\n", "UTF-8"}, {"\ufeff" + good, "line 1"},
		{strings.Repeat("#", 1<<20+1), "bytes"},
		{strings.Repeat("x", 9) + strings.Repeat("\n", 99) + good, "line 1"},
	}
	for _, row := range rows {
		r, err := protect.Parse(strings.NewReader(row.text), protect.Roles)
		if r != nil || !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), row.names) {
			t.Errorf("%.60q: %v", row.text, err)
		}
	}
	var many strings.Builder
	for i := range 1001 {
		many.WriteString(section(strings.Repeat("x", i+1), "@"))
	}
	if _, err := protect.Parse(strings.NewReader(many.String()), protect.Roles); !fault.Is(err, fault.Invalid) {
		t.Errorf("1001 sections: %v", err)
	}
	for _, f := range []protect.Format{"", "role", "Roles"} {
		if _, err := protect.Parse(strings.NewReader(good), f); !fault.Is(err, fault.Invalid) {
			t.Errorf("format %q: %v", f, err)
		}
	}
	broken := errors.New("broken")
	if _, err := protect.Parse(failing{broken}, protect.Roles); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A value is the name of one rule, which is asked about nothing.
func TestPolicies(t *testing.T) {
	t.Parallel()
	p, err := policy.Compile(map[string]any{
		"default": "role:admin", "trusted": "role:librarian", "open": "", "mine": "tenant:%(owner)s", "a:b": "role:colon",
	}, "default")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct{ value, yes, no string }{
		{"trusted", "librarian", "admin trusted"}, {"open", "x", ""}, {"mine", "", "admin"}, {"nowhere", "admin", "librarian"}, {"a:b", "colon", "admin"},
		{"@", "x", ""}, {"!", "", "admin !"}, {"", "", "admin"}, {"trusted ; x", "librarian", "admin"}, {"Trusted", "admin", "librarian"},
	}
	for _, row := range rows {
		r := parse(t, section("x", row.value), protect.Policies)
		for role := range strings.FieldsSeq(row.yes + " " + row.no) {
			if got := r.Allows(caller(t, role), protect.Update, "x", p); got != (row.no == "" || strings.Contains(" "+row.yes+" ", " "+role+" ")) {
				t.Errorf("%q and %s: %v", row.value, role, got)
			}
		}
	}
	for _, value := range []string{"a,b", "a,", ",", "@,!", "a b", "a or b", "a\n  b", "50%", "@ @"} {
		if r, err := protect.Parse(strings.NewReader(section("x", value)), protect.Policies); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v %v", value, r, err)
		}
	}
}

// Spec security S22. The section is found anywhere in a name (spec images-api 12.1), and a name is taken as it is.
func TestSecPropertyRuleRegex(t *testing.T) {
	t.Parallel()
	text := section("^x_secret$", "admin") + section(`(z+z+)+y`, "admin") + section(`^(a|a)*$`, "admin") + section(`^(.*)*(.*)*(.*)*!$`, "admin") +
		section("^open_", "@") + section("^", "member")
	r := parse(t, text, protect.Roles)
	for name, want := range map[string]string{
		"x_secret": "admin", "x_secret\n": "member", "\nx_secret": "member", "X_Secret": "member", "x_secret%": "member", "a": "admin",
		"x_secret\x00": "member", "%(x)s": "member", "open_\n": "admin member", "Open_": "member", "zzy": "admin",
	} {
		for _, op := range operations() {
			for _, role := range []string{"admin", "member"} {
				if r.Allows(caller(t, role), op, name, nil) != strings.Contains(want, role) {
					t.Errorf("%s %q as %s", op, name, role)
				}
			}
		}
	}
	for _, unit := range []string{"z", "a", "x", "é", "\n", "\xff"} {
		for _, n := range []int{1, 255, 10 << 10} {
			name := strings.Repeat(unit, n)
			allowed, took := quickest(t, text, name)
			if took > 100*time.Millisecond || allowed != (n <= 255) { // 10 ms, and ten times that for the race detector
				t.Errorf("%d times %q: %v after %v", n, unit, allowed, took)
			}
		}
	}
}

// quickest asks several times, each time of rules that remember nothing: a busy machine is not to be blamed on them.
func quickest(t *testing.T, text, name string) (allowed bool, least time.Duration) {
	t.Helper()
	least = time.Hour
	for range 5 {
		r := parse(t, text, protect.Roles)
		begin := time.Now()
		allowed = r.Allows(caller(t, "admin", "member"), protect.Create, name, nil)
		least = min(least, time.Since(begin))
	}
	return allowed, least
}

// Many ask at once, for more names than are remembered.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	r := parse(t, section("^a", "one")+section("b$", "two"), protect.Roles)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 6000 {
				name := "a" + strings.Repeat("x", i%200) + string(rune('0'+i/200))
				if !r.Allows(caller(t, "one"), protect.Read, name, nil) || r.Allows(caller(t, "one"), protect.Read, "n"+name+"b", nil) {
					t.Errorf("%q", name)
				}
			}
		})
	}
	all.Wait()
}

// A page of 25 images with 20 properties each.
func BenchmarkPage(b *testing.B) {
	r := parse(b, section("^billing_", "admin")+section("^(os|hw)_(secret|key)_", "admin")+section("internal", "!")+section(".*", "member"), protect.Roles)
	names := make([]string, 20)
	for i := range names {
		names[i] = "hw_property_" + string(rune('a'+i))
	}
	ctx := caller(b, "reader", "member")
	b.ReportAllocs()
	for b.Loop() {
		for i := range 25 * 20 {
			if !r.Allows(ctx, protect.Read, names[i%20], nil) {
				b.Fatal("refused")
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		section("x", "a"), section(".*", "@") + "[DEFAULT]\nread=!", "[x]\ncreate:a,\n b\nread=!\nupdate=@,!\ndelete=%%;x", "[[[]]\n", " [x]\n  read\n",
	} {
		f.Add(seed, true, "x_a")
		f.Add(seed, false, "")
	}
	p := policy.Pike()
	f.Fuzz(func(t *testing.T, text string, roles bool, name string) {
		format := protect.Policies
		if roles {
			format = protect.Roles
		}
		r, err := protect.Parse(strings.NewReader(text), format)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || r != nil {
				t.Errorf("%v %v", r, err)
			}
			return
		}
		for _, op := range operations() {
			first := r.Allows(caller(t, "a"), op, name, p)
			if again := r.Allows(caller(t, "a"), op, name, p); again != first {
				t.Errorf("%s %q: %v, then %v", op, name, first, again)
			}
		}
	})
}
