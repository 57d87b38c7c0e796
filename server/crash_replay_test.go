package main_test

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// traced are the calls that change a file system, or make that lasting. What SQLite keeps in shared memory it does not
// need after a crash.
const traced = "openat,close,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat"

// call is one system call of the trace. One that took a while stands in it where it begins; where it ends there is another
// entry, which is what counts for a sync.
type call struct {
	name   string
	args   []string
	result int
	ended  *call // of an end: its begin
	synced *node // of a sync that has begun
	state  any   // what it saw then
}

var (
	begun   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	resumed = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
)

// readTrace reads the output of strace.
func readTrace(t *testing.T, path string) []*call {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var calls []*call
	waiting := map[string]*call{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if m := begun.FindStringSubmatch(line); m != nil {
			c := &call{name: m[2], result: -1}
			calls = append(calls, c)
			if rest, ok := strings.CutSuffix(m[3], " <unfinished ...>"); ok {
				c.args, waiting[m[1]] = arguments(rest), c
				continue
			}
			args, result := m[3][:strings.LastIndex(m[3], ")")], m[3][strings.LastIndex(m[3], ")"):]
			c.args = arguments(args)
			c.result = outcome(result)
			calls = append(calls, &call{name: c.name, ended: c})
		} else if m := resumed.FindStringSubmatch(line); m != nil && waiting[m[1]] != nil {
			c := waiting[m[1]]
			delete(waiting, m[1])
			c.result = outcome(m[2])
			calls = append(calls, &call{name: c.name, ended: c})
		}
	}
	return calls
}

func outcome(text string) int {
	_, text, _ = strings.Cut(text, "= ")
	text, _, _ = strings.Cut(text, " ")
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// arguments splits a list of which all texts are in hexadecimal.
func arguments(text string) []string {
	args := strings.Split(strings.TrimSuffix(text, ", "), ", ")
	for i, arg := range args {
		if quoted, ok := strings.CutPrefix(arg, `"`); ok {
			plain, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSuffix(quoted, `"`), `\x`, ""))
			if err == nil {
				args[i] = string(plain)
			}
		}
	}
	return args
}

// node is a file or a folder: as it is, and as the disk is sure to have it. The names in a folder change one after the
// other, as in the journal of a file system, and one is renamed as a whole.
type node struct {
	folder     bool
	text, disk []byte
	names      map[string]*node
	past       []map[string]*node // the names since they were last synced: what is safe is the first
	base       int                // the number of the first
}

// changed notes that names have changed.
func (n *node) changed() { n.past = append(n.past, maps.Clone(n.names)) }

func (n *node) sync(state any) {
	switch s := state.(type) {
	case []byte:
		n.disk = s
	case int:
		if s > n.base {
			n.past, n.base = slices.Clone(n.past[s-n.base:]), s
		}
	}
}

func (n *node) snapshot() any {
	if n.folder {
		return n.base + len(n.past) - 1
	}
	return bytes.Clone(n.text)
}

// open is a descriptor.
type open struct {
	node *node
	path string
	at   int
}

// replay is the folder of a server as its calls make it.
type replay struct {
	dir      string
	root     *node
	fds      map[string]*open
	cutsMade int
}

// newReplay begins with what is there, all of it safe.
func newReplay(t *testing.T, dir string) *replay {
	t.Helper()
	p := &replay{dir: dir, root: folderNode(), fds: map[string]*open{}}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		n := folderNode()
		if !d.IsDir() {
			n = &node{}
			if n.text, err = os.ReadFile(path); err != nil {
				return err
			}
			n.disk = bytes.Clone(n.text)
		}
		parent, name := p.parent(path)
		parent.names[name], parent.past[0][name] = n, n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func folderNode() *node {
	return &node{folder: true, names: map[string]*node{}, past: []map[string]*node{{}}}
}

// parent returns the folder of a path and the name in it; nil for one elsewhere.
func (p *replay) parent(path string) (*node, string) {
	rest, ok := strings.CutPrefix(path, p.dir+"/")
	if !ok {
		return nil, ""
	}
	parts := strings.Split(rest, "/")
	n := p.root
	for _, part := range parts[:len(parts)-1] {
		if n = n.names[part]; n == nil {
			return nil, ""
		}
	}
	return n, parts[len(parts)-1]
}

// path resolves a path against a descriptor.
func (p *replay) path(at, path string) string {
	if o := p.fds[at]; o != nil && !filepath.IsAbs(path) {
		path = filepath.Join(o.path, path)
	}
	return filepath.Clean(path)
}

// answer reports whether the call begins an answer to a client.
func (c *call) answer(p *replay) bool {
	return c.ended == nil && c.name == "write" && p.fds[c.args[0]] == nil && strings.HasPrefix(c.args[1], "HTTP/1.1 ")
}

// apply does what the call did: when it begins, but for what is known, or true, at its end only.
func (p *replay) apply(c *call) {
	switch {
	case c.ended != nil && c.name == "openat":
		p.open(c.ended)
	case c.ended != nil:
		if b := c.ended; b.synced != nil && b.result == 0 {
			b.synced.sync(b.state)
		}
	case c.result < 0 || c.name == "openat":
	case c.name == "fsync" || c.name == "fdatasync":
		if o := p.fds[c.args[0]]; o != nil {
			c.synced, c.state = o.node, o.node.snapshot()
		}
	case c.name == "close":
		delete(p.fds, c.args[0])
	case slices.Contains([]string{"write", "pwrite64", "ftruncate"}, c.name):
		p.change(c)
	default:
		p.rename(c)
	}
}

func (p *replay) open(c *call) {
	if c.result < 0 {
		return
	}
	fd, path := strconv.Itoa(c.result), p.path(c.args[0], c.args[1])
	delete(p.fds, fd)
	if path == p.dir {
		p.fds[fd] = &open{p.root, path, 0}
		return
	}
	parent, name := p.parent(path)
	if parent == nil {
		return
	}
	if parent.names[name] == nil {
		if !strings.Contains(c.args[2], "O_CREAT") {
			return
		}
		parent.names[name] = &node{}
		parent.changed()
	}
	n := parent.names[name]
	if strings.Contains(c.args[2], "O_TRUNC") {
		n.text = nil
	}
	p.fds[fd] = &open{n, path, 0}
}

func (p *replay) change(c *call) {
	o := p.fds[c.args[0]]
	if o == nil {
		return
	}
	if c.name == "ftruncate" {
		size, _ := strconv.Atoi(c.args[1])
		o.node.text = append(o.node.text[:min(size, len(o.node.text))], make([]byte, max(0, size-len(o.node.text)))...)
		return
	}
	text, at := c.args[1][:c.result], &o.at
	if c.name == "pwrite64" {
		off, _ := strconv.Atoi(c.args[3])
		at = &off
	}
	if end := *at + len(text); end > len(o.node.text) {
		o.node.text = append(o.node.text, make([]byte, end-len(o.node.text))...)
	}
	*at += copy(o.node.text[*at:], text)
}

// rename does what has to do with names.
func (p *replay) rename(c *call) {
	const here = "AT_FDCWD"
	args := c.args
	if !strings.HasSuffix(strings.TrimSuffix(c.name, "2"), "at") {
		args = append([]string{here}, args...)
		if len(args) > 2 {
			args = slices.Insert(args, 2, here)
		}
	}
	from, name := p.parent(p.path(args[0], args[1]))
	if from == nil {
		return
	}
	what := from.names[name]
	switch strings.TrimSuffix(strings.TrimSuffix(c.name, "2"), "at") {
	case "mkdir":
		from.names[name] = folderNode()
		from.changed()
		return
	case "unlink":
		delete(from.names, name)
		from.changed()
		return
	case "rename":
		delete(from.names, name)
	}
	to, name := p.parent(p.path(args[2], args[3]))
	if to != nil && what != nil {
		to.names[name] = what
		to.changed()
	}
	if to != from {
		from.changed()
	}
}

// write makes the folder as a power cut may leave it: what is safe, and of the rest all, nothing or parts.
func (p *replay) write(t *testing.T, r *rand.Rand) {
	t.Helper()
	if err := p.root.write(p.dir, r, r.IntN(3)); err != nil {
		t.Fatal(err)
	}
}

const (
	nothing = iota
	parts
	everything
)

func (n *node) write(path string, r *rand.Rand, more int) error {
	if !n.folder {
		return os.WriteFile(path, n.left(r, more), 0o600)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	at := 0
	switch more {
	case parts:
		at = r.IntN(len(n.past))
	case everything:
		at = len(n.past) - 1
	}
	for name, child := range n.past[at] {
		if strings.HasSuffix(name, "-shm") {
			continue
		}
		if err := child.write(filepath.Join(path, name), r, more); err != nil {
			return err
		}
	}
	return nil
}

// left is what is left of a file. Of parts that were not synced some pages are there.
func (n *node) left(r *rand.Rand, more int) []byte {
	switch more {
	case nothing:
		return n.disk
	case everything:
		return n.text
	}
	const page = 4096
	text := bytes.Clone(n.disk)
	if len(n.text) > len(text) && r.IntN(2) == 0 {
		text = append(text, make([]byte, len(n.text)-len(text))...)
	}
	for at := 0; at < len(text); at += page {
		if at < len(n.text) && r.IntN(2) == 0 {
			copy(text[at:min(at+page, len(text))], n.text[at:])
		}
	}
	return text
}

// plainClient is a client of HTTP that sends every request once.
func plainClient() *http.Client {
	return &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
}
