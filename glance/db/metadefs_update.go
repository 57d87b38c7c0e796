package db

import (
	"context"

	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// UpdateNamespace writes the row with n.ID anew, all but its time of creation. A name that is in use is a conflict.
func (t *Tx) UpdateNamespace(ctx context.Context, n *metadef.Namespace) error {
	return t.changeOne(ctx, "namespace", query{`UPDATE metadef_namespaces SET namespace = ?, display_name = ?, description = ?,
		visibility = ?, protected = ?, owner = ?, updated_at = ? WHERE id = ?`, []any{n.Name, n.DisplayName,
		n.Description, unsaid(n.Visibility), n.Protected, n.Owner, moment(n.UpdatedAt), n.ID}})
}

// DeleteNamespace deletes the namespace with this ID and all that is in it. Resource types stay.
func (t *Tx) DeleteNamespace(ctx context.Context, ns int64) error {
	for _, table := range []string{"tags", "objects", "properties", "namespace_resource_types"} {
		if _, err := t.exec(ctx, "DELETE FROM metadef_"+table+" WHERE namespace_id = ?", ns); err != nil {
			return t.fail("DeleteNamespace", err)
		}
	}
	return t.changeOne(ctx, "namespace", query{"DELETE FROM metadef_namespaces WHERE id = ?", []any{ns}})
}

// DeleteContents deletes all of a kind from the namespace with this ID. That there is none is no error.
func (t *Tx) DeleteContents(ctx context.Context, ns int64, kind metadef.Kind) error {
	_, err := t.exec(ctx, "DELETE FROM metadef_"+string(kind)+" WHERE namespace_id = ?", ns)
	return t.fail("DeleteContents", err)
}

// DeleteContent deletes one of a kind from the namespace with this ID.
func (t *Tx) DeleteContent(ctx context.Context, ns int64, kind metadef.Kind, name string) error {
	return t.changeOne(ctx, kind.One(), query{"DELETE FROM metadef_" + string(kind) + " WHERE namespace_id = ? AND " + t.engine.exact("name") + " = ?", []any{ns, name}})
}

// DeleteAssociation deletes the association of a resource type with the namespace with this ID. The type stays.
func (t *Tx) DeleteAssociation(ctx context.Context, ns int64, resourceType string) error {
	return t.changeOne(ctx, "association", query{`DELETE FROM metadef_namespace_resource_types WHERE namespace_id = ? AND
		resource_type_id IN (SELECT id FROM metadef_resource_types WHERE ` + t.engine.exact("name") + " = ?)", []any{ns, resourceType}})
}

// UpdateProperty writes a property of the namespace with this ID anew, all but its time of creation. name is what it was
// called; a new name that is in use is a conflict.
func (t *Tx) UpdateProperty(ctx context.Context, ns int64, name string, p metadef.Property) error {
	schema, err := encodeSchema(p.Schema)
	if err != nil {
		return err
	}
	return t.changeOne(ctx, "property", query{"UPDATE metadef_properties SET name = ?, json_schema = ?, updated_at = ? WHERE namespace_id = ? AND " + t.engine.exact("name") + " = ?",
		[]any{p.Name, schema, moment(p.UpdatedAt), ns, name}})
}

// UpdateObject writes an object anew, as UpdateProperty does a property.
func (t *Tx) UpdateObject(ctx context.Context, ns int64, name string, o metadef.Object) error {
	schemas, err := encodeSchema(o.Properties)
	if err != nil {
		return err
	}
	return t.changeOne(ctx, "object", query{`UPDATE metadef_objects SET name = ?, description = ?, required = ?, json_schema = ?, updated_at = ?
		WHERE namespace_id = ? AND ` + t.engine.exact("name") + " = ?", []any{o.Name, o.Description, required(o.Required), schemas, moment(o.UpdatedAt), ns, name}})
}

// UpdateTag writes a tag anew, as UpdateProperty does a property.
func (t *Tx) UpdateTag(ctx context.Context, ns int64, name string, tag metadef.Tag) error {
	return t.changeOne(ctx, "tag", query{"UPDATE metadef_tags SET name = ?, updated_at = ? WHERE namespace_id = ? AND " + t.engine.exact("name") + " = ?",
		[]any{tag.Name, moment(tag.UpdatedAt), ns, name}})
}

// changeOne runs a statement that is for one row. A row that is not there is not found, a name that is in use a conflict.
func (t *Tx) changeOne(ctx context.Context, what string, q query) error {
	n, err := t.exec(ctx, q.text, q.args...)
	switch {
	case t.engine.duplicate(err):
		return taken()
	case err == nil && n == 0:
		return notDefined(what)
	}
	return t.fail("metadefs", err)
}

func taken() error { return fault.New(fault.Conflict, "the name is in use") }
