package glance_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"goglance/glance"
)

// storm is what many clients do to a few images, all at once.
type storm struct {
	*fixture
	memory *memory
	mu     sync.Mutex
	ids    []string               // of the images in use
	all    []string               // of every image there ever was
	codes  map[string]map[int]int // how often what was answered
}

const stormImages, stormMembers, stormSize = 3, 4, 1000 // the size of all data, lest locations contradict each other

// fresh makes an image and the objects that it may name.
func (s *storm) fresh() string {
	id := s.as(owner).create(formats)
	s.all = append(s.all, id)
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	for n := range 3 {
		s.memory.objects[fmt.Sprintf("mem://%s/%d", id, n)] = strings.Repeat("m", stormSize)
	}
	return id
}

// target returns one of the images in use. A deleted one stays in use for a while.
func (s *storm) target(r *rand.Rand) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := r.IntN(len(s.ids))
	if s.status(s.ids[n]) == "deleted" && r.IntN(4) == 0 {
		s.ids[n] = s.fresh()
	}
	return s.ids[n]
}

// blow does one thing at random.
func (s *storm) blow(node *fixture, r *rand.Rand) {
	id := s.target(r)
	c, path := node.as(owner), "/v2/images/"+id
	who := fmt.Sprint("m", r.IntN(stormMembers))
	location := func() string { return located(fmt.Sprintf("mem://%s/%d", id, r.IntN(3)), "{}") }
	things := map[string]func() answer{
		"upload":     func() answer { return c.put(id, strings.Repeat(string(rune('a'+r.IntN(26))), stormSize)) },
		"too long":   func() answer { return c.send("PUT "+path+"/file", chunked(strings.Repeat("x", 2*stormSize)), octets) },
		"name":       func() answer { return c.patch(v21, id, v21.op("replace", "/name", quoted(s.t, who))) },
		"property":   func() answer { return c.patch(v21, id, v21.op("add", "/"+who, quoted(s.t, who))) },
		"unformat":   func() answer { return c.patch(v21, id, v21.op("replace", "/disk_format", "null")) },
		"format":     func() answer { return c.patch(v21, id, v21.op("replace", "/disk_format", `"raw"`)) },
		"add":        func() answer { return c.patch(v21, id, location()) },
		"remove":     func() answer { return c.patch(v21, id, v21.op("remove", "/locations/0", "")) },
		"move":       func() answer { return c.patch(v21, id, location(), v21.op("remove", "/locations/0", "")) },
		"protect":    func() answer { return c.patch(v21, id, v21.op("replace", "/protected", "true")) },
		"unprotect":  func() answer { return c.patch(v21, id, v21.op("replace", "/protected", "false")) },
		"hide":       func() answer { return c.patch(v21, id, v21.op("replace", "/visibility", `"private"`)) },
		"show":       func() answer { return c.patch(v21, id, v21.op("replace", "/visibility", `"shared"`)) },
		"tag":        func() answer { return c.ask("PUT "+path+"/tags/"+who, "") },
		"untag":      func() answer { return c.ask("DELETE "+path+"/tags/"+who, "") },
		"share":      func() answer { return c.ask("POST "+path+"/members", `{"member": "`+who+`"}`) },
		"unshare":    func() answer { return c.ask("DELETE "+path+"/members/"+who, "") },
		"answer":     func() answer { return node.as(admin).ask("PUT "+path+"/members/"+who, `{"status": "accepted"}`) },
		"deactivate": func() answer { return c.ask("POST "+path+"/actions/deactivate", "") },
		"reactivate": func() answer { return c.ask("POST "+path+"/actions/reactivate", "") },
		"download":   func() answer { return c.get(path + "/file") },
		"delete":     func() answer { return c.ask("DELETE "+path, "") },
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range things {
			if !yield(name) {
				return
			}
		}
	})
	name := names[r.IntN(len(names))]
	a := things[name]()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes[name] == nil {
		s.codes[name] = map[int]int{}
	}
	s.codes[name][a.code]++
	if a.code >= http.StatusInternalServerError || a.err != nil {
		s.t.Errorf("%s %s: %d, %v, %s", name, id, a.code, a.err, a.body)
	}
}

// After whatever many clients did at once to the same images every row, what belongs to it and the stores tell the same
// story (spec images-api 6, 7.1, 10, 11).
func TestStorm(t *testing.T) {
	t.Parallel()
	s := &storm{memory: &memory{}, codes: map[string]map[int]int{}}
	s.fixture = start(t, withMemory(s.memory), func(c *glance.Config) {
		c.Options.SizeCap, c.Options.TagQuota, c.Options.MemberQuota, c.Options.PropertyQuota = stormSize, 2, 2, 2
	})
	nodes := []*fixture{s.fixture, s.second()}
	for range stormImages {
		s.ids = append(s.ids, s.fresh())
	}
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number will do
	t.Logf("seed %d", seed)
	end := time.Now().Add(3 * time.Second)
	atOnce(8, func(n int) {
		for r := rand.New(rand.NewPCG(seed, uint64(n))); time.Now().Before(end); { //nolint:gosec // not a secret
			s.blow(nodes[n%2], r)
		}
	})
	t.Log(s.codes)
	s.check()
}

// check looks at every image that there ever was.
func (s *storm) check() {
	files := s.files()
	for _, id := range s.all {
		status := s.status(id)
		file := slices.Contains(files, id)
		switch status {
		case "active", "deactivated":
			s.checkData(id, file)
		case "queued":
			if size := s.text("SELECT size FROM images WHERE id = ?", id); file || size != "" || s.children("image_locations", id) != "0" {
				s.t.Errorf("%s is queued; size %q, file %v", id, size, file)
			}
		case "deleted":
			for _, table := range tables()[1:] {
				if n := s.children(table, id); n != "0" || file {
					s.t.Errorf("%s is deleted, with %s in %s, file %v", id, n, table, file)
				}
			}
		default:
			s.t.Errorf("%s is %s", id, status)
		}
		for _, table := range []string{"image_tags", "image_members", "image_properties"} {
			if n := s.children(table, id); n > "2" {
				s.t.Errorf("%s has %s in %s", id, n, table)
			}
		}
	}
	for _, name := range files {
		if s.status(name) == "" {
			s.t.Errorf("%s is in the store", name)
		}
	}
}

func (s *storm) children(table, id string) string {
	return s.text("SELECT COUNT(*) FROM "+table+" WHERE image_id = ? AND NOT deleted", id)
}

// checkData compares an image with its data.
func (s *storm) checkData(id string, file bool) {
	doc := s.as(admin).get("/v2/images/" + id).want(http.StatusOK)
	urls := strings.Fields(doc.urls())
	uploaded := slices.Contains(urls, "file://"+s.object(id))
	if len(urls) == 0 || uploaded != file || doc.doc()["disk_format"] == nil {
		s.t.Errorf("file %v; %s", file, doc.body)
	}
	for _, url := range urls {
		if url, ok := strings.CutPrefix(url, "mem://"); ok && !s.memory.has(url) {
			s.t.Errorf("%s is gone; %s", url, doc.body)
		}
	}
	if !uploaded {
		return
	}
	data, err := os.ReadFile(s.object(id))
	s.must(err)
	sum := md5.Sum(data) //nolint:gosec // the checksum of the API
	if fmt.Sprint(doc.doc()["size"]) != fmt.Sprint(len(data)) || doc.doc()["checksum"] != hex.EncodeToString(sum[:]) {
		s.t.Errorf("%d bytes, %x; %s", len(data), sum, doc.body)
	}
}
