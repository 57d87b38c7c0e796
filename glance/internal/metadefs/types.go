package metadefs

import (
	"context"

	"goglance/glance/db"
	"goglance/glance/metadef"
	"goglance/glance/notify"
)

// ResourceTypes returns the resource types, but for those that only namespaces use which the caller does not see.
func (s *Metadefs) ResourceTypes(ctx context.Context) ([]metadef.ResourceType, error) {
	if err := s.allow(ctx, "list_metadef_resource_types"); err != nil {
		return nil, err
	}
	return s.DB.ResourceTypes(ctx, s.viewer(ctx))
}

// Associations returns the associations of a namespace.
func (s *Metadefs) Associations(ctx context.Context, ns string) ([]metadef.Association, error) {
	return read(ctx, s, about(ns, "list_metadef_resource_types"), func(v *db.View, n *metadef.Namespace) ([]metadef.Association, error) {
		return v.Associations(ctx, n.ID)
	})
}

// AddAssociation associates a namespace with a type of resource, which is made if there is none of this name (spec
// metadefs 8).
func (s *Metadefs) AddAssociation(ctx context.Context, ns string, a metadef.Association) (*metadef.Association, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "add_metadef_resource_type_association"); err != nil {
		return nil, err
	}
	a.CreatedAt = s.Clock()
	a.UpdatedAt = a.CreatedAt
	d := metadef.Definition{Associations: []metadef.Association{a}}
	return &a, s.insert(ctx, ns, d, notify.Metadef{Association: &a, OldName: a.Name})
}

// DeleteAssociation ends the association of a namespace with a type of resource. The type stays.
func (s *Metadefs) DeleteAssociation(ctx context.Context, ns, resourceType string) error {
	if err := s.allow(ctx, "list_metadef_resource_types"); err != nil {
		return err
	}
	event := notify.Metadef{OldName: resourceType, DeletedAt: s.Clock()}
	err := s.change(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) (err error) {
		event.Namespace = n
		if event.Association, err = tx.Association(ctx, n.ID, resourceType); err != nil {
			return err
		}
		if err := s.deletable(ctx, n); err != nil {
			return err
		}
		return tx.DeleteAssociation(ctx, n.ID, event.Association.Name)
	})
	if err == nil {
		s.tell(ctx, "delete", event)
	}
	return err
}
