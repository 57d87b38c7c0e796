package metadefs

import (
	"cmp"
	"context"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/metadef"
	"goglance/glance/notify"
)

// CreateNamespace stores a namespace with what is in it: all of it, or nothing (spec metadefs 4.2). Of the answer only
// the namespace has times.
func (s *Metadefs) CreateNamespace(ctx context.Context, d metadef.Definition) (*metadef.Definition, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	if auth.From(ctx).ReadOnly {
		return nil, readOnly(nil)
	}
	if err := s.allow(ctx, rulesToAdd(d)...); err != nil {
		return nil, err
	}
	var err error
	if d.Owner, err = s.owner(ctx, d.Owner, ""); err != nil {
		return nil, err
	}
	d.Visibility = cmp.Or(d.Visibility, metadef.Private)
	d.CreatedAt = s.Clock()
	d.UpdatedAt = d.CreatedAt
	err = s.again(ctx, func(tx *db.Tx) error {
		if err := tx.InsertNamespace(ctx, &d.Namespace); err != nil {
			return err
		}
		return tx.InsertContents(ctx, stamped(d))
	})
	if err != nil {
		return nil, err
	}
	s.tellCreated(ctx, stamped(d))
	return &d, nil
}

func rulesToAdd(d metadef.Definition) []string {
	rules := []string{"add_metadef_namespace"}
	for _, content := range []struct {
		rule string
		n    int
	}{
		{"add_metadef_resource_type_association", len(d.Associations)},
		{"add_metadef_object", len(d.Objects)},
		{"add_metadef_tag", len(d.Tags)},
		{"add_metadef_property", len(d.Properties)},
	} {
		if content.n > 0 {
			rules = append(rules, content.rule)
		}
	}
	return rules
}

// owner returns whose a namespace shall be: whose the caller says, else his own, else whose it was. Only an
// administrator says another than himself, and everything is somebody's.
func (s *Metadefs) owner(ctx context.Context, said, was string) (string, error) {
	v := s.viewer(ctx)
	owner := cmp.Or(said, v.Owner, was)
	if !v.Admin && (v.Owner == "" || owner != v.Owner) {
		return "", fault.New(fault.Forbidden, "a namespace can only be one's own")
	}
	if owner == "" {
		return "", fault.New(fault.Invalid, "the namespace needs an owner")
	}
	return owner, metadef.Namespace{Owner: owner}.Check()
}

// stamped returns d with its times on everything in it.
func stamped(d metadef.Definition) *metadef.Definition {
	at := d.CreatedAt
	out := metadef.Definition{Namespace: d.Namespace}
	for _, a := range d.Associations {
		a.CreatedAt, a.UpdatedAt = at, at
		out.Associations = append(out.Associations, a)
	}
	for _, p := range d.Properties {
		p.CreatedAt, p.UpdatedAt = at, at
		out.Properties = append(out.Properties, p)
	}
	for _, o := range d.Objects {
		o.CreatedAt, o.UpdatedAt = at, at
		out.Objects = append(out.Objects, o)
	}
	for _, t := range d.Tags {
		t.CreatedAt, t.UpdatedAt = at, at
		out.Tags = append(out.Tags, t)
	}
	return &out
}

func (s *Metadefs) tellCreated(ctx context.Context, d *metadef.Definition) {
	ns := &d.Namespace
	s.tell(ctx, "create", notify.Metadef{Namespace: ns, OldName: ns.Name})
	for i := range d.Associations {
		s.tell(ctx, "create", notify.Metadef{Namespace: ns, Association: &d.Associations[i], OldName: d.Associations[i].Name})
	}
	for i := range d.Objects {
		s.tell(ctx, "create", notify.Metadef{Namespace: ns, Object: &d.Objects[i], OldName: d.Objects[i].Name})
	}
	s.tellTags(ctx, d)
	for i := range d.Properties {
		s.tell(ctx, "create", notify.Metadef{Namespace: ns, Property: &d.Properties[i], OldName: d.Properties[i].Name})
	}
}

func (s *Metadefs) tellTags(ctx context.Context, d *metadef.Definition) {
	for i := range d.Tags {
		s.tell(ctx, "create", notify.Metadef{Namespace: &d.Namespace, Tag: &d.Tags[i], OldName: d.Tags[i].Name})
	}
}
