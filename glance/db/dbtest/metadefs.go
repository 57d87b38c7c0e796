package dbtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/metadef"
)

func metadefs() []test {
	return []test{
		{"MetadefRoundTrip", db.Options{}, metadefRoundTrip},
		{"MetadefColumns", db.Options{}, metadefColumns},
		{"MetadefForeignRows", db.Options{}, metadefForeignRows},
		{"MetadefConflicts", db.Options{}, metadefConflicts},
		{"MetadefUpdates", db.Options{}, metadefUpdates},
		{"MetadefDeletes", db.Options{}, metadefDeletes},
		{"MetadefMissing", db.Options{}, metadefMissing},
		{"MetadefLists", db.Options{}, metadefLists},
		{"MetadefWalks", db.Options{}, metadefWalks},
		{"MetadefTagWalks", db.Options{}, metadefTagWalks},
		{"MetadefResourceTypes", db.Options{}, metadefResourceTypes},
		{"MetadefResourceTypeRaces", db.Options{}, metadefResourceTypeRaces},
		{"MetadefLock", db.Options{}, metadefLock},
	}
}

// noon is a time that every engine keeps.
func noon() time.Time { return epoch().Truncate(time.Second) }

// definition returns a namespace with something of everything in it.
func definition(name, owner string) *metadef.Definition {
	at := noon()
	schema := metadef.Schema{
		"type": "integer", "title": "Größe: \"x\", 世", "minimum": json.Number("123456789012345678901234567890"),
		"enum": []any{"😀", nil, ","}, "items": map[string]any{"type": "string"}, "readonly": true, "default": nil,
	}
	return &metadef.Definition{
		Namespace: metadef.Namespace{
			Name: name, DisplayName: ptr("Anzeige"), Description: ptr(""), Visibility: metadef.Private, Owner: owner, CreatedAt: at, UpdatedAt: at,
		},
		Associations: []metadef.Association{
			{Name: "OS::A", Prefix: ptr("hw:"), Target: ptr("image"), CreatedAt: at, UpdatedAt: at},
			{Name: "OS::B", CreatedAt: at}, {Name: "OS::C", Prefix: ptr(""), CreatedAt: at},
		},
		Properties: []metadef.Property{{Name: "p:1", Schema: schema, CreatedAt: at, UpdatedAt: at}, {Name: "p 2", Schema: metadef.Schema{}, CreatedAt: at}},
		Objects: []metadef.Object{
			{
				Name: "o", Description: ptr("d"), Required: []string{"q", "r"}, Properties: map[string]metadef.Schema{"q": schema, "r": {"type": "x"}},
				CreatedAt: at, UpdatedAt: at,
			},
			{Name: "", Required: []string{}, Properties: map[string]metadef.Schema{}, CreatedAt: at},
		},
		Tags: []metadef.Tag{{Name: "z", CreatedAt: at.Add(time.Second), UpdatedAt: at}, {Name: "ä", CreatedAt: at}},
	}
}

// define stores a namespace with its contents.
func (s suite) define(d *metadef.Definition) {
	s.Helper()
	s.ok(s.tryDefine(d))
}

func (s suite) tryDefine(d *metadef.Definition) error {
	return s.db.Tx(s.ctx, func(tx *db.Tx) error {
		if err := tx.InsertNamespace(s.ctx, &d.Namespace); err != nil {
			return err
		}
		return tx.InsertContents(s.ctx, d)
	})
}

// contents reads a namespace back.
func (s suite) contents(name string) *metadef.Definition {
	s.Helper()
	var d *metadef.Definition
	s.ok(s.db.View(s.ctx, func(v *db.View) error {
		ns, err := v.Namespace(s.ctx, name)
		if err == nil {
			d, err = v.Contents(s.ctx, ns)
		}
		return err
	}))
	return d
}

func metadefRoundTrip(s suite) {
	want := definition("Ns::1 ü", "owner")
	s.define(want)
	s.define(definition("another", "owner"))
	if got := s.contents(want.Name); !reflect.DeepEqual(got, want) {
		s.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	for _, name := range []string{"p:1", "p 2"} {
		if p, err := s.db.Property(s.ctx, want.ID, name); err != nil || p.Name != name {
			s.Errorf("%+v, %v", p, err)
		}
	}
	if o, err := s.db.Object(s.ctx, want.ID, "o"); err != nil || !reflect.DeepEqual(*o, want.Objects[0]) {
		s.Errorf("%+v, %v", o, err)
	}
	if tag, err := s.db.Tag(s.ctx, want.ID, "z"); err != nil || *tag != want.Tags[0] {
		s.Errorf("%+v, %v", tag, err)
	}
}

// The columns are as the reference writes them (spec storage-db 1.9).
func metadefColumns(s suite) {
	d := definition("ns", "owner")
	d.Visibility, d.CreatedAt, d.UpdatedAt = metadef.Unsaid, time.Time{}, time.Time{}
	s.define(d)
	for _, query := range []string{
		"SELECT COUNT(*) FROM metadef_namespaces WHERE visibility IS NULL AND updated_at IS NULL AND created_at IS NOT NULL",
		"SELECT COUNT(*) FROM metadef_objects WHERE name = 'o' AND required = 'q,r'",
		"SELECT COUNT(*) FROM metadef_objects WHERE name = '' AND required IS NULL AND json_schema = '{}' AND description IS NULL",
		`SELECT COUNT(*) FROM metadef_properties WHERE json_schema = '{}'`,
		// An underscore stands for any character, here a backslash, which engines do not agree about.
		`SELECT COUNT(*) FROM metadef_properties WHERE json_schema LIKE '{"default": null, "enum": ["_ud83d_ude00", null, ","],%"readonly": true,%_u4e16"%'`,
		"SELECT COUNT(*) FROM metadef_namespace_resource_types WHERE prefix = 'hw:' AND properties_target = 'image'",
	} {
		if n := s.count(query); n != 1 {
			s.Errorf("%d rows: %s", n, query)
		}
	}
	if n := s.count("SELECT COUNT(*) FROM metadef_resource_types WHERE NOT protected"); n != 3 {
		s.Errorf("%d resource types", n)
	}
	if got := s.contents("ns"); got.Visibility != metadef.Unsaid || got.CreatedAt.IsZero() || !got.UpdatedAt.IsZero() {
		s.Errorf("%+v", got.Namespace)
	}
}

// The reference's loader leaves rows behind that no API makes (spec metadefs 14).
func metadefForeignRows(s suite) {
	s.sql(`INSERT INTO metadef_namespaces (id, namespace, owner, created_at) VALUES (7, 'ns', 'admin', '2017-08-30 12:00:00')`)
	for i, schema := range []string{`null`, `{"p": null, "q": [1], "r": {"minimum": 1}}`, `{}`} {
		s.sql("INSERT INTO metadef_objects (namespace_id, name, required, json_schema, created_at) VALUES (7, ?, '', ?, '2017-08-30 12:00:00')",
			fmt.Sprint(i), schema)
		s.sql("INSERT INTO metadef_properties (namespace_id, name, json_schema, created_at) VALUES (7, ?, ?, '2017-08-30 12:00:00')", fmt.Sprint(i), schema)
	}
	got := s.contents("ns")
	if got.Visibility.Shown() != metadef.Private || got.Protected || got.DisplayName != nil || len(got.Properties) != 3 {
		s.Errorf("%+v", got)
	}
	if schemas := got.Objects[1].Properties; len(schemas) != 1 || schemas["r"]["minimum"] != json.Number("1") {
		s.Errorf("%v", schemas)
	}
	if o := got.Objects[0]; o.Properties == nil || o.Required == nil || len(o.Required) != 0 {
		s.Errorf("%+v", o)
	}
}

// A name is there once, and what is refused leaves nothing behind.
func metadefConflicts(s suite) {
	s.define(definition("ns", "owner"))
	s.wants(fault.Conflict, s.tryDefine(&metadef.Definition{Namespace: metadef.Namespace{Name: "ns", Owner: "other"}}))
	for _, d := range []*metadef.Definition{
		{Objects: []metadef.Object{{Name: "x"}, {Name: "y"}, {Name: "x"}}},
		{Tags: []metadef.Tag{{Name: "x"}, {Name: "x"}}},
		{Properties: []metadef.Property{{Name: "x"}, {Name: "x"}}},
		{Associations: []metadef.Association{{Name: "x"}, {Name: "x"}}},
	} {
		d.Name, d.Owner = "new", "owner"
		s.wants(fault.Conflict, s.tryDefine(d))
	}
	ns := s.contents("ns")
	for _, d := range []*metadef.Definition{
		{Objects: []metadef.Object{{Name: "o"}}}, {Tags: []metadef.Tag{{Name: "z"}}},
		{Properties: []metadef.Property{{Name: "p:1"}}}, {Associations: []metadef.Association{{Name: "OS::A"}}},
	} {
		d.Namespace = ns.Namespace
		s.wants(fault.Conflict, s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertContents(s.ctx, d) }))
	}
	long := metadef.Property{Name: "x", Schema: metadef.Schema{"title": strings.Repeat("x", metadef.MaxText)}}
	d := &metadef.Definition{Namespace: ns.Namespace, Properties: []metadef.Property{long}}
	s.wants(fault.Invalid, s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertContents(s.ctx, d) }))
	if n := s.count("SELECT COUNT(*) FROM metadef_namespaces"); n != 1 {
		s.Errorf("%d namespaces", n)
	}
	if n := s.count("SELECT COUNT(*) FROM metadef_resource_types"); n != 3 {
		s.Errorf("%d resource types", n)
	}
	if got := s.contents("ns"); !reflect.DeepEqual(got, ns) {
		s.Errorf("it is now %+v", got)
	}
}

func metadefUpdates(s suite) {
	d := definition("ns", "owner")
	s.define(d)
	s.define(definition("taken", "other"))
	at := noon().Add(time.Hour)
	n := d.Namespace
	n.Name, n.DisplayName, n.Visibility, n.Protected, n.Owner, n.UpdatedAt = "renamed", nil, metadef.Public, true, "heir", at
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.UpdateNamespace(s.ctx, &n) }))
	o := metadef.Object{Name: "o2", Required: []string{}, Properties: map[string]metadef.Schema{"only": {"type": "x"}}, CreatedAt: noon(), UpdatedAt: at}
	p := metadef.Property{Name: "p2", Schema: metadef.Schema{"name": "p2"}, CreatedAt: noon(), UpdatedAt: at}
	tag := metadef.Tag{Name: "z", CreatedAt: noon().Add(time.Second), UpdatedAt: at}
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error {
		return errors.Join(tx.UpdateObject(s.ctx, n.ID, "o", o), tx.UpdateProperty(s.ctx, n.ID, "p:1", p), tx.UpdateTag(s.ctx, n.ID, "z", tag))
	}))
	want := *d
	want.Namespace = n
	want.Objects, want.Properties, want.Tags = slices.Clone(d.Objects), slices.Clone(d.Properties), slices.Clone(d.Tags)
	want.Objects[0], want.Properties[0], want.Tags[0] = o, p, tag
	if got := s.contents("renamed"); !reflect.DeepEqual(got, &want) {
		s.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	_, err := s.db.Namespace(s.ctx, "ns")
	s.wants(fault.NotFound, err)

	n.Name = "taken"
	s.wants(fault.Conflict, s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.UpdateNamespace(s.ctx, &n) }))
	o.Name, p.Name, tag.Name = "", "p 2", "ä"
	s.wants(fault.Conflict, s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.UpdateObject(s.ctx, n.ID, "o2", o) }))
	s.wants(fault.Conflict, s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.UpdateProperty(s.ctx, n.ID, "p2", p) }))
	s.wants(fault.Conflict, s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.UpdateTag(s.ctx, n.ID, "z", tag) }))
	if got := s.contents("renamed"); !reflect.DeepEqual(got, &want) {
		s.Errorf("after conflicts it is %+v", got)
	}
}

func metadefDeletes(s suite) {
	d, other := definition("ns", "owner"), definition("other", "owner")
	s.define(d)
	s.define(other)
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error {
		return errors.Join(tx.DeleteContent(s.ctx, d.ID, metadef.Objects, "o"), tx.DeleteContent(s.ctx, d.ID, metadef.Properties, "p:1"),
			tx.DeleteContent(s.ctx, d.ID, metadef.Tags, "z"), tx.DeleteAssociation(s.ctx, d.ID, "OS::A"))
	}))
	got := s.contents("ns")
	if len(got.Objects)+len(got.Properties)+len(got.Tags)+len(got.Associations) != 5 {
		s.Errorf("%+v", got)
	}
	for _, kind := range []metadef.Kind{metadef.Objects, metadef.Properties, metadef.Tags} {
		for range 2 {
			s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.DeleteContents(s.ctx, d.ID, kind) }))
		}
	}
	got = s.contents("ns")
	if len(got.Objects)+len(got.Properties)+len(got.Tags) != 0 || len(got.Associations) != 2 {
		s.Errorf("%+v", got)
	}
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.DeleteNamespace(s.ctx, d.ID) }))
	if n := s.count("SELECT COUNT(*) FROM metadef_namespace_resource_types WHERE namespace_id = ?", d.ID); n != 0 {
		s.Errorf("%d associations are left", n)
	}
	if n := s.count("SELECT COUNT(*) FROM metadef_resource_types"); n != 3 {
		s.Errorf("%d resource types are left", n)
	}
	if got := s.contents("other"); !reflect.DeepEqual(got, other) {
		s.Errorf("another has become %+v", got)
	}
	s.ok(s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.DeleteNamespace(s.ctx, other.ID) }))
	for _, table := range []string{"namespaces", "objects", "properties", "tags", "namespace_resource_types"} {
		if n := s.count("SELECT COUNT(*) FROM metadef_" + table); n != 0 {
			s.Errorf("%d rows of %s are left", n, table)
		}
	}
}

// Names that no database can hold are not found, on any engine.
func metadefMissing(s suite) {
	d := definition("ns", "owner")
	s.define(d)
	for _, name := range []string{"nobody", "\x00", "ns\x00", "😀", "\xff", strings.Repeat("x", 10_000)} {
		_, err := s.db.Namespace(s.ctx, name)
		s.wants(fault.NotFound, err)
		_, err = s.db.Object(s.ctx, d.ID, name)
		s.wants(fault.NotFound, err)
		_, err = s.db.Property(s.ctx, d.ID, name)
		s.wants(fault.NotFound, err)
		_, err = s.db.Tag(s.ctx, d.ID, name)
		s.wants(fault.NotFound, err)
		_, err = s.db.Tags(s.ctx, d.ID, metadef.TagQuery{After: name, Limit: 1})
		s.wants(fault.NotFound, err)
		s.wants(fault.NotFound, s.db.Tx(s.ctx, func(tx *db.Tx) error { _, err := tx.LockNamespace(s.ctx, name); return err }))
	}
	gone := metadef.Namespace{ID: 99, Name: "x", Owner: "o"}
	for _, change := range []func(*db.Tx) error{
		func(tx *db.Tx) error { return tx.DeleteNamespace(s.ctx, 99) },
		func(tx *db.Tx) error { return tx.UpdateNamespace(s.ctx, &gone) },
		func(tx *db.Tx) error { return tx.DeleteContent(s.ctx, d.ID, metadef.Tags, "nobody") },
		func(tx *db.Tx) error { return tx.DeleteAssociation(s.ctx, d.ID, "nobody") },
		func(tx *db.Tx) error { return tx.UpdateTag(s.ctx, d.ID, "nobody", metadef.Tag{}) },
	} {
		s.wants(fault.NotFound, s.db.Tx(s.ctx, change))
	}
}
