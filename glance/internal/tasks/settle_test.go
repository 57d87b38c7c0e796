package tasks

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance/db"
	"goglance/glance/task"
)

const (
	one = "00000000-0000-4000-8000-000000000001"
	two = "00000000-0000-4000-8000-000000000002"
)

// TestAbandoned: the tasks of a process that died are failed by the next one of its node, after what they have left was
// undone, and once.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.die(one, "scratch", db.TaskChange{From: task.Processing.Before(), Status: task.Processing, Message: starting, At: n.now.read()})
	n.die(two, "", db.TaskChange{})
	broken := errors.New("the disk is away")
	var mu sync.Mutex
	notes := map[string][]string{}
	p := n.start(newHeld().flow, func(c *Config) {
		c.Undo = map[task.Type]Undo{task.Import: func(_ context.Context, o Orphan) error {
			mu.Lock()
			defer mu.Unlock()
			notes[o.Task.ID] = append(notes[o.Task.ID], o.Note)
			if len(notes[o.Task.ID]) == 1 {
				return broken
			}
			return nil
		}}
	})
	if err := p.ingest.Recover(t.Context()); !errors.Is(err, broken) || n.task(one).Status != task.Processing || len(n.entries()) != 2 {
		t.Errorf("%v, %+v", err, n.task(one))
	}
	n.ok(p.ingest.Recover(t.Context()))
	for _, id := range []string{one, two} {
		if k := n.task(id); k.Status != task.Failure || k.Message != died || !k.ExpiresAt.Equal(n.now.read().Add(48*time.Hour)) {
			t.Errorf("%+v", k)
		}
	}
	if strings.Join(notes[one], " ") != "scratch scratch" || strings.Join(notes[two], "") != "" || len(n.entries()) != 0 {
		t.Errorf("%v, entries %v", notes, n.entries())
	}
	if told := p.told(); len(told) != 2 || told[0].Type != "task.failure" {
		t.Errorf("%v", told)
	}
	n.ok(p.ingest.Recover(t.Context()))
}

// TestAbandonedEnded: a task that has ended, or was never inserted, is left as it is.
func TestAbandonedEnded(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.die(one, "", db.TaskChange{Status: task.Success, Message: "", At: n.now.read()})
	p := n.start(newHeld().flow)
	n.ok(p.ingest.Recover(t.Context()))
	if k := n.task(one); k.Status != task.Success || len(n.entries()) != 0 {
		t.Errorf("%+v", k)
	}
	n.ok(p.Abandoned(t.Context(), two, ""))
}

// TestLive: nobody touches the tasks of a process that lives.
func TestLive(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	h := newHeld()
	p, other := n.start(h.flow), n.start(newHeld().flow)
	id := p.create()
	<-h.begun
	n.ok(other.ingest.Recover(t.Context()))
	for range 5 { // for hours
		n.now.add(touchTime)
		n.ok(p.Touch(t.Context()))
		n.now.add(staleTime - touchTime - time.Minute)
		n.ok(other.TakeOver(t.Context()))
		n.ok(p.Touch(t.Context()))
	}
	if k := n.task(id); k.Status != task.Processing {
		t.Errorf("%+v", k)
	}
	h.leave <- nil
	n.await(id, task.Success)
}

// TestTakeOverGoesOn: a task that cannot be failed now does not keep the others from it.
func TestTakeOverGoesOn(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	ids := []string{one, two, strings.Replace(one, "1", "3", 1)}
	for _, id := range ids {
		n.die(id, "", db.TaskChange{From: task.Processing.Before(), Status: task.Processing, Message: starting, At: n.now.read()})
	}
	broken, bad := errors.New("the disk is away"), ""
	p := n.start(nil, func(c *Config) {
		c.Undo = map[task.Type]Undo{task.Import: func(_ context.Context, o Orphan) error {
			if bad == "" {
				bad = o.Task.ID
			}
			if bad == o.Task.ID {
				return broken
			}
			return nil
		}}
	})
	n.now.add(staleTime + time.Second)
	if err := p.TakeOver(t.Context()); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	for _, id := range ids {
		if k := n.task(id); (k.Status == task.Failure) == (id == bad) {
			t.Errorf("%+v", k)
		}
	}
}

// TestTakeOver: a task that nobody touches is failed by any server, by one of many; of a Python Glance none is.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	h := newHeld()
	p := n.start(h.flow)
	id := p.create()
	<-h.begun
	n.ok(n.db.Tx(t.Context(), func(tx *db.Tx) error {
		return tx.InsertTask(t.Context(), &task.Task{ID: one, Type: task.Import, Status: task.Processing, Owner: "p", CreatedAt: n.now.read(), UpdatedAt: n.now.read()})
	}))
	undone := make(chan Orphan, 9)
	undo := func(c *Config) {
		c.Undo = map[task.Type]Undo{task.Import: func(_ context.Context, o Orphan) error { undone <- o; return nil }}
	}
	others := []*process{n.start(nil, undo), n.start(nil, undo), n.start(nil, undo)}
	n.now.add(staleTime + time.Second)
	var all sync.WaitGroup
	for _, o := range others {
		all.Go(func() {
			if err := o.TakeOver(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if k := n.task(id); k.Status != task.Failure || k.Message != lost {
		t.Errorf("%+v", k)
	}
	if k := n.task(one); k.Status != task.Processing || k.Message != "" {
		t.Errorf("of Python: %+v", k)
	}
	count := 0
	for _, o := range others {
		count += len(o.told())
	}
	if count != 1 || !(<-undone).Elsewhere {
		t.Errorf("it was told %d times", count)
	}
	// The process was not dead after all: it gives the task up.
	(*Job)(nil).nudge(p)
	p.Settled(t.Context())
	if k := n.task(id); k.Status != task.Failure || k.Message != lost || len(n.entries()) != 0 {
		t.Errorf("%+v, entries %v", k, n.entries())
	}
}

// nudge makes every job of a process have something to say.
func (*Job) nudge(p *process) {
	p.engine.mu.Lock()
	defer p.engine.mu.Unlock()
	for j := range p.engine.running {
		j.Step("still here")
	}
}

// TestRetry: a task whose end cannot be written is ended when that can be done again; should the process die before, by
// the next one.
func TestRetry(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	h := newHeld()
	var mu sync.Mutex
	away := true
	p := n.start(h.flow, func(c *Config) {
		c.Undo = map[task.Type]Undo{task.Import: func(context.Context, Orphan) error {
			mu.Lock()
			defer mu.Unlock()
			if away {
				return errors.New("the database is away")
			}
			return nil
		}}
	}, deny("modify_task"))
	id := p.create()
	p.until("the end is postponed", func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.unsettled) == 1 })
	p.Retry(t.Context())
	if k := n.task(id); k.Status != task.Pending || len(n.entries()) != 1 {
		t.Errorf("%+v", k)
	}
	mu.Lock()
	away = false
	mu.Unlock()
	p.Retry(t.Context())
	if k := n.task(id); k.Status != task.Failure || k.Message != denied || len(n.entries()) != 0 {
		t.Errorf("%+v", k)
	}
	p.Retry(t.Context())
}

// TestAbandonedDone: a task that had done all its work when its process died has succeeded.
func TestAbandonedDone(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.die(one, "", db.TaskChange{From: task.Processing.Before(), Status: task.Processing, Message: starting, At: n.now.read()})
	p := n.start(newHeld().flow, func(c *Config) {
		c.Undo = map[task.Type]Undo{task.Import: func(context.Context, Orphan) error { return &Done{map[string]any{"image_id": "i"}} }}
	})
	n.ok(p.ingest.Recover(t.Context()))
	if k := n.task(one); k.Status != task.Success || k.Result["image_id"] != "i" || k.Message != "" || len(n.entries()) != 0 {
		t.Errorf("%+v", k)
	}
}

// TestNeverInserted: what might have been inserted and was not is forgotten, and nothing is undone for it.
func TestNeverInserted(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p := n.start(newHeld().flow, func(c *Config) {
		c.Undo = map[task.Type]Undo{task.Import: func(context.Context, Orphan) error { t.Error("undone"); return nil }}
	})
	ctx, cancel := context.WithCancel(as(t, "p"))
	_, err := p.Start(ctx, task.Import, nil, func(context.Context, *db.Tx, *task.Task) error { cancel(); return ctx.Err() })
	if err == nil || len(n.entries()) != 1 {
		t.Errorf("%v, entries %v", err, n.entries())
	}
	p.Retry(t.Context())
	if len(n.entries()) != 0 || len(p.unsettled) != 0 {
		t.Errorf("entries %v", n.entries())
	}
}

// TestOnce: of several processes that share a database, on one node and on two, each runs its own tasks once, whatever the
// others do meanwhile.
func TestOnce(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	away := &node{TB: t, dir: t.TempDir(), db: n.db}
	away.now.at = n.now.at.Add(time.Minute) // clocks that disagree
	var mu sync.Mutex
	runs := map[string]int{}
	flow := func(_ context.Context, j *Job) (map[string]any, error) {
		mu.Lock()
		defer mu.Unlock()
		runs[j.Task.ID]++
		return nil, nil
	}
	processes := []*process{n.start(flow), n.start(flow), away.start(flow)}
	over := make(chan struct{})
	var tidying sync.WaitGroup
	for _, p := range processes {
		tidying.Go(func() { p.tidy(over) })
	}
	var working sync.WaitGroup
	for _, p := range processes {
		working.Go(func() {
			for range 10 {
				if _, err := p.Create(as(t, "p"), task.Import, nil); err != nil {
					t.Error(err)
				}
			}
			p.Settled(t.Context())
		})
	}
	working.Wait()
	close(over)
	tidying.Wait()
	for id, times := range runs {
		if times != 1 {
			t.Errorf("%s was run %d times", id, times)
		}
	}
	ended, _, err := processes[0].List(as(t, "p"), Page{Limit: 99})
	for _, k := range ended {
		if k.Status != task.Success {
			t.Errorf("%+v", k)
		}
	}
	if err != nil || len(runs) != 30 || len(ended) != 30 {
		t.Errorf("%d were run, %d are listed, %v", len(runs), len(ended), err)
	}
}

// tidy does what Run of a service does from time to time, all the time.
func (p *process) tidy(over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-time.After(5 * time.Millisecond):
		}
		if err := errors.Join(p.ingest.Recover(p.Context()), p.Touch(p.Context()), p.TakeOver(p.Context())); err != nil {
			p.Error(err)
		}
	}
}
