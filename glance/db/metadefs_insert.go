package db

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// InsertNamespace stores a new namespace without contents and sets n.ID. A name that is in use is a conflict. A zero
// time of creation becomes now, a zero time of change NULL.
func (t *Tx) InsertNamespace(ctx context.Context, n *metadef.Namespace) error {
	n.CreatedAt = t.orNow(n.CreatedAt)
	err := t.insertRows(ctx, "metadef_namespaces (namespace, display_name, description, visibility, protected, owner, created_at, updated_at)",
		[][]any{{n.Name, n.DisplayName, n.Description, unsaid(n.Visibility), n.Protected, n.Owner, moment(n.CreatedAt), moment(n.UpdatedAt)}})
	if err != nil {
		return err
	}
	stored, err := t.Namespace(ctx, n.Name)
	if err == nil {
		n.ID = stored.ID
	}
	return err
}

func unsaid(v metadef.Visibility) any {
	if v == metadef.Unsaid {
		return nil
	}
	return string(v)
}

// ErrRaced says that a transaction lost to another one that made the same resource type. It may be run again.
var ErrRaced = errors.New("the resource type has been made meanwhile")

// InsertContents stores what is in d in the namespace with d.ID: associations, objects, tags, properties. A name that is
// in use in the namespace, or given twice, is a conflict. Times are as in InsertNamespace. The error ErrRaced asks for
// the transaction to be run again.
func (t *Tx) InsertContents(ctx context.Context, d *metadef.Definition) error {
	for _, insert := range []func(context.Context, *metadef.Definition) error{
		t.insertAssociations, t.insertObjects, t.insertMetadefTags, t.insertProperties,
	} {
		if err := insert(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) insertAssociations(ctx context.Context, d *metadef.Definition) error {
	rows := make([][]any, len(d.Associations))
	for i, a := range d.Associations {
		created := moment(t.orNow(a.CreatedAt))
		id, err := t.EnsureResourceType(ctx, metadef.ResourceType{Name: a.Name, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt})
		if err != nil {
			return err
		}
		rows[i] = []any{id, d.ID, a.Target, a.Prefix, created, moment(a.UpdatedAt)}
	}
	return t.insertRows(ctx, "metadef_namespace_resource_types (resource_type_id, namespace_id, properties_target, prefix, created_at, updated_at)", rows)
}

// EnsureResourceType returns the row of the resource type with this name, which is stored if there is none. Times and
// the error ErrRaced are as in InsertContents.
func (t *Tx) EnsureResourceType(ctx context.Context, rt metadef.ResourceType) (int64, error) {
	for range 2 {
		found, err := find(ctx, t.reads, rowID("metadef_resource_types"), query{" WHERE name = ?", []any{rt.Name}})
		if err != nil || len(found) > 0 {
			return append(found, 0)[0], err
		}
		err = t.insertRows(ctx, "metadef_resource_types (name, protected, created_at, updated_at)",
			[][]any{{rt.Name, rt.Protected, moment(t.orNow(rt.CreatedAt)), moment(rt.UpdatedAt)}})
		if fault.Is(err, fault.Conflict) {
			err = ErrRaced
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, fault.New(fault.Internal, "a resource type is not there that has just been stored")
}

func (t *Tx) insertObjects(ctx context.Context, d *metadef.Definition) error {
	rows := make([][]any, len(d.Objects))
	for i, o := range d.Objects {
		schemas, err := encodeSchema(o.Properties)
		if err != nil {
			return err
		}
		rows[i] = []any{d.ID, o.Name, o.Description, required(o.Required), schemas, moment(t.orNow(o.CreatedAt)), moment(o.UpdatedAt)}
	}
	return t.insertRows(ctx, "metadef_objects (namespace_id, name, description, required, json_schema, created_at, updated_at)", rows)
}

func (t *Tx) insertMetadefTags(ctx context.Context, d *metadef.Definition) error {
	rows := make([][]any, len(d.Tags))
	for i, tag := range d.Tags {
		rows[i] = []any{d.ID, tag.Name, moment(t.orNow(tag.CreatedAt)), moment(tag.UpdatedAt)}
	}
	return t.insertRows(ctx, "metadef_tags (namespace_id, name, created_at, updated_at)", rows)
}

func (t *Tx) insertProperties(ctx context.Context, d *metadef.Definition) error {
	rows := make([][]any, len(d.Properties))
	for i, p := range d.Properties {
		schema, err := encodeSchema(p.Schema)
		if err != nil {
			return err
		}
		rows[i] = []any{d.ID, p.Name, schema, moment(t.orNow(p.CreatedAt)), moment(p.UpdatedAt)}
	}
	return t.insertRows(ctx, "metadef_properties (namespace_id, name, json_schema, created_at, updated_at)", rows)
}

// rowID selects the rows of a table by their id.
func rowID(table string) selection[int64] {
	return selection[int64]{columns: "id", from: table, scan: func(rows *sql.Rows) (id int64, err error) {
		err = rows.Scan(&id)
		return id, err
	}}
}

// rowChunk bounds the rows of one statement.
const rowChunk = 100

// insertRows stores rows, which are all as long as there are columns. A unique key that is taken is a conflict.
func (t *Tx) insertRows(ctx context.Context, into string, rows [][]any) error {
	for chunk := range slices.Chunk(rows, rowChunk) {
		one := "(" + marks(len(chunk[0])) + ")"
		_, err := t.exec(ctx, "INSERT INTO "+into+" VALUES "+one+strings.Repeat(", "+one, len(chunk)-1), slices.Concat(chunk...)...)
		if t.engine.duplicate(err) {
			return taken()
		}
		if err != nil {
			return t.fail("metadefs", err)
		}
	}
	return nil
}

// required is a list of names as it is stored; an empty one is NULL.
func required(names []string) any {
	if len(names) == 0 {
		return nil
	}
	return strings.Join(names, ",")
}

// encodeSchema writes the schema of a property, or those of an object's, as encodeMetadata writes JSON. One that is too
// long for the column is invalid.
func encodeSchema[T metadef.Schema | map[string]metadef.Schema](schema T) (string, error) {
	if schema == nil {
		return "{}", nil
	}
	text, err := encodeJSON(schema)
	if err == nil && len(text) > metadef.MaxText {
		err = fault.New(fault.Invalid, "a schema has more than %d bytes", metadef.MaxText)
	}
	return text, err
}
