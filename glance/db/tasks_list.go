package db

import (
	"context"
	"fmt"
	"time"

	"goglance/glance/image"
	"goglance/glance/internal/storable"
	"goglance/glance/task"
)

// Tasks returns the page that q asks for: of the tasks that are not deleted those of the viewer, of all owners for an
// administrator (spec tasks-import A.4). They come without input, result and message, which can be long.
func (r reads) Tasks(ctx context.Context, q task.Query) ([]*task.Task, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	if q.Key != "" && !q.Key.Valid() {
		return nil, fmt.Errorf("db.Tasks: %q is not a sort key", q.Key)
	}
	terms := []query{{"NOT deleted", nil}}
	switch {
	case q.Viewer.Admin:
	case q.Viewer.Owner == "":
		return nil, nil
	default:
		terms = append(terms, r.engine.is("owner", q.Viewer.Owner))
	}
	filter, err := r.filteredTasks(q.Filter)
	if err != nil {
		return nil, err
	}
	terms = append(terms, filter...)
	order := r.taskKeys(q.Key)
	if q.After != nil {
		terms = append(terms, order.terms().behind(q.Asc, order.of(q.After)))
	}
	page := allOf(terms...)
	return r.briefTasks(ctx, "Tasks", query{page.text + order.terms().orderBy(q.Asc) + limit(q.Limit), page.args})
}

// filteredTasks returns the conditions of a filter. Nothing equals a text that no database can hold.
func (c *core) filteredTasks(f task.Filter) ([]query, error) {
	var terms []query
	text := func(column string, value *string) {
		switch {
		case value == nil:
		case storable.Text(*value) != nil:
			terms = append(terms, query{nothing, nil})
		default:
			terms = append(terms, c.engine.is(column, *value))
		}
	}
	text("id", f.ID)
	text("owner", f.Owner)
	text("type", (*string)(f.Type))
	text("status", (*string)(f.Status))
	for key, at := range f.Times {
		if !key.Valid() || !key.IsTime() {
			return nil, fmt.Errorf("db.Tasks: %q is not a time", key)
		}
		term, err := compareTime(string(key), image.Condition{Op: image.Equal, Values: []any{at}})
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	return terms, nil
}

// taskKey is one expression of a sort, and its value for a task. None is ever NULL.
type taskKey struct {
	term string
	of   func(*task.Task) any
}

type taskOrder []taskKey

func (o taskOrder) terms() terms {
	var all terms
	for _, k := range o {
		all = append(all, k.term)
	}
	return all
}

func (o taskOrder) of(t *task.Task) []any {
	var values []any
	for _, k := range o {
		values = append(values, k.of(t))
	}
	return values
}

// taskKeys is the order by a key: key, created_at, id.
func (c *core) taskKeys(key task.SortKey) taskOrder {
	created := taskKey{"created_at", func(t *task.Task) any { return moment(t.CreatedAt) }}
	id := taskKey{c.engine.orderedID, func(t *task.Task) any { return t.ID }}
	ties := taskOrder{created, id}
	text := func(of func(*task.Task) any) taskOrder {
		return append(taskOrder{{c.engine.ordered(string(key)), of}}, ties...)
	}
	switch key {
	case task.ByID:
		return taskOrder{id, created}
	case task.ByType:
		return text(func(t *task.Task) any { return string(t.Type) })
	case task.ByStatus:
		return text(func(t *task.Task) any { return string(t.Status) })
	case task.ByOwner:
		return text(func(t *task.Task) any { return t.Owner })
	case task.ByExpiresAt:
		return append(nullableTime("expires_at", func(t *task.Task) time.Time { return t.ExpiresAt }), ties...)
	case task.ByUpdatedAt:
		return append(taskOrder{{"COALESCE(updated_at, created_at)", func(t *task.Task) any { return moment(t.UpdatedAt) }}}, ties...)
	case task.ByDeletedAt:
		return append(nullableTime("deleted_at", func(t *task.Task) time.Time { return t.DeletedAt }), ties...)
	case task.ByCreatedAt, task.ByDeleted: // nothing that is listed is deleted
	}
	return ties
}

// nullableTime sorts by a column that may be NULL, which is lower than any time.
func nullableTime(column string, of func(*task.Task) time.Time) taskOrder {
	return taskOrder{
		{present(column), func(t *task.Task) any {
			if of(t).IsZero() {
				return 0
			}
			return 1
		}},
		{"COALESCE(" + column + ", created_at)", func(t *task.Task) any {
			if at := of(t); !at.IsZero() {
				return moment(at)
			}
			return moment(t.CreatedAt)
		}},
	}
}
