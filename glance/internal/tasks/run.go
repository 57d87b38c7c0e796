package tasks

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/task"
)

const (
	pace        = 3 * time.Second // between two messages of a task under way
	settleTime  = time.Minute     // what is done for a task that has ended may take so long
	trustedTime = 48 * time.Hour  // a trust that nobody has ended ends by itself
)

// submit puts a job into the queue. One that has to wait says so.
func (s *Tasks) submit(j *Job) {
	if !s.engine.submit(j, s.run) {
		return
	}
	ctx, cancel := context.WithTimeout(s.engine.ctx, settleTime)
	defer cancel()
	err := s.update(ctx, j, db.TaskChange{From: []task.Status{task.Pending}, Message: waiting})
	if err != nil && !fault.Is(err, fault.Conflict) {
		s.Log.WithError(err).WithField("task", j.id).Warn("a task cannot say that it is waiting")
	}
}

// run does a job from its beginning to its end. Whatever happens, the task has then ended, or is to be ended by Retry.
func (s *Tasks) run(j *Job) {
	ctx, cancel := context.WithCancelCause(auth.WithIdentity(s.engine.ctx, j.who))
	defer cancel(nil)
	switch err := s.begin(ctx, j); {
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound): // somebody has ended it
		s.forget(j.entry, j.id)
		return
	case err != nil:
		s.fail(ctx, j, &uncalled{err})
		return
	}
	defer func() { s.Observe(Report{Type: j.Task.Type, Running: -1, Duration: s.Clock().Sub(j.began)}) }()
	s.entrust(ctx, j)
	told := make(chan struct{})
	over := make(chan struct{})
	go func() {
		defer close(told)
		s.follow(ctx, j, over, cancel)
	}()
	result, err := s.flow(ctx, j)
	close(over)
	<-told
	s.distrust(ctx, j)
	if err != nil {
		s.fail(ctx, j, err)
		return
	}
	s.end(ctx, ending{job: j, result: result})
}

// begin makes the task processing, if its requester's policy lets it (spec tasks-import A.8). The reference leaves one
// that is refused pending for ever.
func (s *Tasks) begin(ctx context.Context, j *Job) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	j.began = s.Clock()
	for _, rule := range []string{"get_task", "modify_task"} {
		if err := s.allow(ctx, rule); err != nil {
			return &fault.Error{Kind: fault.Forbidden, Msg: denied, Err: err}
		}
	}
	err := s.update(ctx, j, db.TaskChange{From: task.Processing.Before(), Status: task.Processing, Message: starting})
	if err != nil {
		return err
	}
	t, err := s.DB.Task(ctx, j.id)
	if err != nil {
		return err
	}
	j.Task, j.last = *t, starting
	s.tell(ctx, "processing", j.Task)
	s.Observe(Report{Type: j.Task.Type, Status: task.Processing, Running: 1})
	return nil
}

// flow calls the flow. A panic in it is an error.
func (s *Tasks) flow(ctx context.Context, j *Job) (result map[string]any, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.WithField("task", j.id).Errorf("a task panicked: %v\n%s", p, debug.Stack())
			err = &uncalled{fmt.Errorf("the flow panicked: %v", p)}
		}
	}()
	return s.Flows[j.Task.Type](ctx, j)
}

// follow writes how far the job is, until it is over. A task that is not ours any more is given up.
func (s *Tasks) follow(ctx context.Context, j *Job, over <-chan struct{}, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
		}
		if n := j.counted(); n > 0 {
			s.Observe(Report{Type: j.Task.Type, Bytes: n})
		}
		text := j.message()
		if text == j.last {
			continue
		}
		err := s.update(context.WithoutCancel(ctx), j, db.TaskChange{From: []task.Status{task.Processing}, Message: text})
		switch {
		case err == nil:
			j.last = text
		case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound):
			s.Log.WithField("task", j.id).Warn("a task was ended by somebody else and is given up")
			cancel(errors.New(lost))
		}
	}
}

// fail ends a task with the reason why.
func (s *Tasks) fail(ctx context.Context, j *Job, err error) {
	text := reason(err)
	if cause := context.Cause(ctx); cause != nil && errors.Is(cause, errStopped) {
		text = stopped
	}
	log := s.Log.WithError(err).WithField("task", j.id)
	if text == internal {
		log.Error("a task failed")
	} else {
		log.Info("a task failed")
	}
	var undone *uncalled
	s.end(ctx, ending{job: j, undo: errors.As(err, &undone), reason: text})
}

// uncalled is the error of a task whose flow has not undone what there was to undo.
type uncalled struct{ error }

// Unwrap returns the reason.
func (u *uncalled) Unwrap() error { return u.error }

func (s *Tasks) update(ctx context.Context, j *Job, c db.TaskChange) error {
	if c.At.IsZero() {
		c.At = s.Clock()
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error { return tx.UpdateTask(ctx, j.id, c) })
}

// entrust makes a trust, if there can be one.
func (s *Tasks) entrust(ctx context.Context, j *Job) {
	if s.Entrust == nil || j.who.Token == "" {
		return
	}
	trust, err := s.Entrust(ctx, j.who, trustedTime)
	if err != nil {
		s.Log.WithError(err).WithField("task", j.id).Info("there is no trust for a task, so the token of its requester has to do")
		return
	}
	j.trust = trust
}

func (s *Tasks) distrust(ctx context.Context, j *Job) {
	if j.trust == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := j.trust.Delete(ctx); err != nil {
		s.Log.WithError(err).WithField("task", j.id).Warn("a trust stays behind until it ends by itself")
	}
}
