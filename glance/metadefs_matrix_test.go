package glance_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
)

// metadefCall is a call of the route table on a namespace.
type metadefCall struct {
	verb, path string // as in the table
	body       bool   // a body is allowed
}

// metadefCalls reads the routes of metadata definitions from the printed table.
func metadefCalls(t *testing.T) []metadefCall {
	t.Helper()
	text, err := os.ReadFile("internal/api/testdata/routes.golden")
	if err != nil {
		t.Fatal(err)
	}
	var calls []metadefCall
	path := ""
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case !strings.HasPrefix(line, "\t"):
			path = fields[0]
		case strings.HasPrefix(path, "/v2/metadefs/"):
			calls = append(calls, metadefCall{fields[0], path, fields[1] == "body"})
		}
	}
	return calls
}

// existing is the name in the path of the content that a call is about; a namespace of everything has it.
func existing(path string) string {
	for kind, name := range map[string]string{"/objects/": "o", "/properties/": "p", "/tags/": "t", "/resource_types/": "OS::A"} {
		if strings.Contains(path, kind) {
			return name
		}
	}
	return ""
}

// sound is a body that a call takes.
func (c metadefCall) sound(ns string) string {
	switch kind := c.path[strings.LastIndex(strings.TrimSuffix(c.path, "/{name}"), "/")+1:]; {
	case c.verb == http.MethodGet, c.verb == http.MethodDelete, !c.body:
		return ""
	case strings.HasSuffix(c.path, "/{ns}"):
		return `{"namespace": "` + ns + `", "description": "new"}`
	case strings.HasPrefix(kind, "namespaces"):
		return `{"namespace": "` + ns + `-new"}`
	case strings.HasPrefix(kind, "properties"):
		return `{"name": "new", "type": "string", "title": "T"}`
	case kind == "tags":
		return `{"tags": [{"name": "new"}]}`
	}
	return `{"name": "new"}`
}

// situation is a namespace and who asks for it.
type situation struct {
	who                        caller
	missing, public, protected bool
}

// expected is what the specification says of a call (spec metadefs 9, and security P11 where the reference lets
// everybody add).
func (s situation) expected(c metadefCall) int {
	mine := s.who == owner || s.who == admin
	visible := !s.missing && (mine || s.public)
	success := map[string]int{"GET": 200, "POST": 201, "PUT": 200, "DELETE": 204}[c.verb]
	switch {
	case !strings.Contains(c.path, "{ns}"):
		if c.verb == http.MethodPost && s.who == anonymous {
			return http.StatusForbidden
		}
		return success
	case s.missing, !visible && c.verb != http.MethodPost:
		return http.StatusNotFound
	case c.verb == http.MethodGet:
		return success
	case !mine, s.protected && c.verb == http.MethodDelete:
		return http.StatusForbidden
	}
	return success
}

// Every call of the table, on every namespace, by everybody: the code, and nothing changes where there is none of 200.
func TestMetadefMatrix(t *testing.T) {
	t.Parallel()
	f := start(t)
	n := 0
	for _, c := range metadefCalls(t) {
		for _, who := range []caller{admin, owner, member, anonymous} {
			for _, s := range []situation{
				{who: who, public: true}, {who: who}, {who: who, public: true, protected: true}, {who: who, protected: true}, {who: who, missing: true},
			} {
				n++
				f.metadefTry(c, s, fmt.Sprint("ns-", n))
			}
		}
	}
	if n < 4*5*24 {
		t.Errorf("only %d combinations", n)
	}
}

func (f *fixture) metadefTry(c metadefCall, s situation, ns string) {
	f.t.Helper()
	if !s.missing {
		visibility := map[bool]string{true: "public", false: "private"}[s.public]
		f.as(owner).define(ns, fmt.Sprintf(`"visibility": "%s", "protected": %v, %s`, visibility, s.protected, everything))
	}
	name := existing(c.path)
	if c.verb == http.MethodPost {
		name = "new"
	}
	line := c.verb + " " + strings.NewReplacer("{ns}", ns, "{name}", name).Replace(c.path)
	before := f.defined()
	a := f.as(s.who).ask(line, c.sound(ns))
	if want := s.expected(c); a.code != want {
		f.t.Errorf("%+v: %s: %d, want %d; %s", s, line, a.code, want, shortened(a.body))
	}
	if a.code >= 300 && f.defined() != before {
		f.t.Errorf("%+v: %s: something has changed", s, line)
	}
	if after := f.defined(); a.code < 300 && (after != before) != (c.verb != http.MethodGet) {
		f.t.Errorf("%+v: %s: changed: %v", s, line, after != before)
	}
	f.exec("DELETE FROM metadef_namespace_resource_types")
	for _, table := range []string{"objects", "properties", "tags", "resource_types", "namespaces"} {
		f.exec("DELETE FROM metadef_" + table)
	}
}

// Spec metadefs 10: every rule that a call asks, when it refuses. It is asked before anything is looked up, so the
// answer is the same for what is not there.
func TestMetadefPolicies(t *testing.T) {
	t.Parallel()
	rows := map[string][]string{
		"get_metadef_namespaces": {"GET " + definitions, "GET " + definitions + "?marker=n"},
		"get_metadef_namespace": {
			"GET " + definitions + "/n", "GET " + definitions + "?marker=n", "PUT " + definitions + "/n", "DELETE " + definitions + "/n",
			"DELETE " + definitions + "/n/objects", "DELETE " + definitions + "/n/properties", "DELETE " + definitions + "/n/tags",
		},
		"add_metadef_namespace":       {"POST " + definitions},
		"modify_metadef_namespace":    {"PUT " + definitions + "/n"},
		"get_metadef_objects":         {"GET " + definitions + "/n/objects", "GET " + definitions + "/n"},
		"get_metadef_object":          {"GET " + definitions + "/n/objects/o", "PUT " + definitions + "/n/objects/o", "DELETE " + definitions + "/n/objects/o"},
		"add_metadef_object":          {"POST " + definitions + "/n/objects", "POST " + definitions + " objects"},
		"modify_metadef_object":       {"PUT " + definitions + "/n/objects/o"},
		"list_metadef_resource_types": {"GET /v2/metadefs/resource_types", "GET " + definitions + "/n/resource_types", "DELETE " + definitions + "/n/resource_types/OS::A", "GET " + definitions + "/n"},
		"get_metadef_resource_type":   {"GET " + definitions + "/n/properties/p?resource_type=OS::A"},
		"add_metadef_resource_type_association": {
			"POST " + definitions + "/n/resource_types", "POST " + definitions + " resource_type_associations",
		},
		"get_metadef_properties":  {"GET " + definitions + "/n/properties", "GET " + definitions + "/n"},
		"get_metadef_property":    {"GET " + definitions + "/n/properties/p", "PUT " + definitions + "/n/properties/p", "DELETE " + definitions + "/n/properties/p"},
		"add_metadef_property":    {"POST " + definitions + "/n/properties", "POST " + definitions + " properties"},
		"modify_metadef_property": {"PUT " + definitions + "/n/properties/p"},
		"get_metadef_tags":        {"GET " + definitions + "/n/tags", "GET " + definitions + "/n"},
		"get_metadef_tag":         {"GET " + definitions + "/n/tags/t", "PUT " + definitions + "/n/tags/t", "DELETE " + definitions + "/n/tags/t", "GET " + definitions + "/n/tags?marker=t"},
		"add_metadef_tag":         {"POST " + definitions + "/n/tags/new", "POST " + definitions + " tags"},
		"modify_metadef_tag":      {"PUT " + definitions + "/n/tags/t"},
		"add_metadef_tags":        {"POST " + definitions + "/n/tags"},
	}
	if len(rows) != 20 {
		t.Fatalf("%d rules", len(rows))
	}
	for rule, lines := range rows {
		refusing := start(t, rules(rule, "project_id:%(owner)s"))
		for _, line := range lines {
			refusing.as(owner).policyCall(line).want(http.StatusForbidden)
		}
		open := start(t, rules(rule, ""))
		open.as(owner).define("n", everything)
		for _, line := range lines {
			if a := open.as(owner).policyCall(line); a.code == http.StatusForbidden {
				t.Errorf("%s is refused although %s allows it", line, rule)
			}
		}
	}
	// Of a list the rule about types is asked when there is something in it.
	f := start(t, rules("list_metadef_resource_types", "!"))
	f.as(owner).get(definitions).want(http.StatusOK)
	f.as(owner).define("n", "")
	f.as(owner).get(definitions).want(http.StatusForbidden)
	f.as(member).get(definitions).want(http.StatusOK)
}

// policyCall makes a call with a body that fits it. A word behind the path is the kind of content in a new namespace.
func (c client) policyCall(line string) answer {
	c.t.Helper()
	verb, path, _ := strings.Cut(line, " ")
	path, contents, _ := strings.Cut(path, " ")
	body := ""
	switch {
	case verb == http.MethodGet, verb == http.MethodDelete, strings.Contains(path, "/tags/") && verb == http.MethodPost:
	case path == definitions && contents != "":
		body = `{"namespace": "another", "` + contents + `": ` + map[bool]string{true: `{"p": {"type": "string", "title": "T"}}`, false: `[{"name": "x"}]`}[contents == "properties"] + `}`
	case path == definitions, strings.HasSuffix(path, "/n"):
		body = `{"namespace": "n"}`
	case strings.HasSuffix(path, "/tags"):
		body = `{"tags": []}`
	case strings.Contains(path, "/properties"):
		body = `{"name": "p", "type": "string", "title": "T"}`
	default:
		body = `{"name": "x"}`
	}
	return c.ask(verb+" "+path, body)
}

// Spec security P11: a rule for administrators keeps members out.
func TestMetadefRuleForAdministrators(t *testing.T) {
	t.Parallel()
	f := start(t, rules("add_metadef_namespace", "role:admin"))
	f.as(member).ask("POST "+definitions, `{"namespace": "n"}`).want(http.StatusForbidden)
	f.as(admin).ask("POST "+definitions, `{"namespace": "n"}`).want(http.StatusCreated)
}

// Many who change one namespace at once: nothing fails, and what is left is whole.
func TestMetadefRaces(t *testing.T) {
	t.Parallel()
	f := start(t)
	const n = definitions + "/n"
	lines := [][2]string{
		{"POST " + definitions, `{"namespace": "n", ` + everything + `}`}, {"PUT " + n, `{"namespace": "n", "description": "x"}`}, {"PUT " + n, `{"namespace": "m"}`},
		{"PUT " + definitions + "/m", `{"namespace": "n"}`}, {"POST " + n + "/objects", `{"name": "x"}`}, {"PUT " + n + "/objects/x", `{"name": "o"}`},
		{"DELETE " + n + "/objects/o", ""}, {"POST " + n + "/tags", `{"tags": [{"name": "1"}, {"name": "2"}]}`}, {"POST " + n + "/tags/2", ""}, {"DELETE " + n + "/tags", ""},
		{"POST " + n + "/resource_types", `{"name": "OS::New"}`}, {"POST " + definitions + "/m/resource_types", `{"name": "OS::New"}`}, {"DELETE " + n, ""}, {"GET " + n, ""},
		{"GET " + definitions, ""}, {"POST " + definitions, `{"namespace": "m", "resource_type_associations": [{"name": "OS::New"}, {"name": "OS::A"}]}`},
	}
	var done sync.WaitGroup
	for i := range 6 {
		done.Go(func() {
			for j := range 3 * len(lines) {
				l := lines[(i*5+j*7)%len(lines)]
				if a := f.as(owner).ask(l[0], l[1]); a.code >= 500 {
					t.Errorf("%s: %d; %s", l[0], a.code, f.logged())
				}
			}
		})
	}
	done.Wait()
	for _, kind := range []string{"objects", "tags", "properties", "namespace_resource_types"} {
		if left := f.text("SELECT COUNT(*) FROM metadef_" + kind + " WHERE namespace_id NOT IN (SELECT id FROM metadef_namespaces)"); left != "0" {
			t.Errorf("%s %s are in no namespace", left, kind)
		}
	}
	if twice := f.text("SELECT name FROM metadef_resource_types GROUP BY name HAVING COUNT(*) > 1"); twice != "" {
		t.Errorf("the resource type %s is there twice", twice)
	}
}
