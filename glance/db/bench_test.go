package db_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"goglance/glance/db"
	"goglance/glance/image"
)

const seeded = 10_000

// seed makes images like those of a cloud: most of them their owners' own, one in a hundred public. One in a thousand is
// rare by a tag and a property.
func seed(b *testing.B, d *db.DB) {
	b.Helper()
	format, size, value := "qcow2", int64(1<<30), "linux"
	begin := time.Date(2017, 8, 30, 12, 0, 0, 0, time.UTC)
	images := make([]*image.Image, seeded)
	for n := range images {
		owner, name := fmt.Sprint("owner", n%50), fmt.Sprint("name", n)
		im := &image.Image{
			ID: benchID(n), Name: &name, Owner: &owner, Status: image.Active, Visibility: image.Shared,
			ContainerFormat: &format, DiskFormat: &format, Size: &size, CreatedAt: begin.Add(time.Duration(n) * time.Minute),
			Properties: map[string]*string{"os": &value, "os_version": &value, "arch": &value}, Tags: []string{"a", "b"},
			Locations: []image.Location{{URL: "file:///var/lib/glance/images/" + benchID(n)}},
		}
		if n%100 == 0 {
			im.Visibility = image.Public
		}
		if n%1000 == 0 {
			im.Properties["rare"], im.Tags = &value, append(im.Tags, "rare")
		}
		images[n] = im
	}
	if err := insert(context.Background(), d, images...); err != nil {
		b.Fatal(err)
	}
}

func benchID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func BenchmarkReads(b *testing.B) {
	d, _ := openSQLite(b, db.Options{})
	seed(b, d)
	b.Run("Image", func(b *testing.B) { benchShow(b, d) })
	b.Run("ImageParallel", func(b *testing.B) { benchShowParallel(b, d) })
	marker, err := d.Image(b.Context(), benchID(seeded/2))
	if err != nil {
		b.Fatal(err)
	}
	admin, owner := image.Viewer{Admin: true, Owner: "a"}, image.Viewer{Owner: "owner7"}
	b.Run("List/admin", func(b *testing.B) { benchList(b, d, image.Query{Viewer: admin, Limit: 25}) })
	b.Run("List/admin/deep", func(b *testing.B) { benchList(b, d, image.Query{Viewer: admin, Limit: 25, After: marker}) })
	b.Run("List/owner", func(b *testing.B) { benchList(b, d, image.Query{Viewer: owner, Limit: 25}) })
	b.Run("List/owner/deep", func(b *testing.B) { benchList(b, d, image.Query{Viewer: owner, Limit: 25, After: marker}) })
	b.Run("List/nobody", func(b *testing.B) { benchList(b, d, image.Query{Limit: 25}) })
	byName := []image.Order{{Key: image.ByName}}
	b.Run("List/owner/name", func(b *testing.B) { benchList(b, d, image.Query{Viewer: owner, Limit: 25, Sort: byName}) })
}

// BenchmarkFilters asks for few among many, the last of which is the oldest image.
func BenchmarkFilters(b *testing.B) {
	d, _ := openSQLite(b, db.Options{})
	seed(b, d)
	old := time.Date(2017, 9, 2, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name   string
		filter image.Filter
		found  int
	}{
		{"name", where(image.FieldName, image.Equal, "name0"), 1},
		{"property", image.Filter{Properties: map[string]string{"rare": "linux"}}, 10},
		{"tag", image.Filter{Tags: []string{"rare"}}, 10},
		{"tags", image.Filter{Tags: []string{"a", "b", "rare"}}, 10},
		{"owner", where(image.FieldOwner, image.Equal, "owner0"), 25},
		{"id", where(image.FieldID, image.Equal, benchID(0)), 1},
		{"created", where(image.FieldCreatedAt, image.Less, old), 25},
		{"updated", where(image.FieldUpdatedAt, image.Less, old), 25},
		{"public", image.Filter{Visibility: image.Public}, 25},
	} {
		for who, v := range map[string]image.Viewer{"admin": {Admin: true, Owner: "a"}, "owner": {Owner: "owner0"}} {
			b.Run(row.name+"/"+who, func(b *testing.B) {
				benchList(b, d, image.Query{Viewer: v, Limit: row.found, Filter: row.filter})
			})
		}
	}
	b.Run("own", func(b *testing.B) {
		benchList(b, d, image.Query{Viewer: image.Viewer{Owner: "owner7"}, Limit: 25, Filter: image.Filter{Visibility: image.Shared}})
	})
}

func where(f image.Field, op image.Op, values ...any) image.Filter {
	return image.Filter{Conditions: []image.Condition{{Field: f, Op: op, Values: values}}}
}

func benchShow(b *testing.B, d *db.DB) {
	for n := 0; b.Loop(); n++ {
		if _, err := d.Image(b.Context(), benchID(n%seeded)); err != nil {
			b.Fatal(err)
		}
	}
}

func benchShowParallel(b *testing.B, d *db.DB) {
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := d.Image(b.Context(), benchID(int(next.Add(1))%seeded)); err != nil {
				b.Error(err)
			}
		}
	})
}

func benchList(b *testing.B, d *db.DB, q image.Query) {
	for b.Loop() {
		page, err := d.Images(b.Context(), q)
		if err != nil || len(page) != q.Limit {
			b.Fatal(len(page), err)
		}
	}
}

// BenchmarkCreateDelete is two transactions, each of them on the disk before the next begins.
func BenchmarkCreateDelete(b *testing.B) {
	d, _ := openSQLite(b, db.Options{})
	for n := 0; b.Loop(); n++ {
		im := record(benchID(n))
		if err := insert(b.Context(), d, im); err != nil {
			b.Fatal(err)
		}
		err := d.Tx(b.Context(), func(tx *db.Tx) error { return tx.DeleteImage(b.Context(), im.ID, db.Deletion{}) })
		if err != nil {
			b.Fatal(err)
		}
	}
}
