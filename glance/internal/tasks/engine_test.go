package tasks

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/policy"
	"goglance/glance/task"
)

// Spec tasks-import A.2, A.7, A.9: a task from its beginning to its end, and what is told of it.
func TestSuccess(t *testing.T) {
	t.Parallel()
	h := newHeld()
	p := newNode(t).start(h.flow)
	made, err := p.Create(as(t, "p"), task.Import, map[string]any{"secret": "canary"})
	if err != nil || made.Status != task.Pending || made.Message != "" || made.Owner != "p" || !made.ExpiresAt.IsZero() {
		t.Fatalf("%+v %v", made, err)
	}
	j := <-h.begun
	if j.Task.Input["secret"] != "canary" || j.Task.Status != task.Processing {
		t.Errorf("the flow has %+v", j.Task)
	}
	if k := p.task(made.ID); k.Status != task.Processing || k.Message == "" || len(p.entries()) != 1 {
		t.Errorf("%+v, entries %v", k, p.entries())
	}
	j.Step("reading")
	j.Progress(1000)
	j.Progress(234)
	p.until("the message says how far it is", func() bool { return p.task(made.ID).Message == "reading: 1234 bytes" })
	p.now.add(time.Hour)
	h.leave <- nil
	k := p.await(made.ID, task.Success)
	if k.Result["image_id"] != "i" || k.Message != "" || !k.ExpiresAt.Equal(p.now.read().Add(48*time.Hour)) || k.Input["secret"] != "canary" {
		t.Errorf("%+v", k)
	}
	p.Settled(t.Context())
	var names []string
	for _, e := range p.told() {
		names = append(names, e.Type)
		if e.Task.ID != made.ID || e.Task.Input != nil || e.Task.Result != nil || e.Task.Message != "" {
			t.Errorf("%+v", e.Task)
		}
	}
	if got := strings.Join(names, " "); got != "task.create task.run task.processing task.success" {
		t.Errorf("events: %s", got)
	}
	var sum Report
	for _, r := range p.reports {
		sum.Bytes, sum.Running, sum.Duration = sum.Bytes+r.Bytes, sum.Running+r.Running, sum.Duration+r.Duration
		sum.Status += r.Status
	}
	if sum != (Report{Status: task.Processing + task.Success, Bytes: 1234, Duration: time.Hour}) {
		t.Errorf("%+v", p.reports)
	}
	if len(p.entries()) != 0 {
		t.Errorf("left: %v", p.entries())
	}
}

// Security S134: the client is told what is meant for him, and the log the rest.
func TestSecTaskMessageGeneric(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"ours":     {errors.New("open /etc/passwd: canary"), internal},
		"wrapped":  {fault.Wrap(fault.Internal, "op", fault.New(fault.Invalid, "canary")), internal},
		"his":      {&fault.Error{Kind: fault.Invalid, Msg: "the URL cannot be used", Err: errors.New("canary 192.0.2.1")}, "the URL cannot be used"},
		"nameless": {fault.Wrap(fault.NotFound, "op", errors.New("canary")), internal},
		"unfit":    {fault.New(fault.Invalid, "%s", "a\x00b\U0001F600c\xff"), "a?b?c"},
		"long":     {fault.New(fault.Invalid, "%s", strings.Repeat("x", 5000)), strings.Repeat("x", maxMessage)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newNode(t).start(func(context.Context, *Job) (map[string]any, error) { return map[string]any{"x": 1}, row.err })
			k := p.await(p.create(), task.Failure)
			if k.Message != row.want || k.Result != nil || k.ExpiresAt.IsZero() {
				t.Errorf("%+v", k)
			}
		})
	}
}

// Security S163: a panic in a flow ends its task and nothing else, and what it has left is undone.
func TestSecTaskPanic(t *testing.T) {
	t.Parallel()
	undone := make(chan Orphan, 1)
	p := newNode(t).start(func(_ context.Context, j *Job) (map[string]any, error) {
		if err := j.Note("scratch"); err != nil {
			return nil, err
		}
		panic("canary")
	}, func(c *Config) {
		c.Undo = map[task.Type]Undo{task.Import: func(_ context.Context, o Orphan) error { undone <- o; return nil }}
	})
	k := p.await(p.create(), task.Failure)
	if k.Message != internal {
		t.Errorf("%+v", k)
	}
	if o := <-undone; o.Task.ID != k.ID || o.Note != "scratch" || o.Elsewhere {
		t.Errorf("%+v", o)
	}
	p.await(p.create(), task.Failure)
}

// TestWorkers: max_workers run at once, one in the mode serial; the others wait, say so, and all have their turn.
func TestWorkers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*Config)
		want   int
	}{
		"parallel": {func(c *Config) { c.Options.MaxWorkers = 2 }, 2},
		"serial":   {func(c *Config) { c.Options.EngineMode = "serial" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHeld()
			p := newNode(t).start(h.flow, row.change)
			var ids []string
			for range 5 {
				ids = append(ids, p.create())
			}
			for range row.want {
				<-h.begun
			}
			for i, id := range ids[row.want:] {
				if k := p.task(id); k.Status != task.Pending || k.Message != waiting {
					t.Errorf("%d: %+v", i, k)
				}
			}
			for range ids {
				if len(h.begun) != 0 {
					t.Error("more than that run at once")
				}
				h.leave <- nil
				row.want++
				if row.want <= len(ids) {
					<-h.begun
				}
			}
			for _, id := range ids {
				p.await(id, task.Success)
			}
		})
	}
}

// Security S132: tasks wait in a queue with an end, and do not have a goroutine each.
func TestSecTaskFlood(t *testing.T) {
	t.Parallel()
	h := newHeld()
	p := newNode(t).start(h.flow, func(c *Config) { c.Options.MaxWorkers = 1 })
	p.create()
	<-h.begun
	p.engine.mu.Lock()
	p.engine.reserved += maxWaiting - 20 // as good as so many requests at once
	p.engine.mu.Unlock()
	before := runtime.NumGoroutine()
	for range 20 {
		p.create()
	}
	if n := runtime.NumGoroutine() - before; n > 10 {
		t.Errorf("%d goroutines more", n)
	}
	_, err := p.Create(as(t, "p"), task.Import, nil)
	if !fault.Is(err, fault.Unavailable) || len(p.entries()) != 21 {
		t.Errorf("%v, %d entries", err, len(p.entries()))
	}
	p.engine.mu.Lock()
	p.engine.reserved -= maxWaiting - 20
	p.engine.mu.Unlock()
}

// TestStop: tasks under way are cancelled, those that wait fail too; each has a reason, and nothing is left.
func TestStop(t *testing.T) {
	t.Parallel()
	h := newHeld()
	undone := make(chan Orphan, 9)
	n := newNode(t)
	p := n.start(h.flow, func(c *Config) {
		c.Options.MaxWorkers = 1
		c.Undo = map[task.Type]Undo{task.Import: func(_ context.Context, o Orphan) error { undone <- o; return nil }}
	})
	running, waits := p.create(), p.create()
	<-h.begun
	p.Stop()
	for _, id := range []string{running, waits} {
		if k := n.task(id); k.Status != task.Failure || k.Message != stopped || k.ExpiresAt.IsZero() {
			t.Errorf("%+v", k)
		}
	}
	if o := <-undone; len(undone) != 0 || o.Task.ID != waits || o.Task.Input["secret"] != "canary" {
		t.Error("what was never called was not undone, or what was called was")
	}
	_, err := p.Create(as(t, "p"), task.Import, nil)
	if !fault.Is(err, fault.Unavailable) || len(n.entries()) != 0 {
		t.Errorf("%v, entries %v", err, n.entries())
	}
}

// TestSettled waits for the tasks under way, as long as it may.
func TestSettled(t *testing.T) {
	t.Parallel()
	h := newHeld()
	p := newNode(t).start(h.flow)
	id := p.create()
	<-h.begun
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	p.Settled(short)
	if k := p.task(id); k.Status != task.Processing {
		t.Errorf("%+v", k)
	}
	h.leave <- nil
	p.Settled(t.Context())
	if k := p.task(id); k.Status != task.Success {
		t.Errorf("%+v", k)
	}
}

// Spec tasks-import A.8: where the requester's policy does not let a task run, it fails with a reason. The reference leaves
// it pending for ever.
func TestPolicyOfTasks(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{"get_task": denied, "modify_task": denied, "get_tasks": ""} {
		p := newNode(t).start(func(context.Context, *Job) (map[string]any, error) { return nil, nil }, deny(rule))
		id := p.create()
		if want == "" {
			p.await(id, task.Success)
			continue
		}
		if k := p.await(id, task.Failure); k.Message != want {
			t.Errorf("%s: %+v", rule, k)
		}
	}
	p := newNode(t).start(newHeld().flow, deny("add_task"))
	if _, err := p.Create(as(t, "p"), task.Import, nil); !fault.Is(err, fault.Forbidden) {
		t.Errorf("add_task: %v", err)
	}
	p = newNode(t).start(newHeld().flow)
	if _, err := p.Create(as(t, ""), task.Import, nil); !fault.Is(err, fault.Forbidden) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := p.Create(as(t, "p"), task.ImageImport, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a type without flow: %v", err)
	}
	if len(p.entries()) != 0 {
		t.Errorf("left: %v", p.entries())
	}
}

// deny makes a policy in which nobody may do this.
func deny(rule string) func(*Config) {
	return func(c *Config) {
		set := policy.PikeRules()
		set[rule] = "!"
		compiled, err := policy.Compile(set, "default")
		if err != nil {
			panic(err) // a mistake in the test
		}
		c.Policy = compiled
	}
}

// TestStartAlso: what goes with a task happens with it, or neither does.
func TestStartAlso(t *testing.T) {
	t.Parallel()
	h := newHeld()
	p := newNode(t).start(h.flow)
	refused := fault.New(fault.Conflict, "no")
	_, err := p.Start(as(t, "p"), task.Import, nil, func(ctx context.Context, tx *db.Tx, k *task.Task) error {
		if _, err := tx.Task(ctx, k.ID); err != nil {
			t.Error(err)
		}
		return refused
	})
	all, listErr := p.db.Tasks(t.Context(), task.Query{Viewer: task.Viewer{Admin: true}, Limit: 9})
	if !errors.Is(err, refused) || len(p.entries()) != 0 || listErr != nil || len(all) != 0 {
		t.Errorf("%v, entries %v, tasks %v", err, p.entries(), all)
	}
	if err := p.engine.reserve(); err != nil || p.engine.reserved != 1 {
		t.Errorf("%v, %d places are reserved", err, p.engine.reserved)
	}
	p.engine.release()
}

// trust is a trust of a test.
type trust struct{ deleted chan bool }

// Identity implements auth.Trust.
func (trust) Identity(context.Context) (*auth.Identity, error) {
	return &auth.Identity{UserID: "user", ProjectID: "p", Token: "fresh", Roles: []string{"member"}}, nil
}

// Delete implements auth.Trust.
func (u trust) Delete(context.Context) error { u.deleted <- true; return nil }

// TestTrust: a task has a trust of its requester for as long as it runs, where he can have one.
func TestTrust(t *testing.T) {
	t.Parallel()
	u := trust{make(chan bool, 1)}
	tokens := func(ctx context.Context, j *Job) (map[string]any, error) {
		renewed, err := j.Renew(ctx)
		return map[string]any{"token": auth.From(renewed).Token + " for " + auth.From(renewed).ProjectID}, err
	}
	for name, row := range map[string]struct {
		entrust func(context.Context, *auth.Identity, time.Duration) (auth.Trust, error)
		want    string
	}{
		"none": {nil, "token for p"},
		"refused": {func(context.Context, *auth.Identity, time.Duration) (auth.Trust, error) {
			return nil, fault.New(fault.Forbidden, "no")
		}, "token for p"},
		"given": {func(context.Context, *auth.Identity, time.Duration) (auth.Trust, error) { return u, nil }, "fresh for p"},
	} {
		p := newNode(t).start(tokens, func(c *Config) { c.Entrust = row.entrust })
		if k := p.await(p.create(), task.Success); k.Result["token"] != row.want {
			t.Errorf("%s: %v", name, k.Result)
		}
	}
	if !<-u.deleted {
		t.Error("the trust is still there")
	}
}
