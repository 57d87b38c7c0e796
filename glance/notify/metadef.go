package notify

import (
	"time"

	"goglance/glance/metadef"
)

// Metadef is what an event about metadata definitions tells (spec metadefs 13): the namespace and, unless the event is
// about the namespace itself, what in it. Nobody changes any of it.
type Metadef struct {
	Namespace   *metadef.Namespace // as it is after the event
	Object      *metadef.Object
	Property    *metadef.Property
	Tag         *metadef.Tag
	Association *metadef.Association
	OldName     string    // what it was called before the event
	DeletedAt   time.Time // zero unless the event is a deletion
}
