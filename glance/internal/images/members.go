package images

import (
	"context"
	"unicode/utf8"

	"goglance/glance/auth"
	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
	"goglance/glance/internal/storable"
	"goglance/glance/notify"
)

// Members returns whom an image is shared with: all of them to its owner and to admins, himself to a member
// (spec images-api 8.5).
func (s *Images) Members(ctx context.Context, id string) ([]image.Member, error) {
	img, err := s.shared(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.enforce(ctx, "get_members", img); err != nil {
		return nil, err
	}
	if s.mine(ctx, img) == nil {
		return s.DB.Members(ctx, id)
	}
	self, err := s.DB.Member(ctx, id, s.viewer(auth.From(ctx)).Owner)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Forbidden, "only the owner and the members of an image may see its members")
	}
	if err != nil {
		return nil, err
	}
	return []image.Member{*self}, nil
}

// Member returns one membership. To whoever may not see it, it is not there.
func (s *Images) Member(ctx context.Context, id, member string) (*image.Member, error) {
	m, err := s.member(ctx, id, member)
	if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) {
		return nil, noMember()
	}
	return m, err
}

func (s *Images) member(ctx context.Context, id, member string) (*image.Member, error) {
	img, err := s.shared(ctx, id)
	if err != nil {
		return nil, err
	}
	if s.mine(ctx, img) != nil && !s.is(ctx, member) {
		return nil, noMember()
	}
	if err := s.enforce(ctx, "get_member", img); err != nil {
		return nil, err
	}
	return s.DB.Member(ctx, id, member)
}

func noMember() error { return fault.New(fault.NotFound, "the image has no such member") }

// is reports whether the caller is the project (or user) of this id.
func (s *Images) is(ctx context.Context, member string) bool {
	self := s.viewer(auth.From(ctx)).Owner
	return self != "" && self == member
}

// shared returns an image that the caller sees and that can have members.
func (s *Images) shared(ctx context.Context, id string) (*image.Image, error) {
	img, err := s.visible(ctx, id)
	if err != nil {
		return nil, err
	}
	if img.Visibility != image.Shared {
		return nil, fault.New(fault.Forbidden, "Only shared images have members.") // clients look for these words
	}
	return img, nil
}

// maxMember is the length of the column in characters.
const maxMember = 255

// AddMember shares an image with a project, whose answer is pending (spec images-api 8.3).
func (s *Images) AddMember(ctx context.Context, id, member string) (*image.Member, error) {
	if utf8.RuneCountInString(member) > maxMember {
		return nil, fault.New(fault.Invalid, "the id of a member has at most %d characters", maxMember)
	}
	if err := storable.Text(member); err != nil {
		return nil, err
	}
	var m *image.Member
	err := again(ctx, func() (err error) {
		m, err = s.addMember(ctx, id, member)
		return err
	})
	return s.told(ctx, "image.member.create", m, err)
}

func (s *Images) addMember(ctx context.Context, id, member string) (*image.Member, error) {
	img, err := s.sharedByMe(ctx, id)
	if err != nil {
		return nil, err
	}
	if n, err := s.DB.CountMembers(ctx, id); err != nil || exceeds(n+1, s.Options.MemberQuota) {
		return nil, s.memberQuota(err)
	}
	if err := s.enforce(ctx, "add_member", img); err != nil {
		return nil, err
	}
	now := s.Clock()
	m := image.Member{ImageID: id, ID: member, Status: image.Pending, CreatedAt: now, UpdatedAt: now}
	return &m, s.ifUnchanged(ctx, img, func(tx *db.Tx) error {
		if n, err := tx.CountMembers(ctx, id); err != nil || exceeds(n+1, s.Options.MemberQuota) {
			return s.memberQuota(err)
		}
		return tx.InsertMember(ctx, m)
	})
}

// ifUnchanged changes memberships of an image that is still what the checks have seen: who has given his image away, or
// made it private, does not share it any more (spec security S17).
func (s *Images) ifUnchanged(ctx context.Context, img *image.Image, change func(*db.Tx) error) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.Unchanged(ctx, img); err != nil {
			return stale(err)
		}
		return change(tx)
	})
}

// sharedByMe returns an image that the caller may share.
func (s *Images) sharedByMe(ctx context.Context, id string) (*image.Image, error) {
	if err := writable(ctx); err != nil {
		return nil, err
	}
	img, err := s.shared(ctx, id)
	if err != nil {
		return nil, err
	}
	return img, s.mine(ctx, img)
}

func (s *Images) memberQuota(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.TooLarge, "an image may have %d members", s.Options.MemberQuota)
}

// SetMemberStatus is a member's answer; an admin may give it for him, the owner of the image may not
// (spec images-api 8.4).
func (s *Images) SetMemberStatus(ctx context.Context, id, member string, status image.MemberStatus) (*image.Member, error) {
	if err := writable(ctx); err != nil {
		return nil, err
	}
	var m *image.Member
	err := again(ctx, func() (err error) {
		m, err = s.setMemberStatus(ctx, id, member, status)
		return err
	})
	return s.told(ctx, "image.member.update", m, err)
}

func (s *Images) setMemberStatus(ctx context.Context, id, member string, status image.MemberStatus) (*image.Member, error) {
	img, err := s.shared(ctx, id)
	if err != nil {
		return nil, err
	}
	answers := s.is(ctx, member) || auth.From(ctx).Admin
	if !answers && s.mine(ctx, img) != nil {
		return nil, fault.New(fault.Forbidden, "the status of a member is his to set")
	}
	m, err := s.DB.Member(ctx, id, member)
	if err != nil {
		return nil, err
	}
	if !answers {
		return nil, fault.New(fault.Forbidden, "the status of a member is his to set, not the owner's")
	}
	if !status.Valid() {
		return nil, fault.New(fault.Invalid, "the status of a member is pending, accepted or rejected")
	}
	for _, rule := range []string{"get_member", "modify_member"} {
		if err := s.enforce(ctx, rule, img); err != nil {
			return nil, err
		}
	}
	m.Status, m.UpdatedAt = status, s.Clock()
	return m, s.ifUnchanged(ctx, img, func(tx *db.Tx) error { return tx.UpdateMember(ctx, *m) })
}

// RemoveMember ends the sharing with a project, which cannot do so itself (spec images-api 8.6).
func (s *Images) RemoveMember(ctx context.Context, id, member string) error {
	var m *image.Member
	err := again(ctx, func() (err error) {
		m, err = s.removeMember(ctx, id, member)
		return err
	})
	_, err = s.told(ctx, "image.member.delete", m, err)
	return err
}

func (s *Images) removeMember(ctx context.Context, id, member string) (*image.Member, error) {
	img, err := s.sharedByMe(ctx, id)
	if err != nil {
		return nil, err
	}
	m, err := s.DB.Member(ctx, id, member)
	if err != nil {
		return nil, err
	}
	for _, rule := range []string{"get_member", "delete_member"} {
		if err := s.enforce(ctx, rule, img); err != nil {
			return nil, err
		}
	}
	return m, s.ifUnchanged(ctx, img, func(tx *db.Tx) error { return tx.DeleteMember(ctx, id, member) })
}

// told sends the event of a change of a membership that was made.
func (s *Images) told(ctx context.Context, event string, m *image.Member, err error) (*image.Member, error) {
	if err != nil {
		return nil, err
	}
	s.Notify.Notify(ctx, notify.Event{Type: event, Member: m})
	return m, nil
}
