package glance_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"goglance/glance"
)

const tasksPath = "/v2/tasks"

// incomplete is the input of a task that fails as soon as it begins.
const incomplete = `{"type": "import", "input": {}}`

// openTasks lets everybody use the Tasks API.
func openTasks(c *glance.Config) { rules("tasks_api_access", "")(c) }

// post makes a task and returns its id.
func (c client) post(body string) string {
	c.t.Helper()
	id, _ := c.ask("POST "+tasksPath, body).want(http.StatusCreated).doc()["id"].(string)
	return id
}

// Spec tasks-import A.2, A.3: the answer to POST, and what becomes of the task.
func TestTaskDocuments(t *testing.T) {
	t.Parallel()
	l := &listener{}
	f := start(t, func(c *glance.Config) { c.Notify = l })
	const body = `{"type": "import", "input": {"x": [1.50, null, "\u00e9"]}, "status": "success", "owner": "somebody", "message": "m",
		"id": "00000000-0000-4000-8000-00000000ffff", "expires_at": null, "result": {}}`
	a := f.as(admin).ask("POST "+tasksPath, body).want(http.StatusCreated)
	id, _ := a.doc()["id"].(string)
	path := tasksPath + "/" + id
	a.wantHeader("Location", f.url+path).wantHeader("Content-Type", "application/json")
	a.wantBody(fmt.Sprintf(`{"id": %q, "type": "import", "status": "pending", "owner": "project-admin", "created_at": "2017-08-01T10:00:00Z", `+
		`"updated_at": "2017-08-01T10:00:00Z", "self": %q, "schema": "/v2/schemas/task", "input": {"x": [1.50, null, "é"]}, "result": null, "message": ""}`, id, path))
	ended := f.as(admin).ended(id)
	message, _ := ended["message"].(string)
	if !strings.Contains(message, "import_from") {
		t.Errorf("the message is %q", message)
	}
	want := map[string]any{
		"id": id, "type": "import", "status": "failure", "owner": "project-admin", "created_at": "2017-08-01T10:00:00Z", "updated_at": "2017-08-01T10:00:00Z",
		"expires_at": "2017-08-03T10:00:00Z", "self": path, "schema": "/v2/schemas/task", "result": nil, "message": message,
		"input": map[string]any{"x": []any{1.5, nil, "é"}},
	}
	if diff := gocmp.Diff(want, ended); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"input", "result", "message"} {
		delete(want, name)
	}
	list := f.as(admin).get(tasksPath).want(http.StatusOK).doc()
	if diff := gocmp.Diff(map[string]any{"tasks": []any{want}, "first": tasksPath, "schema": "/v2/schemas/tasks"}, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	f.until("the events", func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.events) == 4 })
	for _, e := range l.events {
		if e.Task.Input != nil || e.Task.ID != id {
			t.Errorf("%+v", e.Task)
		}
	}
	if got := l.heard(); got != "task.create task.run task.processing task.failure" {
		t.Errorf("events: %s", got)
	}
}

// Spec tasks-import A.3: the checks in their order, and that a refusal makes no task.
func TestTaskRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
	unasked := f.second(openTasks)
	addDenied := f.second(rules("add_task", "!"))
	for name, row := range map[string]struct {
		c    client
		body string
		code int
		says string
	}{
		"access first":     {f.as(owner), "{", 403, ""},
		"no body":          {f.as(admin), "", 400, ""},
		"no JSON":          {f.as(admin), "{", 400, ""},
		"scalar":           {f.as(admin), "1", 400, ""},
		"null":             {f.as(admin), "null", 400, ""},
		"array":            {f.as(admin), `["type", "input"]`, 400, ""},
		"nothing":          {f.as(admin), "{}", 400, "type"},
		"type only":        {f.as(admin), `{"type": "import"}`, 400, "input"},
		"input only":       {f.as(admin), `{"input": {}}`, 400, "type"},
		"other type":       {f.as(admin), `{"type": "export", "input": {}}`, 400, "type"},
		"type of no type":  {f.as(admin), `{"type": 1, "input": {}}`, 400, "type"},
		"input is text":    {f.as(admin), `{"type": "import", "input": "x"}`, 400, "input"},
		"input is a list":  {f.as(admin), `{"type": "import", "input": []}`, 400, "input"},
		"unknown key":      {f.as(admin), `{"type": "import", "input": {}, "x": 1}`, 400, "x"},
		"owner of no type": {f.as(admin), `{"type": "import", "input": {}, "owner": 1}`, 400, "owner"},
		"id is no id":      {f.as(admin), `{"type": "import", "input": {}, "id": "x"}`, 400, "id"},
		"other status":     {f.as(admin), `{"type": "import", "input": {}, "status": "x"}`, 400, "status"},
		"schema first":     {f.second(unauthenticated, openTasks).plain(), "{}", 400, ""},
		"nobody's":         {f.second(unauthenticated, openTasks).plain(), incomplete, 403, "nobody"},
		"anonymous":        {unasked.as(anonymous), incomplete, 403, ""},
		"add_task":         {addDenied.as(admin), incomplete, 403, ""},
		"body before it":   {addDenied.as(admin), "{}", 400, ""},
		"too deep":         {f.as(admin), `{"type": "import", "input": ` + strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20001), 400, ""},
		"lone surrogate":   {f.as(admin), `{"type": "import", "input": {"a": "\ud800"}}`, 400, ""},
	} {
		if a := row.c.ask("POST "+tasksPath, row.body).want(row.code); !strings.Contains(a.body, row.says) {
			t.Errorf("%s: %q says nothing of %q", name, a.body, row.says)
		}
	}
	if n := f.text("SELECT COUNT(*) FROM tasks"); n != "0" {
		t.Errorf("%s tasks are there", n)
	}
	if left, _ := filepath.Glob(filepath.Join(f.dir, "journal", "*", "*.task")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Spec tasks-import A.1: methods, and that DELETE is there to be refused.
func TestTaskMethods(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(admin).post(incomplete)
	for _, verb := range []string{"PUT", "PATCH", "DELETE", "HEAD"} {
		f.as(admin).ask(verb+" "+tasksPath, "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "GET, POST")
	}
	for _, verb := range []string{"PUT", "PATCH", "POST", "HEAD"} {
		f.as(admin).ask(verb+" "+tasksPath+"/"+id, "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "GET, DELETE")
	}
	for _, path := range []string{id, "nothing", strings.Repeat("x", 100)} {
		f.as(admin).ask("DELETE "+tasksPath+"/"+path, "").want(http.StatusMethodNotAllowed).wantHeader("Allow", "GET")
		f.as(owner).ask("DELETE "+tasksPath+"/"+path, "").want(http.StatusForbidden).wantHeader("Allow", "")
	}
	f.as(admin).ask("GET "+tasksPath, "{}").want(http.StatusOK)
	f.as(admin).ask("GET "+tasksPath+"/"+id, "{}").want(http.StatusOK)
}

// Spec tasks-import A.5, security S25, S28: whose tasks a caller sees.
func TestSecTaskSights(t *testing.T) {
	t.Parallel()
	f := start(t, openTasks)
	id := f.as(owner).post(incomplete)
	f.as(owner).ended(id)
	for who, code := range map[caller]int{owner: 200, admin: 200, stranger: 404, member: 404, anonymous: 404} {
		f.as(who).get(tasksPath + "/" + id).want(code)
		n := 0
		if code == 200 {
			n = 1
		}
		if list, _ := f.as(who).get(tasksPath).want(http.StatusOK).doc()["tasks"].([]any); len(list) != n {
			t.Errorf("%s is shown %d", who, len(list))
		}
		if list, _ := f.as(who).get(tasksPath + "?owner=project-owner").want(http.StatusOK).doc()["tasks"].([]any); len(list) != n {
			t.Errorf("%s is shown %d by owner", who, len(list))
		}
	}
	for _, path := range []string{"nothing", strings.Repeat("x", 100), numbered(99999), "%00", strings.ToUpper(id) + "x"} {
		f.as(admin).get(tasksPath + "/" + path).want(http.StatusNotFound)
	}
	f.as(stranger).get(tasksPath + "?marker=" + id).want(http.StatusForbidden)
	f.as(admin).get(tasksPath + "?marker=" + id).want(http.StatusOK)
}

// Spec tasks-import A.4: what has expired goes when its owner looks at his list; administrators still see it by its id.
func TestTaskExpiry(t *testing.T) {
	t.Parallel()
	f := start(t, openTasks, func(c *glance.Config) { c.Options.TimeToLive = 3 })
	mine, theirs := f.as(owner).post(incomplete), f.as(stranger).post(incomplete)
	f.as(owner).ended(mine)
	f.as(stranger).ended(theirs)
	tasks := func(who caller) int {
		t.Helper()
		list, _ := f.as(who).get(tasksPath).want(http.StatusOK).doc()["tasks"].([]any)
		return len(list)
	}
	f.clock.add(3*time.Hour - time.Second)
	if n := tasks(owner); n != 1 {
		t.Errorf("%d tasks before the time", n)
	}
	f.clock.add(time.Second)
	if n := tasks(admin); n != 2 {
		t.Errorf("%d tasks before their owners look", n)
	}
	f.as(owner).get(tasksPath + "/" + mine).want(http.StatusOK)
	if n := tasks(owner); n != 0 {
		t.Errorf("%d tasks after the time", n)
	}
	f.as(owner).get(tasksPath + "/" + mine).want(http.StatusNotFound)
	f.as(admin).get(tasksPath + "/" + mine).want(http.StatusOK)
	f.as(owner).get(tasksPath + "?marker=" + mine).want(http.StatusBadRequest)
	f.as(admin).get(tasksPath + "?deleted=true").want(http.StatusOK)
	if n := tasks(admin); n != 1 {
		t.Errorf("%d tasks after one owner has looked", n)
	}
	if got := f.text("SELECT deleted_at FROM tasks WHERE id = ?", mine); !strings.HasPrefix(got, "2017-08-01") {
		t.Errorf("deleted at %q", got)
	}
}

// Spec tasks-import A.8: the calls of the API ask for tasks_api_access before anything else, then each for its rule.
func TestTaskPolicies(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(admin).post(incomplete)
	f.as(admin).ended(id)
	calls := map[string]string{"GET " + tasksPath: "", "POST " + tasksPath: incomplete, "GET " + tasksPath + "/" + id: ""}
	for rule, denied := range map[string][]string{
		"tasks_api_access": {"GET " + tasksPath, "POST " + tasksPath, "GET " + tasksPath + "/" + id},
		"add_task":         {"POST " + tasksPath},
		"get_task":         {"GET " + tasksPath + "/" + id},
		"get_tasks":        {"GET " + tasksPath},
		"modify_task":      nil,
	} {
		g := f.second(rules(rule, "!"))
		for line, body := range calls {
			want := 200
			if strings.HasPrefix(line, "POST") {
				want = 201
			}
			if slices.Contains(denied, line) {
				want = 403
			}
			g.as(admin).ask(line, body).want(want)
		}
		order := 400 // the parameters are looked at before get_tasks, behind the access
		if rule == "tasks_api_access" {
			order = 403
		}
		g.as(admin).get(tasksPath + "?limit=-1").want(order)
		g.svc.Settled(t.Context())
	}
	// Without the rule the default decides, which is for administrators.
	g := f.second(onlyRule("default", "role:admin"))
	g.as(admin).get(tasksPath).want(http.StatusOK)
	g.as(owner).get(tasksPath).want(http.StatusForbidden)
}

// TestTaskTrouble: tasks of a dead process are failed when the next one begins its work, and a service that stops leaves none
// processing.
func TestTaskTrouble(t *testing.T) {
	t.Parallel()
	url, _ := canary(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	f := start(t, importing("127.0.0.1"))
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- f.svc.Run(ctx) }()
	id := f.as(admin).imports(source(url, `"disk_format": "raw", "container_format": "bare"`))
	f.until("the task runs", func() bool { return f.text("SELECT status FROM tasks WHERE id = ?", id) == "processing" })
	cancel()
	f.must(<-ran)
	doc := f.as(admin).get(tasksPath + "/" + id).want(http.StatusOK).doc()
	if doc["status"] != "failure" || !strings.Contains(fmt.Sprint(doc["message"]), "stopped") {
		t.Errorf("%v", doc)
	}
	f.as(admin).ask("POST "+tasksPath, incomplete).want(http.StatusServiceUnavailable)
}
