package glance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// manyTasks makes n tasks of owner that have ended, one an hour, and returns their ids from old to new.
func (f *fixture) manyTasks(n int) []string {
	f.t.Helper()
	var ids []string
	states, kinds := []string{"pending", "processing", "success", "failure"}, []string{"import", "api_image_import"}
	for i := range n {
		id := fmt.Sprintf("10000000-0000-4000-8000-%012d", (i*7+3)%n)
		at := fmt.Sprintf("2017-08-01 %02d:00:00.000000", i)
		f.exec(`INSERT INTO tasks (id, type, status, owner, created_at, updated_at, deleted) VALUES (?, ?, ?, ?, ?, ?, FALSE)`,
			id, kinds[i%2], states[i%4], owner.project(), at, at)
		f.exec("INSERT INTO task_info (task_id, message) VALUES (?, '')", id)
		ids = append(ids, id)
	}
	return ids
}

// taskIDs returns the ids of the tasks in a list.
func (a answer) taskIDs() []string {
	a.t.Helper()
	list, _ := a.want(http.StatusOK).doc()["tasks"].([]any)
	ids := []string{}
	for _, entry := range list {
		doc, _ := entry.(map[string]any)
		ids = append(ids, fmt.Sprint(doc["id"]))
	}
	return ids
}

// Spec tasks-import A.4, security S79: the parameters, and walks along next in every order.
func TestTaskLists(t *testing.T) {
	t.Parallel()
	f := start(t, openTasks)
	ids := f.manyTasks(12)
	c := f.as(owner)
	newest := slices.Clone(ids)
	slices.Reverse(newest)
	if got := c.get(tasksPath).taskIDs(); !slices.Equal(got, newest) {
		t.Errorf("%v", got)
	}
	for query, want := range map[string]int{
		"limit=0": 0, "limit=5": 5, "limit=99999999999999999999": 12, "status=success": 3, "type=import": 6, "id=" + ids[4]: 1,
		"owner=project-owner": 12, "owner=project-other": 0, "created_at=2017-08-01T03:00:00Z": 1, "updated_at=2017-08-01T03:00:01Z": 0,
		"expires_at=2017-08-01T03:00:00Z": 0, "deleted=True": 12, "deleted=nonsense": 12, "nonsense=1": 12, "input=1": 12, "message=1": 12,
		"status=success&status=failure": 3, "sort_key=owner&sort_key=id": 12, "": 12, "&&": 12,
	} {
		if got := c.get(tasksPath + "?" + query).taskIDs(); len(got) != want {
			t.Errorf("%s: %d tasks, want %d", query, len(got), want)
		}
	}
	for _, query := range []string{
		"limit=-1", "limit=x", "limit=", "limit=1.5", "marker=x", "marker=", "marker=" + numbered(99), "sort_key=x", "sort_key=", "sort_key=input",
		"sort_key=message", "sort_dir=up", "sort_dir=", "status=x", "status=", "type=api_image_import", "type=x", "type=", "created_at=x", "owner=%FF", "owner=%00",
	} {
		c.get(tasksPath + "?" + query).want(http.StatusBadRequest)
	}
	for _, key := range []string{"id", "type", "status", "owner", "expires_at", "created_at", "updated_at", "deleted_at", "deleted"} {
		for _, dir := range []string{"asc", "desc"} {
			query := "?limit=5&sort_key=" + key + "&sort_dir=" + dir
			if got := c.walkTasks(tasksPath + query); len(got) != 12 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 12 {
				t.Errorf("%s: %v", query, got)
			}
		}
	}
}

// walkTasks follows next to the end.
func (c client) walkTasks(path string) []string {
	c.t.Helper()
	var all []string
	for next := path; next != "" && len(all) < 100; {
		a := c.get(next)
		all = append(all, a.taskIDs()...)
		doc := a.doc()
		if doc["first"] != path {
			c.t.Errorf("first is %v, want %s", doc["first"], path)
		}
		next, _ = doc["next"].(string)
	}
	return all
}

// Spec tasks-import A.4: the links of a list.
func TestTaskLinks(t *testing.T) {
	t.Parallel()
	f := start(t, openTasks)
	ids := f.manyTasks(4)
	c := f.as(owner)
	for query, want := range map[string][2]string{
		"":                             {tasksPath, ""},
		"?limit=4":                     {tasksPath + "?limit=4", tasksPath + "?limit=4&marker=" + ids[0]},
		"?limit=5":                     {tasksPath + "?limit=5", ""},
		"?limit=0":                     {tasksPath + "?limit=0", ""},
		"?limit=1&marker=" + ids[3]:    {tasksPath + "?limit=1", tasksPath + "?limit=1&marker=" + ids[2]},
		"?limit=2&x=a%20b&status=nope": {"", ""},
	} {
		if strings.Contains(query, "nope") {
			c.get(tasksPath + query).want(http.StatusBadRequest)
			continue
		}
		doc := c.get(tasksPath + query).want(http.StatusOK).doc()
		next, _ := doc["next"].(string)
		if doc["first"] != want[0] || next != want[1] || doc["schema"] != "/v2/schemas/tasks" {
			t.Errorf("%s: %v", query, doc)
		}
	}
}
