package api

import (
	"net/http"
	"regexp"
	"time"

	"goglance/glance/fault"
	"goglance/glance/internal/tasks"
	"goglance/glance/task"
)

// listTasks is GET /v2/tasks (spec tasks-import A.4).
func (a *API) listTasks(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	p, err := a.tasksPage(q)
	if err != nil {
		return err
	}
	page, more, err := a.Tasks.List(r.Context(), p)
	if err != nil {
		return err
	}
	var doc object
	doc.list("tasks", len(page), func(buf []byte, i int) []byte { return appendBriefTask(buf, page[i]) })
	doc.string("first", tasksLink(q, ""))
	doc.string("schema", "/v2/schemas/tasks")
	if more {
		doc.string("next", tasksLink(q, page[len(page)-1].ID))
	}
	sendJSON(w, http.StatusOK, doc.end())
	return nil
}

// tasksLink is a relative link to a page of the list that q asked for; marker "" leads to the first.
func tasksLink(q query, marker string) string {
	q = q.without("marker")
	if marker != "" {
		q = append(q, parameter{"marker", marker})
	}
	if len(q) == 0 {
		return tasksPath
	}
	return tasksPath + "?" + q.encode()
}

// tasksPage reads the parameters of a list. Where one comes more than once the last one counts.
func (a *API) tasksPage(q query) (p tasks.Page, err error) {
	p.Limit, p.Key = -1, task.ByCreatedAt
	if limit, ok := q.get("limit"); ok {
		if p.Limit, err = parseLimit(limit); err != nil {
			return p, err
		}
	}
	if marker, ok := q.get("marker"); ok {
		if !uuidLike(marker) {
			return p, fault.New(fault.Invalid, "the marker is no id")
		}
		p.Marker = &marker
	}
	if key, ok := q.get("sort_key"); ok {
		if p.Key = task.SortKey(key); !p.Key.Valid() {
			return p, fault.New(fault.Invalid, "tasks cannot be sorted by %q", key)
		}
	}
	if dir, ok := q.get("sort_dir"); ok {
		if dir != "asc" && dir != "desc" {
			return p, fault.New(fault.Invalid, "the sort direction %q is neither asc nor desc", dir)
		}
		p.Asc = dir == "asc"
	}
	p.Filter, err = taskFilter(q)
	return p, err
}

// taskFilter reads the filters. What is no attribute of a task is ignored, and so is deleted.
func taskFilter(q query) (f task.Filter, err error) {
	if status, ok := q.get("status"); ok {
		s := task.Status(status)
		if f.Status = &s; !s.Valid() {
			return f, fault.New(fault.Invalid, "status must be pending, processing, success or failure")
		}
	}
	if kind, ok := q.get("type"); ok {
		k := task.Type(kind)
		if f.Type = &k; k != task.Import { // the reference refuses the other type too
			return f, fault.New(fault.Invalid, "tasks can be filtered by type %s only", task.Import)
		}
	}
	if id, ok := q.get("id"); ok {
		f.ID = &id
	}
	if owner, ok := q.get("owner"); ok {
		f.Owner = &owner
	}
	for _, key := range []task.SortKey{task.ByCreatedAt, task.ByUpdatedAt, task.ByExpiresAt, task.ByDeletedAt} {
		value, ok := q.get(string(key))
		if !ok {
			continue
		}
		at, ok := parseTimestamp(value)
		if !ok {
			return f, fault.New(fault.Invalid, "%s must be a time", key)
		}
		if f.Times == nil {
			f.Times = map[task.SortKey]time.Time{}
		}
		f.Times[key] = at
	}
	return f, nil
}

// uuidLike reports whether text is a UUID in any of the spellings that the reference takes for one: hex digits in either
// case, with or without hyphens, in braces, as a URN.
func uuidLike(text string) bool {
	return regexp.MustCompile(`^(?i:\{|urn:uuid:)?[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\}?$`).MatchString(text)
}
