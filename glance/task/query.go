package task

import "time"

// SortKey is an attribute that lists can be sorted by.
type SortKey string

// The sort keys (spec tasks-import A.4).
const (
	ByID        SortKey = "id"
	ByType      SortKey = "type"
	ByStatus    SortKey = "status"
	ByOwner     SortKey = "owner"
	ByExpiresAt SortKey = "expires_at"
	ByCreatedAt SortKey = "created_at"
	ByUpdatedAt SortKey = "updated_at"
	ByDeletedAt SortKey = "deleted_at"
	ByDeleted   SortKey = "deleted"
)

// Valid reports whether k is one of the keys.
func (k SortKey) Valid() bool {
	switch k {
	case ByID, ByType, ByStatus, ByOwner, ByExpiresAt, ByCreatedAt, ByUpdatedAt, ByDeletedAt, ByDeleted:
		return true
	}
	return false
}

// Filter narrows a list: attributes that are not zero must be equal.
type Filter struct {
	ID     *string
	Type   *Type
	Status *Status
	Owner  *string
	Times  map[SortKey]time.Time // by ByCreatedAt, ByUpdatedAt, ByExpiresAt, ByDeletedAt; of a whole second, all of that second
}

// Query asks for one page of the tasks that Viewer sees.
type Query struct {
	Viewer Viewer
	Filter Filter
	Key    SortKey // "" is ByCreatedAt. Ties go by the time of creation, then by id, in the same direction
	Asc    bool
	After  *Task // the page begins behind this task's place in the order; nil: at the start
	Limit  int   // tasks at most; 0 gives an empty page
}

// IsTime reports whether k is an attribute that holds a time.
func (k SortKey) IsTime() bool {
	switch k {
	case ByExpiresAt, ByCreatedAt, ByUpdatedAt, ByDeletedAt:
		return true
	case ByID, ByType, ByStatus, ByOwner, ByDeleted:
	}
	return false
}
