package policy_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"goglance/glance/fault"
)

// Spec tasks-import F.2: a change counts at the next check, however soon, and whether or not size, time and file are
// the same as before.
func TestReloadAtOnce(t *testing.T) {
	t.Parallel()
	states := []string{`{"a": ""  }`, `{"a": "!" }`} // of the same size
	for name, change := range map[string]func(d *desk, text string) error{
		"in place":    func(d *desk, text string) error { d.write("policy.json", text); return nil },
		"rename over": func(d *desk, text string) error { d.replace("policy.json", text); return nil },
		"same second": func(d *desk, text string) error {
			second := time.Now().Truncate(time.Second)
			d.write("policy.json", text)
			return os.Chtimes(d.path("policy.json"), second, second)
		},
		"old time": func(d *desk, text string) error {
			d.replace("policy.json", text)
			d.age("policy.json")
			return nil
		},
		"in a folder": func(d *desk, text string) error { d.write("policy.d/a", text); return nil },
		"over in a folder": func(d *desk, text string) error {
			d.write("policy.d/b", "")
			d.replace("policy.d/b", text)
			return nil
		},
	} {
		d := newDesk(t, `{"b": "!"}`).open()
		for i := range 100 {
			if err := change(d, states[i%2]); err != nil {
				t.Fatal(err)
			}
			if got := d.allows("a"); got != (i%2 == 0) {
				t.Fatalf("%s, change %d: allowed %v", name, i, got)
			}
		}
		if len(d.log.errors) > 0 {
			t.Errorf("%s: %q", name, d.log.errors)
		}
	}
}

// Files that are at rest are looked at, not read: a change that leaves no trace at all is not seen.
func TestFilesAtRestAreNotRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": ""  }`)
	d.write("policy.d/b", `{"b": ""  }`)
	d.age("policy.json", "policy.d/b", "policy.d")
	info, err := os.Stat(d.path("policy.json"))
	if err != nil {
		t.Fatal(err)
	}
	d.open().want("a b")
	d.write("policy.json", `{"a": "!" }`)
	if err := os.Chtimes(d.path("policy.json"), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	d.want("a b")
	d.write("policy.json", `{"a": "!"}`) // another size
	d.want("!a b")
}

// Spec tasks-import F.2: a re-read updates, it does not replace.
func TestReloadKeepsDeletedRules(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"kept": "", "changed": "", "over": "!", "default": "role:x"}`)
	d.write("policy.d/a", `{"over": "", "more": ""}`)
	d.open().want("kept changed over more !other")
	d.replace("policy.json", `{"changed": "!", "added": ""}`)
	d.want("kept !changed over more added !other")
	d.replace("policy.d/a", `{"added": "!"}`)
	d.want("kept over more !added") // the folder's value of over stays, the main file is not applied again
	d.replace("policy.json", `{"over": "!", "added": ""}`)
	d.want("!over !added more")
	d.write("policy.json", "")
	d.want("kept !over !added more !other")
	again := &desk{T: t, dir: d.dir}
	again.open().want("!kept !over !added !more !other !changed")
}

// Spec security S20: what cannot be read leaves the rules as they are, and the log says so once for each change.
func TestReloadOfBrokenFiles(t *testing.T) {
	t.Parallel()
	const good = `{"a": "", "b": "!", "default": "!"}`
	d := newDesk(t, good)
	d.write("policy.d/x", "")
	d.open()
	breaks := []func(){
		func() { d.replace("policy.json", `{"b": "", `) },
		func() { d.write("policy.json", `{"b": 1}`) },
		func() { d.remove("policy.json") },
		func() { d.write("policy.json", `{"b": ""}`); d.write("policy.d/x", `{"a": "!"`) },
		func() { d.write("policy.d/x", strings.Repeat(" ", 1<<20+1)) },
		func() {
			d.remove("policy.d/x")
			d.must(os.MkdirAll(d.path("policy.d/x"), 0o750))
			d.remove("policy.json")
		},
		func() { d.must(os.MkdirAll(d.path("policy.json"), 0o750)) },
		func() { d.remove("policy.json"); d.must(os.Symlink("policy.json", d.path("policy.json"))) },
	}
	for i, wreck := range breaks {
		wreck()
		for range 5 {
			d.want("a !b !other")
		}
		if len(d.log.errors) != i+1 || !strings.Contains(d.log.errors[i], "stay in force") || !strings.Contains(d.log.errors[i], d.dir) {
			t.Fatalf("break %d: errors %q", i, d.log.errors)
		}
	}
	d.remove("policy.json")
	d.write("policy.json", `{"a": "!"}`)
	d.want("!a !b")
	if len(d.log.errors) != len(breaks) {
		t.Errorf("errors %q", d.log.errors)
	}
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// Only what is new is logged, and Warnings has all of it.
func TestReloadWarns(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": "nonsense", "default": "!"}`).open()
	d.replace("policy.json", `{"b": "rule:b"}`)
	d.want("!a !b")
	want := []string{
		`policy rule "a": "nonsense" is no check, for it has no colon`,
		`policy rule "b": it refers to rule "b", which leads back to it`,
	}
	if !slices.Equal(d.log.warnings, want) || !slices.Equal(d.files.Warnings(), want) {
		t.Errorf("logged %q, warnings %q", d.log.warnings, d.files.Warnings())
	}
}

// Spec security S164, for the policy alone: checks go on while files change, and nobody ever gets in who should not.
func TestSecReloadRace(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"open": "", "admin": "role:admin", "default": "!"}`)
	d.write("policy.d/x", "")
	d.open()
	var (
		stop   atomic.Bool
		checks atomic.Int64
		group  sync.WaitGroup
	)
	for range 8 {
		group.Go(func() {
			for !stop.Load() {
				checks.Add(1)
				for _, rule := range []string{"admin", "unlisted", "flip"} {
					err := d.files.Enforce(t.Context(), rule, caller("member"), image())
					if err != nil && !fault.Is(err, fault.Forbidden) || err == nil && rule != "flip" {
						t.Errorf("%s: %v", rule, err)
					}
				}
				if err := d.files.Enforce(t.Context(), "open", caller("member"), image()); err != nil {
					t.Error(err)
				}
				d.files.Warnings()
			}
		})
	}
	for i := range 300 {
		d.write("policy.json", fmt.Sprintf(`{"admin": "role:admin", "flip": %q, "round": "%d:0"}`, []string{"@", "!"}[i%2], i))
		d.replace("policy.d/x", []string{"{}", "{", ""}[i%3])
		time.Sleep(time.Millisecond)
	}
	stop.Store(true)
	group.Wait()
	d.want("open !admin !flip !unlisted")
	if checks.Load() < 100 {
		t.Errorf("only %d checks", checks.Load())
	}
}

// While one check reads, the others wait: a change is read, and told of, once.
func TestConcurrentChecksReadOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `{"a": ""}`).open()
	for i := range 50 {
		d.replace("policy.json", strings.Repeat(" ", i)+"{")
		var group sync.WaitGroup
		denied := errors.New("no")
		for range 8 {
			group.Go(func() {
				if err := d.files.Enforce(t.Context(), "a", caller(), nil); err != nil {
					t.Error(errors.Join(denied, err))
				}
			})
		}
		group.Wait()
		if len(d.log.errors) != i+1 {
			t.Fatalf("change %d: %d errors", i, len(d.log.errors))
		}
	}
}
