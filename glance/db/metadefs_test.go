package db

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"goglance/glance/metadef"
)

// large returns a namespace with so many objects, each with so many properties.
func large(name string, objects, properties int) *metadef.Definition {
	d := &metadef.Definition{Namespace: metadef.Namespace{Name: name, Owner: "o", Visibility: metadef.Public}}
	for i := range objects {
		o := metadef.Object{Name: fmt.Sprint("object", i), Properties: map[string]metadef.Schema{}}
		for j := range properties {
			o.Properties[fmt.Sprint("property", j)] = metadef.Schema{"type": "integer", "title": "T", "minimum": json.Number("1")}
		}
		d.Objects = append(d.Objects, o)
		d.Tags = append(d.Tags, metadef.Tag{Name: fmt.Sprint("tag", i)})
		d.Properties = append(d.Properties, metadef.Property{Name: fmt.Sprint("p", i), Schema: metadef.Schema{"type": "string"}})
	}
	d.Associations = []metadef.Association{{Name: "A"}, {Name: "B"}}
	return d
}

// A namespace costs five queries, however much is in it, and a page of namespaces two.
func TestQueriesOfNamespaces(t *testing.T) {
	d := planned(t)
	sizes := map[string]int{"small": 1, "large": 1000}
	for name, n := range sizes {
		def := large(name, n, 100)
		if err := d.Tx(t.Context(), func(tx *Tx) error {
			if err := tx.InsertNamespace(t.Context(), &def.Namespace); err != nil {
				return err
			}
			return tx.InsertContents(t.Context(), def)
		}); err != nil {
			t.Fatal(err)
		}
	}
	for name, n := range sizes {
		asked, r := recorded(d)
		begin := time.Now()
		ns, err := r.Namespace(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Contents(t.Context(), ns)
		if err != nil || len(got.Objects) != n || len(got.Objects[n-1].Properties) != 100 || len(got.Tags) != n || len(asked.asked) != 5 {
			t.Errorf("%s: %d queries, %d objects, %v", name, len(asked.asked), len(got.Objects), err)
		}
		t.Logf("%s: %v", name, time.Since(begin))
	}
	for limit := 1; limit <= 2; limit++ {
		asked, r := recorded(d)
		page, err := r.Namespaces(t.Context(), metadef.Query{Limit: limit})
		if err != nil || len(page) != limit || len(asked.asked) != 2 || len(page[0].Associations) != 2 {
			t.Errorf("%d queries for a page of %d, %v", len(asked.asked), len(page), err)
		}
	}
}

// What is in a namespace is found by an index, not by reading what is in all of them.
func TestPlansOfNamespaces(t *testing.T) {
	d := planned(t)
	def := large("ns", 1, 1)
	asked, r := recorded(d)
	if err := d.Tx(t.Context(), func(tx *Tx) error { return tx.InsertNamespace(t.Context(), &def.Namespace) }); err != nil {
		t.Fatal(err)
	}
	ns, err := r.Namespace(t.Context(), "ns")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Contents(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	_, _ = r.Object(t.Context(), ns.ID, "o")
	_, _ = r.Tags(t.Context(), ns.ID, metadef.TagQuery{Limit: 5})
	for _, q := range asked.asked {
		if got := plan(t, d, q); strings.Contains(got, "SCAN") {
			t.Errorf("%s:\n%s", q.text, got)
		}
	}
}
