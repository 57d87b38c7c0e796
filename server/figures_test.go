package main_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// figure is a row of the table that TestFigures prints.
type figure struct {
	name    string // also of the sub-test
	bound   float64
	unit    unit
	measure func(*bench) reading
}

// unit says what a bound is in.
type unit string

const (
	ofBase unit = "of it" // a part of the baseline's speed in the same run
	perSec unit = "/s"
	mib    unit = "MiB"
	millis unit = "ms"
	times  unit = "times"
)

// floor reports whether a figure is to reach the bound, and not to stay below it.
func (u unit) floor() bool { return u == ofBase || u == perSec }

// reading is what was measured, and what it was made of.
type reading struct {
	value float64
	note  string
}

// figures is the table. What is measured against what is written at the functions.
func figures() []figure {
	return []figure{
		{"upload with length", .85, ofBase, func(b *bench) reading { return b.upload(disk, sized) }},
		{"upload chunked", .85, ofBase, func(b *bench) reading { return b.upload(disk, chunked) }},
		{"upload with length, tmpfs", .85, ofBase, func(b *bench) reading { return b.upload(memory, sized) }},
		{"upload chunked, tmpfs", .85, ofBase, func(b *bench) reading { return b.upload(memory, chunked) }},
		{"4 uploads at once", .85, ofBase, func(b *bench) reading { return b.uploads(disk, 4) }},
		{"8 downloads at once", .9, ofBase, (*bench).downloads},
		{"1 MiB ranges, 8 clients", .9, ofBase, (*bench).ranges},
		{"show", .20, ofBase, func(b *bench) reading { return b.constantly("/v2/images/%s", own) }},
		{"list of 25", .05, ofBase, func(b *bench) reading { return b.constantly("/v2/images?limit=25", own) }},
		{"list of 1000", .002, ofBase, func(b *bench) reading { return b.constantly("/v2/images?limit=1000", own) }},
		{"show: cost of the admin's", 2, times, func(b *bench) reading { return b.asAdmin("/v2/images/%s") }},
		{"list of 25: cost of the admin's", 2, times, func(b *bench) reading { return b.asAdmin("/v2/images?limit=25") }},
		{"list of 1000: cost of the admin's", 2, times, func(b *bench) reading { return b.asAdmin("/v2/images?limit=1000") }},
		{"any page of any list", .5, ofBase, (*bench).pages},
		{"create+delete, 8 clients", 700, perSec, (*bench).createDelete},
		{"create+delete, 8 clients: p99", 50, millis, (*bench).createDeleteTail},
		{"patch, 8 clients", 500, perSec, (*bench).patch},
		{"64 transfers at once", 64, mib, (*bench).transfers},
		{"1000 slow connections", 64, mib, (*bench).trickle},
		{"start to first answer", 150, millis, (*bench).firstAnswer},
	}
}

// bench is one run of one row: how much there is of everything, and the means.
type bench struct {
	*testing.T
	scale
	from string // the file that uploads are sent from
}

// scale is small in a normal run, where it only matters that every row measures something.
type scale struct {
	upload   int64         // bytes of an upload
	parallel int64         // bytes of each of several
	download int64         // bytes of an image to read
	rounds   int           // of baseline and measure by turns
	turn     time.Duration // of a load in a round
	images   int           // in the database
	transfer int64         // bytes of each of the transfers whose memory is looked at
	slow     int           // connections of slow clients
	slowFor  time.Duration
}

func small() scale {
	return scale{4 << 20, 2 << 20, 4 << 20, 1, 30 * time.Millisecond, 400, 1 << 20, 40, 300 * time.Millisecond}
}

func full() scale {
	return scale{1 << 30, 256 << 20, 256 << 20, 5, time.Second, 10_000, 256 << 20, 1000, 30 * time.Second}
}

// TestFigures prints the table of what the built server does, next to a baseline of the same run. With GLANCE_FIGURES
// it does so in full and fails for what misses its bound; without, it tries every row on little.
//
//	GLANCE_FIGURES=1 go test -count=1 -run '^TestFigures$' -v -timeout 30m ./server
func TestFigures(t *testing.T) {
	inFull := os.Getenv("GLANCE_FIGURES") != ""
	s := small()
	if inFull {
		s = full()
	}
	var rows []string
	for _, f := range figures() {
		t.Run(f.name, func(t *testing.T) {
			r := f.measure(&bench{T: t, scale: s})
			if math.IsNaN(r.value) || math.IsInf(r.value, 0) || r.value <= 0 {
				t.Fatalf("measured %v (%s)", r.value, r.note)
			}
			row, ok := f.row(r)
			rows = append(rows, row)
			if inFull && !ok {
				t.Errorf("%.3g %s, the bound is %g; %s", r.value, f.unit, f.bound, r.note)
			}
		})
	}
	if inFull {
		fmt.Println(table(rows))
	}
}

// row returns the line of the table, and whether the bound is kept.
func (f figure) row(r reading) (string, bool) {
	ok, sign, verdict := r.value >= f.bound, "≥", "pass"
	if !f.unit.floor() {
		ok, sign = r.value <= f.bound, "≤"
	}
	if !ok {
		verdict = "FAIL"
	}
	return fmt.Sprintf("%s\t%s %g %s\t%.4g\t%s\t%s\n", f.name, sign, f.bound, f.unit, r.value, verdict, r.note), ok
}

func table(rows []string) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "measure\tbound\tfigure\t\tfrom\n"+strings.Join(rows, "")) //nolint:errcheck // into memory
	w.Flush()                                                                //nolint:errcheck // likewise
	return text.String()
}

// median returns the middle one of what was measured in the rounds.
func median[T time.Duration | float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// byTurns runs the ways to do a thing by turns, so that a busy machine hurts all of them alike, and returns the median
// of what each reports.
func byTurns[T time.Duration | float64](rounds int, ways ...func() T) []T {
	all, medians := make([][]T, len(ways)), make([]T, len(ways))
	for range rounds {
		for i, way := range ways {
			all[i] = append(all[i], way())
		}
	}
	for i := range ways {
		medians[i] = median(all[i])
	}
	return medians
}

// folder says on which kind of file system something is measured.
type folder int

const (
	disk folder = iota
	memory
)

// at returns a new folder of that kind.
func (b *bench) at(where folder) string {
	b.Helper()
	if where == disk {
		return b.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "glance")
	if err != nil {
		missing(b.T, "a tmpfs in /dev/shm")
	}
	b.Cleanup(func() { os.RemoveAll(dir) }) //nolint:errcheck // a temporary folder
	return dir
}

// serve starts the daemon as an operator does, with identity headers of a front end, in a folder that may have a database.
func (b *bench) serve(dir string) *daemon {
	b.Helper()
	s := &site{t: b.T, dir: dir, conf: filepath.Join(dir, "glance-api.conf")}
	s.write("[paste_deploy]\nflavor = trusted-auth")
	d := s.start()
	d.header = own.header()
	return d
}
