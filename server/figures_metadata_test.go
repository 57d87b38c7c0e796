package main_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"goglance/glance/db"
	"goglance/glance/image"
)

// seed makes the database of a cloud in dir: of 10,000 images the project has 500 of its own, 2,000 are public, 200 are
// shared with it, and the others are no business of its. It returns the ids of the project's own.
func (b *bench) seed(dir string) []string {
	b.Helper()
	d, err := db.Open(b.Context(), db.Options{Path: filepath.Join(dir, "glance.sqlite")})
	if err == nil {
		err = d.Migrate(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	var ids []string
	err = d.Tx(b.Context(), func(tx *db.Tx) error {
		ids = nil
		for n := range b.images {
			im := seedling(n)
			if *im.Owner == string(own) {
				ids = append(ids, im.ID)
			}
			if err := plant(b.Context(), tx, im, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, d.Close()); err != nil {
		b.Fatal(err)
	}
	return ids
}

// seedling is the n-th image.
func seedling(n int) *image.Image {
	owner, name, size := fmt.Sprint("other", n%40), fmt.Sprint("image ", n*7919%10_000), int64(n%977)<<20
	formats := []string{"qcow2", "raw", "vmdk", "iso"}
	format, container, linux, release := formats[n%4], "bare", "linux", fmt.Sprint(n%50)
	im := &image.Image{
		ID: uuid.NewString(), Name: &name, Owner: &owner, Status: image.Active, Visibility: image.Shared, Size: &size,
		ContainerFormat: &container, DiskFormat: &format, MinRAM: int64(n % 8),
		CreatedAt:  time.Date(2017, 8, 30, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * 97 * time.Second),
		Properties: map[string]*string{"os_type": &linux, "release": &release, "arch": &format}, Tags: []string{"a", fmt.Sprint("t", n%20)},
		Locations: []image.Location{{URL: fmt.Sprint("file:///var/lib/glance/images/", n)}},
	}
	switch {
	case n%20 == 0:
		owner = string(own)
	case n%5 == 1:
		im.Visibility = image.Public
	case n%50 != 2: // these are shared
		im.Visibility = image.Private
	}
	return im
}

func plant(ctx context.Context, tx *db.Tx, im *image.Image, n int) error {
	err := tx.InsertImage(ctx, im)
	if err == nil && n%50 == 2 {
		err = tx.InsertMember(ctx, image.Member{ImageID: im.ID, ID: string(own), Status: image.Accepted, CreatedAt: im.CreatedAt, UpdatedAt: im.CreatedAt})
	}
	return err
}

// constant starts the server that answers always the same.
func (b *bench) constant() string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "constant")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "./testdata/constant").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program) // ended by child
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	b.child(cmd)
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// get asks for a path again and again; "%s" in it is the id of an image, another one each time.
func (b *bench) get(url, path string, as who, ids []string) achieved {
	b.Helper()
	return b.hammer(url, as, func(w *wire, client, turn int) int64 {
		target := path
		if strings.Contains(path, "%s") {
			target = fmt.Sprintf(path, ids[(turn*manyClients+client)%len(ids)])
		}
		return w.ask(w.head(http.MethodGet, target), http.StatusOK)
	})
}

// constantly compares with a handler that answers a constant of the same size. In memory, as nothing of it waits for a
// disk but the log, and others who use the disk would count as ours.
func (b *bench) constantly(path string, as who) reading {
	dir := b.at(memory)
	ids := b.seed(dir)
	d, base := b.serve(dir), b.constant()
	size := b.get(d.url, path, as, ids).size
	r := byTurns(b.rounds,
		func() float64 { return b.get(base, fmt.Sprint("/", size), as, nil).rate },
		func() float64 { return b.get(d.url, path, as, ids).rate })
	return reading{r[1] / r[0], fmt.Sprintf("%.0f/s, constant of %d bytes %.0f/s", r[1], size, r[0])}
}

// asAdmin compares with what the same costs for the admin, who sees everything.
func (b *bench) asAdmin(path string) reading {
	dir := b.at(memory)
	ids := b.seed(dir)
	d := b.serve(dir)
	r := byTurns(b.rounds,
		func() float64 { return b.get(d.url, path, admin, ids).rate },
		func() float64 { return b.get(d.url, path, own, ids).rate })
	return reading{r[0] / r[1], fmt.Sprintf("%.0f/s, admin %.0f/s", r[1], r[0])}
}

// writes starts the daemon on the database of the others.
func (b *bench) writes() (d *daemon, ids []string) {
	dir := b.TempDir()
	ids = b.seed(dir)
	return b.serve(dir), ids
}

// creating is one image made and deleted in every step, by 8 clients. Its rate counts both requests as one.
func (b *bench) creating() achieved {
	d, _ := b.writes()
	var loads []achieved
	for range b.rounds {
		loads = append(loads, b.hammer(d.url, own, func(w *wire, _, _ int) int64 {
			id := w.create(uuid.NewString())
			return w.ask(w.head(http.MethodDelete, "/v2/images/"+id), http.StatusNoContent)
		}))
	}
	return middle(loads)
}

func (b *bench) createDelete() reading {
	l := b.creating()
	return reading{l.rate, fmt.Sprintf("p99 of both together %v", l.p99)}
}

func (b *bench) createDeleteTail() reading {
	l := b.creating()
	return reading{float64(l.p99) / float64(time.Millisecond), fmt.Sprintf("of both together, at %.0f/s", l.rate)}
}

// patch changes properties of different images.
func (b *bench) patch() reading {
	d, ids := b.writes()
	var loads []achieved
	for range b.rounds {
		loads = append(loads, b.hammer(d.url, own, func(w *wire, client, turn int) int64 {
			body := fmt.Sprintf(`[{"op": "replace", "path": "/release", "value": "%d-%d"}]`, client, turn)
			head := w.head(http.MethodPatch, "/v2/images/"+ids[(turn*manyClients+client)%len(ids)],
				"Content-Type: application/openstack-images-v2.1-json-patch", "Content-Length: "+strconv.Itoa(len(body)))
			return w.ask(append(head, body...), http.StatusOK)
		}))
	}
	l := middle(loads)
	return reading{l.rate, fmt.Sprintf("p99 %v", l.p99)}
}

func middle(loads []achieved) achieved {
	var rates []float64
	var tails []time.Duration
	for _, l := range loads {
		rates, tails = append(rates, l.rate), append(tails, l.p99)
	}
	return achieved{median(rates), median(tails), 0}
}
