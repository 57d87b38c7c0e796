package api

import (
	"net/http"

	"github.com/gorilla/mux"

	"goglance/glance/fault"
	"goglance/glance/internal/api/middleware"
	"goglance/glance/task"
)

const tasksPath = "/v2/tasks"

// taskRoutes is the routes of tasks (spec tasks-import A.1). Where the reference ignores a body, it is ignored here.
func (a *API) taskRoutes() []route {
	return []route{
		{"tasks", tasksPath, []method{
			{http.MethodGet, true, a.asked(a.listTasks)},
			{http.MethodPost, true, a.asked(a.createTask)},
		}},
		{"task", tasksPath + "/{id}", []method{
			{http.MethodGet, true, a.asked(a.showTask)},
			{http.MethodDelete, true, a.asked(a.deleteTask)},
		}},
		{"schema of a task", "/v2/schemas/task", []method{{http.MethodGet, true, a.showSchema("task")}}},
		{"schema of tasks", "/v2/schemas/tasks", []method{{http.MethodGet, true, a.showSchema("tasks")}}},
	}
}

// asked asks, before anything of a request is looked at, whether the caller may use tasks (spec tasks-import A.8).
func (a *API) asked(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := a.Tasks.Access(r.Context()); err != nil {
			return err
		}
		return next(w, r)
	}
}

// createTask is POST /v2/tasks (spec tasks-import A.3).
func (a *API) createTask(w http.ResponseWriter, r *http.Request) error {
	body, err := a.decodeObject(r)
	if err != nil {
		return err
	}
	for _, name := range []string{"type", "input"} {
		if _, ok := body[name]; !ok {
			return fault.New(fault.Invalid, "the body has no %q", name)
		}
	}
	if err := a.task.Validate(body); err != nil {
		return err
	}
	kind, _ := body["type"].(string)
	input, _ := body["input"].(map[string]any) // or null
	t, err := a.Tasks.Create(r.Context(), task.Type(kind), input)
	if err != nil {
		return err
	}
	w.Header().Set("Location", middleware.From(r.Context()).BaseURL()+taskPath(t))
	sendJSON(w, http.StatusCreated, appendTask(nil, t))
	return nil
}

// showTask is GET /v2/tasks/{id}.
func (a *API) showTask(w http.ResponseWriter, r *http.Request) error {
	t, err := a.Tasks.Get(r.Context(), mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, appendTask(nil, t))
	return nil
}

// deleteTask is DELETE /v2/tasks/{id}, which there is only to say that there is no such thing.
func (a *API) deleteTask(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Allow", http.MethodGet)
	refuse(w, r, http.StatusMethodNotAllowed, "tasks go away by themselves when they have expired")
	return nil
}

func taskPath(t *task.Task) string { return tasksPath + "/" + t.ID }

// appendTask appends the document of a task (spec tasks-import A.2).
func appendTask(buf []byte, t *task.Task) []byte {
	o := briefTask(t)
	o.raw("input", string(appendInput(nil, t.Input)))
	o.raw("result", string(appendInput(nil, t.Result)))
	o.string("message", t.Message)
	return append(buf, o.end()...)
}

func appendInput(buf []byte, m map[string]any) []byte {
	if m == nil {
		return append(buf, null...)
	}
	return appendJSON(buf, m)
}

// appendBriefTask appends the document that lists have.
func appendBriefTask(buf []byte, t *task.Task) []byte {
	o := briefTask(t)
	return append(buf, o.end()...)
}

func briefTask(t *task.Task) object {
	var o object
	o.string("id", t.ID)
	o.string("type", string(t.Type))
	o.string("status", string(t.Status))
	o.string("owner", t.Owner)
	o.string("created_at", t.CreatedAt.UTC().Format(stamp))
	o.string("updated_at", t.UpdatedAt.UTC().Format(stamp))
	if !t.ExpiresAt.IsZero() {
		o.string("expires_at", t.ExpiresAt.UTC().Format(stamp))
	}
	o.string("self", taskPath(t))
	o.string("schema", "/v2/schemas/task")
	return o
}
