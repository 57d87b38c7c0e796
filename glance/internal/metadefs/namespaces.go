package metadefs

import (
	"cmp"
	"context"

	"goglance/glance/db"
	"goglance/glance/metadef"
	"goglance/glance/notify"
)

// Page asks for a page of the namespaces that the caller sees in lists.
type Page struct {
	Visibility    *metadef.Visibility // only this one; nil: any
	ResourceTypes []string            // associated with one of these; nil: with any or none
	Order         metadef.Order
	Marker        *string // name of the namespace that the page begins behind; nil: at the start
	Limit         int     // namespaces at most; negative: the configured size
}

// Namespaces returns a page of namespaces with their associations. more says that another page may follow: the page is
// as long as was asked for (spec metadefs 4.1).
func (s *Metadefs) Namespaces(ctx context.Context, p Page) (page []*metadef.Definition, more bool, err error) {
	rules := []string{"get_metadef_namespaces"}
	if p.Marker != nil {
		rules = append(rules, "get_metadef_namespace")
	}
	if err := s.allow(ctx, rules...); err != nil {
		return nil, false, err
	}
	q := metadef.Query{
		Viewer: s.viewer(ctx), Visibility: p.Visibility, ResourceTypes: p.ResourceTypes, Order: p.Order, Limit: s.limit(p.Limit),
	}
	err = s.DB.View(ctx, func(v *db.View) error {
		if p.Marker != nil {
			q.After, err = v.Namespace(ctx, *p.Marker)
			if err = s.shown(ctx, q.After, err); err != nil {
				return err
			}
		}
		page, err = v.Namespaces(ctx, q)
		return err
	})
	if err == nil && len(page) > 0 {
		err = s.allow(ctx, "list_metadef_resource_types")
	}
	if err != nil {
		return nil, false, err
	}
	return page, len(page) > 0 && len(page) == q.Limit, nil
}

func (s *Metadefs) limit(asked int) int {
	if asked < 0 {
		asked = s.Options.PageSize
	}
	return min(asked, s.Options.PageMax)
}

// Namespace returns a namespace with all that is in it, as it applies to a type of resource; "" is none in particular
// (spec metadefs 4.3).
func (s *Metadefs) Namespace(ctx context.Context, name, resourceType string) (*metadef.Definition, error) {
	q := about(name, "get_metadef_namespace", "get_metadef_objects", "list_metadef_resource_types", "get_metadef_properties",
		"get_metadef_tags")
	d, err := read(ctx, s, q, func(v *db.View, ns *metadef.Namespace) (*metadef.Definition, error) {
		return v.Contents(ctx, ns)
	})
	if err != nil {
		return nil, err
	}
	return d.For(resourceType), nil
}

// UpdateNamespace gives a namespace all the attributes of n: what n leaves out takes its default. The answer has the
// time of the change before this one, as the reference's has (spec metadefs 4.6).
func (s *Metadefs) UpdateNamespace(ctx context.Context, name string, n metadef.Namespace) (*metadef.Namespace, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "get_metadef_namespace", "modify_metadef_namespace"); err != nil {
		return nil, err
	}
	var old metadef.Namespace
	said := n.Owner
	err := s.change(ctx, name, func(tx *db.Tx, ns *metadef.Namespace) (err error) {
		old = *ns
		if err := s.mine(ctx, ns); err != nil {
			return err
		}
		if n.Owner, err = s.owner(ctx, said, old.Owner); err != nil {
			return err
		}
		n.ID, n.CreatedAt, n.UpdatedAt = old.ID, old.CreatedAt, s.Clock()
		n.Visibility = cmp.Or(n.Visibility, metadef.Private)
		return tx.UpdateNamespace(ctx, &n)
	})
	if err != nil {
		return nil, err
	}
	s.tell(ctx, "update", notify.Metadef{Namespace: &n, OldName: old.Name})
	answer := n
	answer.UpdatedAt = old.UpdatedAt
	return &answer, nil
}

// DeleteNamespace deletes a namespace with all that is in it (spec metadefs 4.7).
func (s *Metadefs) DeleteNamespace(ctx context.Context, name string) error {
	return s.drop(ctx, name, "delete", func(tx *db.Tx, ns *metadef.Namespace) error {
		return tx.DeleteNamespace(ctx, ns.ID)
	})
}

// DeleteContents deletes everything of a kind from a namespace (spec metadefs 4.8).
func (s *Metadefs) DeleteContents(ctx context.Context, name string, kind metadef.Kind) error {
	return s.drop(ctx, name, "delete_"+string(kind), func(tx *db.Tx, ns *metadef.Namespace) error {
		return tx.DeleteContents(ctx, ns.ID, kind)
	})
}

// drop runs w, which deletes, for who may delete, and tells of it.
func (s *Metadefs) drop(ctx context.Context, name, event string, w write) error {
	if err := s.allow(ctx, "get_metadef_namespace"); err != nil {
		return err
	}
	var ns *metadef.Namespace
	err := s.change(ctx, name, func(tx *db.Tx, found *metadef.Namespace) error {
		ns = found
		if err := s.deletable(ctx, ns); err != nil {
			return err
		}
		return w(tx, ns)
	})
	if err == nil {
		s.tell(ctx, event, notify.Metadef{Namespace: ns, OldName: ns.Name, DeletedAt: s.Clock()})
	}
	return err
}
