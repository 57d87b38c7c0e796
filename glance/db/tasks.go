package db

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"goglance/glance/fault"
	"goglance/glance/internal/storable"
	"goglance/glance/task"
)

// TaskChange is what to do to a task. The message is always written; what else is zero stays as it is.
type TaskChange struct {
	From      []task.Status // the states in which the change is allowed; none: any
	Untouched time.Time     // only if the task was not changed or touched since; zero: in any case
	Status    task.Status   // the state to enter
	Message   string
	Result    map[string]any
	ExpiresAt time.Time
	At        time.Time // becomes updated_at; zero: now
}

// InsertTask stores a new task. An id that was ever used is a conflict. Zero times become now and the time of creation.
func (t *Tx) InsertTask(ctx context.Context, k *task.Task) error {
	input, err := nullableJSON(k.Input)
	if err != nil {
		return t.fail("InsertTask", err)
	}
	result, err := nullableJSON(k.Result)
	if err != nil {
		return t.fail("InsertTask", err)
	}
	created := t.orNow(k.CreatedAt)
	updated := created
	if !k.UpdatedAt.IsZero() {
		updated = t.precise(k.UpdatedAt)
	}
	_, err = t.exec(ctx, `INSERT INTO tasks (id, type, status, owner, expires_at, created_at, updated_at, deleted)
		VALUES (?, ?, ?, ?, ?, ?, ?, FALSE)`, k.ID, k.Type, k.Status, k.Owner, t.ends(k.ExpiresAt), moment(created), moment(updated))
	if t.engine.duplicate(err) {
		return fault.New(fault.Conflict, "task ID %s is or was in use", k.ID)
	}
	if err == nil {
		_, err = t.exec(ctx, "INSERT INTO task_info (task_id, input, result, message) VALUES (?, ?, ?, ?)", k.ID, input, result, k.Message)
	}
	return t.fail("InsertTask", err)
}

// ends is a time as it is stored, NULL for zero.
func (c *core) ends(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return moment(c.precise(at))
}

func nullableJSON(m map[string]any) (any, error) {
	if m == nil {
		return nil, nil
	}
	return encodeJSON(m)
}

// UpdateTask changes a task that is not deleted. A missing one is not found; fault.Conflict says that it is in another
// state than c wants.
func (t *Tx) UpdateTask(ctx context.Context, id string, c TaskChange) error {
	at := moment(t.orNow(c.At))
	set := query{"updated_at = ?", []any{at}}
	if c.Status != "" {
		set = query{set.text + ", status = ?", append(set.args, c.Status)}
	}
	if !c.ExpiresAt.IsZero() {
		set = query{set.text + ", expires_at = ?", append(set.args, t.ends(c.ExpiresAt))}
	}
	where := allOf(append(c.guards(), t.engine.is("id", id))...)
	n, err := t.exec(ctx, "UPDATE tasks SET "+set.text+" WHERE "+where.text, slices.Concat(set.args, where.args)...)
	switch {
	case err != nil:
		return t.fail("UpdateTask", err)
	case n == 0:
		if _, err := t.Task(ctx, id); err != nil {
			return err
		}
		return fault.New(fault.Conflict, "task %s is in another state", id)
	}
	return t.fail("UpdateTask", t.updateInfo(ctx, id, c))
}

// guards are the conditions for a change.
func (c TaskChange) guards() []query {
	terms := []query{{"NOT deleted", nil}}
	if len(c.From) > 0 {
		from := query{"status IN (" + marks(len(c.From)) + ")", nil}
		for _, s := range c.From {
			from.args = append(from.args, s)
		}
		terms = append(terms, from)
	}
	if !c.Untouched.IsZero() {
		terms = append(terms, query{"updated_at < ?", []any{moment(c.Untouched)}})
	}
	return terms
}

// updateInfo writes the other half of a task. Another program may have left it out.
func (t *Tx) updateInfo(ctx context.Context, id string, c TaskChange) error {
	set := query{"message = ?", []any{c.Message}}
	if c.Result != nil {
		result, err := encodeJSON(c.Result)
		if err != nil {
			return err
		}
		set = query{"message = ?, result = ?", []any{c.Message, result}}
	}
	n, err := t.exec(ctx, "UPDATE task_info SET "+set.text+" WHERE task_id = ?", append(set.args, id)...)
	if err != nil || n > 0 {
		return err
	}
	if _, err = t.exec(ctx, "INSERT INTO task_info (task_id, message) VALUES (?, ?)", id, c.Message); err != nil {
		return err
	}
	_, err = t.exec(ctx, "UPDATE task_info SET "+set.text+" WHERE task_id = ?", append(set.args, id)...)
	return err
}

// TouchTasks sets updated_at of those of the tasks that have not ended.
func (t *Tx) TouchTasks(ctx context.Context, ids []string, at time.Time) error {
	args := []any{moment(t.precise(at))}
	for _, id := range ids {
		args = append(args, id)
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "UPDATE tasks SET updated_at = ? WHERE status IN ('pending', 'processing') AND id IN ("+marks(len(ids))+")", args...)
	return t.fail("TouchTasks", err)
}

// expired is the condition for the tasks of an owner whose time is over.
func (c *core) expired(owner string, now time.Time) query {
	return allOf(query{"NOT deleted AND expires_at <= ?", []any{moment(c.precise(now))}}, c.engine.is("owner", owner))
}

// HasExpired reports whether ExpireTasks would find something to do.
func (r reads) HasExpired(ctx context.Context, owner string, now time.Time) (bool, error) {
	found := false
	over := r.expired(owner, now)
	ask := query{"SELECT 1 FROM tasks WHERE " + over.text + " LIMIT 1", over.args}
	err := each(ctx, r.q, ask, func(*sql.Rows) error { found = true; return nil })
	return found, r.fail("HasExpired", err)
}

// ExpireTasks deletes the tasks of an owner whose time is over: their rows stay, marked (spec tasks-import A.4).
func (t *Tx) ExpireTasks(ctx context.Context, owner string, now time.Time) error {
	over := t.expired(owner, now)
	at := moment(t.precise(now))
	_, err := t.exec(ctx, "UPDATE tasks SET deleted = TRUE, deleted_at = ?, updated_at = ? WHERE "+over.text, append([]any{at, at}, over.args...)...)
	return t.fail("ExpireTasks", err)
}

// Task returns the task with this id, also one that is deleted.
func (r reads) Task(ctx context.Context, id string) (*task.Task, error) {
	if utf8.RuneCountInString(id) > maxID || storable.Text(id) != nil {
		return nil, noTask(id)
	}
	found, err := r.tasks(ctx, "Task", r.engine.is("tasks.id", id))
	if err == nil && len(found) == 0 {
		err = noTask(id)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func noTask(id string) error { return fault.New(fault.NotFound, "task %s not found", id) }

// StaleTasks returns the tasks under way that were not touched since, of those that have a message.
func (r reads) StaleTasks(ctx context.Context, since time.Time) ([]*task.Task, error) {
	return r.tasks(ctx, "StaleTasks", query{
		"NOT deleted AND status IN ('pending', 'processing') AND updated_at < ? AND COALESCE(message, '') <> ''",
		[]any{moment(r.precise(since))},
	})
}

// tasks returns what a condition selects; other clauses may follow it.
func (r reads) tasks(ctx context.Context, op string, where query) ([]*task.Task, error) {
	where.text = "input, result, message FROM tasks LEFT JOIN task_info ON task_info.task_id = tasks.id WHERE " + where.text
	return r.scanTasks(ctx, op, where)
}

// briefTasks is tasks without what can be long.
func (r reads) briefTasks(ctx context.Context, op string, where query) ([]*task.Task, error) {
	where.text = "NULL, NULL, NULL FROM tasks WHERE " + where.text
	return r.scanTasks(ctx, op, where)
}

// scanTasks returns the tasks of a query that begins with the last three columns.
func (r reads) scanTasks(ctx context.Context, op string, tail query) ([]*task.Task, error) {
	column := r.engine.time
	ask := query{"SELECT id, type, status, owner, deleted, " + strings.Join([]string{
		column("expires_at"), column("created_at"), column("updated_at"), column("deleted_at"), tail.text,
	}, ", "), tail.args}
	var found []*task.Task
	err := each(ctx, r.q, ask, func(rows *sql.Rows) error {
		k, err := scanTask(rows)
		found = append(found, k)
		return err
	})
	return found, r.fail(op, err)
}

func scanTask(rows *sql.Rows) (*task.Task, error) {
	var k task.Task
	var deleted sql.NullBool
	var input, result, message sql.NullString
	err := rows.Scan(&k.ID, &k.Type, &k.Status, &k.Owner, &deleted,
		(*moment)(&k.ExpiresAt), (*moment)(&k.CreatedAt), (*moment)(&k.UpdatedAt), (*moment)(&k.DeletedAt), &input, &result, &message)
	if err != nil {
		return nil, err
	}
	k.Deleted, k.Message = deleted.Bool, message.String
	if k.UpdatedAt.IsZero() {
		k.UpdatedAt = k.CreatedAt
	}
	if k.Input, err = taskJSON(input); err == nil {
		k.Result, err = taskJSON(result)
	}
	return &k, err
}

// taskJSON reads what a task was given or has given; nil for NULL and null.
func taskJSON(text sql.NullString) (map[string]any, error) {
	if trimmed := strings.TrimSpace(text.String); trimmed == "" || trimmed == "null" {
		return nil, nil
	}
	return decodeMetadata(text.String)
}
