package glance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Spec metadefs 4.1.
func TestNamespaceLists(t *testing.T) {
	t.Parallel()
	f := start(t)
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		visibility := []string{"public", "private"}[i%2]
		f.as(owner).define(name, `"visibility": "`+visibility+`", "resource_type_associations": [{"name": "T`+fmt.Sprint(i%2)+`"}, {"name": "all"}], "tags": [{"name": "x"}]`)
		f.clock.add(time.Second)
	}
	list := func(who caller, query string) string {
		t.Helper()
		var names []string
		entries, _ := f.as(who).get(definitions + query).want(http.StatusOK).doc()["namespaces"].([]any)
		for _, e := range entries {
			entry, _ := e.(map[string]any)
			name, _ := entry["namespace"].(string)
			names = append(names, name)
			if types, _ := entry["resource_type_associations"].([]any); len(types) != 2 || entry["tags"] != nil {
				t.Errorf("%s: %v", query, entry)
			}
		}
		return strings.Join(names, "")
	}
	for query, want := range map[string]string{
		"": "edcba", "?sort_dir=asc": "abcde", "?sort_key=namespace": "edcba", "?sort_key=visibility&sort_dir=asc": "bdace", "?limit=2": "ed", "?limit=0": "",
		"?limit=2&marker=d": "cb", "?marker=a": "", "?visibility=private": "db", "?visibility=": "", "?resource_types=T0": "eca", "?resource_types=T0,T1,T0": "edcba",
		"?resource_types=": "", "?resource_types=x": "", "?visibility=public&resource_types=T1": "", "?owner=x&y=z": "edcba", "?limit=99999999999999999999": "edcba",
	} {
		if got := list(owner, query); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	for who, want := range map[caller]string{admin: "edcba", member: "eca", anonymous: "eca"} {
		if got := list(who, ""); got != want {
			t.Errorf("%s sees %s", who, got)
		}
	}
	for query, code := range map[string]int{
		"?limit=-1": 400, "?limit=x": 400, "?limit=": 400, "?marker=": 404, "?marker=none": 404, "?marker=%00": 400, "?sort_key=x": 400, "?sort_key=": 400,
		"?sort_key=name": 400, "?sort_dir=up": 400, "?visibility=shared": 400, "?visibility=community": 400, "?x=%FF": 400,
		"?resource_types=" + strings.Repeat("a,", 2000): 400, "?sort_key=id%3BDROP%20TABLE%20images": 400,
	} {
		f.as(owner).get(definitions + query).want(code)
	}
	f.as(member).get(definitions + "?marker=b").want(http.StatusNotFound)
}

// Spec metadefs 4.1: links lead from page to page, and to no page behind the last but one that may be empty.
func TestNamespaceLinks(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		f.as(owner).define(name, `"resource_type_associations": [{"name": "all"}]`)
		f.clock.add(time.Second)
	}
	a := f.as(owner).get(definitions + "?limit=2&marker=e&resource_types=all&x=%C3%BC").want(http.StatusOK)
	if doc := a.doc(); doc["first"] != definitions+"?limit=2&resource_types=all&x=%C3%BC" || doc["next"] != definitions+"?limit=2&resource_types=all&x=%C3%BC&marker=c" ||
		doc["schema"] != "/v2/schemas/metadefs/namespaces" {
		t.Errorf("%v", doc)
	}
	if doc := f.as(owner).get(definitions).doc(); doc["first"] != definitions || doc["next"] != nil {
		t.Errorf("%v", doc)
	}
	if doc := f.as(owner).get(definitions + "?limit=5").doc(); doc["next"] != definitions+"?limit=5&marker=a" {
		t.Errorf("%v", doc["next"])
	}
}
