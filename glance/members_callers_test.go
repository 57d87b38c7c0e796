package glance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// sharing is an image and its members. It is owner's, unless orphan.
type sharing struct {
	visibility string
	orphan     bool
	members    string // projects, separated by blanks
}

func (s sharing) has(project string) bool {
	return slices.Contains(strings.Fields(s.members), project)
}

// code is what spec images-api 8.2 to 8.6 says of a call about a project.
func (s sharing) code(who caller, verb, project string) int {
	self := who.project() == project
	mine := who == admin || who == owner && !s.orphan
	sees := mine || s.orphan || s.visibility == "public" || s.visibility == "community" || s.visibility == "shared" && s.has(who.project())
	single := verb == http.MethodGet && project != ""
	switch {
	case who == anonymous && verb != http.MethodGet:
		return http.StatusForbidden
	case !sees, s.visibility != "shared" && single:
		return http.StatusNotFound
	case s.visibility != "shared":
		return http.StatusForbidden
	case single && !mine && !self:
		return http.StatusNotFound
	case project == "" && !mine && !s.has(who.project()), verb == http.MethodPost && !mine, verb == http.MethodDelete && !mine,
		verb == http.MethodPut && !mine && !self:
		return http.StatusForbidden
	case verb == http.MethodPost && s.has(project):
		return http.StatusConflict
	case verb != http.MethodPost && project != "" && !s.has(project):
		return http.StatusNotFound
	case verb == http.MethodPut && who != admin && !self:
		return http.StatusForbidden
	case verb == http.MethodDelete:
		return http.StatusNoContent
	}
	return http.StatusOK
}

// TestMemberCallers makes every call about members as everybody.
func TestMemberCallers(t *testing.T) {
	t.Parallel()
	f := start(t)
	lists := []string{"", "project-member project-other", "project-owner project-admin", "project-member project-owner"}
	for _, who := range append(everybody(), other) {
		for _, orphan := range []bool{false, true} {
			for _, members := range lists {
				f.tryMembers(sharing{"shared", orphan, members}, who)
			}
			for _, visibility := range []string{"private", "public", "community"} {
				f.tryMembers(sharing{visibility, orphan, lists[1]}, who)
			}
		}
	}
}

func (f *fixture) tryMembers(s sharing, who caller) {
	f.t.Helper()
	var id, before string
	for _, verb := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		for _, project := range []string{"", "project-member", "project-owner", "nobody"} {
			if project == "" && verb != http.MethodGet {
				continue
			}
			if id == "" || f.rows(id) != before {
				id = f.sharing(s)
				before = f.rows(id)
			}
			line, body := verb+" /v2/images/"+id+"/members", ""
			switch verb {
			case http.MethodPost:
				body = `{"member": "` + project + `"}`
			case http.MethodPut:
				line, body = line+"/"+project, `{"status": "accepted"}`
			default:
				line = strings.TrimSuffix(line+"/"+project, "/")
			}
			a := f.as(who).ask(line, body)
			if want := s.code(who, verb, project); a.code != want {
				f.t.Errorf("%+v, %s, %s %s: %d, want %d", s, who, verb, project, a.code, want)
			}
			if changed := f.rows(id) != before; changed != (a.code < 300 && verb != http.MethodGet) {
				f.t.Errorf("%+v, %s, %s %s: %d, and changed is %v", s, who, verb, project, a.code, changed)
			}
			if a.code == http.StatusOK && project == "" {
				f.sees(s, who, a)
			}
		}
	}
}

// sees checks which members a list shows.
func (f *fixture) sees(s sharing, who caller, a answer) {
	f.t.Helper()
	want := strings.Fields(s.members)
	if who != admin && (who != owner || s.orphan) {
		want = []string{who.project()}
	}
	if got := a.members(); fmt.Sprint(got) != fmt.Sprint(want) {
		f.t.Errorf("%+v: %s sees %v", s, who, got)
	}
}

// sharing makes an image and its members past the API.
func (f *fixture) sharing(s sharing) string {
	f.t.Helper()
	id := f.as(owner).create("")
	for _, project := range strings.Fields(s.members) {
		f.exec(`INSERT INTO image_members (image_id, member, can_share, created_at, deleted, status)
			VALUES (?, ?, FALSE, '2017-08-01 10:00:00.000000', FALSE, 'pending')`, id, project)
	}
	f.exec("UPDATE images SET visibility = ? WHERE id = ?", s.visibility, id)
	if s.orphan {
		f.exec("UPDATE images SET owner = NULL WHERE id = ?", id)
	}
	return id
}
