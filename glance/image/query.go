package image

// SortKey is an attribute that lists can be sorted by.
type SortKey string

// The sort keys (spec images-api 5.3).
const (
	ByName            SortKey = "name"
	ByStatus          SortKey = "status"
	ByContainerFormat SortKey = "container_format"
	ByDiskFormat      SortKey = "disk_format"
	BySize            SortKey = "size"
	ByID              SortKey = "id"
	ByCreatedAt       SortKey = "created_at"
	ByUpdatedAt       SortKey = "updated_at"
)

// Valid reports whether k is one of the keys.
func (k SortKey) Valid() bool {
	switch k {
	case ByName, ByStatus, ByContainerFormat, ByDiskFormat, BySize, ByID, ByCreatedAt, ByUpdatedAt:
		return true
	}
	return false
}

// Order is one step of a sort.
type Order struct {
	Key  SortKey
	Desc bool
}

// Query asks for one page of the images that Viewer sees in lists (spec images-api 5.5).
type Query struct {
	Viewer Viewer
	Filter Filter
	Sort   []Order // complete: ends in a key that makes the order total, see Total
	After  *Image  // the page begins behind this image's place in the order; nil: at the start
	Limit  int     // images at most; 0 gives an empty page
}

// Total completes a sort with the tie-breakers created_at and id, where they are missing, in the given direction, so
// that every image has its own place (spec images-api 5.3).
func Total(sort []Order, desc bool) []Order {
	for _, key := range []SortKey{ByCreatedAt, ByID} {
		if !sorts(sort, key) {
			sort = append(sort, Order{key, desc})
		}
	}
	return sort
}

func sorts(sort []Order, key SortKey) bool {
	for _, o := range sort {
		if o.Key == key {
			return true
		}
	}
	return false
}
