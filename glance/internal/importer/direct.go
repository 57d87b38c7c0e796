package importer

import (
	"context"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/internal/tasks"
	"goglance/glance/task"
)

// imageKey is the key of the image in input and result of a task.
const imageKey = "image_id"

// Begin makes the task that imports what was staged for an image: POST /v2/images/{id}/import (spec tasks-import D.4). The
// image is importing in the same moment as the task is there.
func (im *Importer) Begin(ctx context.Context, t *tasks.Tasks, id string) error {
	if err := t.MayAdd(ctx); err != nil {
		return err
	}
	return im.Images.BeginImport(ctx, id, func(also func(ctx context.Context, tx *db.Tx, task string) error) error {
		input := map[string]any{imageKey: id}
		_, err := t.Start(ctx, task.ImageImport, input, func(ctx context.Context, tx *db.Tx, made *task.Task) error {
			return also(ctx, tx, made.ID)
		})
		return err
	})
}

// Staged is the flow of the task type api_image_import (spec tasks-import D.5). A task that was posted as such, and not made
// by Begin, first takes its image.
func (im *Importer) Staged(ctx context.Context, job *tasks.Job) (map[string]any, error) {
	id, err := stagedImage(job.Task.Input)
	if err != nil {
		return nil, err
	}
	w := &work{job: job, image: id}
	steps := []step{{name: "importing what was staged", do: im.importStaged}}
	if err := run(ctx, job, steps, w); err != nil {
		return nil, err
	}
	return map[string]any{imageKey: id}, nil
}

// importStaged moves the staged data into the store. To the task it is one step: looking at the data, storing it, the new
// status and the end of the staged file must agree whenever the process dies, so package ingest does them under one entry
// of its journal, and takes them back when one fails.
func (im *Importer) importStaged(ctx context.Context, w *work) error {
	return im.Images.Import(ctx, w.image, w.job.Task.ID, w.job.Progress)
}

// UndoStaged gives back the image of a task whose flow cannot do that any more. A task that has made its image active before
// it died has succeeded.
func (im *Importer) UndoStaged(ctx context.Context, o tasks.Orphan) error {
	id, err := stagedImage(o.Task.Input)
	if err != nil {
		return nil //nolint:nilerr // it never had an image
	}
	done, err := im.Images.ForgoImport(ctx, id, o.Task.ID)
	if err == nil && done {
		return &tasks.Done{Result: map[string]any{imageKey: id}}
	}
	return err
}

// stagedImage reads the input of a task.
func stagedImage(input map[string]any) (string, error) {
	id, ok := input[imageKey].(string)
	if !ok || id == "" {
		return "", fault.New(fault.Invalid, "the input of the task needs %s, the id of an image", imageKey)
	}
	return id, nil
}
