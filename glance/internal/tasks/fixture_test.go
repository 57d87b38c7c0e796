package tasks

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"go.uber.org/goleak"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/internal/ingest"
	"goglance/glance/notify"
	"goglance/glance/policy"
	"goglance/glance/settings"
	"goglance/glance/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for something that must happen.
const patience = time.Minute

// node is the folder and the database that processes share.
type node struct {
	testing.TB
	dir string
	db  *db.DB
	now clock
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newNode(t testing.TB) *node {
	t.Helper()
	n := &node{TB: t, dir: t.TempDir()}
	n.now.at = time.Date(2017, 8, 30, 12, 0, 0, 0, time.UTC)
	var err error
	if n.db, err = db.Open(t.Context(), db.Options{Path: filepath.Join(n.dir, "db.sqlite"), Readers: 4}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.ok(n.db.Close()) })
	n.ok(n.db.Migrate(t.Context()))
	return n
}

func (n *node) ok(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// process is one of the processes of a node.
type process struct {
	*node
	*Tasks
	journal *ingest.Journal
	ingest  *ingest.Ingest
	log     *logtest.Hook

	heard   sync.Mutex
	events  []notify.Event
	reports []Report
}

// Notify implements notify.Notifier.
func (p *process) Notify(_ context.Context, e notify.Event) {
	p.heard.Lock()
	defer p.heard.Unlock()
	p.events = append(p.events, e)
}

func (p *process) told() []notify.Event {
	p.heard.Lock()
	defer p.heard.Unlock()
	return append([]notify.Event(nil), p.events...)
}

// start starts a process whose tasks of type import do flow.
func (n *node) start(flow Flow, changes ...func(*Config)) *process {
	n.Helper()
	log, hook := logtest.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	p := &process{node: n, log: hook}
	var err error
	p.journal, err = ingest.OpenJournal(filepath.Join(n.dir, "journal"))
	n.ok(err)
	c := Config{
		Options: settings.Tasks{TimeToLive: 48, MaxWorkers: 3}, Images: settings.Images{OwnerIsTenant: true, PageSize: 25, PageMax: 1000},
		DB: n.db, Journal: p.journal, Policy: policy.Pike(), Notify: p, Flows: map[task.Type]Flow{task.Import: flow},
		Clock: n.now.read, NewID: uuid.NewString, Log: log,
		Observe: func(r Report) {
			p.heard.Lock()
			defer p.heard.Unlock()
			p.reports = append(p.reports, r)
		},
	}
	for _, change := range changes {
		change(&c)
	}
	p.Tasks = New(c)
	p.ingest = ingest.New(ingest.Config{DB: n.db, Journal: p.journal, Clock: n.now.read, Log: log, Abandoned: p.Abandoned})
	n.Cleanup(p.end)
	return p
}

// end stops a process in order.
func (p *process) end() {
	p.Stop()
	p.ok(p.journal.Close())
}

// as is a context with a caller of a project.
func as(t testing.TB, project string) context.Context {
	return auth.WithIdentity(t.Context(), &auth.Identity{UserID: "user", ProjectID: project, Roles: []string{"member"}, Token: "token"})
}

// create makes a task and returns its id.
func (p *process) create() string {
	p.Helper()
	t, err := p.Create(as(p.node, "p"), task.Import, map[string]any{"secret": "canary"})
	p.ok(err)
	return t.ID
}

func (n *node) task(id string) *task.Task {
	n.Helper()
	t, err := n.db.Task(n.Context(), id)
	n.ok(err)
	return t
}

// await waits until a task is in a state, and returns it.
func (n *node) await(id string, status task.Status) *task.Task {
	n.Helper()
	var t *task.Task
	n.until("task "+id+" is "+string(status), func() bool { t = n.task(id); return t.Status == status })
	return t
}

// until waits for a condition.
func (n *node) until(what string, met func() bool) {
	n.Helper()
	for end := time.Now().Add(patience); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			n.Fatalf("it never came to this: %s", what)
		}
	}
}

// entries lists the journal entries of tasks.
func (n *node) entries() []string {
	n.Helper()
	found, err := filepath.Glob(filepath.Join(n.dir, "journal", "*", "*.task"))
	n.ok(err)
	return found
}

// die leaves a task as a process that is killed while it runs leaves it: row and journal entry, and nobody at work.
func (n *node) die(id, note string, change db.TaskChange) {
	n.Helper()
	j, err := ingest.OpenJournal(filepath.Join(n.dir, "journal"))
	n.ok(err)
	e, err := j.Task(id, n.now.read())
	n.ok(err)
	if note != "" {
		n.ok(e.Note(note))
	}
	n.ok(n.db.Tx(n.Context(), func(tx *db.Tx) error {
		err := tx.InsertTask(n.Context(), &task.Task{ID: id, Type: task.Import, Status: task.Pending, Owner: "p", CreatedAt: n.now.read(), UpdatedAt: n.now.read()})
		if err != nil || change.Status == "" {
			return err
		}
		return tx.UpdateTask(n.Context(), id, change)
	}))
	n.ok(j.Close()) // the lock goes, as with the process
}

// held is a flow that says when it has begun, and ends when it is told to or its context ends.
type held struct {
	begun chan *Job
	leave chan error
}

func newHeld() *held { return &held{make(chan *Job, 2000), make(chan error)} }

func (h *held) flow(ctx context.Context, j *Job) (map[string]any, error) {
	h.begun <- j
	select {
	case err := <-h.leave:
		return map[string]any{"image_id": "i"}, err
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Internal, "held", ctx.Err())
	}
}
