package glance_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// exposed is an image as lists decide about it.
type exposed struct {
	visibility, owner string // the project; "": nobody's
	answer            string // of member, if the image is shared with him
}

// onlooker is somebody who lists images.
type onlooker struct {
	name    string
	client  client
	project string // "": none
	admin   bool
}

// wanted is the table of spec images-api 5.5: whether who, who asks for the visibility v and for memberships of a status,
// finds the image.
func (who onlooker) wanted(v, status string, img exposed) bool {
	own := who.project != "" && img.owner == who.project
	member := who.project == member.project() && img.answer != "" && (status == "all" || img.answer == status)
	if who.admin {
		if v == "" {
			return img.visibility != "community" || own
		}
		return img.visibility == v
	}
	switch v {
	case "public", "community":
		return img.visibility == v
	case "shared":
		return img.visibility == v && (own || member)
	case "private":
		return img.visibility == v && own
	}
	return img.visibility == "public" || own || img.visibility == "shared" && member
}

// exhibit makes an image of every kind and returns them by their ids.
func (f *fixture) exhibit() map[string]exposed {
	f.t.Helper()
	all := map[string]exposed{}
	for _, visibility := range []string{"public", "community", "shared", "private"} {
		for _, project := range []string{"", owner.project(), admin.project()} {
			for _, answer := range []string{"", "pending", "accepted", "rejected", "revoked"} {
				id := numbered(1000 + len(all))
				f.exec(`INSERT INTO images (id, status, visibility, owner, min_disk, min_ram, protected, created_at, updated_at, deleted)
					VALUES (?, 'active', ?, NULLIF(?, ''), 0, 0, FALSE, '2017-08-01 10:00:00.000000', '2017-08-01 10:00:00.000000', FALSE)`, id, visibility, project)
				f.exec(`INSERT INTO image_members (image_id, member, can_share, created_at, deleted, status)
					VALUES (?, 'a-third', FALSE, '2017-08-01 10:00:00.000000', FALSE, 'accepted')`, id)
				switch answer {
				case "":
				case "revoked":
					f.share(id, "accepted")
					f.exec("UPDATE image_members SET deleted = TRUE WHERE image_id = ? AND member = ?", id, member.project())
					answer = ""
				default:
					f.share(id, answer)
				}
				all[id] = exposed{visibility, project, answer}
			}
		}
	}
	return all
}

// Spec images-api 5.5, security S10: every caller, every visibility and every member_status.
func TestVisibilityMatrix(t *testing.T) {
	t.Parallel()
	f, open := start(t), start(t, unauthenticated)
	images := f.exhibit()
	if len(images) != len(open.exhibit()) {
		t.Fatal("the exhibits differ")
	}
	unscoped := func(role string) client {
		return client{f, []string{"X-Identity-Status: Confirmed", "X-User-Id: user-owner", "X-Roles: " + role}}
	}
	lookers := []onlooker{{"admin without a project", unscoped("admin"), "", true}, {"member without a project", unscoped("member"), "", false}, {"no-auth", open.plain(), "", true}}
	for _, c := range everybody() {
		lookers = append(lookers, onlooker{string(c), f.as(c), c.project(), c == admin})
	}
	for _, who := range lookers {
		for _, v := range []string{"", "public", "community", "shared", "private"} {
			for _, status := range []string{"", "accepted", "pending", "rejected", "all"} {
				q := "/v2/images?limit=1000"
				if v != "" {
					q += "&visibility=" + v
				}
				if status != "" {
					q += "&member_status=" + status
				} else {
					status = "accepted"
				}
				got := who.client.get(q).ids()
				for id, img := range images {
					if want := who.wanted(v, status, img); slices.Contains(got, id) != want {
						t.Errorf("%s, %s: %+v is listed: %v", who.name, q, img, !want)
					}
				}
			}
		}
		if got := who.client.get("/v2/images?visibility=&member_status=all").ids(); len(got) != 0 {
			t.Errorf("%s finds %v without a visibility", who.name, got)
		}
	}
}

// Spec security P03: sharing an image puts nothing before the eyes of somebody who has not accepted it.
func TestSecPendingMembershipNotListed(t *testing.T) {
	t.Parallel()
	f := start(t)
	id := f.as(owner).store(`"visibility": "shared", "name": "bait"`, "data")
	answer := func(c caller, status string) answer {
		t.Helper()
		return f.as(c).ask("PUT /v2/images/"+id+"/members/project-member", fmt.Sprintf(`{"status": %q}`, status))
	}
	sees := func(now string) {
		t.Helper()
		for q, statuses := range map[string]string{
			"": "accepted", "name=bait": "accepted", "visibility=shared": "accepted", "owner=project-owner": "accepted", "id=" + id: "accepted", "member_status=accepted": "accepted",
			"member_status=pending": "pending", "member_status=rejected": "rejected", "member_status=all": "pending accepted rejected",
			"visibility=shared&member_status=all": "pending accepted rejected", "visibility=public&member_status=all": "", "visibility=private&member_status=all": "",
		} {
			want := now != "" && slices.Contains(strings.Fields(statuses), now)
			if got := f.as(member).get("/v2/images?" + q).ids(); (len(got) == 1) != want {
				t.Errorf("%q: %s finds %v", now, q, got)
			}
			for _, c := range []caller{stranger, anonymous} {
				if got := f.as(c).get("/v2/images?" + q).ids(); len(got) != 0 {
					t.Errorf("%q: %s of %s finds %v", now, q, c, got)
				}
			}
		}
	}
	sees("")
	f.as(owner).ask("POST /v2/images/"+id+"/members", `{"member": "project-member"}`).want(http.StatusOK)
	sees("pending")
	answer(owner, "accepted").want(http.StatusForbidden)
	answer(stranger, "accepted").want(http.StatusNotFound)
	answer(anonymous, "accepted").want(http.StatusForbidden)
	sees("pending")
	for _, status := range []string{"accepted", "rejected", "pending", "accepted"} {
		answer(member, status).want(http.StatusOK)
		sees(status)
	}
	f.as(owner).ask("DELETE /v2/images/"+id+"/members/project-member", "").want(http.StatusNoContent)
	sees("")
	// What he once accepted does not count when he is asked again.
	f.as(owner).ask("POST /v2/images/"+id+"/members", `{"member": "project-member"}`).want(http.StatusOK)
	sees("pending")
}
