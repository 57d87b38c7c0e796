package dbtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/image"
)

func members() []test {
	return []test{
		{name: "Members", run: membersInOrder},
		{name: "MemberAnswer", run: memberAnswer},
		{name: "MemberTwice", run: memberTwice},
		{name: "MemberAgain", run: memberAgain},
		{name: "MemberOfNothing", run: memberOfNothing},
		{name: "MemberExactly", run: memberExactly},
		{name: "MembersOfOld", run: membersOfOld},
		{name: "RaceForMember", run: raceForMember},
	}
}

func (s suite) add(m image.Member) error {
	return s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.InsertMember(s.ctx, m) })
}

func (s suite) answer(m image.Member) error {
	return s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.UpdateMember(s.ctx, m) })
}

func (s suite) revoke(id, member string) error {
	return s.db.Tx(s.ctx, func(tx *db.Tx) error { return tx.DeleteMember(s.ctx, id, member) })
}

// members checks who the members of the image are, and how many.
func (s suite) members(id, want string) []image.Member {
	s.Helper()
	list, err := s.db.Members(s.ctx, id)
	s.ok(err)
	n, err := s.db.CountMembers(s.ctx, id)
	s.ok(err)
	names := make([]string, len(list))
	for i, m := range list {
		names[i] = m.ID
	}
	if strings.Join(names, " ") != want || n != len(list) {
		s.Errorf("%d members: %q, want %q", n, names, want)
	}
	return list
}

func membersInOrder(s suite) {
	s.insert(minimal(1), minimal(2))
	before := s.get(id(1))
	at := time.Date(2017, 8, 30, 12, 0, 0, 0, time.UTC)
	s.ok(s.add(image.Member{ImageID: id(1), ID: "b", CreatedAt: at}))
	s.ok(s.add(image.Member{ImageID: id(1), ID: "a", Status: image.Accepted, CreatedAt: at, UpdatedAt: at.Add(time.Hour)}))
	s.ok(s.add(image.Member{ImageID: id(1), ID: "\u00e9 %_'\\"}))
	s.ok(s.add(image.Member{ImageID: id(2), ID: "other"}))
	got := s.members(id(1), "b a \u00e9 %_'\\")
	want := []image.Member{
		{ImageID: id(1), ID: "b", Status: image.Pending, CreatedAt: at, UpdatedAt: at},
		{ImageID: id(1), ID: "a", Status: image.Accepted, CreatedAt: at, UpdatedAt: at.Add(time.Hour)},
	}
	if diff := cmp.Diff(want, got[:2]); diff != "" {
		s.Errorf("(-want +got):\n%s", diff)
	}
	if time.Since(got[2].CreatedAt).Abs() > time.Hour || got[2].UpdatedAt != got[2].CreatedAt {
		s.Errorf("got %+v", got[2])
	}
	one, err := s.db.Member(s.ctx, id(1), "a")
	s.ok(err)
	if diff := cmp.Diff(want[1], *one); diff != "" {
		s.Errorf("(-want +got):\n%s", diff)
	}
	s.ok(s.revoke(id(1), "b"))
	s.members(id(1), "a \u00e9 %_'\\")
	s.members(id(2), "other")
	s.same(s.get(id(1)), before) // its updated_at among the rest
}

func memberAnswer(s suite) {
	s.insert(minimal(1))
	at := time.Date(2017, 8, 30, 12, 0, 0, 0, time.UTC)
	s.ok(s.add(image.Member{ImageID: id(1), ID: "m", CreatedAt: at}))
	s.ok(s.add(image.Member{ImageID: id(1), ID: "n", CreatedAt: at}))
	for _, status := range []image.MemberStatus{image.Accepted, image.Rejected, image.Pending, image.Accepted} {
		at = at.Add(time.Minute)
		s.ok(s.answer(image.Member{ImageID: id(1), ID: "m", Status: status, UpdatedAt: at}))
		m, err := s.db.Member(s.ctx, id(1), "m")
		s.ok(err)
		if m.Status != status || m.UpdatedAt != at || !m.CreatedAt.Before(at) {
			s.Errorf("answered %s at %v: %+v", status, at, m)
		}
	}
	other, err := s.db.Member(s.ctx, id(1), "n")
	s.ok(err)
	if other.Status != image.Pending {
		s.Errorf("somebody else's answer: %+v", other)
	}
}

func memberTwice(s suite) {
	s.insert(minimal(1))
	s.ok(s.add(image.Member{ImageID: id(1), ID: "m", Status: image.Rejected}))
	s.wants(fault.Conflict, s.add(image.Member{ImageID: id(1), ID: "m"}))
	if got := s.members(id(1), "m"); got[0].Status != image.Rejected {
		s.Errorf("got %+v", got)
	}
}

// memberAgain adds and removes one member as fast as it can: nothing of one membership is left in the next.
func memberAgain(s suite) {
	s.insert(minimal(1))
	for range 4 {
		s.ok(s.add(image.Member{ImageID: id(1), ID: "m"}))
		if m := s.members(id(1), "m"); m[0].Status != image.Pending {
			s.Errorf("begins as %+v", m)
		}
		s.ok(s.answer(image.Member{ImageID: id(1), ID: "m", Status: image.Accepted}))
		s.ok(s.revoke(id(1), "m"))
		s.members(id(1), "")
	}
	if n := s.count("SELECT COUNT(*) FROM image_members WHERE deleted AND deleted_at IS NOT NULL"); n != 1 {
		s.Errorf("%d rows are left", n)
	}
}

func memberOfNothing(s suite) {
	s.insert(minimal(1), minimal(2))
	s.ok(s.add(image.Member{ImageID: id(1), ID: "m"}))
	s.ok(s.remove(id(1), db.Deletion{}))
	s.ok(s.add(image.Member{ImageID: id(2), ID: "gone"}))
	s.ok(s.revoke(id(2), "gone"))
	for _, m := range []image.Member{
		{ImageID: id(1), ID: "m"}, {ImageID: id(1), ID: "n"}, {ImageID: id(3), ID: "m"}, {ImageID: "", ID: ""}, {ImageID: strings.Repeat("x", 99), ID: "m"},
	} {
		s.wants(fault.NotFound, s.add(m))
	}
	for _, m := range []image.Member{{ImageID: id(1), ID: "m"}, {ImageID: id(2), ID: "gone"}, {ImageID: id(2), ID: ""}, {ImageID: id(3), ID: "m"}} {
		_, err := s.db.Member(s.ctx, m.ImageID, m.ID)
		s.wants(fault.NotFound, err)
		m.Status = image.Accepted
		s.wants(fault.NotFound, s.answer(m))
		s.wants(fault.NotFound, s.revoke(m.ImageID, m.ID))
		s.members(m.ImageID, "")
	}
	if n := s.count("SELECT COUNT(*) FROM image_members WHERE NOT deleted OR status = 'accepted'"); n != 0 {
		s.Errorf("%d rows have come to life", n)
	}
}

// memberExactly has ids that a database may take for the same.
func memberExactly(s suite) {
	s.insert(minimal(1))
	s.ok(s.add(image.Member{ImageID: id(1), ID: "abc"}))
	for _, other := range []string{"ABC", "abc ", "\u00e1bc", "ab%", "ab_"} {
		_, err := s.db.Member(s.ctx, id(1), other)
		s.wants(fault.NotFound, err)
		s.wants(fault.NotFound, s.answer(image.Member{ImageID: id(1), ID: other, Status: image.Accepted}))
		s.wants(fault.NotFound, s.revoke(id(1), other))
		if is, err := s.db.IsMember(s.ctx, id(1), other); is || err != nil {
			s.Errorf("%q is a member: %v, %v", other, is, err)
		}
	}
	s.ok(s.add(image.Member{ImageID: id(1), ID: "ABC"}))
	s.members(id(1), "abc ABC")
	s.ok(s.answer(image.Member{ImageID: id(1), ID: "ABC", Status: image.Accepted}))
	if got := s.members(id(1), "abc ABC"); got[0].Status != image.Pending {
		s.Errorf("got %+v", got)
	}
	s.ok(s.revoke(id(1), "ABC"))
	s.members(id(1), "abc")
}

// membersOfOld has rows as old releases have left them: live ones twice, removed ones more often, and a live one that
// still has the time of its removal.
func membersOfOld(s suite) {
	s.insert(minimal(1), minimal(2))
	for _, of := range []string{id(1), id(2)} {
		for range 2 {
			s.share(of, "twice", "accepted", false)
			s.share(of, "gone", "accepted", true)
		}
		s.share(of, "again", "accepted", true)
		s.share(of, "again", "rejected", false)
	}
	s.sql("UPDATE image_members SET deleted_at = '2017-08-30 12:00:00' WHERE member = 'again' AND status = 'rejected'")
	list, err := s.db.Members(s.ctx, id(1))
	s.ok(err)
	if len(list) != 2 || list[0].ID != "twice" || list[1].ID != "again" || list[0].UpdatedAt != list[0].CreatedAt {
		s.Errorf("got %+v", list)
	}
	s.ok(s.answer(image.Member{ImageID: id(1), ID: "twice", Status: image.Rejected}))
	s.ok(s.revoke(id(1), "twice"))
	s.members(id(1), "again")
	s.ok(s.revoke(id(1), "again"))
	for _, who := range []string{"gone", "again", "twice"} {
		s.ok(s.add(image.Member{ImageID: id(1), ID: who}))
	}
	s.members(id(1), "gone again twice")
	s.ok(s.remove(id(2), db.Deletion{}))
	s.members(id(2), "")
	s.ok(s.remove(id(1), db.Deletion{}))
	if n := s.count("SELECT COUNT(*) FROM image_members WHERE NOT deleted OR deleted_at IS NULL AND member <> 'gone'"); n != 0 {
		s.Errorf("%d rows are no removed ones", n)
	}
}

func raceForMember(s suite) {
	s.insert(minimal(1))
	s.oneWins(race(func(int) error { return s.add(image.Member{ImageID: id(1), ID: "m"}) }), fault.Conflict)
	errs := race(func(n int) error { return s.add(image.Member{ImageID: id(1), ID: fmt.Sprint("m", n)}) })
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		s.Error(errs[i])
	}
	if n, err := s.db.CountMembers(s.ctx, id(1)); n != racers+1 || err != nil {
		s.Errorf("%d members, %v", n, err)
	}
	s.oneWins(race(func(int) error { return s.revoke(id(1), "m") }), fault.NotFound)
}
