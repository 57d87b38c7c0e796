package dbtest

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/task"
)

func tasks() []test {
	return []test{{name: "Tasks", run: taskTests}} // one database for all: they have no other rows
}

func taskTests(s suite) {
	for _, one := range []test{
		{name: "Record", run: taskRecord},
		{name: "Change", run: taskChange},
		{name: "Exactly", run: taskExactly},
		{name: "Unfit", run: taskUnfit},
		{name: "Expire", run: tasksExpire},
		{name: "Stale", run: tasksStale},
		{name: "OfOthers", run: taskOfOthers},
		{name: "Walks", run: taskWalks},
		{name: "Filters", run: taskFilters},
		{name: "Race", run: raceForTask},
	} {
		s.Run(one.name, func(t *testing.T) {
			s.sql("DELETE FROM task_info")
			s.sql("DELETE FROM tasks")
			one.run(suite{T: t, ctx: t.Context(), db: s.db, raw: s.raw, precision: s.precision})
		})
	}
}

func (s suite) register(all ...*task.Task) {
	s.Helper()
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error {
		for _, k := range all {
			if err := tx.InsertTask(s.ctx, k); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s suite) advance(id string, c db.TaskChange) error {
	return s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.UpdateTask(s.ctx, id, c) })
}

func (s suite) task(id string) *task.Task {
	s.Helper()
	k, err := s.db.Task(s.ctx, id)
	s.ok(err)
	return k
}

// pending returns a new task.
func pending(n int) *task.Task {
	return &task.Task{ID: id(n), Type: task.Import, Status: task.Pending, Owner: "owner", CreatedAt: epoch(), UpdatedAt: epoch()}
}

// Spec storage-db 1.7, 1.8: what is stored comes back, in the spelling of the reference.
func taskRecord(s suite) {
	k := pending(1)
	k.Input = map[string]any{"b": []any{json.Number("1.50"), nil, true}, "a": map[string]any{"é": "\U0001F600 \u0000 \"<\\"}}
	s.register(k, pending(2))
	want := *k
	want.CreatedAt, want.UpdatedAt = s.kept(k.CreatedAt), s.kept(k.UpdatedAt)
	if diff := cmp.Diff(&want, s.task(id(1))); diff != "" {
		s.Errorf("(-want +got):\n%s", diff)
	}
	if s.task(id(2)).Input != nil || s.task(id(2)).Result != nil {
		s.Errorf("%+v", s.task(id(2)))
	}
	var text string
	s.ok(s.raw.GetContext(s.ctx, &text, s.raw.Rebind("SELECT input FROM task_info WHERE task_id = ?"), id(1)))
	if text != `{"a": {"\u00e9": "\ud83d\ude00 \u0000 \"<\\"}, "b": [1.50, null, true]}` {
		s.Errorf("stored as %s", text)
	}
	if n := s.count("SELECT COUNT(*) FROM task_info WHERE input IS NULL AND result IS NULL AND message = ''"); n != 1 {
		s.Errorf("%d rows have nothing in them", n)
	}
	if n := s.count("SELECT COUNT(*) FROM tasks WHERE expires_at IS NULL AND deleted_at IS NULL AND NOT deleted"); n != 2 {
		s.Errorf("%d rows have no time to expire", n)
	}
	s.wants(fault.Conflict, s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertTask(s.ctx, pending(1)) }))
	for _, missing := range []string{id(3), "", strings.Repeat("x", 37), "\x00"} {
		_, err := s.db.Task(s.ctx, missing)
		s.wants(fault.NotFound, err)
		s.wants(fault.NotFound, s.advance(missing, db.TaskChange{}))
	}
}

// Spec tasks-import A.7: states change by compare-and-swap.
func taskChange(s suite) {
	s.register(pending(1))
	at := epoch().Add(time.Minute)
	s.wants(fault.Conflict, s.advance(id(1), db.TaskChange{From: task.Success.Before(), Status: task.Success}))
	s.ok(s.advance(id(1), db.TaskChange{From: task.Processing.Before(), Status: task.Processing, Message: "begun", At: at}))
	s.wants(fault.Conflict, s.advance(id(1), db.TaskChange{From: task.Processing.Before(), Status: task.Processing}))
	if k := s.task(id(1)); k.Status != task.Processing || k.Message != "begun" || !k.UpdatedAt.Equal(s.kept(at)) || !k.ExpiresAt.IsZero() {
		s.Errorf("%+v", k)
	}
	end := at.Add(time.Hour)
	s.ok(s.advance(id(1), db.TaskChange{
		From: task.Success.Before(), Status: task.Success, Result: map[string]any{"image_id": id(7)}, ExpiresAt: end, At: end,
	}))
	k := s.task(id(1))
	if k.Status != task.Success || k.Message != "" || k.Result["image_id"] != id(7) || !k.ExpiresAt.Equal(s.kept(end)) || !k.CreatedAt.Equal(s.kept(epoch())) {
		s.Errorf("%+v", k)
	}
	s.wants(fault.Conflict, s.advance(id(1), db.TaskChange{From: task.Failure.Before(), Status: task.Failure}))
	s.sql("DELETE FROM task_info") // another program has lost it
	if k := s.task(id(1)); k.Message != "" || k.Input != nil {
		s.Errorf("%+v", k)
	}
	s.ok(s.advance(id(1), db.TaskChange{Message: "again", Result: map[string]any{"x": "y"}}))
	if k := s.task(id(1)); k.Message != "again" || k.Result["x"] != "y" || k.Status != task.Success {
		s.Errorf("%+v", k)
	}
}

// taskExactly: owners that an engine may take for the same are not.
func taskExactly(s suite) {
	for n, owner := range []string{"owner", "Owner", "ówner", "owner "} {
		k := pending(n + 1)
		k.Owner, k.ExpiresAt = owner, epoch()
		s.register(k)
	}
	for _, owner := range []string{"owner", "Owner"} {
		got, err := s.db.Tasks(s.ctx, task.Query{Viewer: task.Viewer{Owner: owner}, Limit: 9})
		s.ok(err)
		if len(got) != 1 || got[0].Owner != owner {
			s.Errorf("%s has %d tasks", owner, len(got))
		}
	}
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.ExpireTasks(s.ctx, "OWNER", epoch().Add(time.Hour)) }))
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.ExpireTasks(s.ctx, "Owner", epoch().Add(time.Hour)) }))
	if n := s.count("SELECT COUNT(*) FROM tasks WHERE deleted"); n != 1 || !s.task(id(2)).Deleted {
		s.Errorf("%d are deleted", n)
	}
}

// taskUnfit: what an engine cannot hold is refused, not cut, and leaves nothing.
func taskUnfit(s suite) {
	k := pending(1)
	k.Owner = strings.Repeat("x", 300)
	err := s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertTask(s.ctx, k) })
	k = pending(2)
	k.Input = map[string]any{"long": strings.Repeat("x", 1<<17)}
	_ = s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertTask(s.ctx, k) }) // some engines take it
	if err != nil {
		s.wants(fault.Invalid, err)
		if n := s.count("SELECT COUNT(*) FROM tasks WHERE id = ?", id(1)); n != 0 {
			s.Error("it is there")
		}
	}
	if got, err := s.db.Task(s.ctx, id(2)); err == nil && got.Input["long"] != k.Input["long"] {
		s.Error("the input was cut")
	}
}

// Spec tasks-import A.4: whose time is over is deleted, and no other.
func tasksExpire(s suite) {
	now := epoch().Truncate(time.Second).Add(time.Hour)
	for n, at := range []time.Time{{}, now.Add(-time.Second), now, now.Add(time.Second)} {
		k := pending(n + 1)
		k.ExpiresAt = at
		s.register(k)
	}
	other := pending(5)
	other.Owner, other.ExpiresAt = "other", now
	s.register(other)
	some, err := s.db.HasExpired(s.ctx, "owner", now)
	if s.ok(err); !some {
		s.Error("none has expired")
	}
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.ExpireTasks(s.ctx, "owner", now) }))
	for n, want := range []bool{false, true, true, false, false} {
		k := s.task(id(n + 1))
		if k.Deleted != want || k.DeletedAt.IsZero() == want || want && !k.DeletedAt.Equal(now) {
			s.Errorf("%d: %+v", n, k)
		}
	}
	if some, err = s.db.HasExpired(s.ctx, "owner", now); err != nil || some {
		s.Errorf("%v %v", some, err)
	}
	s.wants(fault.Conflict, s.advance(id(2), db.TaskChange{}))
	got, err := s.db.Tasks(s.ctx, task.Query{Viewer: task.Viewer{Admin: true}, Limit: 9})
	if s.ok(err); len(got) != 3 {
		s.Errorf("%d are listed", len(got))
	}
}

// tasksStale: of those under way that have a message, the ones that nobody has touched.
func tasksStale(s suite) {
	since := epoch().Truncate(time.Second)
	for n, row := range []struct {
		status  task.Status
		message string
		at      time.Time
	}{
		{task.Processing, "m", since.Add(-time.Second)}, {task.Processing, "", since.Add(-time.Second)}, {task.Processing, "m", since},
		{task.Pending, "m", since.Add(-time.Second)}, {task.Failure, "m", since.Add(-time.Second)},
	} {
		k := pending(n + 1)
		k.Status, k.Message, k.UpdatedAt = row.status, row.message, row.at
		s.register(k)
	}
	stale, err := s.db.StaleTasks(s.ctx, since)
	s.ok(err)
	var got []string
	for _, k := range stale {
		got = append(got, k.ID)
	}
	if len(got) != 2 || !strings.Contains(strings.Join(got, " "), id(1)) || !strings.Contains(strings.Join(got, " "), id(4)) {
		s.Errorf("stale: %v", got)
	}
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.TouchTasks(s.ctx, []string{id(1), id(5)}, since.Add(time.Second)) }))
	lost := db.TaskChange{From: task.Failure.Before(), Untouched: since, Status: task.Failure, Message: "lost"}
	s.wants(fault.Conflict, s.advance(id(1), lost))
	s.ok(s.advance(id(4), lost))
	if k := s.task(id(5)); k.UpdatedAt.Equal(since.Add(time.Second)) {
		s.Error("a task that has ended was touched")
	}
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.TouchTasks(s.ctx, nil, since) }))
}

// taskOfOthers: tasks as other programs may have left them.
func taskOfOthers(s suite) {
	s.sql(`INSERT INTO tasks (id, type, status, owner, created_at, deleted) VALUES (?, 'import', 'pending', 'owner', '2017-08-30 12:00:00', ?)`, id(1), false)
	s.sql("INSERT INTO task_info (task_id, input, result) VALUES (?, 'null', ' null')", id(1))
	k := s.task(id(1))
	if k.Input != nil || k.Result != nil || k.Message != "" || !k.UpdatedAt.Equal(k.CreatedAt) {
		s.Errorf("%+v", k)
	}
	s.sql("UPDATE task_info SET input = '[1]'")
	if _, err := s.db.Task(s.ctx, id(1)); err == nil {
		s.Error("a list was taken for an object")
	}
}

// Spec tasks-import A.4: every order can be walked, in both directions, and no task is missed or comes twice.
func taskWalks(s suite) {
	owners, kinds, states := []string{"a", "B", "é"}, []task.Type{task.Import, task.ImageImport}, []task.Status{task.Pending, task.Success, task.Failure}
	for n := range 12 {
		k := pending(n + 1)
		k.Owner, k.Type, k.Status = owners[n%3], kinds[n%2], states[n/2%3]
		k.CreatedAt = epoch().Add(time.Duration(n/4) * time.Hour)
		k.UpdatedAt = epoch().Add(time.Duration(n%5) * 24 * time.Hour)
		if n%2 == 0 {
			k.ExpiresAt = epoch().Add(time.Duration(n%4) * 48 * time.Hour)
		}
		s.register(k)
	}
	for _, key := range []task.SortKey{
		"", task.ByID, task.ByType, task.ByStatus, task.ByOwner, task.ByExpiresAt, task.ByCreatedAt, task.ByUpdatedAt, task.ByDeletedAt, task.ByDeleted,
	} {
		up, down := s.walkTasks(key, true), s.walkTasks(key, false)
		if len(up) != 12 || len(down) != 12 {
			s.Fatalf("by %s: %d up, %d down", key, len(up), len(down))
		}
		for i, k := range up {
			if k.ID != down[11-i].ID {
				s.Errorf("by %s: the directions disagree", key)
			}
			if i > 0 && before(k, up[i-1], key) {
				s.Errorf("by %s: %+v comes before %+v", key, up[i-1], k)
			}
		}
	}
	_, err := s.db.Tasks(s.ctx, task.Query{Viewer: task.Viewer{Admin: true}, Key: "nonsense", Limit: 1})
	if err == nil {
		s.Error("sorted by nonsense")
	}
	long := pending(99)
	long.Input, long.Message, long.CreatedAt = map[string]any{"x": "y"}, "m", epoch().Add(100*time.Hour)
	s.register(long)
	got, err := s.db.Tasks(s.ctx, task.Query{Viewer: task.Viewer{Admin: true}, Limit: 1})
	if s.ok(err); len(got) != 1 || got[0].ID != long.ID || got[0].Input != nil || got[0].Message != "" {
		s.Errorf("listed with what can be long: %+v", got)
	}
	for _, q := range []task.Query{{Viewer: task.Viewer{Admin: true}}, {Limit: 9}} {
		if got, err := s.db.Tasks(s.ctx, q); err != nil || len(got) != 0 {
			s.Errorf("%+v: %d tasks, %v", q, len(got), err)
		}
	}
}

// before reports whether a comes before b by a key that the test knows how to compare.
func before(a, b *task.Task, key task.SortKey) bool {
	switch key {
	case task.ByExpiresAt:
		return a.ExpiresAt.Before(b.ExpiresAt) // zero, which is none, is lower than any
	case task.ByUpdatedAt:
		return a.UpdatedAt.Before(b.UpdatedAt)
	case task.ByOwner:
		return a.Owner < b.Owner
	case task.ByStatus:
		return a.Status < b.Status
	case task.ByType:
		return a.Type < b.Type
	case task.ByID:
		return a.ID < b.ID
	}
	return a.CreatedAt.Before(b.CreatedAt)
}

func (s suite) walkTasks(key task.SortKey, asc bool) []*task.Task {
	s.Helper()
	var all []*task.Task
	q := task.Query{Viewer: task.Viewer{Admin: true}, Key: key, Asc: asc, Limit: 5}
	for len(all) <= 12 {
		page, err := s.db.Tasks(s.ctx, q)
		s.ok(err)
		all = append(all, page...)
		if len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1]
	}
	return all
}

// Spec tasks-import A.4.
func taskFilters(s suite) {
	first := pending(1)
	first.ExpiresAt, first.Status = epoch(), task.Success
	second := pending(2)
	second.Type, second.Owner = task.ImageImport, "other"
	s.register(first, second)
	moment := epoch().Truncate(time.Second)
	for name, row := range map[string]struct {
		filter task.Filter
		want   string
	}{
		"nothing":    {task.Filter{}, "1 2"},
		"id":         {task.Filter{ID: ptr(id(2))}, "2"},
		"owner":      {task.Filter{Owner: ptr("other")}, "2"},
		"exactly":    {task.Filter{Owner: ptr("Other")}, ""},
		"unfit":      {task.Filter{Owner: ptr("\x00")}, ""},
		"type":       {task.Filter{Type: ptr(task.Import)}, "1"},
		"status":     {task.Filter{Status: ptr(task.Success)}, "1"},
		"expires_at": {task.Filter{Times: map[task.SortKey]time.Time{task.ByExpiresAt: moment}}, "1"},
		"created_at": {task.Filter{Times: map[task.SortKey]time.Time{task.ByCreatedAt: moment, task.ByUpdatedAt: moment}}, "1 2"},
		"later":      {task.Filter{Times: map[task.SortKey]time.Time{task.ByCreatedAt: moment.Add(time.Second)}}, ""},
		"deleted_at": {task.Filter{Times: map[task.SortKey]time.Time{task.ByDeletedAt: moment}}, ""},
	} {
		found, err := s.db.Tasks(s.ctx, task.Query{Viewer: task.Viewer{Admin: true}, Filter: row.filter, Key: task.ByID, Asc: true, Limit: 9})
		s.ok(err)
		var got []string
		for _, k := range found {
			got = append(got, k.ID[len(k.ID)-1:])
		}
		if strings.Join(got, " ") != row.want {
			s.Errorf("%s: %v, want %s", name, got, row.want)
		}
	}
	_, err := s.db.Tasks(s.ctx, task.Query{Viewer: task.Viewer{Admin: true}, Filter: task.Filter{Times: map[task.SortKey]time.Time{task.ByID: moment}}, Limit: 1})
	if err == nil {
		s.Error("an id was taken for a time")
	}
}

// raceForTask: of many who begin a task, one does.
func raceForTask(s suite) {
	s.register(pending(1))
	var won, lost int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := s.advance(id(1), db.TaskChange{From: task.Processing.Before(), Status: task.Processing, Message: "m"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case fault.Is(err, fault.Conflict):
				lost++
			default:
				s.Error(err)
			}
		})
	}
	all.Wait()
	if won != 1 || lost != 7 {
		s.Errorf("%d have begun it, %d have not", won, lost)
	}
}
