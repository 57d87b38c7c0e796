package glance_test

import (
	"fmt"
	"strings"
)

// exchanges generates what both servers are asked.
func exchanges() []exchange {
	var all []exchange
	for _, group := range [][]exchange{
		documents(), creations(), lists(), patches(), ranges(), memberCalls(), tagCalls(), paths(), statesAndCallers(), deletions(),
	} {
		all = append(all, group...)
	}
	return all
}

// statesAndCallers is the matrix, in the states that every server can be brought to.
func statesAndCallers() []exchange {
	var all []exchange
	for _, state := range []string{"queued", "active", "deactivated", "public"} {
		for _, who := range everybody() {
			for _, c := range calls() {
				if c.name == "stage" || c.name == "import" || strings.HasSuffix(c.name, " location") || strings.HasSuffix(c.name, " locations") {
					continue
				}
				all = append(all, exchange{who, fmt.Sprintf(c.line, "{fresh "+state+"}"), c.body, c.headers})
			}
		}
	}
	return all
}

// documents asks for error bodies and schemas in every form.
func documents() []exchange {
	var all []exchange
	for _, accept := range []string{
		"*/*", "application/json", "text/html", "text/plain", "image/png", "text/html;q=0.1,application/json;q=0.9", "application/*", "text/*",
	} {
		all = append(all, exchange{owner, "GET /v2/images/nope", "", []string{"Accept: " + accept}},
			exchange{owner, "POST /v2/images", "{", []string{"Accept: " + accept}})
	}
	for _, name := range []string{"image", "images", "member", "members", "task", "tasks", "nothing"} {
		for _, verb := range []string{"GET", "POST", "DELETE", "HEAD"} {
			all = append(all, exchange{owner, verb + " /v2/schemas/" + name, "", nil})
		}
		all = append(all, exchange{owner, "GET /v2/schemas/" + name, "{}", nil})
	}
	return all
}

func creations() []exchange {
	bodies := []string{
		"null", "1", `"x"`, "[1]", "{", "{}x", "{}", `{"name": 1}`, `{"name": null}`, `{"id": "x"}`, `{"min_disk": -1}`, `{"min_disk": 2147483648}`,
		`{"min_disk": 1.0}`, `{"min_disk": 1.5}`, `{"min_disk": true}`, `{"min_ram": "1"}`, `{"disk_format": "foo"}`, `{"disk_format": null}`,
		`{"container_format": ""}`, `{"visibility": "x"}`, `{"visibility": "public"}`, `{"visibility": "community"}`, `{"visibility": "private"}`,
		`{"visibility": null}`, `{"protected": "true"}`, `{"protected": true}`, `{"tags": "a"}`, `{"tags": ["a", "a"]}`, `{"tags": [1]}`, `{"tags": null}`,
		`{"tags": ["` + strings.Repeat("x", 256) + `"]}`, `{"owner": null}`, `{"owner": ""}`, `{"owner": "somebody"}`, `{"owner": "project-owner"}`,
		`{"owner": 5}`, `{"foo": 1}`, `{"foo": null}`, `{"foo": "x"}`, `{"foo": ["x"]}`, `{"status": "active"}`, `{"status": "foo"}`, `{"size": 1}`,
		`{"checksum": "x"}`, `{"created_at": "x"}`, `{"self": "x"}`, `{"file": 1}`, `{"schema": "x"}`, `{"direct_url": "x"}`, `{"locations": []}`,
		`{"deleted": "x"}`, `{"deleted": true}`, `{"deleted_at": "x"}`, `{"name": "` + strings.Repeat("n", 256) + `"}`, `{"name": "\ud83d\ude00"}`,
		`{"foo": "\ud83d\ude00"}`, `{"id": "11111111-1111-1111-1111-11111111111G"}`, `{"virtual_size": 3}`, `{"name": "a", "name": "b"}`,
		`{"Name": "x"}`, `{"location": "x"}`, `{"is_public": "True"}`, `{"min_ram": null}`, `{"id": null}`,
	}
	var all []exchange
	for _, body := range bodies {
		for _, who := range []caller{owner, admin, anonymous} {
			all = append(all, exchange{who, "POST /v2/images", body, nil})
		}
	}
	return all
}

func lists() []exchange {
	queries := []string{
		"", "limit=0", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=1000000", "limit=2", "marker=", "marker=x", "marker={active}", "sort_key=name",
		"sort_key=foo", "sort_key=owner", "sort_dir=asc", "sort_dir=up", "sort_dir=asc&sort_dir=desc", "sort_key=name&sort_key=size&sort_dir=asc",
		"sort_key=name&sort_dir=asc&sort_dir=asc", "sort=name", "sort=name:asc,size:desc", "sort=", "sort=:", "sort=foo", "sort=name:up",
		"sort=name&sort_key=size", "sort=%20name%20:%20asc%20", "name=active", "name=eq:active", "name=neq:active", "name=in:active,queued",
		`name=in:"a,b",active`, `name=in:"a`, `name=in:a"b`, "name=a:b", "status=active", "status=nothing", "status=in:active,queued", "id={active}",
		"id=in:{active},{queued}", "container_format=bare", "disk_format=in:raw,iso", "size_min=1", "size_max=1", "size_min=x", "size_max=", "min_disk_min=0",
		"min_ram_max=5", "size=100", "min_disk=0", "checksum=x", "owner=project-owner", "created_at=gt:2000-01-01", "created_at=lt:2000-01-01T00:00:00Z",
		"created_at=gte:20000101T000000", "updated_at=neq:2000", "created_at=2000-01-01T00:00:00%2B01:00", "created_at=x", "created_at=xx:2000", "created_at=gt:",
		"visibility=public", "visibility=private", "visibility=shared", "visibility=community", "visibility=x", "visibility=", "member_status=pending",
		"member_status=accepted", "member_status=rejected", "member_status=all", "member_status=x", "visibility=shared&member_status=all",
		"protected=true", "protected=false", "protected=True", "protected=", "tag=old", "tag=old&tag=new", "tag=%20old%20", "changes-since=2000-01-01", "deleted=true",
		"property=value", "property=other", "foo%FF=1", "limit=%FF", "a%%40b=1", "name=%25", "name=_ctive", "limit=1&name=active",
	}
	var all []exchange
	for _, q := range queries {
		for _, who := range everybody() {
			all = append(all, exchange{who, strings.TrimSuffix("GET /v2/images?"+q, "?"), "", nil})
		}
	}
	return all
}

// patches crosses operations, paths and values, in both dialects.
func patches() []exchange {
	var all []exchange
	send := func(who caller, state, body, kind string) {
		all = append(all, exchange{who, "PATCH /v2/images/{fresh " + state + "}", body, []string{kind}})
	}
	paths := []string{
		"/name", "/property", "/absent", "/visibility", "/protected", "/tags", "/owner", "/min_disk", "/min_ram", "/disk_format", "/status", "/size", "/id", "/self",
		"/created_at", "/locations", "/locations/0", "/locations/-", "/deleted", "/location", "/tags/0", "/a/b", "", "/", "name", "/name/", "//name", "/a~1b", "/a~2", "/a~",
	}
	for _, path := range paths {
		for _, op := range []string{"add", "replace", "remove"} {
			value := `"text"`
			if op == "remove" {
				value = "null"
			}
			send(owner, "active", fmt.Sprintf(`[{"op": %q, "path": %q, "value": %s}]`, op, path, value), patch21)
			send(owner, "active", fmt.Sprintf(`[{%q: %q, "value": %s}]`, op, path, value), patch20)
		}
	}
	values := map[string][]string{
		"/name": {"null", "1", "[]", `"` + strings.Repeat("x", 256) + `"`}, "/visibility": {`"private"`, `"community"`, `"public"`, "null"},
		"/protected": {"true", "null", `"true"`}, "/tags": {`["a", "a"]`, "null", "[1]", "[]"}, "/min_disk": {"1", "-1", "2147483648", "1.5", "true", "null"},
		"/disk_format": {`"iso"`, `"foo"`, "null"}, "/owner": {`"project-owner"`, "null", `""`}, "/property": {"1", "null", `""`, "{}"}, "/locations": {"[]", "null"},
	}
	for path, list := range values {
		for _, value := range list {
			for _, who := range []caller{owner, admin} {
				send(who, "queued", fmt.Sprintf(`[{"op": "replace", "path": %q, "value": %s}]`, path, value), patch21)
			}
		}
	}
	for _, body := range []string{
		"[]", "{}", "null", "[1]", "[{}]", `[{"op": "add"}]`, `[{"op": "move", "path": "/a"}]`, `[{"op": null, "path": "/a"}]`, `[{"op": "add", "path": "/a"}]`,
		`[{"path": "/a", "value": "x"}]`, `[{"add": "/a", "remove": "/b", "value": "x"}]`, "{", `[{"op": "remove", "path": "/property"}, {"op": "add", "path": "/property", "value": "x"}]`,
	} {
		send(owner, "queued", body, patch21)
		send(owner, "queued", body, patch20)
		send(owner, "queued", body, "Content-Type: application/json")
	}
	return all
}

func ranges() []exchange {
	var all []exchange
	for _, r := range []string{
		"bytes=0-0", "bytes=0-", "bytes=99-", "bytes=100-", "bytes=-1", "bytes=-100", "bytes=-1000", "bytes=5-2", "bytes=", "bytes=-", "bytes=5", "bytes=a-b",
		"chars=0-1", "bytes=0-1,3-4", "bytes=0-1000", "bytes=0-99",
	} {
		for _, state := range []string{"active", "empty", "queued"} {
			all = append(all, exchange{owner, "GET /v2/images/{" + state + "}/file", "", []string{"Range: " + r}})
		}
	}
	for _, r := range []string{"bytes 0-9/100", "bytes 0-9/*", "bytes 9-0/100", "bytes 90-100/*", "0-9/100", "bytes 0-9/5"} {
		all = append(all, exchange{owner, "GET /v2/images/{active}/file", "", []string{"Content-Range: " + r}})
	}
	for _, kind := range []string{"", "application/octet-stream; charset=x", "application/json"} {
		for _, state := range []string{"active", "bare", "queued"} {
			all = append(all, exchange{owner, "PUT /v2/images/{fresh " + state + "}/file", "x", []string{"Content-Type: " + kind}})
		}
	}
	return all
}

func memberCalls() []exchange {
	var all []exchange
	for _, body := range []string{`{"member": "x"}`, `{"member": ""}`, `{"member": null}`, "{}", "[]", "{", `{"member": "project-member"}`} {
		for _, who := range everybody() {
			all = append(all, exchange{who, "POST /v2/images/{fresh queued}/members", body, nil})
		}
	}
	for _, body := range []string{`{"status": "accepted"}`, `{"status": "rejected"}`, `{"status": "pending"}`, `{"status": "x"}`, `{"status": null}`, "{}", "[]"} {
		for _, who := range everybody() {
			for _, m := range []string{"project-member", "nobody"} {
				all = append(all, exchange{who, "PUT /v2/images/{fresh queued}/members/" + m, body, nil})
			}
		}
	}
	for _, who := range everybody() {
		for _, line := range []string{"GET /v2/images/{queued}/members/nobody", "DELETE /v2/images/{fresh queued}/members/nobody", "GET /v2/images/{queued}/members"} {
			all = append(all, exchange{who, line, "", nil})
		}
	}
	return append(all, exchange{owner, "DELETE /v2/images/{fresh queued}/members/project-member", "x", nil})
}

func tagCalls() []exchange {
	var all []exchange
	for _, tag := range []string{"new", "old", "%20", "a%25b", strings.Repeat("x", 255), strings.Repeat("x", 256), "%C3%A9"} {
		for _, verb := range []string{"PUT", "DELETE", "GET", "POST"} {
			all = append(all, exchange{owner, verb + " /v2/images/{fresh queued}/tags/" + tag, "", nil})
		}
	}
	return append(all, exchange{owner, "PUT /v2/images/{fresh queued}/tags/x", "body", nil}, exchange{owner, "PUT /v2/images/{queued}/tags/", "", nil})
}

func paths() []exchange {
	var all []exchange
	for _, path := range []string{
		"/", "/versions", "/versions/", "/v2", "/v2/", "/v3", "/v2.3/images?limit=0", "/v2.99/images", "/images", "//v2/images?limit=0", "/v2//images?limit=0", "/v2/images/",
		"/foo", "/v2/foo", "/v2/images/a/b", "/v2/images/%2e%2e", "/v2/images/a%2Ffile", "/v2/./images", "/V2/images", "/v2.05/images", "/versionsx", "/v2/info/import",
	} {
		for _, verb := range []string{"GET", "POST", "BREW"} {
			all = append(all, exchange{owner, verb + " " + path, "", nil})
		}
	}
	for _, verb := range []string{"HEAD", "PUT", "PATCH", "DELETE", "BREW", "TRACE"} {
		for _, path := range []string{"/v2/images", "/v2/nothing", "/v2/images/{queued}/file", "/v2/images/{queued}/members", "/v2/images/{queued}/actions/deactivate"} {
			if verb == "PUT" && strings.HasSuffix(path, "/file") {
				continue
			}
			all = append(all, exchange{owner, verb + " " + path, "", nil})
		}
	}
	return all
}

func deletions() []exchange {
	return []exchange{
		{owner, "DELETE /v2/images/{active}", "x", nil}, {owner, "DELETE /v2/images/{active}", "", nil}, {owner, "DELETE /v2/images/{active}", "", nil},
		{owner, "GET /v2/images/{active}", "", nil}, {admin, "GET /v2/images/{active}", "", nil}, {owner, "GET /v2/images/{active}/file", "", nil},
		{owner, "GET /v2/images/{active}/members", "", nil}, {owner, "PUT /v2/images/{active}/tags/x", "", nil},
		{owner, "POST /v2/images/{active}/actions/deactivate", "", nil}, {admin, "GET /v2/images?marker={active}", "", nil},
	}
}
