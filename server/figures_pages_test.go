package main_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"time"
)

// pages compares pages far into lists, by all kinds of filters and orders, with the first page of the same list, and
// reports the worst.
func (b *bench) pages() reading {
	dir := b.at(memory)
	b.seed(dir)
	d := b.serve(dir)
	filters := []string{
		"", "&visibility=public", "&visibility=shared", "&visibility=private", "&status=active", "&disk_format=raw", "&os_type=linux",
		"&release=7", "&tag=t3", "&tag=a&tag=t3", "&size_min=500000000", "&created_at=gt:2017-09-01T00:00:00Z", "&owner=" + string(own),
		"&name=in:\"image%201\",\"image%205000\"", "&member_status=all", "&min_ram=3",
	}
	orders := []string{
		"created_at:desc", "created_at:asc", "name:asc", "name:desc", "size:desc", "status:asc,updated_at:asc", "id:asc", "disk_format:asc,size:desc",
	}
	if b.rounds == 1 {
		filters, orders = filters[:2], orders[1:3]
	}
	worst, lists := reading{value: math.Inf(1)}, 0
	for _, who := range []who{own, admin} {
		w := dial(b, d.url, who)
		for _, filter := range filters {
			for _, order := range orders {
				list := "/v2/images?limit=25&sort=" + order + filter
				r := b.deep(d, w, list, 2*b.rounds+1)
				if r.value < .5 { // of so many lists some are measured while others keep the machine busy
					r = b.deep(d, w, list, 8*b.rounds+1)
				}
				if r.value < worst.value {
					worst = r
				}
				lists++
			}
		}
	}
	worst.note = fmt.Sprintf("the worst of %d lists: %s", lists, worst.note)
	return worst
}

// deep compares four pages of a list with the first, so many times.
func (b *bench) deep(d *daemon, w *wire, list string, rounds int) reading {
	ids := b.order(w.who, d, list)
	ways := []func() time.Duration{b.timed(w, list)}
	const page = 25
	for _, part := range []float64{.1, .5, .9, 1} {
		if at := int(part*float64(len(ids))) - page - 1; at >= 0 {
			ways = append(ways, b.timed(w, list+"&marker="+ids[at]))
		}
	}
	worst := reading{1, list}
	t := byTurns(rounds, ways...)
	for i, took := range t[1:] {
		if value := float64(t[0]) / float64(took); value < worst.value {
			worst = reading{value, fmt.Sprintf("%s for %v; page %d of 4: %v, first: %v, %d images", list, w.who, i+1, took, t[0], len(ids))}
		}
	}
	return worst
}

func (b *bench) timed(w *wire, path string) func() time.Duration {
	request := w.head(http.MethodGet, path)
	return func() time.Duration {
		begin := time.Now()
		w.ask(request, http.StatusOK)
		return time.Since(begin)
	}
}

// order returns the ids of a whole list.
func (b *bench) order(as who, d *daemon, list string) []string {
	b.Helper()
	d.header = as.header()
	var ids []string
	for path := list + "&limit=1000"; path != ""; {
		code, text := d.call(http.MethodGet, path, nil)
		var page struct {
			Images []struct{ ID string }
			Next   string
		}
		if err := json.Unmarshal([]byte(text), &page); err != nil || code != http.StatusOK {
			b.Fatalf("%s: %d %s", path, code, text)
		}
		for _, img := range page.Images {
			ids = append(ids, img.ID)
		}
		path = page.Next
	}
	return ids
}
