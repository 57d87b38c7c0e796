package glance_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"goglance/glance"
	"goglance/glance/auth"
	"goglance/glance/fault"
	"goglance/glance/policy"
)

// The callers that the table of targets has beside the others. The rules of Pike know neither role: a reader is one of
// his project, and a service is a stranger.
const (
	reader  caller = "reader" // with that role in the project of owner
	service caller = "service"
)

// target is a call that asks one target of the policy, and what each caller is answered under the rules shipped with
// Pike: admin owner member stranger reader service anonymous.
type target struct {
	name, line, body string // %s is the id of an image of owner, shared with member, or the name of his public namespace
	codes            [7]int
	blind            bool   // the rule is asked also for who does not see the image
	denied           int    // what who would get in is answered when the rule denies; 0: 403
	state            string // of the image; "": active
}

const patchLine = "PATCH /v2/images/%s"

// imageTargets are those of images (spec images-api 13).
func imageTargets() []target {
	reads := [7]int{200, 200, 200, 404, 200, 404, 404}
	writes := func(ok int) [7]int { return [7]int{ok, ok, 403, 404, ok, 404, 403} }
	op := func(op, path, value string) string {
		return fmt.Sprintf(`[{"op": %q, "path": %q, "value": %s}]`, op, path, value)
	}
	me := "/v2/images/%s/members/" + member.project()
	return []target{
		{name: "context_is_admin", line: "GET /v2/images/%s", codes: reads, denied: 200}, // admin_role makes one too
		{name: "add_image", line: "POST /v2/images", body: "{}", codes: [7]int{201, 201, 201, 201, 201, 201, 403}},
		{name: "get_image", line: "GET /v2/images/%s", codes: reads, blind: true},
		{name: "get_images", line: "GET /v2/images", codes: [7]int{200, 200, 200, 200, 200, 200, 200}},
		{name: "modify_image", line: patchLine, body: op("replace", "/name", `"new"`), codes: writes(200)},
		{name: "delete_image", line: "DELETE /v2/images/%s", codes: writes(204)},
		{name: "publicize_image", line: patchLine, body: op("replace", "/visibility", `"public"`), codes: [7]int{200, 403, 403, 404, 403, 404, 403}},
		{name: "communitize_image", line: patchLine, body: op("replace", "/visibility", `"community"`), codes: writes(200)},
		{name: "download_image", line: "GET /v2/images/%s/file", codes: reads},
		{name: "upload_image", line: "PUT /v2/images/%s/file", body: "data", codes: writes(204), state: "queued"},
		{name: "get_image_location", line: patchLine, body: op("remove", "/locations/1", "null"), codes: writes(200)},
		{name: "delete_image_location", line: patchLine, body: op("remove", "/locations/1", "null"), codes: writes(200)},
		{name: "set_image_location", line: patchLine, body: op("add", "/locations/-", `{"url": "http://127.0.0.1:1/x", "metadata": {}}`), codes: writes(400)},
		{name: "add_member", line: "POST /v2/images/%s/members", body: `{"member": "somebody"}`, codes: writes(200)},
		{name: "get_members", line: "GET /v2/images/%s/members", codes: reads},
		{name: "get_member", line: "GET " + me, codes: reads, denied: 404},
		{name: "modify_member", line: "PUT " + me, body: `{"status": "accepted"}`, codes: [7]int{200, 403, 200, 404, 403, 404, 403}},
		{name: "delete_member", line: "DELETE " + me, codes: writes(204)},
		{name: "deactivate", line: "POST /v2/images/%s/actions/deactivate", codes: writes(204)},
		{name: "reactivate", line: "POST /v2/images/%s/actions/reactivate", codes: writes(204), state: "deactivated"},
	}
}

// metadefTargets are those of metadata definitions (spec metadefs 9).
func metadefTargets() []target {
	all := [7]int{200, 200, 200, 200, 200, 200, 200}
	writes := func(ok int) [7]int { return [7]int{ok, ok, 403, 403, ok, 403, 403} }
	const ns = definitions + "/%s"
	return []target{
		{name: "get_metadef_namespace", line: "GET " + ns, codes: all},
		{name: "get_metadef_namespaces", line: "GET " + definitions, codes: all},
		{name: "modify_metadef_namespace", line: "PUT " + ns, body: `{"namespace": "%s", "description": "new"}`, codes: writes(200)},
		{name: "add_metadef_namespace", line: "POST " + definitions, body: `{"namespace": "%s-new"}`, codes: [7]int{201, 201, 201, 201, 201, 201, 403}},
		{name: "get_metadef_object", line: "GET " + ns + "/objects/o", codes: all},
		{name: "get_metadef_objects", line: "GET " + ns + "/objects", codes: all},
		{name: "modify_metadef_object", line: "PUT " + ns + "/objects/o", body: `{"name": "o", "description": "new"}`, codes: writes(200)},
		{name: "add_metadef_object", line: "POST " + ns + "/objects", body: `{"name": "new"}`, codes: writes(201)},
		{name: "list_metadef_resource_types", line: "GET /v2/metadefs/resource_types", codes: all},
		{name: "get_metadef_resource_type", line: "GET " + ns + "/properties/a_p?resource_type=OS::A", codes: all},
		{name: "add_metadef_resource_type_association", line: "POST " + ns + "/resource_types", body: `{"name": "OS::New"}`, codes: writes(201)},
		{name: "get_metadef_property", line: "GET " + ns + "/properties/p", codes: all},
		{name: "get_metadef_properties", line: "GET " + ns + "/properties", codes: all},
		{name: "modify_metadef_property", line: "PUT " + ns + "/properties/p", body: `{"name": "p", "type": "string", "title": "T"}`, codes: writes(200)},
		{name: "add_metadef_property", line: "POST " + ns + "/properties", body: `{"name": "new", "type": "string", "title": "T"}`, codes: writes(201)},
		{name: "get_metadef_tag", line: "GET " + ns + "/tags/t", codes: all},
		{name: "get_metadef_tags", line: "GET " + ns + "/tags", codes: all},
		{name: "modify_metadef_tag", line: "PUT " + ns + "/tags/t", body: `{"name": "t"}`, codes: writes(200)},
		{name: "add_metadef_tag", line: "POST " + ns + "/tags/new", codes: writes(201)},
		{name: "add_metadef_tags", line: "POST " + ns + "/tags", body: `{"tags": [{"name": "new"}]}`, codes: writes(201)},
	}
}

// elsewhere are the targets that no call of this release asks, with the reason; the calls come with their part.
func elsewhere() map[string]string {
	const v1, cache = "the Images API v1", "the image cache"
	return map[string]string{
		"default":     "TestPolicyDefault",
		"modify_task": "TestPolicyOfTasks: no call asks for it",
		"copy_from":   v1, "manage_image_cache": cache,
	}
}

// taskTargets are those of tasks (spec tasks-import A.8): all calls ask for tasks_api_access before.
func taskTargets() []target {
	operators := func(code int) [7]int { return [7]int{code, 403, 403, 403, 403, 403, 403} }
	return []target{
		{name: "tasks_api_access", line: "GET /v2/tasks", codes: operators(200)},
		{name: "get_tasks", line: "GET /v2/tasks", codes: operators(200)},
		{name: "get_task", line: "GET /v2/tasks/%s", codes: operators(404), blind: true},
		{name: "add_task", line: "POST /v2/tasks", body: incomplete, codes: operators(201)},
	}
}

// TestWhoMayDoWhat makes a call for every target of the policy as everybody, under the shipped rules, and again under a
// rule that denies: so the target is the one that is asked.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	all := slices.Concat(imageTargets(), metadefTargets(), taskTargets())
	rule := &veto{Enforcer: policy.Pike()}
	f := start(t, func(c *glance.Config) { c.Options.ShowLocations, c.Policy = true, rule })
	for n, row := range all {
		for i, who := range []caller{admin, owner, member, stranger, reader, service, anonymous} {
			want := row.codes[i]
			try := claim{row, who, fmt.Sprintf("%d-%d", n, i), want}
			f.try(try, nil)
			if want < http.StatusUnauthorized || row.blind { // the same, refused by the policy
				if try.want = row.denied; try.want == 0 {
					try.want = http.StatusForbidden
				}
			}
			try.mark += "-denied"
			f.try(try, rule)
		}
	}
	for name := range policy.PikeRules() {
		has := slices.ContainsFunc(all, func(row target) bool { return row.name == name })
		if _, why := elsewhere()[name]; has == why {
			t.Errorf("%s: is in the table %v, is said not to be %v", name, has, why)
		}
	}
}

// claim is a call by somebody, with the code that it should have.
type claim struct {
	target
	who  caller
	mark string // of no other one
	want int
}

// try makes the call on an image, or a namespace, of its own; with a veto under a rule that denies.
func (f *fixture) try(row claim, rule *veto) {
	f.t.Helper()
	name := "ns-" + row.mark
	if strings.Contains(row.line, "metadefs") {
		f.as(owner).define(name, `"visibility": "public", `+everything)
	} else {
		name = f.sharedImage(row.state)
	}
	fill := strings.NewReplacer("%s", name).Replace
	kind := octets
	if strings.HasPrefix(row.line, "PATCH") {
		kind = patch21
	}
	if rule != nil {
		rule.deny(row.name)
		defer rule.deny("")
	}
	a := client{f, f.headers(row.who)}.ask(fill(row.line), fill(row.body), kind)
	if a.code != row.want {
		f.t.Errorf("%s by %s (%s): got %d, want %d; %.200s", row.name, row.who, row.mark, a.code, row.want, a.body)
	}
}

// sharedImage makes an image of owner in a state, with two locations if it has data, and member among its members.
func (f *fixture) sharedImage(state string) string {
	f.t.Helper()
	id := f.as(owner).create(formats)
	if state != "queued" {
		f.as(owner).put(id, "data").want(http.StatusNoContent)
		f.exec(`INSERT INTO image_locations (image_id, value, created_at, deleted, status, meta_data)
			VALUES (?, 'http://images.example/x', '2017-08-01 10:00:00.000000', FALSE, 'active', '{}')`, id)
	}
	if state != "" {
		f.setStatus(id, state)
	}
	f.share(id, "pending")
	return id
}

func (f *fixture) headers(who caller) []string {
	switch who {
	case reader:
		return []string{"X-Identity-Status: Confirmed", "X-User-Id: user-reader", "X-Project-Id: " + owner.project(), "X-Roles: reader"}
	case service:
		return []string{"X-Identity-Status: Confirmed", "X-User-Id: user-service", "X-Project-Id: project-service", "X-Roles: service"}
	}
	return who.identity()
}

// veto denies one rule; the requests of the test come one after the other.
type veto struct {
	policy.Enforcer
	mu   sync.Mutex // tasks ask too
	name string
}

func (v *veto) deny(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.name = name
}

// Enforce refuses the rule, and asks the others.
func (v *veto) Enforce(ctx context.Context, rule string, who *auth.Identity, t policy.Target) error {
	v.mu.Lock()
	denied := rule == v.name
	v.mu.Unlock()
	if denied {
		return fault.New(fault.Forbidden, "denied")
	}
	return v.Enforcer.Enforce(ctx, rule, who, t)
}
