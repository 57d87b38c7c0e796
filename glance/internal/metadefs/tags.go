package metadefs

import (
	"context"

	"goglance/glance/db"
	"goglance/glance/metadef"
	"goglance/glance/notify"
)

// Tags returns the tags of a namespace that q asks for (spec metadefs 7).
func (s *Metadefs) Tags(ctx context.Context, ns string, q metadef.TagQuery) ([]metadef.Tag, error) {
	asked := about(ns, "get_metadef_tags")
	if q.After != "" {
		asked.rules = append(asked.rules, "get_metadef_tag")
	}
	return read(ctx, s, asked, func(v *db.View, n *metadef.Namespace) ([]metadef.Tag, error) {
		return v.Tags(ctx, n.ID, q)
	})
}

// Tag returns one tag.
func (s *Metadefs) Tag(ctx context.Context, ns, name string) (*metadef.Tag, error) {
	return read(ctx, s, about(ns, "get_metadef_tag"), func(v *db.View, n *metadef.Namespace) (*metadef.Tag, error) {
		return v.Tag(ctx, n.ID, name)
	})
}

// ReplaceTags makes tags the tags of a namespace. No tags at all change nothing (spec metadefs 7).
func (s *Metadefs) ReplaceTags(ctx context.Context, ns string, tags []metadef.Tag) error {
	d := metadef.Definition{Tags: tags}
	if err := d.Check(); err != nil {
		return err
	}
	if err := s.allow(ctx, "add_metadef_tags"); err != nil {
		return err
	}
	d.CreatedAt = s.Clock()
	made := stamped(d)
	err := s.add(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) error {
		made.Namespace = *n
		if len(tags) == 0 {
			return nil
		}
		if err := tx.DeleteContents(ctx, n.ID, metadef.Tags); err != nil {
			return err
		}
		return tx.InsertContents(ctx, made)
	})
	if err != nil {
		return err
	}
	s.tellTags(ctx, made)
	return nil
}

// AddTag adds a tag to a namespace (spec metadefs 7).
func (s *Metadefs) AddTag(ctx context.Context, ns string, t metadef.Tag) (*metadef.Tag, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "add_metadef_tag"); err != nil {
		return nil, err
	}
	t.CreatedAt = s.Clock()
	t.UpdatedAt = t.CreatedAt
	d := metadef.Definition{Tags: []metadef.Tag{t}}
	return &t, s.insert(ctx, ns, d, notify.Metadef{Tag: &t, OldName: t.Name})
}

// UpdateTag makes a tag be t, all of it, its name included. The answer has the time of the change before this
// one.
func (s *Metadefs) UpdateTag(ctx context.Context, ns, name string, t metadef.Tag) (*metadef.Tag, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "get_metadef_tag", "modify_metadef_tag"); err != nil {
		return nil, err
	}
	answer, event := t, notify.Metadef{Tag: &t}
	err := s.change(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) error {
		old, err := tx.Tag(ctx, n.ID, name)
		if err != nil {
			return err
		}
		if err := s.mine(ctx, n); err != nil {
			return err
		}
		event.Namespace, event.OldName = n, old.Name
		answer.CreatedAt, answer.UpdatedAt = old.CreatedAt, old.UpdatedAt
		t.CreatedAt, t.UpdatedAt = old.CreatedAt, s.Clock()
		return tx.UpdateTag(ctx, n.ID, old.Name, t)
	})
	if err != nil {
		return nil, err
	}
	s.tell(ctx, "update", event)
	return &answer, nil
}

// DeleteTag deletes a tag.
func (s *Metadefs) DeleteTag(ctx context.Context, ns, name string) error {
	if err := s.allow(ctx, "get_metadef_tag"); err != nil {
		return err
	}
	event := notify.Metadef{OldName: name, DeletedAt: s.Clock()}
	err := s.change(ctx, ns, func(tx *db.Tx, n *metadef.Namespace) (err error) {
		event.Namespace = n
		if event.Tag, err = tx.Tag(ctx, n.ID, name); err != nil {
			return err
		}
		if err := s.deletable(ctx, n); err != nil {
			return err
		}
		return tx.DeleteContent(ctx, n.ID, metadef.Tags, event.Tag.Name)
	})
	if err == nil {
		s.tell(ctx, "delete", event)
	}
	return err
}
