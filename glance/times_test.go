package glance_test

import (
	"strings"
	"testing"
	"time"
)

// Spec images-api 16.1, 8.7: which calls move updated_at, and that none moves created_at. Those that are refused, and those
// that only read, move nothing.
func TestUpdatedAt(t *testing.T) {
	t.Parallel()
	m := &memory{}
	f := start(t, withMemory(m, "a", "data"))
	id := f.as(owner).create(formats)
	rows := []struct {
		by    caller
		line  string
		body  string
		code  int
		moves bool
	}{
		{owner, "GET %", "", 200, false}, {owner, "GET %/file", "", 204, false}, {owner, "PATCH %", "[]", 200, false},
		{owner, "PATCH %", `[{"op": "replace", "path": "/name", "value": null}]`, 200, true},
		{owner, "PATCH %", `[{"op": "replace", "path": "/nothing", "value": "x"}]`, 409, false},
		{owner, "PATCH %", `[{"op": "add", "path": "/k", "value": "v"}]`, 200, true}, {owner, "PATCH %", `[{"op": "remove", "path": "/k"}]`, 200, true},
		{owner, "PATCH %", `[{"op": "add", "path": "/k", "value": "v"}, {"op": "remove", "path": "/k"}]`, 200, true},
		{owner, "PUT %/tags/a", "", 204, true}, {owner, "DELETE %/tags/a", "", 204, true}, {owner, "DELETE %/tags/a", "", 404, false},
		{stranger, "PUT %/tags/a", "", 404, false}, {anonymous, "PUT %/tags/a", "", 403, false},
		{owner, "POST %/members", `{"member": "project-member"}`, 200, false}, {owner, "POST %/members", `{"member": "project-member"}`, 409, false},
		{member, "PUT %/members/project-member", `{"status": "accepted"}`, 200, false}, {member, "GET %", "", 200, false},
		{member, "PATCH %", `[{"op": "add", "path": "/k", "value": "v"}]`, 403, false}, {member, "PUT %/tags/a", "", 403, false},
		{owner, "DELETE %/members/project-member", "", 204, false}, {owner, "POST %/actions/deactivate", "", 403, false},
		{owner, "PUT %/file", "data", 204, true}, {owner, "PUT %/file", "data", 409, false}, {owner, "GET %/file", "", 200, false},
		{owner, "PATCH %", `[{"op": "add", "path": "/locations/-", "value": {"url": "mem://a", "metadata": {}}}]`, 200, true},
		{owner, "PATCH %", `[{"op": "remove", "path": "/locations/-"}]`, 200, true}, {owner, "PATCH %", `[{"op": "remove", "path": "/locations/-"}]`, 403, false},
		{owner, "POST %/actions/reactivate", "", 204, false}, {owner, "POST %/actions/deactivate", "", 204, true},
		{owner, "POST %/actions/deactivate", "", 204, false}, {owner, "POST %/actions/reactivate", "", 204, true},
	}
	last := f.clock.read()
	for _, row := range rows {
		f.clock.add(time.Hour)
		media := patch21
		if strings.HasSuffix(row.line, "/file") {
			media = octets
		}
		if row.moves {
			last = f.clock.read()
		}
		f.as(row.by).ask(strings.Replace(row.line, "%", "/v2/images/"+id, 1), row.body, media).want(row.code)
		doc := f.as(owner).get("/v2/images/" + id).doc()
		if doc["updated_at"] != last.Format("2006-01-02T15:04:05Z") || doc["created_at"] != "2017-08-01T10:00:00Z" {
			t.Errorf("%s %s: %v, %v", row.line, row.body, doc["created_at"], doc["updated_at"])
		}
	}
}
