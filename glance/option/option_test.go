package option

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type inner struct {
	List []string `name:"list" group:"g" default:"a,b"`
	Note string   // no option
}

type Embedded struct {
	Big int64 `name:"big" default:"1099511627776"`
}

type all struct {
	Embedded
	Text  string        `name:"text" default:"x y" help:"some text"`
	Yes   bool          `name:"yes" default:"true"`
	Count int           `name:"count" default:"-3"`
	Wait  time.Duration `name:"wait" default:"90"`
	None  string        `name:"none"`
	Inner inner
	At    time.Time // no option: it is walked, and has no exported fields
	quiet inner
}

func TestSetDefaults(t *testing.T) {
	t.Parallel()
	var got all
	got.None, got.Inner.Note, got.quiet.Note = "was set", "kept", "kept"
	if err := SetDefaults(&got); err != nil {
		t.Fatal(err)
	}
	want := all{Embedded: Embedded{1 << 40}, Text: "x y", Yes: true, Count: -3, Wait: 90 * time.Second, Inner: inner{List: []string{"a", "b"}, Note: "kept"}}
	want.quiet.Note = "kept"
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(all{})); diff != "" {
		t.Error(diff)
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	var names []string
	err := Walk(&all{}, func(o Option) error {
		names = append(names, o.Group+"/"+o.Name+"="+o.Default)
		return nil
	})
	want := []string{
		"DEFAULT/big=1099511627776", "DEFAULT/text=x y", "DEFAULT/yes=true", "DEFAULT/count=-3", "DEFAULT/wait=90",
		"DEFAULT/none=", "g/list=a,b",
	}
	if diff := cmp.Diff(want, names); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	stop := errors.New("stop")
	if err := Walk(&all{}, func(Option) error { return stop }); !errors.Is(err, stop) || err.Error() != "option [DEFAULT] big: stop" {
		t.Errorf("error %v", err)
	}
	for _, target := range []any{all{}, nil, new(int), "x", (*all)(nil)} {
		if err := Walk(target, func(Option) error { return nil }); err == nil {
			t.Errorf("%T can be walked", target)
		}
	}
}

type setRow struct {
	name, text string
	want       any // nil: an error
}

func setRows() []setRow {
	return []setRow{
		{"text", "", ""}, {"text", " a, b ", " a, b "},
		{"yes", "TRUE", true}, {"yes", "1", true}, {"yes", "On", true}, {"yes", "yes", true},
		{"yes", "False", false}, {"yes", "0", false}, {"yes", "off", false}, {"yes", "NO", false},
		{"yes", "", nil}, {"yes", "y", nil}, {"yes", "t", nil}, {"yes", "2", nil}, {"yes", "maybe", nil},
		{"count", "-3", -3}, {"count", " +5 ", 5}, {"count", "", 7}, {"count", "x", nil}, {"count", "1.5", nil},
		{"count", "0x10", nil}, {"count", "99999999999999999999", nil},
		{"cap", "9223372036854775807", int64(1<<63 - 1)}, {"cap", "9223372036854775808", int64(1<<63 - 1)},
		{"cap", "9223372036854775809", nil}, {"cap", "", int64(0)}, {"cap", "1TB", nil},
		{"rate", "0.25", 0.25}, {"rate", "", 1.5}, {"rate", "fast", nil},
		{"wait", "5", 5 * time.Second}, {"wait", "", 90 * time.Second}, {"wait", "1s", nil}, {"wait", "99999999999", nil},
		{"list", "", []string(nil)}, {"list", ",,", []string(nil)}, {"list", " a , b ", []string{"a", "b"}},
		{"list", "a,,b,", []string{"a", "", "b"}}, {"list", ",a", []string{"", "a"}}, {"list", `"a,b"`, []string{`"a`, `b"`}},
		{"list", "[a, 'b']", []string{"a", "b"}}, {"list", `["a,b",'c' , d]`, []string{"a,b", "c", "d"}}, {"list", "[]", []string(nil)},
		{"list", "[::1]", []string{"[::1]"}}, {"list", "[::1]:1,[::2]", []string{"[::1]:1", "[::2]"}}, {"list", "['a]", []string{"'a"}},
		{"multi", "a,b", []string{"a,b"}}, {"multi", "", []string(nil)},
		{"pairs", "a: b ,c:d:e", map[string]string{"a": "b", "c": "d:e"}}, {"pairs", "", map[string]string{}},
		{"pairs", "a:b,c", map[string]string{"a": "b,c"}}, {"pairs", "a:1,a:2", nil}, {"pairs", ":x", nil}, {"pairs", "a", nil},
		{"odd", "1", nil},
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	type options struct {
		Text  string            `name:"text" default:"x"`
		Yes   bool              `name:"yes" default:"true"`
		Count int               `name:"count" default:"7"`
		Cap   int64             `name:"cap" max:"9223372036854775808"`
		Rate  float64           `name:"rate" default:"1.5"`
		Wait  time.Duration     `name:"wait" default:"90"`
		List  []string          `name:"list" default:"a,b"`
		Multi []string          `name:"multi" multi:"true" default:"m"`
		Pairs map[string]string `name:"pairs"`
		Odd   complex128        `name:"odd"`
	}
	for _, row := range setRows() {
		err := Walk(&options{}, func(o Option) error {
			if o.Name != row.name {
				return nil
			}
			err := o.Set(row.text)
			if got := o.Value.Interface(); (err != nil) != (row.want == nil) || err == nil && !cmp.Equal(got, row.want) {
				t.Errorf("%s = %q: %#v, %v; want %#v", row.name, row.text, got, err, row.want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	type odd struct {
		Odd complex128 `name:"odd" default:"1"`
	}
	if err := SetDefaults(&odd{}); err == nil {
		t.Error("a field of a type that nobody can set is set")
	}
}

func TestSetItems(t *testing.T) {
	t.Parallel()
	var target struct {
		List  []string `name:"list"`
		Multi []string `name:"multi" multi:"true"`
		Text  string   `name:"text"`
	}
	err := Walk(&target, func(o Option) error { return o.SetItems("a,b", "", "c") })
	if err == nil || !strings.Contains(err.Error(), "text") {
		t.Errorf("a string takes a list: %v", err)
	}
	if diff := cmp.Diff([][]string{{"a,b", "", "c"}, {"a,b", "c"}}, [][]string{target.List, target.Multi}); diff != "" {
		t.Error(diff)
	}
}

// TestSecOptionSecretsHidden: what a secret option holds is in no text about it (P26, S109).
func TestSecOptionSecretsHidden(t *testing.T) {
	t.Parallel()
	type options struct {
		Text  string `name:"text" secret:"true" choices:"x"`
		Count int    `name:"count" secret:"true" max:"3"`
		Free  string `name:"free" secret:"true"`
	}
	for _, value := range []string{"pa\"ss'w", "canary word", "[canary]", "77", "7777777777777777777777777"} {
		err := Walk(&options{}, func(o Option) error {
			err := errors.Join(o.Set(value), o.Check())
			if (err == nil) != (o.Name == "free") || err != nil && strings.Contains(err.Error(), value) || strings.Contains(o.Text(), value) {
				t.Errorf("%s = %s: %s, %v", o.Name, value, o.Text(), err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	var unset options
	_ = Walk(&unset, func(o Option) error {
		if o.Name == "free" && o.Text() != "" {
			t.Error("a secret that is not set looks set")
		}
		return nil
	})
}

func TestTags(t *testing.T) {
	t.Parallel()
	var target struct {
		Port int               `name:"port" group:"g" kind:"port" default:"9292" help:"a port" deprecated:"DEFAULT/old,h/older" removal:"it is old"`
		Kind string            `name:"kind" choices:"a,b" kind:"host"`
		Many []string          `name:"many" multi:"true"`
		List []string          `name:"list" default:"x, y"`
		Wait time.Duration     `name:"wait" default:"60"`
		Map  map[string]string `name:"map" default:"b:2,a:1"`
		Bool bool              `name:"bool" default:"on"`
		Rate float64           `name:"rate" default:"0.5"`
	}
	if err := SetDefaults(&target); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := Walk(&target, func(o Option) error {
		got = append(got, strings.Join([]string{o.Key().String(), o.Type(), o.Text(), o.Min, o.Max, strings.Join(o.Choices, "|")}, ";"))
		if o.Name == "port" {
			if diff := cmp.Diff([]Name{{"DEFAULT", "old"}, {"h", "older"}}, o.Deprecated); diff != "" || o.Removal != "it is old" || o.Help != "a port" {
				t.Errorf("%+v %s", o, diff)
			}
		}
		return nil
	})
	want := []string{
		"[g] port;port;9292;0;65535;", "[DEFAULT] kind;host;;;;a|b", "[DEFAULT] many;may be given several times;;;;",
		"[DEFAULT] list;list;x,y;;;", "[DEFAULT] wait;seconds;60;;;", "[DEFAULT] map;name:value pairs;a:1,b:2;;;",
		"[DEFAULT] bool;boolean;true;;;", "[DEFAULT] rate;number;0.5;;;",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	type options struct {
		Page int           `name:"page" min:"1"`
		Wait time.Duration `name:"wait" min:"0" max:"60"`
		Free int           `name:"free"`
		Port int           `name:"port" kind:"port"`
		Cap  int64         `name:"cap" max:"9223372036854775808"`
		Host string        `name:"host" kind:"host"`
		Bind string        `name:"bind" kind:"host" default:"::"`
		Form string        `name:"form" choices:"a,b"`
		List []string      `name:"list" choices:"a,b"`
	}
	rows := []struct {
		change func(*options)
		bad    string
	}{
		{func(*options) {}, ""},
		{func(o *options) { o.Page = 0 }, "page"}, {func(o *options) { o.Page = -5 }, "page"},
		{func(o *options) { o.Wait = -1 }, "wait"}, {func(o *options) { o.Wait = time.Minute + 1 }, "wait"},
		{func(o *options) { o.Wait = time.Minute }, ""}, {func(o *options) { o.Free = -1 }, ""},
		{func(o *options) { o.Port = 65536 }, "port"}, {func(o *options) { o.Port = -1 }, "port"},
		{func(o *options) { o.Cap = 1<<63 - 1 }, ""}, {func(o *options) { o.Bind = "" }, "bind"},
		{func(o *options) { o.Form = "b" }, ""}, {func(o *options) { o.Form = "A" }, "form"},
		{func(o *options) { o.List = []string{"a", "b"} }, ""}, {func(o *options) { o.List = []string{"a", "c"} }, "list"},
	}
	for i, row := range rows {
		given := options{Page: 1, Bind: "0.0.0.0"}
		row.change(&given)
		err := Check(&given)
		if (err == nil) != (row.bad == "") || err != nil && !strings.Contains(err.Error(), "[DEFAULT] "+row.bad) {
			t.Errorf("row %d: %v", i, err)
		}
	}
	hosts := map[string]bool{
		"::1": true, "1.2.3.4": true, "host.example": true, "UPPER": true, "a": true, "a.": true, "x1": true, "1x": true,
		"[::1]": false, "a_b": false, "-x": false, "x-": false, "1.2.3": false, "7": false, "a b": false, "a..b": false,
		strings.Repeat("x", 63): true, strings.Repeat("x", 64): false, strings.Repeat("x.", 150) + "x": false,
	}
	for host, good := range hosts {
		if err := Check(&options{Page: 1, Bind: host}); (err == nil) != good {
			t.Errorf("host %q: %v", host, err)
		}
	}
}

// FuzzSet: no text makes Set panic, and what it takes in it can read again.
func FuzzSet(f *testing.F) {
	for _, seed := range []string{"", "a,b", "[a,'b']", "a:b,c", "7", "true", "['", "[\"", ",", "::"} {
		f.Add(seed)
	}
	type options struct {
		List  []string          `name:"list"`
		Pairs map[string]string `name:"pairs"`
		Count int               `name:"count"`
		Yes   bool              `name:"yes"`
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := Walk(&options{}, func(o Option) error {
			if o.Set(text) != nil || o.Name == "list" && strings.ContainsAny(text, "[]") {
				return nil
			}
			first := o.Text()
			if err := o.Set(first); err != nil && first != "" || o.Name != "list" && o.Text() != first {
				t.Errorf("%s %q: %q, then %q, %v", o.Name, text, first, o.Text(), err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
