package glance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance"
)

// tags returns the tags of an image, sorted.
func (c client) tags(id string) []string {
	c.t.Helper()
	list, _ := c.get("/v2/images/" + id).want(http.StatusOK).doc()["tags"].([]any)
	tags := []string{}
	for _, v := range list {
		tag, _ := v.(string)
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}

// wantTags checks the tags of an image.
func (c client) wantTags(id string, want ...string) {
	c.t.Helper()
	slices.Sort(want)
	if got := c.tags(id); !slices.Equal(got, want) {
		c.t.Errorf("the tags are %q, want %q", got, want)
	}
}

// Spec images-api 9.
func TestTags(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	id := c.create(`"tags": ["b"]`)
	path := "/v2/images/" + id + "/tags/"
	f.clock.add(time.Hour)
	c.ask("PUT "+path+"a", "").want(http.StatusNoContent).wantBody("").wantHeader("Content-Type", "")
	if got := c.get("/v2/images/" + id).doc()["updated_at"]; got != "2017-08-01T11:00:00Z" {
		t.Errorf("updated at %v", got)
	}
	c.ask("PUT "+path+"a", "").want(http.StatusNoContent)
	c.wantTags(id, "a", "b")
	f.clock.add(time.Hour)
	c.ask("DELETE "+path+"b", "").want(http.StatusNoContent).wantBody("")
	if got := c.get("/v2/images/" + id).doc()["updated_at"]; got != "2017-08-01T12:00:00Z" {
		t.Errorf("updated at %v", got)
	}
	c.wantTags(id, "a")
	before := f.state()
	c.ask("DELETE "+path+"b", "").want(http.StatusNotFound)
	f.unchanged(before)
	c.ask("PUT "+path+"b", "").want(http.StatusNoContent) // a row that was deleted
	c.wantTags(id, "a", "b")
}

// Spec images-api 9, 0.5, security S66: what a path says and what it means.
func TestTagForms(t *testing.T) {
	t.Parallel()
	f := start(t)
	c := f.as(owner)
	id := c.create("")
	path := "/v2/images/" + id + "/tags/"
	rows := map[string]string{
		"a": "a", "A": "A", "%61b": "ab", "%20a%20": " a ", "%20": " ", "a+b": "a+b", "%2B": "+", "%25": "%", "%2525": "%25", "..": "..",
		".": ".", "%2e%2e%2E": "...", "caf%C3%A9": "caf\u00e9", "cafe%CC%81": "cafe\u0301", "%3F": "?", "%23": "#", "a;b=c": "a;b=c", "%0A": "\n",
		"%0D%0AX-Evil:%201": "\r\nX-Evil: 1", "%01%7F": "\x01\x7f", "%22%5C%27": `"\'`, "tags": "tags", "%3Cscript%3E": "<script>", "a,b": "a,b",
		strings.Repeat("x", 255): strings.Repeat("x", 255), strings.Repeat("%E2%82%AC", 255): strings.Repeat("\u20ac", 255), "%EF%BF%BD": "\ufffd",
	}
	want := []string{}
	for text, tag := range rows {
		c.ask("PUT "+path+text, "").want(http.StatusNoContent).wantHeader("X-Evil", "")
		want = append(want, tag)
		c.wantTags(id, want...)
	}
	for text, tag := range rows {
		c.ask("DELETE "+path+text, "").want(http.StatusNoContent)
		want = slices.DeleteFunc(want, func(s string) bool { return s == tag })
		c.wantTags(id, want...)
		c.ask("DELETE "+path+text, "").want(http.StatusNotFound)
	}
	before := f.state()
	for _, who := range everybody() {
		for _, target := range []string{id, "missing"} {
			for _, text := range []string{
				strings.Repeat("x", 256), strings.Repeat("%E2%82%AC", 256), "%F0%9F%98%80", "a%F0%90%80%80", "%00", "a%00b", "%ff", "%c0%af", "%ed%a0%80",
			} {
				f.as(who).ask("PUT /v2/images/"+target+"/tags/"+text, "").want(http.StatusBadRequest)
			}
		}
		for _, text := range []string{"", "a%2Fb", "a/b", "a/", "%2F", "/"} { // no such route
			f.as(who).ask("PUT "+path+text, "").want(http.StatusNotFound)
			f.as(who).ask("DELETE "+path+text, "").want(http.StatusNotFound)
		}
	}
	for _, text := range []string{strings.Repeat("x", 256), "%F0%9F%98%80", "%00", "a"} { // no image has it
		c.ask("DELETE "+path+text, "").want(http.StatusNotFound)
	}
	c.ask("DELETE "+path+"%ff", "").want(http.StatusBadRequest)
	f.unchanged(before)
}

// TestTagCallers: who may, whatever the visibility (spec images-api 9).
func TestTagCallers(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, row := range sights() {
		id := f.make(row)
		f.exec("INSERT INTO image_tags (image_id, value, created_at, deleted) VALUES (?, 'old', '2017-08-01 10:00:00.000000', FALSE)", id)
		for _, who := range everybody() {
			mine := who == admin || who == owner && !strings.Contains(row.attrs, `"owner"`)
			code := http.StatusNoContent
			switch {
			case who == anonymous:
				code = http.StatusForbidden
			case !slices.Contains(strings.Fields(row.seen), string(who)):
				code = http.StatusNotFound
			case !mine:
				code = http.StatusForbidden
			}
			missing := http.StatusNotFound
			if who == anonymous {
				missing = http.StatusForbidden
			}
			before := f.rows(id)
			c, path := f.as(who), "/v2/images/"+id+"/tags/"
			c.ask("DELETE "+path+"none", "").want(missing)
			c.ask("PUT "+path+"old", "").want(code)
			c.ask("PUT "+path+"new", "x").want(http.StatusBadRequest)
			c.ask("DELETE "+path+"old", "x").want(http.StatusBadRequest)
			if code == http.StatusNoContent {
				c.ask("PUT "+path+"new", "").want(code)
				c.wantTags(id, "new", "old")
				c.ask("DELETE "+path+"new", "").want(code)
				c.wantTags(id, "old")
				continue
			}
			c.ask("PUT "+path+"new", "").want(code)
			c.ask("DELETE "+path+"old", "").want(code)
			if f.rows(id) != before {
				t.Errorf("%s, %s: something has changed", row.attrs, who)
			}
		}
	}
}

// Spec images-api 9, 13.
func TestTagPolicies(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"get_image", "modify_image"} {
		f := start(t, rules(rule, "!"))
		f.fill("")
		id := numbered(900)
		f.exec("INSERT INTO image_tags (image_id, value, created_at, deleted) VALUES (?, 'old', '2017-08-01 10:00:00.000000', FALSE)", id)
		before := f.state()
		for _, line := range []string{"PUT /v2/images/" + id + "/tags/new", "PUT /v2/images/" + id + "/tags/old", "DELETE /v2/images/" + id + "/tags/old"} {
			f.as(owner).ask(line, "").want(http.StatusForbidden)
			f.as(admin).ask(line, "").want(http.StatusForbidden)
		}
		f.unchanged(before)
	}
}

func tagQuota(n int) func(*glance.Config) {
	return func(c *glance.Config) { c.Options.TagQuota = n }
}

// Spec images-api 9, 11: distinct tags count.
func TestTagQuota(t *testing.T) {
	t.Parallel()
	f := start(t, tagQuota(2))
	c := f.as(owner)
	id := c.create(`"tags": ["a"]`)
	path := "/v2/images/" + id + "/tags/"
	c.ask("PUT "+path+"b", "").want(http.StatusNoContent)
	before := f.state()
	c.ask("PUT "+path+"c", "").want(http.StatusRequestEntityTooLarge)
	f.as(admin).ask("PUT "+path+"c", "").want(http.StatusRequestEntityTooLarge)
	f.as(stranger).ask("PUT "+path+"c", "").want(http.StatusNotFound)
	f.unchanged(before)
	c.ask("PUT "+path+"a", "").want(http.StatusNoContent)
	c.wantTags(id, "a", "b")
	c.ask("DELETE "+path+"a", "").want(http.StatusNoContent)
	c.ask("PUT "+path+"c", "").want(http.StatusNoContent)
	c.wantTags(id, "b", "c")
	// Tags that are there already may go, whatever the quota has become.
	f.exec("INSERT INTO image_tags (image_id, value, created_at, deleted) VALUES (?, 'd', '2017-08-01 10:00:00.000000', FALSE)", id)
	c.ask("DELETE "+path+"d", "").want(http.StatusNoContent)
	none := start(t, tagQuota(0)).as(owner)
	none.ask("PUT /v2/images/"+none.create("")+"/tags/a", "").want(http.StatusRequestEntityTooLarge)
	many := start(t, tagQuota(-1)).as(owner)
	id = many.create("")
	for i := range 130 {
		many.ask(fmt.Sprintf("PUT /v2/images/%s/tags/t%d", id, i), "").want(http.StatusNoContent)
	}
	if got := len(many.tags(id)); got != 130 {
		t.Errorf("%d tags", got)
	}
}

// Spec security S71: tags that come at once are counted together.
func TestSecListQuotasConcurrent(t *testing.T) {
	t.Parallel()
	f := start(t)
	have := make([]string, 127)
	for i := range have {
		have[i] = fmt.Sprintf("%q", fmt.Sprint("t", i))
	}
	id := f.as(owner).create(`"tags": [` + strings.Join(have, ", ") + "]")
	seen := make([]int, 20)
	var all sync.WaitGroup
	for i := range seen {
		all.Go(func() { seen[i] = f.as(owner).ask(fmt.Sprintf("PUT /v2/images/%s/tags/new%d", id, i), "").code })
	}
	all.Wait()
	added := 0
	for _, code := range seen {
		switch code {
		case http.StatusNoContent:
			added++
		case http.StatusRequestEntityTooLarge, http.StatusConflict:
		default:
			t.Errorf("a tag is answered with %d", code)
		}
	}
	if got := len(f.as(owner).tags(id)); got != 128 || added != 1 {
		t.Errorf("%d tags, %d added", got, added)
	}
}
