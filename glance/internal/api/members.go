package api

import (
	"net/http"

	"github.com/gorilla/mux"

	"goglance/glance/fault"
	"goglance/glance/image"
)

func memberID(r *http.Request) string { return mux.Vars(r)["member"] }

// listMembers is GET /v2/images/{id}/members (spec images-api 8.5).
func (a *API) listMembers(w http.ResponseWriter, r *http.Request) error {
	members, err := a.Images.Members(r.Context(), imageID(r))
	if err != nil {
		return err
	}
	var o object
	o.list("members", len(members), func(buf []byte, i int) []byte { return appendMember(buf, &members[i]) })
	o.string("schema", "/v2/schemas/members")
	sendJSON(w, http.StatusOK, o.end())
	return nil
}

// addMember is POST /v2/images/{id}/members (spec images-api 8.3).
func (a *API) addMember(w http.ResponseWriter, r *http.Request) error {
	body, err := a.decodeObject(r)
	if err != nil {
		return err
	}
	member, ok := body["member"].(string)
	if !ok {
		return fault.New(fault.Invalid, `the body has no text "member"`)
	}
	if err := checkLabel(member); err != nil {
		return err
	}
	m, err := a.Images.AddMember(r.Context(), imageID(r), member)
	return sendMember(w, m, err)
}

// showMember is GET /v2/images/{id}/members/{member}.
func (a *API) showMember(w http.ResponseWriter, r *http.Request) error {
	m, err := a.Images.Member(r.Context(), imageID(r), memberID(r))
	return sendMember(w, m, err)
}

// setMemberStatus is PUT /v2/images/{id}/members/{member} (spec images-api 8.4). Whether the status is one is found out
// behind who may set it.
func (a *API) setMemberStatus(w http.ResponseWriter, r *http.Request) error {
	body, err := a.decodeObject(r)
	if err != nil {
		return err
	}
	value, ok := body["status"]
	if !ok {
		return fault.New(fault.Invalid, `the body has no "status"`)
	}
	status, _ := value.(string)
	m, err := a.Images.SetMemberStatus(r.Context(), imageID(r), memberID(r), image.MemberStatus(status))
	return sendMember(w, m, err)
}

// removeMember is DELETE /v2/images/{id}/members/{member}.
func (a *API) removeMember(w http.ResponseWriter, r *http.Request) error {
	return sendNothing(w, a.Images.RemoveMember(r.Context(), imageID(r), memberID(r)))
}

func sendMember(w http.ResponseWriter, m *image.Member, err error) error {
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, appendMember(nil, m))
	return nil
}

// appendMember appends the document of a member (spec images-api 8.1).
func appendMember(buf []byte, m *image.Member) []byte {
	var o object
	o.string("created_at", m.CreatedAt.UTC().Format(stamp))
	o.string("image_id", m.ImageID)
	o.string("member_id", m.ID)
	o.string("schema", "/v2/schemas/member")
	o.string("status", string(m.Status))
	o.string("updated_at", m.UpdatedAt.UTC().Format(stamp))
	return append(buf, o.end()...)
}
