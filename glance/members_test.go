package glance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance"
)

// other is a further caller, with whom images are shared like with member.
const other caller = "other"

// invite shares an image with projects.
func (c client) invite(id string, projects ...string) {
	c.t.Helper()
	for _, project := range projects {
		text, _ := json.Marshal(project) //nolint:errchkjson // a string can always be encoded
		c.ask("POST /v2/images/"+id+"/members", fmt.Sprintf(`{"member": %s}`, text)).want(http.StatusOK)
	}
}

// members returns the ids in a list of members.
func (a answer) members() []string {
	a.t.Helper()
	list, _ := a.want(http.StatusOK).doc()["members"].([]any)
	ids := []string{}
	for _, entry := range list {
		doc, _ := entry.(map[string]any)
		id, _ := doc["member_id"].(string)
		ids = append(ids, id)
	}
	return ids
}

// Spec images-api 8.1, 8.7.
func TestMemberDocuments(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	id := c.create("")
	image := c.get("/v2/images/" + id).body
	path := "/v2/images/" + id + "/members"
	c.get(path).want(http.StatusOK).wantBody(`{"members": [], "schema": "/v2/schemas/members"}`).wantHeader("Content-Type", "application/json")
	f.clock.add(90 * time.Minute)
	want := map[string]any{
		"image_id": id, "member_id": "project-member", "status": "pending", "schema": "/v2/schemas/member",
		"created_at": "2017-08-01T11:30:00Z", "updated_at": "2017-08-01T11:30:00Z",
	}
	same := func(a answer) {
		t.Helper()
		if doc := a.want(http.StatusOK).wantHeader("Content-Type", "application/json").doc(); !reflect.DeepEqual(doc, want) {
			t.Errorf("%s: %v", a.line, doc)
		}
		for _, reader := range []caller{owner, admin, member} {
			one := f.as(reader).get(path + "/project-member").want(http.StatusOK).wantBody(a.body)
			f.as(reader).get(path).want(http.StatusOK).wantBody(`{"members": [` + one.body + `], "schema": "/v2/schemas/members"}`)
		}
	}
	same(c.ask("POST "+path, `{"member": "project-member", "status": "accepted", "can_share": true, "x": 1}`))
	for _, by := range []caller{member, admin} {
		for _, status := range []string{"accepted", "accepted", "rejected", "pending", "rejected", "accepted", "pending"} {
			f.clock.add(time.Minute)
			want["status"], want["updated_at"] = status, f.clock.read().Format("2006-01-02T15:04:05Z")
			same(f.as(by).ask("PUT "+path+"/project-member", `{"status": "`+status+`", "member_id": "x"}`))
		}
	}
	c.ask("DELETE "+path+"/project-member", "").want(http.StatusNoContent).wantBody("")
	c.get(path).want(http.StatusOK).wantBody(`{"members": [], "schema": "/v2/schemas/members"}`)
	c.get("/v2/images/" + id).wantBody(image) // updated_at too
	f.clock.add(time.Minute)
	again := c.ask("POST "+path, `{"member": "project-member"}`).want(http.StatusOK).doc()
	if again["status"] != "pending" || again["updated_at"] != "2017-08-01T11:45:00Z" {
		t.Errorf("shared again: %v", again)
	}
}

// Spec images-api 8.3, 8.4: what is wrong with the body is said first, to everybody.
func TestMemberBodies(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create("")
	f.as(owner).invite(id, "project-member")
	before := f.state()
	long := strings.Repeat("\u20ac", 256)
	bad := []string{"", "[", "[]", `["project-x"]`, `[{"member": "x", "status": "accepted"}]`, "null", "5", `"x"`, "{}", `{"Member": "x", "Status": "accepted"}`, "{}x"}
	adds := append(slices.Clone(bad), `{"member": null}`, `{"member": ""}`, `{"member": 0}`, `{"member": 5}`, `{"member": false}`, `{"member": true}`,
		`{"member": []}`, `{"member": ["x"]}`, `{"member": {}}`, `{"member": {"a": 1}}`, `{"member": "`+long+`"}`, `{"member": "a\u0000b"}`,
		`{"member": "`+"\U0001f600"+`"}`, `{"member": "\ud800"}`, `{"member": "x", "member": ""}`, `{"status": "accepted"}`)
	for _, who := range everybody() {
		for _, image := range []string{id, "missing"} {
			path := "/v2/images/" + image + "/members"
			for _, body := range adds {
				f.as(who).ask("POST "+path, body).want(http.StatusBadRequest)
			}
			for _, body := range append(slices.Clone(bad), `{"member": "project-member"}`) {
				f.as(who).ask("PUT "+path+"/project-member", body).want(http.StatusBadRequest)
				f.as(who).ask("PUT "+path+"/nobody", body).want(http.StatusBadRequest)
			}
			for _, line := range []string{"GET " + path, "GET " + path + "/project-member", "DELETE " + path + "/project-member"} {
				f.as(who).ask(line, "{}").want(http.StatusBadRequest)
			}
		}
	}
	f.unchanged(before)
}

// Spec images-api 8.4: whether the status is one is found out behind who may set it, and of whom.
func TestMemberStatusValues(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).create("")
	f.as(owner).invite(id, "project-member", "project-other")
	before := f.state()
	for _, status := range []string{`null`, `""`, `"Accepted"`, `"ACCEPTED"`, `" accepted"`, `"all"`, `"deleted"`, `5`, `true`, `[]`, `["accepted"]`, `{}`} {
		for who, code := range map[caller]int{member: 400, admin: 400, owner: 403, other: 403, stranger: 404, anonymous: 403} {
			f.as(who).ask("PUT /v2/images/"+id+"/members/project-member", `{"status": `+status+`}`).want(code)
		}
		f.as(admin).ask("PUT /v2/images/"+id+"/members/nobody", `{"status": `+status+`}`).want(http.StatusNotFound)
		f.as(admin).ask("PUT /v2/images/missing/members/project-member", `{"status": `+status+`}`).want(http.StatusNotFound)
	}
	f.unchanged(before)
}

// Spec images-api 8.2: why an image that is not shared has no members.
func TestMembersOfUnshared(t *testing.T) {
	t.Parallel()
	c := start(t).as(owner)
	id := c.create(`"visibility": "private"`)
	for _, line := range []string{"GET ", "POST "} {
		a := c.ask(line+"/v2/images/"+id+"/members", map[string]string{"POST ": `{"member": "x"}`}[line]).want(http.StatusForbidden)
		if !strings.Contains(a.body, "Only shared images have members") {
			t.Errorf("%s: %q", a.line, a.body)
		}
	}
}

// Spec images-api 8, 13: every rule that these calls ask, when it refuses. Nothing else refuses the call.
func TestMemberPolicies(t *testing.T) {
	t.Parallel()
	const list, one, add = "GET %s", "GET %s/project-member", "POST %s"
	const set, remove = "PUT %s/project-member", "DELETE %s/project-member"
	rows := []struct {
		rule string
		line string
		by   caller
		code int
	}{
		{"get_members", list, owner, 403}, {"get_members", list, member, 403}, {"get_members", list, admin, 403},
		{"get_member", one, owner, 404}, {"get_member", one, member, 404}, {"get_member", one, admin, 404},
		{"add_member", add, owner, 403}, {"add_member", add, admin, 403},
		{"get_member", set, member, 403}, {"modify_member", set, member, 403}, {"modify_member", set, admin, 403},
		{"get_member", remove, owner, 403}, {"delete_member", remove, owner, 403}, {"delete_member", remove, admin, 403},
		{"get_image", list, owner, 403}, {"get_image", one, owner, 404}, {"get_image", add, owner, 403}, {"get_image", set, member, 403},
		{"get_image", remove, owner, 403},
	}
	bodies := map[string]string{add: `{"member": "project-new"}`, set: `{"status": "rejected"}`}
	for _, r := range rows {
		for _, refusal := range []string{"!", "project_id:%(missing)s", ""} {
			f := start(t, rules("get_image", "", r.rule, refusal))
			f.fill("")
			id := numbered(900)
			f.exec("UPDATE images SET visibility = 'shared' WHERE id = ?", id)
			f.share(id, "pending")
			before := f.state()
			a := f.as(r.by).ask(fmt.Sprintf(r.line, "/v2/images/"+id+"/members"), bodies[r.line])
			if refusal == "" {
				if a.code >= 300 {
					t.Errorf("%s is refused although %s allows it", a.line, r.rule)
				}
				continue
			}
			a.want(r.code)
			f.unchanged(before)
		}
	}
}

// Spec images-api 13: the rules of members are asked about the image.
func TestMemberPolicyTarget(t *testing.T) {
	t.Parallel()
	own := "project_id:%(owner)s"
	f := start(t, rules("get_members", own, "get_member", own, "add_member", own, "delete_member", own, "modify_member", "role:admin"))
	id := f.as(owner).create("")
	path := "/v2/images/" + id + "/members"
	f.as(admin).ask("POST "+path, `{"member": "project-member"}`).want(http.StatusForbidden)
	f.as(owner).invite(id, "project-member")
	f.as(owner).get(path).want(http.StatusOK)
	f.as(member).get(path).want(http.StatusForbidden)
	f.as(owner).get(path + "/project-member").want(http.StatusOK)
	f.as(member).get(path + "/project-member").want(http.StatusNotFound)
	f.as(member).ask("PUT "+path+"/project-member", `{"status": "accepted"}`).want(http.StatusForbidden)
	f.as(admin).ask("DELETE "+path+"/project-member", "").want(http.StatusForbidden)
	f.as(owner).ask("DELETE "+path+"/project-member", "").want(http.StatusNoContent)
}

// Spec images-api 8.3, 11: the quota is looked at before the policy and before the duplicate.
func TestMemberQuota(t *testing.T) {
	t.Parallel()
	quota := func(n int) func(*glance.Config) { return func(c *glance.Config) { c.Options.MemberQuota = n } }
	f := start(t, quota(2))
	id := f.as(owner).create("")
	path := "/v2/images/" + id + "/members"
	f.as(owner).invite(id, "a", "b")
	for _, who := range []caller{owner, admin} {
		for _, project := range []string{"c", "a"} {
			f.as(who).ask("POST "+path, `{"member": "`+project+`"}`).want(http.StatusRequestEntityTooLarge)
		}
	}
	f.as(stranger).ask("POST "+path, `{"member": "c"}`).want(http.StatusNotFound)
	f.as(owner).ask("DELETE "+path+"/a", "").want(http.StatusNoContent)
	f.as(owner).ask("POST "+path, `{"member": "b"}`).want(http.StatusConflict)
	f.as(owner).invite(id, "a")
	if got := f.as(owner).get(path).members(); len(got) != 2 {
		t.Errorf("the members are %v", got)
	}
	none := start(t, quota(0)).as(owner)
	none.ask("POST /v2/images/"+none.create("")+"/members", `{"member": "a"}`).want(http.StatusRequestEntityTooLarge)
	many := start(t, quota(-1)).as(owner)
	id = many.create("")
	for i := range 130 {
		many.invite(id, fmt.Sprint("project-", i))
	}
	if got := many.get("/v2/images/" + id + "/members").members(); len(got) != 130 {
		t.Errorf("%d members", len(got))
	}
	closed := start(t, quota(0), rules("add_member", "!")).as(owner)
	closed.ask("POST /v2/images/"+closed.create("")+"/members", `{"member": "a"}`).want(http.StatusRequestEntityTooLarge)
}

// Spec security S71: nobody gets over the quota by asking often at once, nor twice into the list.
func TestSecMemberQuotaRace(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.MemberQuota = 10 })
	id := f.as(owner).create("")
	seen := make(chan int, 40)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			seen <- f.as(owner).ask("POST /v2/images/"+id+"/members", fmt.Sprintf(`{"member": "p%d"}`, i/2)).code
		})
	}
	all.Wait()
	close(seen)
	count := map[int]int{}
	for code := range seen {
		count[code]++
	}
	if got := f.as(owner).get("/v2/images/" + id + "/members").members(); len(got) != 10 || count[http.StatusOK] != 10 ||
		count[http.StatusOK]+count[http.StatusConflict]+count[http.StatusRequestEntityTooLarge] != 40 {
		t.Errorf("the members are %v, the answers %v", got, count)
	}
}

// Spec images-api 8.7, security P03: sharing is seen in lists once it is accepted, and only while the image is shared.
func TestMemberSemantics(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store("", "data")
	f.as(member).get("/v2/images/" + id).want(http.StatusNotFound)
	f.as(owner).invite(id, "project-member")
	path := "/v2/images/" + id
	listed := func(query string) bool { return len(f.as(member).get("/v2/images"+query).ids()) == 1 }
	answer := func(status string) {
		t.Helper()
		f.as(member).ask("PUT "+path+"/members/project-member", `{"status": "`+status+`"}`).want(http.StatusOK)
	}
	for _, status := range []string{"pending", "rejected", "accepted"} {
		answer(status)
		f.as(member).get(path).want(http.StatusOK)
		f.as(member).get(path + "/file").want(http.StatusOK).wantBody("data")
		if listed("") != (status == "accepted") || !listed("?member_status="+status) || !listed("?member_status=all") {
			t.Errorf("%s: the lists are wrong", status)
		}
		f.as(member).patch(v21, id, v21.op("replace", "/name", `"mine"`)).want(http.StatusForbidden)
		f.as(member).ask("DELETE "+path, "").want(http.StatusForbidden)
	}
	for _, visibility := range []string{"private", "community", "public"} {
		f.as(admin).patch(v21, id, v21.op("replace", "/visibility", `"`+visibility+`"`)).want(http.StatusOK)
		for _, who := range []caller{owner, admin} {
			f.as(who).get(path + "/members").want(http.StatusForbidden)
			f.as(who).get(path + "/members/project-member").want(http.StatusNotFound)
			f.as(who).ask("DELETE "+path+"/members/project-member", "").want(http.StatusForbidden)
		}
		code := http.StatusForbidden
		if visibility == "private" {
			code = http.StatusNotFound
		}
		f.as(member).ask("PUT "+path+"/members/project-member", `{"status": "rejected"}`).want(code)
	}
	f.as(owner).patch(v21, id, v21.op("replace", "/visibility", `"shared"`)).want(http.StatusOK)
	if got := f.as(owner).get(path + "/members").members(); fmt.Sprint(got) != "[project-member]" || !listed("") {
		t.Errorf("the members are %v", got)
	}
	f.as(owner).ask("DELETE "+path+"/members/project-member", "").want(http.StatusNoContent)
	f.as(member).get(path).want(http.StatusNotFound)
	f.as(owner).invite(id, "project-member", "project-owner")
	f.as(owner).ask("PUT "+path+"/members/project-owner", `{"status": "rejected"}`).want(http.StatusOK)
	f.as(owner).ask("DELETE "+path, "").want(http.StatusNoContent)
	if got := f.text("SELECT COUNT(*) FROM image_members WHERE NOT deleted"); got != "0" {
		t.Errorf("%s members of a deleted image", got)
	}
}

// Spec security S66, images-api 0.5: ids of members are any text, and stand in paths encoded.
func TestMemberIDs(t *testing.T) {
	t.Parallel()
	c := start(t).as(admin)
	id := c.create("")
	path := "/v2/images/" + id + "/members/"
	rows := map[string]string{
		"a%20b": "a b", "%20x%20": " x ", "a+b": "a+b", "%25": "%", "..": "..", ".": ".", "caf%C3%A9": "caf\u00e9", "A": "A", "%3F": "?", "%23": "#",
		"%0D%0AX-Evil:%201": "\r\nX-Evil: 1", "%01": "\x01", "members": "members", "%22%5C": `"\`, "a;b": "a;b",
		strings.Repeat("%E2%82%AC", 255): strings.Repeat("\u20ac", 255),
	}
	for text, project := range rows {
		c.get(path + text).want(http.StatusNotFound)
		c.invite(id, project)
		if doc := c.get(path+text).want(http.StatusOK).wantHeader("X-Evil", "").doc(); doc["member_id"] != project {
			t.Errorf("%s is %q", text, doc["member_id"])
		}
		c.ask("PUT "+path+text, `{"status": "accepted"}`).want(http.StatusOK)
		c.ask("POST /v2/images/"+id+"/members", string(mustJSON(t, map[string]string{"member": project}))).want(http.StatusConflict)
		c.ask("DELETE "+path+text, "").want(http.StatusNoContent)
	}
	for _, text := range []string{"", "a%2Fb", "%00", strings.Repeat("x", 300), "%F0%9F%98%80", "x/"} {
		for _, verb := range []string{"GET ", "DELETE "} {
			c.ask(verb+path+text, "").want(http.StatusNotFound)
		}
		c.ask("PUT "+path+text, `{"status": "accepted"}`).want(http.StatusNotFound)
	}
	c.get(path + "%ff").want(http.StatusBadRequest)
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Spec images-api 14.3: where users own images, users are members.
func TestMembersAreUsers(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *glance.Config) { c.Options.OwnerIsTenant = false })
	id := f.as(owner).create("")
	f.as(owner).invite(id, "user-member", "project-other")
	path := "/v2/images/" + id + "/members"
	f.as(member).ask("PUT "+path+"/user-member", `{"status": "accepted"}`).want(http.StatusOK)
	f.as(member).ask("PUT "+path+"/project-other", `{"status": "accepted"}`).want(http.StatusForbidden)
	f.as(other).get(path).want(http.StatusNotFound)
	if got := f.as(member).get("/v2/images").ids(); len(got) != 1 {
		t.Errorf("%v are listed", got)
	}
}
