package metadefs

import (
	"context"
	"strings"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/metadef"
	"goglance/glance/notify"
)

// Properties returns the properties of a namespace.
func (s *Metadefs) Properties(ctx context.Context, ns string) ([]metadef.Property, error) {
	return read(ctx, s, about(ns, "get_metadef_properties"), func(v *db.View, n *metadef.Namespace) ([]metadef.Property, error) {
		return v.Properties(ctx, n.ID)
	})
}

// Property returns one property. With a resource type the name is what the property is called there, prefix included
// (spec metadefs 6); "" is none.
func (s *Metadefs) Property(ctx context.Context, ns, name, resourceType string) (*metadef.Property, error) {
	q := about(ns, "get_metadef_property")
	if resourceType != "" {
		q.rules = append(q.rules, "get_metadef_resource_type")
	}
	return read(ctx, s, q, func(v *db.View, n *metadef.Namespace) (*metadef.Property, error) {
		stored := name
		if resourceType != "" {
			a, err := v.Association(ctx, n.ID, resourceType)
			if err != nil {
				return nil, err
			}
			if stored, err = withoutPrefix(name, a); err != nil {
				return nil, err
			}
		}
		return v.Property(ctx, n.ID, stored)
	})
}

// withoutPrefix returns the stored name of a property. A type without a prefix has no names of its own: the reference
// finds nothing there either.
func withoutPrefix(name string, a *metadef.Association) (string, error) {
	if a.Prefix != nil && *a.Prefix != "" {
		if stored, ok := strings.CutPrefix(name, *a.Prefix); ok {
			return stored, nil
		}
	}
	return "", fault.New(fault.NotFound, "no property of this name is for the resource type")
}

// AddProperty adds a property to a namespace (spec metadefs 6).
func (s *Metadefs) AddProperty(ctx context.Context, ns string, p metadef.Property) (*metadef.Property, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "add_metadef_property"); err != nil {
		return nil, err
	}
	p.CreatedAt = s.Clock()
	p.UpdatedAt = p.CreatedAt
	d := metadef.Definition{Properties: []metadef.Property{p}}
	return &p, s.insert(ctx, ns, d, notify.Metadef{Property: &p, OldName: p.Name})
}

// UpdateProperty makes a property be p, all of it, its name included. The answer has the time of the change before this
// one.
func (s *Metadefs) UpdateProperty(ctx context.Context, ns, name string, p metadef.Property) (*metadef.Property, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "get_metadef_property", "modify_metadef_property"); err != nil {
		return nil, err
	}
	answer, event := p, notify.Metadef{Property: &p}
	err := s.change(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) error {
		old, err := tx.Property(ctx, n.ID, name)
		if err != nil {
			return err
		}
		if err := s.mine(ctx, n); err != nil {
			return err
		}
		event.Namespace, event.OldName = n, old.Name
		answer.CreatedAt, answer.UpdatedAt = old.CreatedAt, old.UpdatedAt
		p.CreatedAt, p.UpdatedAt = old.CreatedAt, s.Clock()
		return tx.UpdateProperty(ctx, n.ID, old.Name, p)
	})
	if err != nil {
		return nil, err
	}
	s.tell(ctx, "update", event)
	return &answer, nil
}

// DeleteProperty deletes a property.
func (s *Metadefs) DeleteProperty(ctx context.Context, ns, name string) error {
	if err := s.allow(ctx, "get_metadef_property"); err != nil {
		return err
	}
	event := notify.Metadef{OldName: name, DeletedAt: s.Clock()}
	err := s.change(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) (err error) {
		event.Namespace = n
		if event.Property, err = tx.Property(ctx, n.ID, name); err != nil {
			return err
		}
		if err := s.deletable(ctx, n); err != nil {
			return err
		}
		return tx.DeleteContent(ctx, n.ID, metadef.Properties, event.Property.Name)
	})
	if err == nil {
		s.tell(ctx, "delete", event)
	}
	return err
}
