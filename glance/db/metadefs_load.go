package db

import (
	"context"
	"time"

	"goglance/glance/metadef"
)

// Now returns the time as the database keeps it, for changes that say when they were made.
func (t *Tx) Now() time.Time { return t.now() }

// Association returns the association of a resource type with the namespace with this ID.
func (r reads) Association(ctx context.Context, ns int64, resourceType string) (*metadef.Association, error) {
	this := allOf(query{"a.namespace_id = ?", []any{ns}}, r.engine.is("t.name", resourceType))
	found, err := named(ctx, r, r.associations(), query{" WHERE " + this.text, this.args})
	if err != nil {
		return nil, err
	}
	return &found.Association, nil
}

// UpdateAssociation writes an association of the namespace with this ID anew, all but its time of creation.
func (t *Tx) UpdateAssociation(ctx context.Context, ns int64, a metadef.Association) error {
	return t.changeOne(ctx, "association", query{`UPDATE metadef_namespace_resource_types SET prefix = ?, properties_target = ?, updated_at = ?
		WHERE namespace_id = ? AND resource_type_id IN (SELECT id FROM metadef_resource_types WHERE name = ?)`,
		[]any{a.Prefix, a.Target, moment(a.UpdatedAt), ns, a.Name}})
}

// TouchResourceType sets the time of change of a resource type. Whether it is protected stays as it is.
func (t *Tx) TouchResourceType(ctx context.Context, name string, at time.Time) error {
	return t.changeOne(ctx, "resource type", query{"UPDATE metadef_resource_types SET updated_at = ? WHERE name = ?", []any{moment(at), name}})
}

// Emptied says how many rows a table had.
type Emptied struct {
	Table string
	Rows  int64
}

// DeleteMetadefs deletes all namespaces, what is in them, and all resource types, whoever made them (spec metadefs 15.5).
func (t *Tx) DeleteMetadefs(ctx context.Context) ([]Emptied, error) {
	var all []Emptied
	for _, table := range []string{"properties", "objects", "tags", "namespace_resource_types", "namespaces", "resource_types"} {
		n, err := t.exec(ctx, "DELETE FROM metadef_"+table)
		if err != nil {
			return nil, t.fail("DeleteMetadefs", err)
		}
		all = append(all, Emptied{"metadef_" + table, n})
	}
	return all, nil
}
