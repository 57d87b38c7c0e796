package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"goglance/glance/metadef"
)

// Contents returns the namespace with everything in it, in four queries. Tags come newest first, as in their list.
func (r reads) Contents(ctx context.Context, ns *metadef.Namespace) (*metadef.Definition, error) {
	d := &metadef.Definition{Namespace: *ns}
	err := r.snapshot(ctx, func(q querier) (err error) {
		at := reads{core: r.core, q: q, snapshot: r.snapshot}
		if d.Associations, err = at.Associations(ctx, ns.ID); err != nil {
			return err
		}
		if d.Properties, err = at.Properties(ctx, ns.ID); err != nil {
			return err
		}
		if d.Objects, err = at.Objects(ctx, ns.ID); err != nil {
			return err
		}
		d.Tags, err = at.Tags(ctx, ns.ID, metadef.TagQuery{Limit: -1})
		return err
	})
	return d, r.fail("Contents", err)
}

// inNamespace is the condition for what is in the namespace with this row, in the order of its making.
func inNamespace(ns int64) query { return query{" WHERE namespace_id = ? ORDER BY id", []any{ns}} }

// nameIn is the condition for one thing in a namespace.
func (c *core) nameIn(ns int64, name string) query {
	this := allOf(query{"namespace_id = ?", []any{ns}}, c.engine.is("name", name))
	return query{" WHERE " + this.text, this.args}
}

func (c *core) properties() selection[metadef.Property] {
	return selection[metadef.Property]{
		what:    "property",
		columns: "name, json_schema" + c.times(""),
		from:    "metadef_properties",
		scan: func(rows *sql.Rows) (p metadef.Property, err error) {
			var schema string
			if err = rows.Scan(&p.Name, &schema, (*moment)(&p.CreatedAt), (*moment)(&p.UpdatedAt)); err == nil {
				p.Schema, err = decodeSchema(schema)
			}
			return p, err
		},
	}
}

// Properties returns the properties of the namespace with this ID.
func (r reads) Properties(ctx context.Context, ns int64) ([]metadef.Property, error) {
	return find(ctx, r, r.properties(), inNamespace(ns))
}

// Property returns one property of the namespace with this ID.
func (r reads) Property(ctx context.Context, ns int64, name string) (*metadef.Property, error) {
	return named(ctx, r, r.properties(), r.nameIn(ns, name))
}

func (c *core) objects() selection[metadef.Object] {
	return selection[metadef.Object]{
		what:    "object",
		columns: "name, description, required, json_schema" + c.times(""),
		from:    "metadef_objects",
		scan: func(rows *sql.Rows) (o metadef.Object, err error) {
			var required sql.NullString
			var schemas string
			err = rows.Scan(&o.Name, &o.Description, &required, &schemas, (*moment)(&o.CreatedAt), (*moment)(&o.UpdatedAt))
			if err != nil {
				return o, err
			}
			o.Required = []string{}
			if required.String != "" {
				o.Required = strings.Split(required.String, ",")
			}
			o.Properties, err = decodeSchemas(schemas)
			return o, err
		},
	}
}

// Objects returns the objects of the namespace with this ID.
func (r reads) Objects(ctx context.Context, ns int64) ([]metadef.Object, error) {
	return find(ctx, r, r.objects(), inNamespace(ns))
}

// Object returns one object of the namespace with this ID.
func (r reads) Object(ctx context.Context, ns int64, name string) (*metadef.Object, error) {
	return named(ctx, r, r.objects(), r.nameIn(ns, name))
}

// decodeSchema reads the schema of one property.
func decodeSchema(text string) (metadef.Schema, error) {
	m, err := decodeMetadata(text)
	if err != nil {
		return nil, fmt.Errorf("schema of a property: %w", err)
	}
	return m, nil
}

// decodeSchemas reads the schemas of an object's properties. The loader of the reference stores what a file says without
// looking; what is no schema is left out.
func decodeSchemas(text string) (map[string]metadef.Schema, error) {
	m, err := decodeMetadata(text)
	if err != nil {
		return nil, fmt.Errorf("schemas of an object: %w", err)
	}
	schemas := make(map[string]metadef.Schema, len(m))
	for name, v := range m {
		if s, ok := v.(map[string]any); ok {
			schemas[name] = s
		}
	}
	return schemas, nil
}

// tagRow is a tag with the row it is in.
type tagRow struct {
	metadef.Tag
	id int64
}

func (c *core) tags() selection[tagRow] {
	return selection[tagRow]{
		what:    "tag",
		columns: "id, name" + c.times(""),
		from:    "metadef_tags",
		scan: func(rows *sql.Rows) (t tagRow, err error) {
			err = rows.Scan(&t.id, &t.Name, (*moment)(&t.CreatedAt), (*moment)(&t.UpdatedAt))
			return t, err
		},
	}
}

// Tag returns one tag of the namespace with this ID.
func (r reads) Tag(ctx context.Context, ns int64, name string) (*metadef.Tag, error) {
	found, err := named(ctx, r, r.tags(), r.nameIn(ns, name))
	if err != nil {
		return nil, err
	}
	return &found.Tag, nil
}

// Tags returns the tags of the namespace with this ID that q asks for. A marker that is not there is not found.
func (r reads) Tags(ctx context.Context, ns int64, q metadef.TagQuery) ([]metadef.Tag, error) {
	if q.Order.Key != "" && !q.Order.Key.SortsTags() {
		return nil, fmt.Errorf("db.Tags: %q is not a sort key", q.Order.Key)
	}
	keys := timeKeys(q.Order.Key)
	if q.Order.Key == metadef.ByName {
		keys = terms{"name", "created_at", "id"}
	}
	conditions := []query{{"namespace_id = ?", []any{ns}}}
	if q.After != "" {
		after, err := named(ctx, r, r.tags(), r.nameIn(ns, q.After))
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, keys.behind(q.Order.Asc, tagValues(after, q.Order.Key)))
	}
	tail := allOf(conditions...)
	tail.text = " WHERE " + tail.text + keys.orderBy(q.Order.Asc)
	if q.Limit >= 0 {
		tail = query{tail.text + limit(q.Limit), tail.args}
	}
	found, err := find(ctx, r, r.tags(), tail)
	var tags []metadef.Tag
	for _, t := range found {
		tags = append(tags, t.Tag)
	}
	return tags, err
}

func tagValues(t *tagRow, key metadef.SortKey) []any {
	if key == metadef.ByName {
		return []any{t.Name, moment(t.CreatedAt), t.id}
	}
	return timeValues(key, row{t.id, moment(t.CreatedAt), moment(t.UpdatedAt)})
}

// associationRow is an association with the row of its namespace.
type associationRow struct {
	metadef.Association
	namespace int64
}

func (c *core) associations() selection[associationRow] {
	return selection[associationRow]{
		what:    "association",
		columns: "a.namespace_id, t.name, a.prefix, a.properties_target" + c.times("a."),
		from:    "metadef_namespace_resource_types a JOIN metadef_resource_types t ON t.id = a.resource_type_id",
		scan: func(rows *sql.Rows) (a associationRow, err error) {
			err = rows.Scan(&a.namespace, &a.Name, &a.Prefix, &a.Target, (*moment)(&a.CreatedAt), (*moment)(&a.UpdatedAt))
			return a, err
		},
	}
}

// Associations returns the associations of the namespace with this ID.
func (r reads) Associations(ctx context.Context, ns int64) ([]metadef.Association, error) {
	d := &metadef.Definition{Namespace: metadef.Namespace{ID: ns}}
	err := r.associate(ctx, []*metadef.Definition{d})
	return d.Associations, err
}

// associate fills in the associations of namespaces, in one query for up to childChunk of them.
func (r reads) associate(ctx context.Context, all []*metadef.Definition) error {
	for chunk := range slices.Chunk(all, childChunk) {
		of := make(map[int64]*metadef.Definition, len(chunk))
		ids := make([]any, len(chunk))
		for i, d := range chunk {
			of[d.ID], ids[i] = d, d.ID
		}
		where := " WHERE a.namespace_id IN (" + marks(len(ids)) + ") ORDER BY a.created_at, a.resource_type_id"
		found, err := find(ctx, r, r.associations(), query{where, ids})
		if err != nil {
			return err
		}
		for _, a := range found {
			of[a.namespace].Associations = append(of[a.namespace].Associations, a.Association)
		}
	}
	return nil
}

// ResourceTypes returns the resource types that v may know of. Where every namespace that a type is associated with is
// hidden from him, so is the type: its name is somebody's secret (spec security P11).
func (r reads) ResourceTypes(ctx context.Context, v metadef.Viewer) ([]metadef.ResourceType, error) {
	seen := r.listedNamespaces(v)
	s := selection[metadef.ResourceType]{
		columns: "t.name, t.protected" + r.times("t."),
		from:    "metadef_resource_types t",
		scan: func(rows *sql.Rows) (t metadef.ResourceType, err error) {
			err = rows.Scan(&t.Name, &t.Protected, (*moment)(&t.CreatedAt), (*moment)(&t.UpdatedAt))
			return t, err
		},
	}
	return find(ctx, r, s, query{` WHERE t.protected OR NOT EXISTS (
			SELECT 1 FROM metadef_namespace_resource_types a WHERE a.resource_type_id = t.id)
		OR EXISTS (SELECT 1 FROM metadef_namespace_resource_types a JOIN metadef_namespaces n ON n.id = a.namespace_id
			WHERE a.resource_type_id = t.id AND ` + seen.text + `)
		ORDER BY t.id`, seen.args})
}
