package tasks

import (
	"context"
	"errors"
	"sync"

	"goglance/glance/fault"
)

// maxWaiting is how many tasks may wait for others to end. The reference has about as many at once (spec tasks-import B).
const maxWaiting = 1024

// errStopped is the cause with which the contexts of tasks end.
var errStopped = errors.New(stopped)

// engine is a queue of jobs and the goroutines that work it off, at most max of them; none while there is nothing to do.
type engine struct {
	max  int
	ctx  context.Context // ends when the engine stops
	stop context.CancelCauseFunc

	mu       sync.Mutex
	changed  sync.Cond
	queue    []*Job
	running  map[*Job]bool
	reserved int // places in the queue that are promised
	workers  int
	stopping bool
}

func newEngine(workers int) *engine {
	e := &engine{max: workers, running: map[*Job]bool{}}
	e.changed.L = &e.mu
	e.ctx, e.stop = context.WithCancelCause(context.Background())
	return e
}

// reserve promises a place in the queue, which is to be taken by submit or given back by release.
func (e *engine) reserve() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.stopping:
		return fault.New(fault.Unavailable, "the service is stopping")
	case len(e.queue)+e.reserved >= maxWaiting:
		return fault.New(fault.Unavailable, "too many tasks are waiting; please try again later")
	}
	e.reserved++
	return nil
}

func (e *engine) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reserved--
	e.changed.Broadcast()
}

// submit takes a reserved place. It reports whether the job has to wait for others.
func (e *engine) submit(j *Job, run func(*Job)) (waits bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reserved--
	e.queue = append(e.queue, j)
	if e.workers == e.max {
		return true
	}
	e.workers++
	go e.work(run)
	return false
}

// work runs jobs until none is left.
func (e *engine) work(run func(*Job)) {
	for {
		j := e.next()
		if j == nil {
			return
		}
		run(j)
		e.mu.Lock()
		delete(e.running, j)
		e.mu.Unlock()
	}
}

func (e *engine) next() *Job {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		e.workers--
		e.changed.Broadcast()
		return nil
	}
	j := e.queue[0]
	e.queue[0] = nil // or the array keeps it
	e.queue = e.queue[1:]
	e.running[j] = true
	return j
}

// ids returns the tasks that this process has.
func (e *engine) ids() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var ids []string
	for j := range e.running {
		ids = append(ids, j.id)
	}
	for _, j := range e.queue {
		ids = append(ids, j.id)
	}
	return ids
}

// close ends the contexts of all jobs. None can be reserved any more.
func (e *engine) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopping = true
	e.stop(errStopped)
}

// idle waits until there is nothing to do, or ctx ends.
func (e *engine) idle(ctx context.Context) {
	defer context.AfterFunc(ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.changed.Broadcast()
	})()
	e.mu.Lock()
	defer e.mu.Unlock()
	for ctx.Err() == nil && e.workers+e.reserved > 0 {
		e.changed.Wait()
	}
}
