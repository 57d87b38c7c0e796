package glance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"goglance/glance/internal/reference"
)

// TestTaskReference sends the same requests about tasks to a Python Glance and to ours, on databases with the same tasks,
// and compares status codes and bodies; of tasks that were just made, the keys. What differs must be in
// testdata/task-differences.txt, with its reason; what is there and no longer differs must go.
func TestTaskReference(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	t.Parallel()
	f := start(t, openTasks)
	theirs := pythonTasks(t)
	f.manyTasks(12)
	theirs.manyTasks(12)
	meant, all := meantDifferences(t, "task-differences.txt"), taskExchanges()
	for _, x := range all {
		ours, theirs := f.as(x.who).ask(x.line, x.body), theirs.as(x.who).ask(x.line, x.body)
		text := taskDifference(ours, theirs)
		if text == "" {
			continue
		}
		text = x.String() + " | " + text
		i := slices.IndexFunc(meant, func(m *difference) bool { return m.pattern.MatchString(text) })
		if i < 0 {
			t.Errorf("%s\nours: %s\ntheirs: %s", text, shortened(ours.body), shortened(theirs.body))
			continue
		}
		meant[i].used = true
	}
	t.Logf("%d requests compared", len(all))
	for _, m := range meant {
		if !m.used {
			t.Errorf("nothing differs as the list says: %s", m.pattern)
		}
	}
}

// pythonTasks starts a Python Glance that lets everybody use tasks, as openTasks does.
func pythonTasks(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	file, rules := filepath.Join(dir, "glance.sqlite"), filepath.Join(dir, "policy.yaml")
	var text strings.Builder
	for _, rule := range []string{"tasks_api_access", "get_task", "get_tasks", "add_task", "modify_task"} {
		fmt.Fprintf(&text, "%s: ''\n", rule)
	}
	if err := os.WriteFile(rules, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	url := reference.Start(t, reference.Config{
		Database: "sqlite:///" + file + "?timeout=60", Identity: true, Default: "allow_anonymous_access = true",
		Sections: "[oslo_policy]\npolicy_file = " + rules,
	})
	raw, err := sqlx.Open("sqlite3", "file:"+file+"?_busy_timeout=60000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	return &fixture{t: t, url: url, sql: raw}
}

// taskDifference says what two answers differ in; "": nothing.
func taskDifference(ours, theirs answer) string {
	switch {
	case ours.code != theirs.code:
		return fmt.Sprintf("status %d %d", ours.code, theirs.code)
	case ours.header.Get("Allow") != theirs.header.Get("Allow"):
		return "Allow"
	case (ours.header.Get("Location") == "") != (theirs.header.Get("Location") == ""):
		return "Location"
	case ours.code == http.StatusCreated:
		if a, b := keysOf(ours.body), laterOfTasks(keysOf(theirs.body)); !slices.Equal(a, b) {
			return fmt.Sprintf("keys %s / %s", a, b)
		}
	case ours.code < 300 && !alike(ours.body, withoutLater(theirs.body)):
		return "body"
	}
	return ""
}

// laterTaskKeys are what later releases have added to tasks.
func laterTaskKeys() []string { return []string{"image_id", "request_id", "user_id"} }

func laterOfTasks(keys []string) []string {
	return slices.DeleteFunc(keys, func(key string) bool {
		name, _, _ := strings.Cut(strings.TrimPrefix(key, "."), ":")
		return slices.Contains(laterTaskKeys(), name)
	})
}

// withoutLater drops from a body what later releases have added.
func withoutLater(body string) string {
	var doc map[string]any
	if json.Unmarshal([]byte(body), &doc) != nil {
		return body
	}
	list, _ := doc["tasks"].([]any)
	for _, one := range append(list, doc) {
		if task, ok := one.(map[string]any); ok {
			for _, key := range laterTaskKeys() {
				delete(task, key)
			}
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return body
	}
	return string(text)
}

// taskExchanges is the requests, in their order: those that make tasks come last.
func taskExchanges() []exchange {
	var all []exchange
	add := func(who caller, line, body string) { all = append(all, exchange{who: who, line: line, body: body}) }
	one := "10000000-0000-4000-8000-000000000003"
	for _, who := range []caller{admin, owner, stranger, anonymous} {
		for _, line := range []string{
			"GET " + tasksPath, "GET " + tasksPath + "/" + one, "GET " + tasksPath + "/nothing", "GET " + tasksPath + "/" + numbered(1),
			"GET " + tasksPath + "?marker=" + one, "GET " + tasksPath + "?limit=2", "GET " + tasksPath + "?owner=project-owner",
			"DELETE " + tasksPath + "/" + one, "DELETE " + tasksPath + "/nothing", "PUT " + tasksPath, "DELETE " + tasksPath, "PATCH " + tasksPath,
			"POST " + tasksPath + "/" + one, "PUT " + tasksPath + "/" + one, "GET " + tasksPath + "/",
		} {
			add(who, line, "")
		}
	}
	for _, body := range []string{"{}", "[]", "{", "x"} {
		add(owner, "GET "+tasksPath, body)
		add(owner, "GET "+tasksPath+"/"+one, body)
		add(owner, "DELETE "+tasksPath+"/"+one, body)
		add(owner, "GET /v2/schemas/tasks", body)
	}
	for name, values := range taskParameters() {
		for _, value := range values {
			add(owner, "GET "+tasksPath+"?"+name+"="+value, "")
		}
	}
	for _, key := range []string{"id", "type", "status", "owner", "expires_at", "created_at", "updated_at", "deleted_at", "deleted"} {
		for _, dir := range []string{"asc", "desc"} {
			add(owner, "GET "+tasksPath+"?sort_key="+key+"&sort_dir="+dir+"&limit=7", "")
			add(owner, "GET "+tasksPath+"?sort_key="+key+"&sort_dir="+dir+"&marker="+one, "")
		}
	}
	for _, query := range []string{
		"status=success&type=import", "status=success&status=failure", "limit=1&limit=2", "sort_key=id&sort_key=owner", "x=a%20b&limit=1", "limit=1&marker=" + one + "&status=failure",
	} {
		add(owner, "GET "+tasksPath+"?"+query, "")
	}
	for _, body := range taskBodies() {
		add(owner, "POST "+tasksPath, body)
	}
	for _, body := range []string{"", "{}", `{"type": "import", "input": {}}`, `{"type": "api_image_import", "input": {}}`} {
		add(anonymous, "POST "+tasksPath, body)
	}
	return all
}

func taskParameters() map[string][]string {
	one := "10000000-0000-4000-8000-000000000003"
	return map[string][]string{
		"limit":      {"0", "1", "12", "13", "5000", "-1", "x", "", "1.5", "%20", "1e1", "00"},
		"marker":     {one, strings.ReplaceAll(one, "-", ""), "{" + one + "}", "urn:uuid:" + one, strings.ToUpper(one), numbered(7), "x", ""},
		"sort_key":   {"x", "", "input", "message", "ID", "name"},
		"sort_dir":   {"asc", "desc", "ASC", "", "x"},
		"status":     {"pending", "processing", "success", "failure", "x", "", "Pending"},
		"type":       {"import", "api_image_import", "x", ""},
		"id":         {one, "x", ""},
		"owner":      {"project-owner", "project-other", ""},
		"deleted":    {"true", "false", "x"},
		"input":      {"x"},
		"result":     {"x"},
		"message":    {"", "x"},
		"name":       {"x"},
		"visibility": {"public"},
	}
}

func taskBodies() []string {
	bodies := []string{
		"", " ", "{", "[]", "1", "null", `"x"`, "{}", `{"type": "import"}`, `{"input": {}}`, `{"type": "x", "input": {}}`, `{"type": null, "input": {}}`,
		`{"type": "import", "input": null}`, `{"type": "import", "input": []}`, `{"type": "import", "input": "x"}`, `{"type": "import", "input": 1}`,
		`{"type": "import", "input": {}}`, `{"type": "api_image_import", "input": {}}`, `{"type": "api_image_import", "input": {"image_id": "x"}}`,
		`["type", "input"]`,
	}
	for _, more := range []string{
		`"x": 1`, `"id": "x"`, `"id": 1`, `"id": "` + numbered(1) + `"`, `"owner": "x"`, `"owner": null`, `"status": "success"`, `"status": "x"`, `"message": "m"`,
		`"message": null`, `"result": {}`, `"result": null`, `"result": 1`, `"expires_at": null`, `"expires_at": "x"`, `"created_at": "x"`, `"created_at": 1`,
		`"updated_at": "x"`, `"self": "x"`, `"schema": "x"`, `"self": 1`, `"deleted": true`,
	} {
		bodies = append(bodies, `{"type": "api_image_import", "input": {"image_id": "x"}, `+more+`}`)
	}
	return bodies
}
