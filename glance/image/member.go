package image

import "time"

// Member is a project (or user) that an image is shared with.
type Member struct {
	ImageID   string
	ID        string // of the project
	Status    MemberStatus
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MemberStatus is what a member thinks of an image that is shared with him.
type MemberStatus string

// The answers of a member. Whatever it is, he may see the image by its id; only what he has accepted is in his lists.
const (
	Pending  MemberStatus = "pending" // he has not answered
	Accepted MemberStatus = "accepted"
	Rejected MemberStatus = "rejected"

	// AnyAnswer is for filters only.
	AnyAnswer MemberStatus = "all"
)

// Valid reports whether s is an answer.
func (s MemberStatus) Valid() bool { return s == Pending || s == Accepted || s == Rejected }
