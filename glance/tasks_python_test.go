package glance_test

import (
	"net/http"
	"regexp"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
)

// sameTasks makes a task through each of the two, which fails, and compares what both say about it, and the rows.
func (s *sides) sameTasks() {
	s.Helper()
	const body = `{"type": "import", "input": {"a": ["\u00e9", 1.5, null, true, {}], "import_from": "http://192.0.2.1/x"}}` // there is no more
	var rows []string
	for _, f := range []*fixture{s.ours, s.theirs} {
		id := f.as(admin).post(body)
		f.as(admin).ended(id)
		ours := s.ours.as(admin).get(tasksPath + "/" + id).want(http.StatusOK).doc()
		theirs := s.theirs.as(admin).get(tasksPath + "/" + id).want(http.StatusOK).doc()
		for _, key := range laterTaskKeys() {
			delete(theirs, key)
		}
		if diff := gocmp.Diff(theirs, ours); diff != "" {
			s.Errorf("task %s (-Python's +ours):\n%s", id, diff)
		}
		rows = append(rows, s.taskRows())
		s.sql.MustExec("DELETE FROM task_info")
		s.sql.MustExec("DELETE FROM tasks")
	}
	if diff := gocmp.Diff(rows[1], rows[0]); diff != "" {
		s.Errorf("rows (-Python's +ours):\n%s", diff)
	}
}

// taskRows describes the rows of the one task, without what later releases have added and what the message says.
func (s *sides) taskRows() string {
	s.Helper()
	var text string
	for _, table := range []string{"tasks", "task_info"} {
		text += strings.Join(s.table(table), "\n") + "\n"
	}
	text = regexp.MustCompile(` ?(image_id|request_id|user_id)=[^ \n]+`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`(?s) message=string\(.+?\) result=`).ReplaceAllString(text, " message=string(...) result=")
	return regexp.MustCompile(`task_id=string\([0-9a-f-]{36}\)`).ReplaceAllString(text, "task_id=string(#)")
}
