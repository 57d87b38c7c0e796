package dbtest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"goglance/glance/db"
	"goglance/glance/image"
	"pgregory.net/rapid"
)

func walks() []test {
	return []test{
		{name: "Walks", run: randomWalks},
		{name: "WalkFromDeleted", run: walkFromDeleted},
		{name: "BigPage", run: bigPage},
	}
}

// randomWalks pages through random images in a random order, by random filters, and compares with doing so in memory.
func randomWalks(s suite) {
	rapid.Check(s.T, func(t *rapid.T) {
		for _, table := range append(children(), "images") {
			s.sql("DELETE FROM " + table)
		}
		all := rapid.SliceOfN(rapid.Custom(drawImage), 0, 12).Draw(t, "images")
		share := map[string]string{}
		for n, im := range all {
			im.ID = id(n)
			share[im.ID] = rapid.SampledFrom(shares()).Draw(t, "share")
		}
		s.insert(all...)
		for _, im := range all {
			s.makeMember(im.ID, share[im.ID])
		}
		s.sql("UPDATE images SET updated_at = NULL WHERE min_ram = 1")
		for n, im := range all {
			all[n] = s.get(im.ID) // the times as they are kept
		}
		q := image.Query{
			Viewer: rapid.SampledFrom(viewers()).Draw(t, "viewer"), Filter: rapid.Custom(drawFilter).Draw(t, "filter"),
			Sort:  image.Total(rapid.SliceOfN(rapid.Custom(drawOrder), 0, 4).Draw(t, "sort"), rapid.Bool().Draw(t, "down")),
			Limit: rapid.IntRange(1, 5).Draw(t, "limit"),
		}
		want := model(all, share, q)
		if diff := gocmp.Diff(want, s.walk(q, len(all))); diff != "" {
			t.Fatalf("walk (-want +got):\n%s", diff)
		}
	})
}

// drawImage draws from few values, so that many are equal and many are NULL.
func drawImage(t *rapid.T) *image.Image {
	text := func(name string, values ...string) *string {
		if v := rapid.SampledFrom(append(values, "NULL")).Draw(t, name); v != "NULL" {
			return &v
		}
		return nil
	}
	moment := func(name string) time.Time {
		return epoch().Add(time.Duration(rapid.IntRange(0, 3).Draw(t, name)) * time.Second)
	}
	im := &image.Image{
		Name: text("name", "", "a", "A", "a ", "ab", "á", "b", "B-", "b a"), Owner: text("owner", "me", "other"),
		DiskFormat: text("disk", "raw", "qcow2"), ContainerFormat: text("container", "bare", "ovf"),
		Status:     rapid.SampledFrom([]image.Status{image.Active, image.Queued, image.Killed}).Draw(t, "status"),
		Visibility: rapid.SampledFrom([]image.Visibility{image.Public, image.Private, image.Shared, image.Community}).Draw(t, "visibility"),
		CreatedAt:  moment("created"), UpdatedAt: moment("updated"),
	}
	if size := rapid.Int64Range(-1, 2).Draw(t, "size"); size >= 0 {
		im.Size = &size
	}
	im.Protected, im.Tags = rapid.Bool().Draw(t, "protected"), rapid.SliceOfNDistinct(drawWord(), 0, 2, rapid.ID).Draw(t, "tags")
	im.Properties = map[string]*string{}
	for _, name := range rapid.SliceOfNDistinct(drawWord(), 0, 2, folded).Draw(t, "properties") {
		im.Properties[name] = text(name, "x", "")
	}
	if rapid.Bool().Draw(t, "never updated") {
		im.UpdatedAt, im.MinRAM = time.Time{}, 1
	}
	return im
}

// folded is what a name of a property has in common with others that MariaDB cannot keep beside it.
func folded(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func drawOrder(t *rapid.T) image.Order {
	keys := []image.SortKey{image.ByName, image.ByStatus, image.ByContainerFormat, image.ByDiskFormat, image.BySize,
		image.ByID, image.ByCreatedAt, image.ByUpdatedAt}
	return image.Order{Key: rapid.SampledFrom(keys).Draw(t, "key"), Desc: rapid.Bool().Draw(t, "desc")}
}

// walk follows the pages to the end, which must come before too many images do.
func (s suite) walk(q image.Query, most int) []string {
	s.Helper()
	ids := []string{}
	for len(ids) <= most {
		page, err := s.db.Images(s.ctx, q)
		s.ok(err)
		if len(page) > q.Limit {
			s.Fatalf("a page of %d for a limit of %d", len(page), q.Limit)
		}
		for _, im := range page {
			ids = append(ids, im.ID)
			q.After = im
		}
		if len(page) < q.Limit {
			break
		}
	}
	return ids
}

// model is the same list made in memory.
func model(all []*image.Image, share map[string]string, q image.Query) []string {
	var seen []*image.Image
	for _, im := range all {
		if im.Status != image.Killed && inList(q.Viewer, q.Filter, im, share[im.ID]) && fits(im, q.Filter) {
			seen = append(seen, im)
		}
	}
	slices.SortFunc(seen, func(a, b *image.Image) int {
		for _, o := range q.Sort {
			c := compare(a, b, o.Key)
			if o.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	ids := []string{}
	for _, im := range seen {
		ids = append(ids, im.ID)
	}
	return ids
}

func compare(a, b *image.Image, key image.SortKey) int {
	switch key {
	case image.ByName:
		return nullFirst(a.Name, b.Name)
	case image.ByContainerFormat:
		return nullFirst(a.ContainerFormat, b.ContainerFormat)
	case image.ByDiskFormat:
		return nullFirst(a.DiskFormat, b.DiskFormat)
	case image.BySize:
		return nullFirst(a.Size, b.Size)
	case image.ByStatus:
		return strings.Compare(string(a.Status), string(b.Status))
	case image.ByCreatedAt:
		return a.CreatedAt.Compare(b.CreatedAt)
	case image.ByUpdatedAt: // a zero time stands for NULL
		return a.UpdatedAt.Compare(b.UpdatedAt)
	}
	return strings.Compare(a.ID, b.ID)
}

func nullFirst[T cmp.Ordered](a, b *T) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(*a, *b)
}

// walkFromDeleted uses a marker that is not in the list any more.
func walkFromDeleted(s suite) {
	for n := range 5 {
		im := minimal(n)
		im.CreatedAt = epoch().Add(time.Duration(n) * time.Microsecond)
		s.insert(im)
	}
	s.ok(s.remove(id(2), db.Deletion{}))
	marker, err := s.db.ImageAny(s.ctx, id(2))
	s.ok(err)
	got := s.walk(image.Query{Viewer: image.Viewer{Owner: "owner"}, After: marker, Limit: 1}, 5)
	if diff := gocmp.Diff([]string{id(1), id(0)}, got); diff != "" {
		s.Errorf("walk (-want +got):\n%s", diff)
	}
}

// bigPage asks for more images than one query takes parameters for.
func bigPage(s suite) {
	const n = 2300
	images := make([]*image.Image, n)
	for i := range images {
		images[i] = minimal(i)
		images[i].Tags = []string{id(i)}
	}
	s.insert(images...)
	list, err := s.db.Images(s.ctx, image.Query{Viewer: image.Viewer{Admin: true}, Limit: n + 1})
	s.ok(err)
	if len(list) != n {
		s.Fatalf("%d images", len(list))
	}
	for _, im := range list {
		if len(im.Tags) != 1 || im.Tags[0] != im.ID {
			s.Fatalf("image %s has the tags %v", im.ID, im.Tags)
		}
	}
}
