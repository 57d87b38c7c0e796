package tasks

import (
	"context"
	"errors"
	"time"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/internal/ingest"
	"goglance/glance/task"
)

const (
	// staleTime is how long nobody touches a task before it counts as lost. It bears an outage of the database, and clocks
	// that disagree.
	staleTime = time.Hour
	// touchTime is how often a process touches its tasks.
	touchTime = 5 * time.Minute
)

// ending is how a task ends: with a result, unless there is a reason for a failure.
type ending struct {
	job    *Job
	undo   bool // Undo is to be called before
	reason string
	result map[string]any
}

// end ends a task. What cannot be written now is left to Retry.
func (s *Tasks) end(ctx context.Context, e ending) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if n := e.job.counted(); n > 0 {
		s.Observe(Report{Type: e.job.Task.Type, Bytes: n})
	}
	if err := s.write(ctx, e); err != nil {
		s.postpone(e, err)
	}
}

// write undoes what is to be undone, writes how a task has ended, and tells of it. It returns nil when that is settled,
// be it by somebody else.
func (s *Tasks) write(ctx context.Context, e ending) error {
	t := e.job.Task
	e, err := s.undo(ctx, e)
	c := s.last(e)
	if err == nil {
		err = s.update(ctx, e.job, c)
	}
	switch {
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound):
		s.forget(e.job.entry, t.ID)
		return nil
	case err != nil:
		return err
	}
	s.forget(e.job.entry, t.ID)
	s.ended(auth.WithIdentity(ctx, e.job.who), t, c)
	s.Observe(Report{Type: t.Type, Status: c.Status})
	return nil
}

// undo calls Undo, if that is to be done, for a task that is there and has not ended.
func (s *Tasks) undo(ctx context.Context, e ending) (ending, error) {
	if !e.undo {
		return e, nil
	}
	t, err := s.DB.Task(ctx, e.job.id)
	switch {
	case err != nil:
		return e, err
	case t.Status.Final():
		return e, fault.New(fault.Conflict, "the task has ended")
	}
	return s.undone(ctx, e, Orphan{Task: *t, Note: e.job.noted()})
}

// undone calls Undo and returns how the task ends after that.
func (s *Tasks) undone(ctx context.Context, e ending, o Orphan) (ending, error) {
	undo := s.Undo[o.Task.Type]
	if undo == nil {
		return e, nil
	}
	err := undo(ctx, o)
	var done *Done
	if errors.As(err, &done) {
		e.reason, e.result, err = "", done.Result, nil
	}
	return e, err
}

// last is the change that ends a task.
func (s *Tasks) last(e ending) db.TaskChange {
	c := db.TaskChange{From: task.Success.Before(), Status: task.Success, Result: e.result, At: s.Clock()}
	if e.reason != "" {
		c = db.TaskChange{From: task.Failure.Before(), Status: task.Failure, Message: e.reason, At: c.At}
	}
	c.ExpiresAt = c.At.Add(time.Duration(s.Options.TimeToLive) * time.Hour)
	return c
}

// ended tells that a task has ended.
func (s *Tasks) ended(ctx context.Context, t task.Task, c db.TaskChange) {
	t.Status, t.ExpiresAt, t.UpdatedAt = c.Status, c.ExpiresAt, c.At
	s.tell(ctx, string(c.Status), t)
}

// postpone leaves the end of a task to Retry or, should this process die before, to the next one.
func (s *Tasks) postpone(e ending, err error) {
	s.Log.WithError(err).WithField("task", e.job.id).Error("a task cannot be ended now; this is tried again")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsettled = append(s.unsettled, e)
}

// Retry ends the tasks that could not be ended when it happened.
func (s *Tasks) Retry(ctx context.Context) {
	s.mu.Lock()
	endings := s.unsettled
	s.unsettled = nil
	s.mu.Unlock()
	for _, e := range endings {
		if err := s.write(ctx, e); err != nil {
			s.postpone(e, err)
		}
	}
}

// forget removes the journal entry of a task that has ended.
func (s *Tasks) forget(entry *ingest.TaskEntry, id string) {
	if err := entry.End(); err != nil {
		s.Log.WithError(err).WithField("task", id).Warn("a journal entry stays behind")
	}
}

// Touch says, from time to time, that the tasks of this process are not lost.
func (s *Tasks) Touch(ctx context.Context) error {
	now := s.Clock()
	s.mu.Lock()
	due := now.Sub(s.touched) >= touchTime || now.Before(s.touched)
	s.mu.Unlock()
	ids := s.engine.ids()
	if !due || len(ids) == 0 {
		return nil
	}
	err := s.DB.Tx(ctx, func(tx *db.Tx) error { return tx.TouchTasks(ctx, ids, now) })
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.touched = now
	}
	return err
}

// Abandoned fails a task of a process of this node that has died, after undoing what it has left.
func (s *Tasks) Abandoned(ctx context.Context, id, note string) error {
	t, err := s.DB.Task(ctx, id)
	switch {
	case fault.Is(err, fault.NotFound):
		return nil // it was never inserted, or is forgotten
	case err != nil:
		return err
	case t.Status.Final():
		return nil
	}
	return s.bury(ctx, Orphan{Task: *t, Note: note}, time.Time{}, died)
}

// TakeOver fails the tasks that no process has touched for long. They are of our engine: a message says so. One that cannot
// be failed is left to the next time, and does not hold up the others.
func (s *Tasks) TakeOver(ctx context.Context) error {
	since := s.Clock().Add(-staleTime)
	stale, err := s.DB.StaleTasks(ctx, since)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range stale {
		errs = append(errs, s.bury(ctx, Orphan{Task: *t, Elsewhere: true}, since, lost))
	}
	return errors.Join(errs...)
}

// bury undoes and fails a task whose process is no more, unless it had done its work. Of several who try, one succeeds.
func (s *Tasks) bury(ctx context.Context, o Orphan, since time.Time, reason string) error {
	j := &Job{id: o.Task.ID, Task: o.Task}
	e, err := s.undone(ctx, ending{job: j, reason: reason}, o)
	if err != nil {
		return err
	}
	c := s.last(e)
	c.Untouched = since
	err = s.update(ctx, j, c)
	switch {
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound):
		return nil
	case err != nil:
		return err
	}
	if e.reason != "" {
		s.Log.WithField("task", o.Task.ID).Warn(e.reason)
	}
	s.ended(ctx, o.Task, c)
	s.Observe(Report{Type: o.Task.Type, Status: c.Status})
	return nil
}

// Settled waits until no task is under way, or ctx ends.
func (s *Tasks) Settled(ctx context.Context) { s.engine.idle(ctx) }

// Stop ends the tasks under way and waits until they have undone their work. Those that wait fail too, and no more can be
// made. It may be called more than once.
func (s *Tasks) Stop() {
	s.engine.close()
	s.engine.idle(context.Background())
}
