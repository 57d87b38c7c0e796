package tasks

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/internal/ingest"
	"goglance/glance/internal/storable"
	"goglance/glance/task"
)

// Job is a task under way, as its flow sees it. Its methods are safe for concurrent use.
type Job struct {
	Task task.Task // as it was when it began

	id    string // of Task, which belongs to the goroutine that runs the job
	entry *ingest.TaskEntry
	who   *auth.Identity
	trust auth.Trust // nil: there is none
	began time.Time  // zero: it has not

	mu     sync.Mutex
	step   string
	bytes  int64 // of the step
	unseen int64 // bytes that Observe was not told of yet
	note   string
	last   string // message that was written
}

// Step says which step is under way. The message of the task names it within some seconds.
func (j *Job) Step(name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.step, j.bytes = name, 0
}

// Progress says that the step has done n bytes more.
func (j *Job) Progress(n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bytes += n
	j.unseen += n
}

// Note keeps, on this node's disk, what Undo must know should this process die. It replaces what was noted before. A full
// disk is fault.TooLarge.
func (j *Job) Note(note string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.note = note
	return j.entry.Note(note)
}

func (j *Job) noted() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.note
}

// Renew returns ctx with a fresh identity of the requester, for a step that needs his token after a long one. Without a
// trust, ctx comes back as it is.
func (j *Job) Renew(ctx context.Context) (context.Context, error) {
	if j.trust == nil {
		return ctx, nil
	}
	now, err := j.trust.Identity(ctx)
	if err != nil {
		return ctx, err
	}
	fresh := *j.who
	fresh.Token, fresh.Catalog, fresh.Roles = now.Token, now.Catalog, now.Roles
	return auth.WithIdentity(ctx, &fresh), nil
}

// message is the text that says how far the job is.
func (j *Job) message() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.step == "":
		return starting
	case j.bytes == 0:
		return fit(j.step)
	}
	return fit(fmt.Sprintf("%s: %d bytes", j.step, j.bytes))
}

// counted returns the bytes since it was last called.
func (j *Job) counted() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.unseen
	j.unseen = 0
	return n
}

// What is said of tasks that are not in a step of their flow.
const (
	waiting    = "waiting for other tasks to end"
	starting   = "starting"
	internal   = "the task failed; the log of the service has the reason"
	stopped    = "the service was stopped while the task was under way"
	died       = "the process that ran the task has ended"
	lost       = "nothing was heard of the process that ran the task"
	notStarted = "the task could not be started"
	denied     = "the policy does not let a task of its requester run"
)

// maxMessage is the most bytes of a message.
const maxMessage = 1000

// fit makes a text one that every database can keep. A message is never empty: see the package documentation.
func fit(text string) string {
	if len(text) > maxMessage {
		text = text[:maxMessage]
	}
	text = strings.ToValidUTF8(text, "")
	if storable.Text(text) != nil {
		text = strings.Map(func(r rune) rune {
			if r == 0 || r > 0xFFFF {
				return '?'
			}
			return r
		}, text)
	}
	return text
}

// reason is what the client is told of an error.
func reason(err error) string {
	if text := fault.Message(err); text != "" {
		return fit(text)
	}
	return internal
}
