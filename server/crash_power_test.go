package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPowerLost replays what the server has asked of the file system up to some moment, without what was not synced by
// then, or with parts of it, and starts a server on the result: what was acknowledged before that moment is there.
func TestPowerLost(t *testing.T) {
	strace := need(t, "strace")
	dir := t.TempDir()
	trace := filepath.Join(t.TempDir(), "trace")
	before := newReplay(t, dir)
	d := start(t, dir, strace, "-f", "-qq", "-xx", "-s", "2000000", "-e", "signal=none", "-e", "trace="+traced, "-o", trace)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := &client{r: rand.New(rand.NewPCG(seed, 0))} //nolint:gosec // not a secret
	var during [][]*known
	c.watch = func() { during = append(during, copied(c.images)) }
	for s := (session{c, d.url, plainClient()}); len(during) < 60 && s.step(); {
		continue
	}
	during = append(during, copied(c.images))
	d.endTraced()
	if len(c.faults) > 0 || len(during) != 61 {
		t.Fatalf("%d requests, %v", len(during), c.faults)
	}
	calls := readTrace(t, trace)
	cuts := map[int]bool{}
	for n := crashes(5); n > 0; n-- {
		cuts[c.r.IntN(len(calls))] = true
	}
	answers := 0
	for i, call := range calls {
		if call.answer(before) {
			answers++
			if c.r.IntN(60) < crashes(3) { // when it is about to be given
				before.cut(t, c.r, during[answers])
			}
		}
		if cuts[i] {
			before.cut(t, c.r, during[answers])
		}
		before.apply(call)
	}
	if answers != 60 {
		t.Errorf("the trace has %d answers", answers)
	}
	t.Logf("%d calls, %d moments", len(calls), before.cutsMade)
}

// copied is what was known at this moment.
func copied(images []*known) []*known {
	all := make([]*known, len(images))
	for i, k := range images {
		now := *k
		all[i] = &now
	}
	return all
}

// endTraced kills the server and lets strace write what it has seen.
func (d *daemon) endTraced() {
	d.t.Helper()
	pid := d.cmd.Process.Pid
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	child, cerr := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || cerr != nil {
		d.t.Fatalf("the child of strace: %q, %v", text, err)
	}
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		d.t.Fatal(err)
	}
	select {
	case <-d.done:
	case <-time.After(patience):
		d.t.Fatal("strace does not end")
	}
}

// cut starts a server on what a power cut now may leave, and looks at everything. The folder is the same: locations name
// it.
func (p *replay) cut(t *testing.T, r *rand.Rand, expected []*known) {
	t.Helper()
	p.cutsMade++
	if err := os.RemoveAll(p.dir); err != nil {
		t.Fatal(err)
	}
	p.write(t, r)
	c := &crash{T: t, dir: p.dir, start: func() *daemon { return start(t, p.dir) }}
	c.clients = []*client{{r: r, images: copied(expected)}}
	c.final(&client{r: r})
	c.daemon.kill()
	if t.Failed() {
		t.FailNow()
	}
}
