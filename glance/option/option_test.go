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
	if err := Walk(&all{}, func(Option) error { return stop }); !errors.Is(err, stop) || err.Error() != "option big: stop" {
		t.Errorf("error %v", err)
	}
	for _, target := range []any{all{}, nil, new(int), "x", (*all)(nil)} {
		if err := Walk(target, func(Option) error { return nil }); err == nil {
			t.Errorf("%T can be walked", target)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	set := func(name, text string) (all, error) {
		var target all
		err := Walk(&target, func(o Option) error {
			if o.Name == name {
				return o.Set(text)
			}
			return nil
		})
		return target, err
	}
	for _, row := range [][2]string{
		{"yes", "maybe"}, {"count", "x"}, {"count", "1.5"}, {"count", "99999999999999999999"}, {"big", "1TB"},
		{"wait", "1s"}, {"wait", "99999999999"}, {"wait", " 1"},
	} {
		if got, err := set(row[0], row[1]); err == nil {
			t.Errorf("%s = %s is taken: %+v", row[0], row[1], got)
		}
	}
	for _, name := range []string{"text", "yes", "count", "wait", "big", "list"} {
		got, err := set(name, "")
		if diff := cmp.Diff(all{}, got, cmp.AllowUnexported(all{})); err != nil || diff != "" {
			t.Errorf("%s without text: %v %s", name, err, diff)
		}
	}
	type odd struct {
		Odd float64 `name:"odd" default:"1"`
	}
	if err := SetDefaults(&odd{}); err == nil {
		t.Error("a field of a type that nobody can set is set")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	type options struct {
		Page int           `name:"page" min:"1"`
		Wait time.Duration `name:"wait" min:"0"`
		Free int           `name:"free"`
	}
	rows := []struct {
		given options
		bad   string
	}{
		{options{Page: 1}, ""}, {options{Page: 0}, "page"}, {options{Page: -5}, "page"},
		{options{Page: 1, Wait: -1}, "wait"}, {options{Page: 1, Free: -1}, ""},
	}
	for _, row := range rows {
		err := Check(&row.given)
		if (err == nil) != (row.bad == "") || err != nil && !strings.Contains(err.Error(), row.bad) {
			t.Errorf("%+v: %v", row.given, err)
		}
	}
}
