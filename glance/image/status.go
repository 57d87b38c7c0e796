package image

import "slices"

// Status is the state of an image (spec images-api 6).
type Status string

// The states.
const (
	Queued        Status = "queued"    // a record without data
	Saving        Status = "saving"    // data is being uploaded
	Uploading     Status = "uploading" // data is being staged
	Importing     Status = "importing" // staged data is being imported
	Active        Status = "active"
	Killed        Status = "killed" // an upload by the v1 API failed
	Deleted       Status = "deleted"
	PendingDelete Status = "pending_delete" // deleted, data still in the store
	Deactivated   Status = "deactivated"    // data withheld from everyone but admins
)

// To reports whether the state machine lets an image pass from s to next (spec images-api 6.1).
func (s Status) To(next Status) bool {
	return slices.Contains(s.successors(), next)
}

func (s Status) successors() []Status {
	switch s {
	case Queued:
		return []Status{Saving, Uploading, Importing, Active, Deleted}
	case Saving:
		return []Status{Active, Killed, Deleted, Queued}
	case Uploading:
		return []Status{Importing, Queued, Deleted}
	case Importing:
		return []Status{Active, Deleted, Queued}
	case Active:
		return []Status{PendingDelete, Deleted, Deactivated}
	case Killed, PendingDelete:
		return []Status{Deleted}
	case Deactivated:
		return []Status{Active, Deleted}
	case Deleted:
	}
	return nil
}
