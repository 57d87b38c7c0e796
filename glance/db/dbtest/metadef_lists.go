package dbtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"goglance/glance/db"
	"goglance/glance/metadef"
)

func (s suite) names(q metadef.Query) string {
	s.Helper()
	page, err := s.db.Namespaces(s.ctx, q)
	s.ok(err)
	var names []string
	for _, d := range page {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// Spec metadefs 4.1: who sees which namespaces in lists, and the filters.
func metadefLists(s suite) {
	for _, d := range []*metadef.Definition{
		{Namespace: metadef.Namespace{Name: "mine", Owner: "a", Visibility: metadef.Private}, Associations: []metadef.Association{{Name: "X"}, {Name: "Y"}}},
		{Namespace: metadef.Namespace{Name: "shown", Owner: "b", Visibility: metadef.Public}, Associations: []metadef.Association{{Name: "Y"}}},
		{Namespace: metadef.Namespace{Name: "hidden", Owner: "b", Visibility: metadef.Private}},
		{Namespace: metadef.Namespace{Name: "unsaid", Owner: "A"}, Associations: []metadef.Association{{Name: "Z"}}},
	} {
		s.define(d)
	}
	public, private, empty := metadef.Public, metadef.Private, metadef.Visibility("")
	me, root := metadef.Viewer{Owner: "a"}, metadef.Viewer{Admin: true}
	rows := []struct {
		query metadef.Query
		want  string
	}{
		{metadef.Query{Viewer: me}, "mine shown"}, {metadef.Query{}, "shown"}, {metadef.Query{Viewer: root}, "hidden mine shown unsaid"},
		{metadef.Query{Viewer: metadef.Viewer{Owner: "a' OR '1'='1"}}, "shown"},
		{metadef.Query{Viewer: root, Visibility: &public}, "shown"}, {metadef.Query{Viewer: root, Visibility: &private}, "hidden mine unsaid"},
		{metadef.Query{Viewer: me, Visibility: &private}, "mine"}, {metadef.Query{Viewer: root, Visibility: &empty}, ""},
		{metadef.Query{Viewer: me, ResourceTypes: []string{"X", "Y", "Y", "nothing"}}, "mine shown"},
		{metadef.Query{Viewer: me, ResourceTypes: []string{"X"}}, "mine"}, {metadef.Query{Viewer: me, ResourceTypes: []string{"Z"}}, ""},
		{metadef.Query{Viewer: root, ResourceTypes: []string{"\x00", "Z", "😀"}}, "unsaid"},
		{metadef.Query{Viewer: root, ResourceTypes: []string{"\x00"}}, ""}, {metadef.Query{Viewer: root, ResourceTypes: []string{}}, ""},
		{metadef.Query{Viewer: me, Visibility: &public, ResourceTypes: []string{"X", "Z"}}, ""},
	}
	for _, r := range rows {
		r.query.Limit = 10
		if got := s.names(r.query); got != r.want {
			s.Errorf("%+v: %q, want %q", r.query, got, r.want)
		}
	}
	page, err := s.db.Namespaces(s.ctx, metadef.Query{Viewer: me, Visibility: &private, Limit: 1})
	if err != nil || len(page) != 1 || len(page[0].Associations) != 2 {
		s.Errorf("%+v, %v", page, err)
	}
	if _, err := s.db.Namespaces(s.ctx, metadef.Query{Order: metadef.Order{Key: "name; DROP TABLE images"}, Limit: 1}); err == nil {
		s.Error("any text is a sort key")
	}
}

// A walk in pages of any size meets every namespace once, in the order of the whole.
func metadefWalks(s suite) {
	for i := range 12 {
		n := metadef.Namespace{Name: fmt.Sprintf("n%02d", i*5%12), Owner: string('a' + rune(i%3)), CreatedAt: noon().Add(time.Duration(i/4) * time.Hour)}
		if i%2 == 0 {
			n.DisplayName, n.UpdatedAt = ptr(fmt.Sprint(i%4)), n.CreatedAt.Add(time.Duration(i%3)*time.Minute)
		}
		if i%3 == 0 {
			n.Description, n.Visibility, n.Protected = ptr(""), metadef.Public, true
		}
		s.define(&metadef.Definition{Namespace: n})
	}
	s.sql("UPDATE metadef_namespaces SET protected = NULL WHERE namespace IN ('n01', 'n02')")
	for _, key := range []metadef.SortKey{
		"", metadef.ByNamespace, metadef.ByDisplayName, metadef.ByDescription, metadef.ByVisibility, metadef.ByProtected, metadef.ByOwner,
		metadef.ByCreatedAt, metadef.ByUpdatedAt, metadef.ByID,
	} {
		for _, asc := range []bool{false, true} {
			q := metadef.Query{Viewer: metadef.Viewer{Admin: true}, Order: metadef.Order{Key: key, Asc: asc}}
			whole := s.walkNamespaces(q, 100)
			if len(whole) != 12 {
				s.Fatalf("%q: %v", key, whole)
			}
			for _, size := range []int{1, 5} {
				if got := s.walkNamespaces(q, size); !slices.Equal(got, whole) {
					s.Errorf("by %q, ascending %v, in pages of %d: %v, want %v", key, asc, size, got, whole)
				}
			}
			if back := s.walkNamespaces(metadef.Query{Viewer: q.Viewer, Order: metadef.Order{Key: key, Asc: !asc}}, 100); !slices.Equal(reversed(back), whole) {
				s.Errorf("by %q: %v, the other way round %v", key, whole, back)
			}
		}
	}
	if got := s.walkNamespaces(metadef.Query{Viewer: metadef.Viewer{Admin: true}, Order: metadef.Order{Key: metadef.ByNamespace, Asc: true}}, 100); !slices.IsSorted(got) {
		s.Errorf("%v", got)
	}
	// What has no value comes before what has one.
	page, err := s.db.Namespaces(s.ctx, metadef.Query{Viewer: metadef.Viewer{Admin: true}, Order: metadef.Order{Key: metadef.ByDisplayName, Asc: true}, Limit: 7})
	if err != nil || page[5].DisplayName != nil || page[6].DisplayName == nil {
		s.Errorf("%v", err)
	}
}

func reversed(names []string) []string {
	names = slices.Clone(names)
	slices.Reverse(names)
	return names
}

func (s suite) walkNamespaces(q metadef.Query, size int) []string {
	s.Helper()
	q.Limit = size
	var names []string
	for range 50 {
		page, err := s.db.Namespaces(s.ctx, q)
		s.ok(err)
		for _, d := range page {
			names = append(names, d.Name)
		}
		if len(page) < size {
			return names
		}
		q.After = &page[len(page)-1].Namespace
	}
	s.Fatalf("the walk does not end: %v", names)
	return nil
}

func metadefTagWalks(s suite) {
	d := &metadef.Definition{Namespace: metadef.Namespace{Name: "ns", Owner: "o"}}
	for i := range 9 {
		t := metadef.Tag{Name: fmt.Sprintf("t%d", i*4%9), CreatedAt: noon().Add(time.Duration(i/3) * time.Hour)}
		if i%2 == 0 {
			t.UpdatedAt = t.CreatedAt.Add(time.Duration(i%3) * time.Minute)
		}
		d.Tags = append(d.Tags, t)
	}
	s.define(d)
	for _, key := range []metadef.SortKey{"", metadef.ByName, metadef.ByCreatedAt, metadef.ByUpdatedAt, metadef.ByID} {
		for _, asc := range []bool{false, true} {
			order := metadef.Order{Key: key, Asc: asc}
			whole, err := s.db.Tags(s.ctx, d.ID, metadef.TagQuery{Order: order, Limit: -1})
			s.ok(err)
			var walked []metadef.Tag
			for after := ""; len(walked) < len(whole); {
				page, err := s.db.Tags(s.ctx, d.ID, metadef.TagQuery{Order: order, After: after, Limit: 2})
				s.ok(err)
				if len(page) == 0 {
					break
				}
				walked, after = append(walked, page...), page[len(page)-1].Name
			}
			if len(whole) != 9 || !slices.Equal(walked, whole) {
				s.Errorf("by %q, ascending %v: %v, want %v", key, asc, walked, whole)
			}
		}
	}
	if none, err := s.db.Tags(s.ctx, d.ID, metadef.TagQuery{Limit: 0}); err != nil || len(none) != 0 {
		s.Errorf("%v, %v", none, err)
	}
	if _, err := s.db.Tags(s.ctx, d.ID, metadef.TagQuery{Order: metadef.Order{Key: "namespace_id"}, Limit: 1}); err == nil {
		s.Error("any text is a sort key")
	}
}

// Spec security P11: the names of resource types tell nothing of namespaces that are hidden.
func metadefResourceTypes(s suite) {
	s.define(&metadef.Definition{Namespace: metadef.Namespace{Name: "secret", Owner: "a", Visibility: metadef.Private},
		Associations: []metadef.Association{{Name: "Secret"}, {Name: "Both"}, {Name: "Shipped"}}})
	s.define(&metadef.Definition{Namespace: metadef.Namespace{Name: "open", Owner: "b", Visibility: metadef.Public}, Associations: []metadef.Association{{Name: "Both"}}})
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error {
		_, err := tx.EnsureResourceType(s.ctx, metadef.ResourceType{Name: "Left", Protected: true})
		return err
	}))
	s.sql("INSERT INTO metadef_resource_types (name, protected, created_at) VALUES ('Unused', FALSE, '2017-08-30 12:00:00')")
	s.sql("UPDATE metadef_resource_types SET protected = TRUE WHERE name = 'Shipped'")
	for viewer, want := range map[metadef.Viewer]string{
		{Admin: true}: "Secret Both Shipped Left Unused", {Owner: "a"}: "Secret Both Shipped Left Unused",
		{Owner: "b"}: "Both Shipped Left Unused", {}: "Both Shipped Left Unused",
	} {
		types, err := s.db.ResourceTypes(s.ctx, viewer)
		s.ok(err)
		var names []string
		for _, t := range types {
			names = append(names, t.Name)
		}
		if strings.Join(names, " ") != want {
			s.Errorf("%+v sees %v", viewer, names)
		}
	}
}

// Two that need the same new resource type both get it.
func metadefResourceTypeRaces(s suite) {
	var done sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		done.Go(func() {
			d := &metadef.Definition{Namespace: metadef.Namespace{Name: fmt.Sprint("n", i), Owner: "o"}, Associations: []metadef.Association{{Name: "New"}}}
			for errs[i] = db.ErrRaced; errors.Is(errs[i], db.ErrRaced); {
				errs[i] = s.tryDefine(d)
			}
		})
	}
	done.Wait()
	s.ok(errors.Join(errs...))
	if n := s.count("SELECT COUNT(*) FROM metadef_resource_types"); n != 1 {
		s.Errorf("%d resource types", n)
	}
	if n := s.count("SELECT COUNT(*) FROM metadef_namespace_resource_types"); n != len(errs) {
		s.Errorf("%d associations", n)
	}
}

// A change decides on what stays true until it is written: of those who find the place free, one takes it.
func metadefLock(s suite) {
	s.define(&metadef.Definition{Namespace: metadef.Namespace{Name: "ns", Owner: "o"}})
	var done sync.WaitGroup
	errs, took := make([]error, 6), make([]bool, 6)
	for i := range errs {
		done.Go(func() {
			errs[i] = s.db.Tx(s.ctx, func(tx *db.Tx) error {
				took[i] = false
				ns, err := tx.LockNamespace(s.ctx, "ns")
				if err != nil || ns.Protected {
					return err
				}
				took[i], ns.Protected = true, true
				return tx.UpdateNamespace(s.ctx, ns)
			})
		})
	}
	done.Wait()
	s.ok(errors.Join(errs...))
	winners := 0
	for _, t := range took {
		if t {
			winners++
		}
	}
	if winners != 1 {
		s.Errorf("%d have found the namespace unprotected", winners)
	}
}
