package glance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Spec security P11: a private namespace, and all in it, is not there for others, and nothing tells of it.
func TestSecMetadefPrivateNamespaceIsolation(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.as(owner).define("secret", strings.ReplaceAll(everything, "OS::B", "SecretType"))
	f.as(owner).define("open", `"visibility": "public"`)
	before := f.defined()
	for _, who := range []caller{member, stranger, anonymous} {
		for _, c := range metadefCalls(t) {
			if !strings.Contains(c.path, "{ns}") {
				continue
			}
			there := f.isolated(who, c, "secret")
			if c.verb == http.MethodPost {
				there.want(http.StatusForbidden)
				continue
			}
			missing := f.isolated(who, c, "nothing")
			if there.want(http.StatusNotFound).body != missing.body {
				t.Errorf("%s %s: %q, of nothing %q", c.verb, c.path, there.body, missing.body)
			}
		}
		f.as(who).get(definitions + "?marker=secret").want(http.StatusNotFound)
		for _, line := range []string{
			definitions, definitions + "?resource_types=SecretType", definitions + "?visibility=private", definitions + "?sort_key=owner",
			"/v2/metadefs/resource_types",
		} {
			if a := f.as(who).get(line).want(http.StatusOK); strings.Contains(strings.Split(a.body, `"first"`)[0], "ecret") {
				t.Errorf("%s: %s tells %s", who, line, a.body)
			}
		}
	}
	if f.defined() != before {
		t.Error("something has changed")
	}
}

func (f *fixture) isolated(who caller, c metadefCall, ns string) answer {
	f.t.Helper()
	line := c.verb + " " + strings.NewReplacer("{ns}", ns, "{name}", existing(c.path)).Replace(c.path)
	return f.as(who).ask(line, c.sound(ns))
}

// Spec security S26: whatever the body says, the path decides which namespace is written, and only its owner writes.
func TestSecMetadefCrossTenantWrites(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.as(owner).define("theirs", `"visibility": "public", `+everything)
	f.as(owner).define("hidden", everything)
	f.as(owner).define("guarded", `"visibility": "public", "protected": true, `+everything)
	f.as(member).define("mine", `"visibility": "public", `+everything)
	before := f.defined()
	for _, ns := range []string{"theirs", "hidden", "guarded"} {
		for _, c := range metadefCalls(t) {
			if c.verb == http.MethodGet || !strings.Contains(c.path, "{ns}") {
				continue
			}
			if a := f.isolated(member, c, ns); a.code != http.StatusForbidden && a.code != http.StatusNotFound {
				t.Errorf("%s %s of %s: %d", c.verb, c.path, ns, a.code)
			}
		}
	}
	const mine, one = definitions + "/mine", `"type": "string", "title": "T"`
	f.as(member).try([]exchanged{
		{"PUT " + mine, `{"namespace": "theirs"}`, 409, ""}, {"PUT " + mine, `{"namespace": "hidden"}`, 409, ""},
		{"POST " + definitions, `{"namespace": "hidden"}`, 409, ""},
		{"PUT " + mine, `{"namespace": "mine", "owner": "project-owner"}`, 403, ""},
		{"POST " + definitions, `{"namespace": "new", "owner": "project-owner"}`, 403, ""},
		{"PUT " + definitions + "/theirs", `{"namespace": "theirs", "owner": "project-member"}`, 403, ""},
		{"PUT " + definitions + "/hidden", `{"namespace": "hidden", "owner": "project-member"}`, 404, ""},
		{"PUT " + mine + "/objects/o", `{"name": "o", "namespace": "theirs"}`, 400, ""},
		{"PUT " + mine + "/properties/p", `{"name": "p", "namespace_id": 1, ` + one + `}`, 400, ""},
		{"PUT " + mine + "/tags/t", `{"name": "t", "namespace": "theirs"}`, 400, ""},
		{"POST " + mine + "/resource_types", `{"name": "x", "namespace": "theirs"}`, 400, ""},
		{"POST " + mine + "/objects/..%2F..%2Ftheirs%2Fobjects", `{"name": "x"}`, 404, ""},
		{"DELETE " + mine + "/../theirs", "", 404, ""}, {"DELETE " + mine + "/objects/../../theirs/objects/o", "", 404, ""},
	})
	f.as(owner).ask("DELETE "+definitions+"/guarded", "").want(http.StatusForbidden)
	f.as(admin).ask("DELETE "+definitions+"/guarded", "").want(http.StatusForbidden)
	if f.defined() != before {
		t.Error("something has changed")
	}
	// An administrator gives, and takes over what he updates without a word about the owner (spec metadefs 4.6).
	f.as(admin).ask("PUT "+mine, `{"namespace": "mine", "owner": "project-heir"}`).want(http.StatusOK)
	f.as(member).get(mine).want(http.StatusNotFound)
	if a := f.as(admin).ask("PUT "+mine, `{"namespace": "mine", "owner": ""}`).want(http.StatusOK); a.doc()["owner"] != "project-admin" {
		t.Errorf("%s", a.body)
	}
}

// Whoever has no project of his own owns nothing; nobody is asked who he is where everyone is an administrator.
func TestMetadefOwners(t *testing.T) {
	t.Parallel()
	f := start(t)
	nobody := client{f, []string{"X-Identity-Status: Confirmed", "X-User-Id: u", "X-Roles: member"}}
	f.as(owner).define("n", `"visibility": "public"`)
	nobody.ask("POST "+definitions, `{"namespace": "m"}`).want(http.StatusForbidden)
	nobody.ask("POST "+definitions, `{"namespace": "m", "owner": "x"}`).want(http.StatusForbidden)
	nobody.ask("POST "+definitions+"/n/objects", `{"name": "m"}`).want(http.StatusForbidden)
	nobody.ask("PUT "+definitions+"/n", `{"namespace": "n"}`).want(http.StatusForbidden)
	nobody.get(definitions + "/n").want(http.StatusOK)

	open := start(t, unauthenticated)
	open.plain().ask("POST "+definitions, `{"namespace": "m"}`).want(http.StatusBadRequest)
	a := open.plain().ask("POST "+definitions, `{"namespace": "m", "owner": "x"}`).want(http.StatusCreated)
	if a.doc()["owner"] != "x" {
		t.Errorf("%s", a.body)
	}
	if a := open.plain().ask("PUT "+definitions+"/m", `{"namespace": "m"}`).want(http.StatusOK); a.doc()["owner"] != "x" {
		t.Errorf("an owner is not lost: %s", a.body)
	}
}

// Spec security S27: schemas are data. Nothing in them is fetched or run.
func TestSecMetadefSchemaInert(t *testing.T) {
	t.Parallel()
	var visits atomic.Int32
	canary := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	t.Cleanup(canary.Close)
	f := start(t)
	c := f.as(owner)
	c.define("n", "")
	const p = definitions + "/n/properties"
	begin := time.Now()
	for _, ref := range []string{canary.URL, "file:///etc/passwd", "#/definitions/property", "#"} {
		body := `{"name": "r", "type": "string", "title": "` + ref + `", "default": {"$ref": "` + ref + `"}, "description": "{\"$ref\": \"` + ref + `\"}"}`
		c.ask("POST "+p, body).want(http.StatusCreated)
		c.ask("PUT "+p+"/r", body).want(http.StatusOK)
		c.ask("DELETE "+p+"/r", "").want(http.StatusNoContent)
		c.ask("POST "+p, `{"name": "r", "type": "string", "title": "T", "$ref": "`+ref+`"}`).want(http.StatusBadRequest)
		for _, key := range []string{"$ref", "$schema", "$id", "$dynamicRef"} {
			c.ask("POST "+definitions+"/n/objects", `{"name": "r", "properties": {"p": {"type": "string", "title": "T", "`+key+`": "`+ref+`"}}}`).want(http.StatusBadRequest)
			c.ask("POST "+definitions+"/n/objects", `{"name": "r", "`+key+`": "`+ref+`"}`).want(http.StatusBadRequest)
		}
	}
	slow := `{"name": "slow", "type": "string", "title": "T", "pattern": "^(a+)+$", "default": "` + strings.Repeat("a", 30000) + `!"}`
	c.ask("POST "+p, slow).want(http.StatusCreated)
	c.ask("POST "+p, `{"name": "bad", "type": "string", "title": "T", "pattern": "(((("}`).want(http.StatusCreated)
	for _, n := range []int{100, 9_000, 1_000_000} {
		if a := c.ask("POST "+p, `{"name": "deep`+fmt.Sprint(n)+`", "type": "string", "title": "T", "default": `+strings.Repeat("[", n)+strings.Repeat("]", n)+`}`); a.code >= 500 {
			t.Errorf("%d deep: %d", n, a.code)
		}
	}
	values, err := json.Marshal(slices.Repeat([]string{"value"}, 50_000))
	f.must(err)
	c.ask("POST "+p, `{"name": "wide", "type": "string", "title": "T", "enum": `+string(values)+`}`).want(http.StatusBadRequest)
	if visits.Load() != 0 {
		t.Error("a reference was followed")
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	c.get(definitions + "/n").want(http.StatusOK)
}

// Spec security S79: a walk along the pages meets each namespace once and ends, whatever is equal or missing.
func TestMetadefBoundedLists(t *testing.T) {
	t.Parallel()
	f := start(t)
	for i := range 60 {
		f.exec(`INSERT INTO metadef_namespaces (namespace, display_name, visibility, protected, owner, created_at, updated_at)
			VALUES (?, ?, 'public', ?, 'project-owner', '2017-08-01 10:00:00.000000', ?)`,
			fmt.Sprintf("ns %02d/ü", i), []any{nil, "", "d"}[i%3], i%2 == 0, []any{nil, "2017-08-01 10:00:00.000000"}[i%2])
	}
	for _, query := range []string{"", "sort_key=display_name", "sort_key=protected&sort_dir=asc", "sort_key=updated_at", "sort_key=description", "visibility=public"} {
		seen, link := map[any]bool{}, definitions+"?limit=7&"+query
		for range 20 {
			doc := f.as(member).get(link).want(http.StatusOK).doc()
			page, _ := doc["namespaces"].([]any)
			for _, e := range page {
				entry, _ := e.(map[string]any)
				if seen[entry["namespace"]] {
					t.Errorf("%s: %v is there twice", query, entry["namespace"])
				}
				seen[entry["namespace"]] = true
			}
			next, more := doc["next"].(string)
			if !more {
				break
			}
			link = next
		}
		if len(seen) != 60 {
			t.Errorf("%s: %d namespaces", query, len(seen))
		}
	}
	if doc := f.as(member).get(definitions + "?limit=0").want(http.StatusOK).doc(); doc["next"] != nil {
		t.Errorf("%v", doc)
	}
}
