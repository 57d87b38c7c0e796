package importer

import (
	"context"
	"os"

	"goglance/glance/fault"
	"goglance/glance/internal/inspect"
	"goglance/glance/internal/tasks"
)

// work is what the steps of a flow hand on to each other.
type work struct {
	job   *tasks.Job
	image string // id
	in    input  // of import

	disk       *os.File // scratch file with the data; nil: there is none
	size       int64    // of the data
	report     inspect.Report
	format     string            // disk_format that the image is to have; "": it has it
	unpacked   bool              // disk was in an OVA
	properties map[string]string // found in the OVA
}

// URL is the flow of the task type import (spec tasks-import C).
func (im *Importer) URL(ctx context.Context, job *tasks.Job) (map[string]any, error) {
	in, err := im.readInput(job.Task.Input)
	if err != nil {
		return nil, err
	}
	if im.client == nil {
		return nil, fault.New(fault.Forbidden, "URLs are not imported here")
	}
	w := &work{job: job, in: in}
	defer w.close()
	steps := []step{{name: "creating the image", do: im.create}}
	if im.local {
		if err := mayUnpack(ctx, w); err != nil {
			return nil, err
		}
		steps = append(steps,
			step{name: "reading the source", do: im.fetch},
			step{name: "unpacking", do: im.unpack},
			step{name: "converting", do: im.convert},
			step{name: "describing the image", do: im.describe},
			step{name: "storing", do: im.store},
		)
	} else {
		steps = append(steps, step{name: "reading the source into the store", do: im.stream})
	}
	if err := run(ctx, job, steps, w); err != nil {
		return nil, err
	}
	return map[string]any{"image_id": w.image}, nil
}

// renew returns ctx with a fresh token of the requester, where there is a trust. Without one, his first has to do.
func (im *Importer) renew(ctx context.Context, w *work) context.Context {
	fresh, err := w.job.Renew(ctx)
	if err != nil {
		im.Log.WithError(err).WithField("image", w.image).Warn("a task goes on with the token that it began with")
		return ctx
	}
	return fresh
}
