package dbtest

import (
	"slices"

	"goglance/glance/image"
)

func visibility() []test {
	return []test{
		{name: "WhoSeesWhat", run: whoSeesWhat},
		{name: "NeverListed", run: neverListed},
		{name: "IsMember", run: isMember},
		{name: "EmptyPage", run: emptyPage},
	}
}

// listing returns the ids of everything that a viewer sees.
func (s suite) listing(v image.Viewer) []string {
	s.Helper()
	return s.filtered(v, image.Filter{})
}

// filtered returns the ids of what a viewer sees of it through a filter, the newest first.
func (s suite) filtered(v image.Viewer, f image.Filter) []string {
	s.Helper()
	list, err := s.db.Images(s.ctx, image.Query{Viewer: v, Filter: f, Limit: 1000})
	s.ok(err)
	ids := make([]string, len(list))
	for i, im := range list {
		ids[i] = im.ID
	}
	return ids
}

// shares are the ways in which "me" may be a member.
func shares() []string {
	return []string{"none", "pending", "accepted", "rejected", "revoked", "others"}
}

// inList is the rule of the list (spec images-api 5.5), spelt out for one image; share is one of shares.
func inList(v image.Viewer, f image.Filter, im *image.Image, share string) bool {
	own := v.Owner != "" && im.Owner != nil && *im.Owner == v.Owner
	switch {
	case f.Visibility != "" && f.Visibility != im.Visibility:
		return false
	case im.Visibility == image.Public:
		return true
	case im.Visibility == image.Community:
		return own || f.Visibility == image.Community
	case im.Visibility == image.Private:
		return own || v.Admin
	}
	return own || v.Admin || answered(v.Owner, share, f.MemberStatus)
}

// answered reports whether the answer of who, by his share of an image, is the wanted one.
func answered(who, share string, wanted image.MemberStatus) bool {
	answer := ""
	switch share {
	case "pending", "accepted", "rejected":
		answer = map[string]string{"me": share, "fourth": "accepted"}[who]
	case "others":
		answer = map[string]string{"other": "accepted"}[who]
	}
	if wanted == "" {
		wanted = image.Accepted
	}
	return answer != "" && (wanted == image.AnyAnswer || string(wanted) == answer)
}

// whoSeesWhat compares every caller, visibility and answer that can be asked for.
func whoSeesWhat(s suite) {
	var all []*image.Image
	share := map[string]string{}
	for _, vis := range visibilities() {
		for _, owner := range []*string{nil, ptr("me"), ptr("other")} {
			for _, how := range shares() {
				im := minimal(len(all))
				im.Visibility, im.Owner, im.Status = vis, owner, image.Active
				all, share[im.ID] = append(all, im), how
			}
		}
	}
	s.insert(all...)
	for _, im := range all {
		s.makeMember(im.ID, share[im.ID])
	}
	for _, v := range viewers() {
		for _, f := range sights() {
			got := s.filtered(v, f)
			for _, im := range all {
				if want := inList(v, f, im, share[im.ID]); slices.Contains(got, im.ID) != want {
					s.Errorf("%+v asks for %q %q: %s image of %v, membership %s: listed %v, want %v", v, f.Visibility,
						f.MemberStatus, im.Visibility, im.Owner, share[im.ID], !want, want)
				}
			}
			if slices.Sort(got); len(slices.Compact(got)) != len(got) {
				s.Errorf("%+v: an image is listed twice", v)
			}
		}
	}
}

func visibilities() []image.Visibility {
	return []image.Visibility{image.Public, image.Private, image.Shared, image.Community}
}

func viewers() []image.Viewer {
	return []image.Viewer{
		{}, {Owner: "me"}, {Owner: "other"}, {Owner: "third"}, {Owner: "fourth"}, {Admin: true}, {Admin: true, Owner: "me"},
	}
}

// sights are the filters that have to do with visibility.
func sights() []image.Filter {
	var all []image.Filter
	for _, v := range append(visibilities(), "") {
		for _, m := range []image.MemberStatus{"", image.Pending, image.Accepted, image.Rejected, image.AnyAnswer} {
			all = append(all, image.Filter{Visibility: v, MemberStatus: m})
		}
	}
	return all
}

func (s suite) makeMember(id, how string) {
	s.Helper()
	switch how {
	case "pending", "accepted", "rejected":
		s.share(id, "me", how, false)
		s.share(id, "fourth", "accepted", false)
	case "revoked":
		s.share(id, "me", "accepted", true)
	case "others":
		s.share(id, "other", "accepted", false)
	}
}

func neverListed(s suite) {
	for n, status := range []image.Status{
		image.Queued, image.Saving, image.Uploading, image.Importing, image.Active, image.Deactivated,
		image.Killed, image.Deleted, image.PendingDelete,
	} {
		im := minimal(n)
		im.Status, im.Visibility = status, image.Public
		s.insert(im)
	}
	s.sql("UPDATE images SET deleted = TRUE WHERE status = 'deactivated'")
	want := []string{id(0), id(1), id(2), id(3), id(4)}
	for _, v := range []image.Viewer{{}, {Owner: "owner"}, {Admin: true}, {Admin: true, Owner: "owner"}} {
		got := s.listing(v)
		if slices.Sort(got); !slices.Equal(got, want) {
			s.Errorf("%+v sees %v", v, got)
		}
		for _, status := range []string{"killed", "deleted", "pending_delete", "deactivated"} {
			if got = s.filtered(v, where(image.FieldStatus, image.Equal, status)); len(got) != 0 {
				s.Errorf("%+v who asks for %s sees %v", v, status, got)
			}
		}
	}
}

func isMember(s suite) {
	for n, how := range shares() {
		s.insert(minimal(n))
		s.makeMember(id(n), how)
		got, err := s.db.IsMember(s.ctx, id(n), "me")
		s.ok(err)
		if want := how == "pending" || how == "accepted" || how == "rejected"; got != want {
			s.Errorf("membership %s: %v", how, got)
		}
	}
	if got, err := s.db.IsMember(s.ctx, id(99), "me"); got || err != nil {
		s.Errorf("member of no image: %v, %v", got, err)
	}
}

func emptyPage(s suite) {
	s.insert(full(1))
	for _, limit := range []int{0, -1} {
		if got, err := s.db.Images(s.ctx, image.Query{Limit: limit}); len(got) != 0 || err != nil {
			s.Errorf("limit %d gave %v, %v", limit, got, err)
		}
	}
	q := image.Query{Limit: 5, Sort: []image.Order{{Key: "name; DROP TABLE images"}}}
	if _, err := s.db.Images(s.ctx, q); err == nil {
		s.Error("a sort key of any text was taken")
	}
}
