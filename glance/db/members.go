package db

import (
	"context"
	"database/sql"

	"goglance/glance/fault"
	"goglance/glance/image"
)

// Members returns whom an image is shared with, in the order of adding.
func (r reads) Members(ctx context.Context, id string) ([]image.Member, error) {
	return r.members(ctx, "Members", query{"image_id = ?", []any{id}})
}

// Member returns one membership. One that is not there is not found.
func (r reads) Member(ctx context.Context, id, member string) (*image.Member, error) {
	found, err := r.members(ctx, "Member", r.membership(id, member))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, noMember(id, member)
	}
	return &found[0], nil
}

// IsMember reports whether the image is shared with member, whatever the member thinks of it.
func (r reads) IsMember(ctx context.Context, id, member string) (bool, error) {
	found := false
	who := r.membership(id, member)
	ask := query{"SELECT 1 FROM image_members WHERE NOT deleted AND " + who.text + " LIMIT 1", who.args}
	err := each(ctx, r.q, ask, func(*sql.Rows) error { found = true; return nil })
	return found, r.fail("IsMember", err)
}

// CountMembers returns how many members an image has.
func (r reads) CountMembers(ctx context.Context, id string) (int, error) {
	n := 0
	ask := query{"SELECT COUNT(*) FROM image_members WHERE image_id = ? AND NOT deleted", []any{id}}
	err := each(ctx, r.q, ask, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, r.fail("CountMembers", err)
}

// InsertMember shares an image, from the state m.Status on; "" is Pending. A missing or deleted image is not found; one
// that has this member is a conflict. Zero times become now and the time of creation. The image itself does not change
// (spec images-api 8.7).
func (t *Tx) InsertMember(ctx context.Context, m image.Member) error {
	if err := t.LockImage(ctx, m.ImageID); err != nil { // no key of the table prevents a second live row
		return err
	}
	had, err := t.IsMember(ctx, m.ImageID, m.ID)
	if err != nil {
		return err
	}
	if had {
		return fault.New(fault.Conflict, "image %s is already shared with %s", m.ImageID, m.ID)
	}
	// What is left of former memberships goes: two that end within a second would not both fit in the table.
	who := t.membership(m.ImageID, m.ID)
	_, err = t.exec(ctx, "DELETE FROM image_members WHERE deleted AND "+who.text, who.args...)
	if err != nil {
		return t.fail("InsertMember", err)
	}
	if m.Status == "" {
		m.Status = image.Pending
	}
	m.CreatedAt = t.orNow(m.CreatedAt)
	if m.UpdatedAt.IsZero() {
		m.UpdatedAt = m.CreatedAt
	}
	m.UpdatedAt = t.precise(m.UpdatedAt)
	_, err = t.exec(ctx, `INSERT INTO image_members (image_id, member, can_share, status, created_at, updated_at, deleted)
		VALUES (?, ?, FALSE, ?, ?, ?, FALSE)`, m.ImageID, m.ID, m.Status, moment(m.CreatedAt), moment(m.UpdatedAt))
	return t.fail("InsertMember", err)
}

// UpdateMember sets the status of a membership and the time of its last change; zero is now. One that is not there is
// not found.
func (t *Tx) UpdateMember(ctx context.Context, m image.Member) error {
	who := t.membership(m.ImageID, m.ID)
	n, err := t.exec(ctx, "UPDATE image_members SET status = ?, updated_at = ? WHERE NOT deleted AND "+who.text,
		append([]any{m.Status, moment(t.orNow(m.UpdatedAt))}, who.args...)...)
	if err == nil && n == 0 {
		err = noMember(m.ImageID, m.ID)
	}
	return t.fail("UpdateMember", err)
}

// DeleteMember ends a membership. One that is not there is not found.
func (t *Tx) DeleteMember(ctx context.Context, id, member string) error {
	if err := t.LockImage(ctx, id); err != nil { // or two who do so at once would both succeed
		return err
	}
	if _, err := t.Member(ctx, id, member); err != nil {
		return err
	}
	return t.fail("DeleteMember", t.buryMembers(ctx, t.membership(id, member), moment(t.now())))
}

// membership is the condition for the rows of one member, removed ones too.
func (c *core) membership(id, member string) query {
	return allOf(query{"image_id = ?", []any{id}}, c.engine.is("member", member))
}

func noMember(id, member string) error {
	return fault.New(fault.NotFound, "image %s is not shared with %s", id, member)
}

// members returns the live memberships that fit the condition, each member once.
func (r reads) members(ctx context.Context, op string, condition query) ([]image.Member, error) {
	var found []image.Member
	had := map[string]bool{}
	ask := query{"SELECT image_id, member, status, " + r.engine.time("created_at") + ", " + r.engine.time("updated_at") +
		" FROM image_members WHERE NOT deleted AND " + condition.text + " ORDER BY id", condition.args}
	err := each(ctx, r.q, ask, func(rows *sql.Rows) error {
		var m image.Member
		err := rows.Scan(&m.ImageID, &m.ID, &m.Status, (*moment)(&m.CreatedAt), (*moment)(&m.UpdatedAt))
		if m.UpdatedAt.IsZero() {
			m.UpdatedAt = m.CreatedAt
		}
		if !had[m.ID] {
			had[m.ID], found = true, append(found, m)
		}
		return err
	})
	return found, r.fail(op, err)
}

// buryMembers marks the live memberships that fit the condition as removed. The table has room for one row of a member
// and time of removal, yet several live ones where old releases have raced (spec storage-db 1.5): of those one is kept.
func (t *Tx) buryMembers(ctx context.Context, condition query, at moment) error {
	var surplus []int64
	ask := query{"SELECT id FROM image_members WHERE " + condition.text + ` AND EXISTS (SELECT 1 FROM image_members o
		WHERE o.image_id = image_members.image_id AND o.member = image_members.member AND NOT o.deleted
		AND (image_members.deleted OR o.id > image_members.id))`, condition.args}
	err := each(ctx, t.q, ask, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		surplus = append(surplus, id)
		return err
	})
	for _, id := range surplus {
		if err == nil {
			_, err = t.exec(ctx, "DELETE FROM image_members WHERE id = ?", id)
		}
	}
	if err != nil {
		return err
	}
	return t.bury(ctx, "image_members", condition, at)
}
