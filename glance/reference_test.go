package glance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goglance/glance"
	"goglance/glance/internal/reference"
)

// TestReference sends the same generated requests to a Python Glance and to ours, and compares status codes, headers
// and the keys of JSON bodies. What differs must be in testdata/differences.txt, with its reason; what is there and no
// longer differs must go.
func TestReference(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	f := start(t, func(c *glance.Config) {
		c.Options.ShowLocations, c.Options.ShowDirectURL, c.Options.AllowAnonymous = true, true, true
	})
	theirs := reference.Start(t, reference.Config{
		Identity: true,
		Default:  "show_multiple_locations = true\nshow_image_direct_url = true\nallow_anonymous_access = true",
	})
	d := duel{ours: f, theirs: &fixture{t: t, url: theirs}, meant: meantDifferences(t, "differences.txt"), ids: map[string]string{}}
	for _, x := range exchanges() {
		d.compare(x)
	}
	t.Logf("%d requests compared", d.n)
	for _, m := range d.meant {
		if !m.used {
			t.Errorf("nothing differs as testdata/differences.txt says: %s", m.pattern)
		}
	}
}

// exchange is a request for both. In line, {active} is an image in that state that other requests use too, {fresh
// active} one of its own; likewise queued, empty, bare (without formats), deactivated and public.
type exchange struct {
	who     caller
	line    string
	body    string
	headers []string
}

func (x exchange) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", x.who, x.line, strings.Join(x.headers, " "), shortened(x.body)))
}

type duel struct {
	ours, theirs *fixture
	meant        []*difference
	ids          map[string]string // of the images in use, by server and state
	n            int
}

// difference is a line of testdata/differences.txt: a pattern for what is reported, and the reason.
type difference struct {
	pattern *regexp.Regexp
	used    bool
}

// meantDifferences reads the list: lines of "pattern # reason".
func meantDifferences(t *testing.T, name string) []*difference {
	t.Helper()
	var all []*difference
	for _, line := range strings.Split(testFile(t, name), "\n") {
		pattern, reason, _ := strings.Cut(line, " # ")
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		if reason == "" {
			t.Fatalf("a difference without a reason: %s", line)
		}
		all = append(all, &difference{pattern: regexp.MustCompile(pattern)})
	}
	return all
}

func (d *duel) compare(x exchange) {
	d.n++
	ours, theirs := d.answer(d.ours, x), d.answer(d.theirs, x)
	report := func(what string, found ...any) {
		text := fmt.Sprintf("%s | %s | %v", x, what, found)
		for _, m := range d.meant {
			if m.pattern.MatchString(text) {
				m.used = true
				return
			}
		}
		d.ours.t.Errorf("%s\nours: %s\ntheirs: %s", text, shortened(ours.body), shortened(theirs.body))
	}
	if ours.code != theirs.code {
		report("status", ours.code, theirs.code) // ours, theirs
		return
	}
	if a, b := headersOf(ours), headersOf(theirs); a != b {
		report("headers", a, b)
	}
	if a, b := keysOf(ours.body), keysOf(theirs.body); ours.code < 300 {
		report := func(side string, keys []string) {
			if len(keys) > 0 {
				report(side, strings.Join(keys, " "))
			}
		}
		report("only ours", without(a, b))
		report("only theirs", without(b, a))
	}
}

// without returns what is in all and not in some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(key string) bool { return slices.Contains(some, key) })
}

func (d *duel) answer(f *fixture, x exchange) answer {
	line := regexp.MustCompile(`\{[a-z ]+\}`).ReplaceAllStringFunc(x.line, func(name string) string {
		name = strings.Trim(name, "{}")
		if state, fresh := strings.CutPrefix(name, "fresh "); fresh {
			return d.image(f, state)
		}
		key := f.url + name
		if d.ids[key] == "" {
			d.ids[key] = d.image(f, name)
		}
		return d.ids[key]
	})
	return f.as(x.who).ask(line, x.body, x.headers...)
}

// image makes an image of owner, shared with member.
func (d *duel) image(f *fixture, state string) string {
	c := f.as(owner)
	attrs := `"name": "` + state + `", "tags": ["old"], "property": "value"`
	if state != "bare" {
		attrs += ", " + formats
	}
	id := c.create(attrs)
	switch state {
	case "active", "deactivated", "public":
		c.put(id, strings.Repeat("0123456789", 10)).want(http.StatusNoContent)
	case "empty":
		c.put(id, "").want(http.StatusNoContent)
	}
	c.ask("POST /v2/images/"+id+"/members", `{"member": "`+member.project()+`"}`).want(http.StatusOK)
	if state == "deactivated" {
		c.ask("POST /v2/images/"+id+"/actions/deactivate", "").want(http.StatusNoContent)
	}
	if state == "public" {
		f.as(admin).ask("PATCH /v2/images/"+id, `[{"op": "replace", "path": "/visibility", "value": "public"}]`, patch21).want(http.StatusOK)
	}
	return id
}

// headersOf describes the headers that clients look at; of some only whether they are there.
func headersOf(a answer) string {
	var lines []string
	for _, name := range []string{"Allow", "Accept-Patch", "Content-Range", "Content-Md5"} {
		if v := a.header.Get(name); v != "" {
			lines = append(lines, name+": "+v)
		}
	}
	for _, name := range []string{"Location", "X-Openstack-Request-Id", "Www-Authenticate"} {
		if a.header.Get(name) != "" {
			lines = append(lines, name)
		}
	}
	if a.body != "" {
		lines = append(lines, a.header.Get("Content-Type"))
	}
	return strings.Join(lines, ", ")
}

// later are the keys of images that releases behind Pike have added.
var later = regexp.MustCompile(`(^|\.)os_(hidden|hash_algo|hash_value)(\.|:)`)

// keysOf lists what a JSON body has: the keys on all levels with the kinds of their values; of lists, those of all
// entries.
func keysOf(body string) []string {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return []string{fmt.Sprintf("%d bytes", len(body))}
	}
	keys := map[string]bool{}
	shape(keys, "", v)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(keys)), later.MatchString)
}

func shape(keys map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			shape(keys, path+"."+key, member)
		}
	case []any:
		for _, entry := range v {
			shape(keys, path+"[]", entry)
		}
		if len(v) == 0 {
			keys[path+": empty"] = true
		}
	default:
		keys[fmt.Sprintf("%s: %T", path, v)] = true
	}
}
