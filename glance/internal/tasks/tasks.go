// Package tasks holds the use cases of tasks, and the engine that runs them. It knows no HTTP and no flow: what a task of
// a type does is handed to it (Flow).
//
// Every use case takes the caller from the context (package auth). Tasks belong to their owner; the policy is asked about
// nothing in particular (spec tasks-import A.8): tasks_api_access guards the calls of the Tasks API, which ask it first
// (Access), the other four rules what an import does as well. A task runs with the identity of whoever asked for it; a
// trust takes over when his token has expired, where there can be one.
//
// # A task is run once
//
// The process that took the request runs the task, and no other: nobody else has the caller's credentials. It has a
// journal entry from before the row is inserted until the task has ended. So a task of a process that died is failed by
// the next process of that node (Abandoned), with a reason, never resumed. Processes touch the rows of the tasks that
// they have; one that nobody has touched for long is failed by any server (TakeOver). Every step is a compare-and-swap
// of the status, so whoever comes second stops. Rows with an empty message are left alone: a Python Glance on the same
// database may be running one, and it touches nothing.
//
// Until it has ended, the message of a task says how far it is. The reference leaves it empty until then.
package tasks

import (
	"context"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/internal/ingest"
	"goglance/glance/notify"
	"goglance/glance/policy"
	"goglance/glance/settings"
	"goglance/glance/task"
)

// Flow is what a task of a type does. ctx carries the identity of the requester and ends when the service stops; then, and
// on any other error, the flow undoes what it has done before it returns. The error is told to the client as far as
// fault.Message goes. A panic counts as an error; what it leaves is for the journals of those whom the flow called.
type Flow func(ctx context.Context, job *Job) (result map[string]any, err error)

// Undo removes what a task has left whose flow could not do so: its process has died, or the flow was never called though
// the task was inserted (with what Start was given to do as well), or it panicked. The task is failed when that has
// succeeded; after an error it is tried again later. It may be called more than once, and ctx has no identity.
type Undo func(ctx context.Context, o Orphan) error

// Done is what an Undo returns for a task whose work was all done, only that nobody has said so: the task has succeeded.
type Done struct{ Result map[string]any }

// Error says that there is nothing to undo.
func (*Done) Error() string { return "the work of the task is done" }

// Orphan is a task without a flow.
type Orphan struct {
	Task      task.Task
	Note      string // the last of Job.Note
	Elsewhere bool   // its process was not heard of for long; as far as anyone knows, of another node: there is no Note
}

// Config is what Tasks works with. Fields that are not marked optional are required.
type Config struct {
	Options settings.Tasks
	Images  settings.Images // owner and pages are the same as for images
	DB      *db.DB
	Journal *ingest.Journal
	Policy  policy.Enforcer
	Notify  notify.Notifier
	Flows   map[task.Type]Flow
	Undo    map[task.Type]Undo // optional, and for any type
	Clock   func() time.Time
	NewID   func() string
	Log     logrus.FieldLogger

	// Entrust makes a trust of a caller that ends by itself after lifetime; fault.Forbidden: he cannot have one. Optional.
	Entrust func(ctx context.Context, who *auth.Identity, lifetime time.Duration) (auth.Trust, error)
	// Observe is told of every step of a task. It must not block. Optional.
	Observe func(Report)
}

// Tasks is the use cases and the engine. It is safe for concurrent use. Whoever makes one stops it.
type Tasks struct {
	Config
	engine *engine

	mu        sync.Mutex
	unsettled []ending
	touched   time.Time // when the tasks of this process were touched
}

// New returns the use cases. It starts nothing.
func New(c Config) *Tasks {
	if c.Observe == nil {
		c.Observe = func(Report) {}
	}
	return &Tasks{Config: c, engine: newEngine(c.Options.Workers())}
}

// Access refuses who may not use the Tasks API at all (spec tasks-import A.8). The calls of the API ask before they look
// at anything else.
func (s *Tasks) Access(ctx context.Context) error { return s.allow(ctx, "tasks_api_access") }

func (s *Tasks) allow(ctx context.Context, rule string) error {
	return s.Policy.Enforce(ctx, rule, auth.From(ctx), policy.NoTarget{})
}

// viewer is the caller as the domain sees him.
func (s *Tasks) viewer(ctx context.Context) task.Viewer {
	who := auth.From(ctx)
	owner := who.ProjectID
	if !s.Images.OwnerIsTenant {
		owner = who.UserID
	}
	return task.Viewer{Owner: owner, Admin: who.Admin}
}

// MayAdd refuses who may not have a task: the checks of Start that need no task (spec tasks-import A.3, D.4).
func (s *Tasks) MayAdd(ctx context.Context) error {
	if s.viewer(ctx).Owner == "" {
		return fault.New(fault.Forbidden, "a task belongs to somebody, and this request is nobody's")
	}
	return s.allow(ctx, "add_task")
}

// Create makes a task and starts it: POST /v2/tasks. The answer is the task as it was inserted.
func (s *Tasks) Create(ctx context.Context, kind task.Type, input map[string]any) (*task.Task, error) {
	return s.Start(ctx, kind, input, nil)
}

// Start makes a task and starts it. also, if it is not nil, runs in the transaction that inserts the task, after it; its
// error comes back and there is no task. fault.Unavailable says that too many tasks are waiting already.
func (s *Tasks) Start(ctx context.Context, kind task.Type, input map[string]any, also func(context.Context, *db.Tx, *task.Task) error) (*task.Task, error) {
	if err := s.MayAdd(ctx); err != nil {
		return nil, err
	}
	if s.Flows[kind] == nil {
		return nil, fault.New(fault.Invalid, "tasks of type %s cannot be run here", kind)
	}
	if err := s.engine.reserve(); err != nil {
		return nil, err
	}
	now := s.Clock().UTC().Truncate(time.Microsecond)
	t := &task.Task{
		ID: s.NewID(), Type: kind, Status: task.Pending, Owner: s.viewer(ctx).Owner, Input: input, CreatedAt: now, UpdatedAt: now,
	}
	entry, err := s.insert(ctx, t, also)
	if err != nil {
		s.engine.release()
		return nil, err
	}
	s.tell(ctx, "create", *t)
	s.tell(ctx, "run", *t)
	waits := *t
	waits.Input = nil // it may be large, and many may wait
	s.submit(&Job{id: t.ID, Task: waits, entry: entry, who: auth.From(ctx)})
	return t, nil
}

// insert writes the journal entry, then the row.
func (s *Tasks) insert(ctx context.Context, t *task.Task, also func(context.Context, *db.Tx, *task.Task) error) (*ingest.TaskEntry, error) {
	entry, err := s.Journal.Task(t.ID, t.CreatedAt)
	if err != nil {
		return nil, err
	}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.InsertTask(ctx, t); err != nil || also == nil {
			return err
		}
		return also(ctx, tx, t)
	})
	if err == nil {
		return entry, nil
	}
	if fault.Is(err, fault.Unavailable) || ctx.Err() != nil { // it may be there
		s.postpone(ending{job: &Job{id: t.ID, Task: *t, entry: entry}, undo: true, reason: notStarted}, err)
		return nil, err
	}
	s.forget(entry, t.ID)
	return nil, err
}

// Get returns a task that the caller may see (spec tasks-import A.5).
func (s *Tasks) Get(ctx context.Context, id string) (*task.Task, error) {
	if err := s.allow(ctx, "get_task"); err != nil {
		return nil, err
	}
	t, err := s.DB.Task(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && !t.VisibleTo(s.viewer(ctx)) {
		return nil, fault.New(fault.NotFound, "no task has this id")
	}
	return t, err
}

// Page asks for a page of the tasks that the caller sees.
type Page struct {
	Filter task.Filter
	Key    task.SortKey
	Asc    bool
	Marker *string // id of the task that the page begins behind; nil: at the start
	Limit  int     // tasks at most; negative: the configured size
}

// List returns a page of tasks, without those of the caller's owner that have expired: those are deleted first. more says
// that another page may follow: the page is as long as was asked for (spec tasks-import A.4).
func (s *Tasks) List(ctx context.Context, p Page) (page []*task.Task, more bool, err error) {
	if err := s.allow(ctx, "get_tasks"); err != nil {
		return nil, false, err
	}
	q := task.Query{Viewer: s.viewer(ctx), Filter: p.Filter, Key: p.Key, Asc: p.Asc, Limit: p.Limit}
	if q.Limit < 0 {
		q.Limit = s.Images.PageSize
	}
	q.Limit = min(q.Limit, s.Images.PageMax)
	if err := s.expire(ctx, q.Viewer.Owner); err != nil {
		return nil, false, err
	}
	if p.Marker != nil {
		if q.After, err = s.marker(ctx, *p.Marker); err != nil {
			return nil, false, err
		}
	}
	if page, err = s.DB.Tasks(ctx, q); err != nil {
		return nil, false, err
	}
	return page, len(page) > 0 && len(page) == q.Limit, nil
}

func (s *Tasks) marker(ctx context.Context, id string) (*task.Task, error) {
	t, err := s.DB.Task(ctx, id)
	switch v := s.viewer(ctx); {
	case fault.Is(err, fault.NotFound), err == nil && t.Deleted && !v.Admin:
		return nil, fault.New(fault.Invalid, "the marker is no task")
	case err == nil && !t.VisibleTo(v):
		return nil, fault.New(fault.Forbidden, "the marker is the task of somebody else")
	}
	return t, err
}

// expire deletes the tasks of an owner whose time is over. Reading does not write for nobody, and not when there is
// nothing to delete.
func (s *Tasks) expire(ctx context.Context, owner string) error {
	now := s.Clock()
	if some, err := s.DB.HasExpired(ctx, owner, now); err != nil || !some {
		return err
	}
	return s.DB.Tx(ctx, func(tx *db.Tx) error { return tx.ExpireTasks(ctx, owner, now) })
}

// tell sends an event about a task. What it was given may be secret (spec tasks-import A.9).
func (s *Tasks) tell(ctx context.Context, what string, t task.Task) {
	t.Input, t.Result, t.Message = nil, nil, ""
	s.Notify.Notify(ctx, notify.Event{Type: "task." + what, Task: &t})
}
