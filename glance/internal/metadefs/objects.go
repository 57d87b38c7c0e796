package metadefs

import (
	"context"

	"goglance/glance/db"
	"goglance/glance/metadef"
	"goglance/glance/notify"
)

// Objects returns the objects of a namespace.
func (s *Metadefs) Objects(ctx context.Context, ns string) ([]metadef.Object, error) {
	return read(ctx, s, about(ns, "get_metadef_objects"), func(v *db.View, n *metadef.Namespace) ([]metadef.Object, error) {
		return v.Objects(ctx, n.ID)
	})
}

// Object returns one object.
func (s *Metadefs) Object(ctx context.Context, ns, name string) (*metadef.Object, error) {
	return read(ctx, s, about(ns, "get_metadef_object"), func(v *db.View, n *metadef.Namespace) (*metadef.Object, error) {
		return v.Object(ctx, n.ID, name)
	})
}

// AddObject adds an object to a namespace (spec metadefs 5).
func (s *Metadefs) AddObject(ctx context.Context, ns string, o metadef.Object) (*metadef.Object, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "add_metadef_object"); err != nil {
		return nil, err
	}
	o.CreatedAt = s.Clock()
	o.UpdatedAt = o.CreatedAt
	d := metadef.Definition{Objects: []metadef.Object{o}}
	return &o, s.insert(ctx, ns, d, notify.Metadef{Object: &o, OldName: o.Name})
}

// UpdateObject makes an object be o, all of it, its name included. The answer has the time of the change before this
// one.
func (s *Metadefs) UpdateObject(ctx context.Context, ns, name string, o metadef.Object) (*metadef.Object, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "get_metadef_object", "modify_metadef_object"); err != nil {
		return nil, err
	}
	answer, event := o, notify.Metadef{Object: &o}
	err := s.change(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) error {
		old, err := tx.Object(ctx, n.ID, name)
		if err != nil {
			return err
		}
		if err := s.mine(ctx, n); err != nil {
			return err
		}
		event.Namespace, event.OldName = n, old.Name
		answer.CreatedAt, answer.UpdatedAt = old.CreatedAt, old.UpdatedAt
		o.CreatedAt, o.UpdatedAt = old.CreatedAt, s.Clock()
		return tx.UpdateObject(ctx, n.ID, old.Name, o)
	})
	if err != nil {
		return nil, err
	}
	s.tell(ctx, "update", event)
	return &answer, nil
}

// DeleteObject deletes an object.
func (s *Metadefs) DeleteObject(ctx context.Context, ns, name string) error {
	if err := s.allow(ctx, "get_metadef_object"); err != nil {
		return err
	}
	event := notify.Metadef{OldName: name, DeletedAt: s.Clock()}
	err := s.change(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) (err error) {
		event.Namespace = n
		if event.Object, err = tx.Object(ctx, n.ID, name); err != nil {
			return err
		}
		if err := s.deletable(ctx, n); err != nil {
			return err
		}
		return tx.DeleteContent(ctx, n.ID, metadef.Objects, event.Object.Name)
	})
	if err == nil {
		s.tell(ctx, "delete", event)
	}
	return err
}
