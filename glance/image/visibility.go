package image

// Visibility says who, besides the owner, may see an image.
type Visibility string

// The visibilities. Shared is the default: the owner and the members.
const (
	Private   Visibility = "private"
	Public    Visibility = "public"
	Shared    Visibility = "shared"
	Community Visibility = "community" // everyone who knows the id; in lists only when asked for
)

// Viewer is the caller as the domain sees him.
type Viewer struct {
	Owner string // what he would own things as: project or user id; "" is nobody
	Admin bool
}

// VisibleTo reports whether v may see the image by its id (spec images-api 5.7); member says whether v.Owner is a
// live member of it, with any status.
func (i *Image) VisibleTo(v Viewer, member bool) bool {
	switch {
	case v.Admin, i.Owner == nil, i.Visibility == Public, i.Visibility == Community:
		return true
	case v.Owner == "":
		return false
	}
	return *i.Owner == v.Owner || i.Visibility == Shared && member
}

// MutableBy reports whether v may change the image. Nobody is never the owner of nobody's image
// (spec security S10).
func (i *Image) MutableBy(v Viewer) bool {
	return v.Admin || i.Owner != nil && v.Owner != "" && *i.Owner == v.Owner
}
