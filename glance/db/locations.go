package db

import (
	"context"
	"strings"

	"goglance/glance/image"
)

// SetLocationStatus gives locations of an image, live or dropped, a status: Active makes them live again, PendingDelete
// leaves their data to the scrubber, Deleted says that it is gone. None is no error.
func (t *Tx) SetLocationStatus(ctx context.Context, id string, locations []int64, status image.Status) error {
	if len(locations) == 0 {
		return nil
	}
	at := moment(t.now())
	live := status == image.Active
	var set assignments
	set.set("status", status)
	set.set("deleted", !live)
	set.set("updated_at", at)
	if live {
		set.set("deleted_at", nil)
	} else {
		set.set("deleted_at", at)
	}
	args := append(set.args, id)
	for _, l := range locations {
		args = append(args, l)
	}
	_, err := t.exec(ctx, "UPDATE image_locations SET "+strings.Join(set.terms, ", ")+
		" WHERE image_id = ? AND id IN (?"+strings.Repeat(", ?", len(locations)-1)+")", args...)
	return t.fail("SetLocationStatus", err)
}
