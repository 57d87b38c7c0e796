package importer

import (
	"context"
	"errors"

	"goglance/glance/internal/tasks"
)

// step is one thing that a flow does. undo, which may be nil, puts right what do has begun, whether that succeeded or
// not; a step that has nothing to put right is not asked.
type step struct {
	name string
	do   func(ctx context.Context, w *work) error
	undo func(ctx context.Context, w *work) error
}

// run does the steps one after the other (spec tasks-import B). When one fails, those that were begun are undone, the last
// one first, also when it was the end of ctx that failed it. The error is that of the step, joined with what went wrong
// in undoing.
func run(ctx context.Context, job *tasks.Job, steps []step, w *work) error {
	for i, s := range steps {
		err, begun := ctx.Err(), steps[:i]
		if err == nil {
			job.Step(s.name)
			err, begun = s.do(ctx, w), steps[:i+1]
		}
		if err != nil {
			return errors.Join(err, undo(context.WithoutCancel(ctx), begun, w))
		}
	}
	return nil
}

func undo(ctx context.Context, begun []step, w *work) error {
	var errs []error
	for i := len(begun) - 1; i >= 0; i-- {
		if begun[i].undo != nil {
			errs = append(errs, begun[i].undo(ctx, w))
		}
	}
	return errors.Join(errs...)
}
