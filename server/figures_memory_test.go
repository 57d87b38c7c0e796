package main_test

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// watched looks at the memory of a daemon while fn runs, and returns its peaks in MiB: all that is resident, and of that
// what is not backed by a file.
func (d *daemon) watched(fn func()) (resident, anonymous float64) {
	d.t.Helper()
	var done atomic.Bool
	var looking sync.WaitGroup
	looking.Go(func() {
		for !done.Load() {
			resident, anonymous = max(resident, d.memory("VmRSS")), max(anonymous, d.memory("RssAnon"))
			time.Sleep(20 * time.Millisecond)
		}
	})
	fn()
	done.Store(true)
	looking.Wait()
	return resident, anonymous
}

// memory returns a line of the status of the process in MiB.
func (d *daemon) memory(line string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), line+":")
	kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.ParseFloat(kib, 64)
	return n / 1024
}

// transfers looks at the memory during 64 transfers at once, half of them up and half down.
func (b *bench) transfers() reading {
	const n = 64
	source := b.source()
	d := b.serve(b.at(disk))
	first := dial(b, d.url, own)
	image := first.create(uuid.NewString())
	first.send(image, b.transfer, sized, source)
	wires, ids := make([]*wire, n), make([]string, n)
	for i := range n {
		wires[i] = dial(b, d.url, own)
		ids[i] = wires[i].create(uuid.NewString())
	}
	resident, anonymous := d.watched(func() {
		var clients sync.WaitGroup
		for i, w := range wires {
			clients.Go(func() {
				if i%2 == 0 {
					w.send(ids[i], b.transfer, encoding(i%4 == 0), source)
				} else {
					w.ask(w.head(http.MethodGet, "/v2/images/"+image+"/file"), http.StatusOK)
				}
			})
		}
		clients.Wait()
	})
	return reading{resident, fmt.Sprintf("VmRSS at its peak; anonymous %.1f MiB", anonymous)}
}

// trickle looks at the memory during many connections at 256 KiB/s, half of them up and half down. The text of the program
// is left to the note: 24 MiB that are read from its file, which the system may drop and shares with others. With them
// 64 MiB would be out of reach: a thousand connections of net/http have 10 MiB of buffers, 16 MiB of stacks and 5 MiB of
// requests, and the service itself has what it needs for one.
func (b *bench) trickle() reading {
	source := b.source()
	d := b.serve(b.at(disk))
	w := dial(b, d.url, own)
	const rate = 256 << 10
	bytes := int64(b.slowFor.Seconds() * rate)
	image := w.create(uuid.NewString())
	w.send(image, bytes, sized, source)
	text, err := os.ReadFile(source)
	if err != nil {
		b.Fatal(err)
	}
	wires, ids := make([]*wire, b.slow), make([]string, b.slow)
	for i := range wires {
		wires[i] = dial(b, d.url, own)
		if i%2 == 0 {
			ids[i] = w.create(uuid.NewString())
		}
	}
	begin := time.Now()
	resident, anonymous := d.watched(func() {
		var clients sync.WaitGroup
		for i, w := range wires {
			clients.Go(func() {
				if i%2 == 0 {
					w.dribble(ids[i], text[:rate/4], bytes)
				} else {
					w.sip(image, rate/4, bytes)
				}
			})
		}
		clients.Wait()
	})
	return reading{anonymous, fmt.Sprintf("anonymous memory at its peak; with the text of the program %.1f MiB; %v for %v of data", resident, time.Since(begin).Round(time.Second/10), b.slowFor)}
}

// dribble uploads n bytes, a part every quarter of a second.
func (w *wire) dribble(id string, part []byte, n int64) {
	_, err := w.Write(w.head(http.MethodPut, "/v2/images/"+id+"/file", "Content-Type: application/octet-stream", "Content-Length: "+strconv.FormatInt(n, 10)))
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	for n > 0 && err == nil {
		var k int
		k, err = w.Write(part[:min(n, int64(len(part)))])
		n -= int64(k)
		<-tick.C
	}
	if err != nil {
		w.Errorf("a slow upload: %v", err)
		return
	}
	w.answer(http.StatusNoContent)
}

// sip downloads n bytes, a part every quarter of a second.
func (w *wire) sip(id string, part, n int64) {
	_, err := w.Write(w.head(http.MethodGet, "/v2/images/"+id+"/file"))
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	for line := []byte(nil); err == nil && len(line) != 2; { // the head of the answer
		line, err = w.in.ReadSlice('\n')
	}
	if err != nil {
		w.Errorf("a slow download: %v", err)
	}
	for n > 0 && !w.Failed() {
		w.drop(min(n, part))
		n -= part
		<-tick.C
	}
}
