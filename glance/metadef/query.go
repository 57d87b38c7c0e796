package metadef

// SortKey is an attribute that lists can be sorted by.
type SortKey string

// The sort keys. Namespaces have all but ByName, tags have ByName, ByCreatedAt, ByUpdatedAt and ByID (spec metadefs 4.1,
// 7).
const (
	ByName        SortKey = "name"
	ByNamespace   SortKey = "namespace"
	ByDisplayName SortKey = "display_name"
	ByDescription SortKey = "description"
	ByVisibility  SortKey = "visibility"
	ByProtected   SortKey = "protected"
	ByOwner       SortKey = "owner"
	ByCreatedAt   SortKey = "created_at"
	ByUpdatedAt   SortKey = "updated_at"
	ByID          SortKey = "id"
)

// SortsNamespaces reports whether lists of namespaces can be sorted by k.
func (k SortKey) SortsNamespaces() bool {
	switch k {
	case ByNamespace, ByDisplayName, ByDescription, ByVisibility, ByProtected, ByOwner, ByCreatedAt, ByUpdatedAt, ByID:
		return true
	}
	return false
}

// SortsTags reports whether lists of tags can be sorted by k.
func (k SortKey) SortsTags() bool {
	switch k {
	case ByName, ByCreatedAt, ByUpdatedAt, ByID:
		return true
	}
	return false
}

// Order is a sort. Ties are broken by time of creation and row, in the same direction. The zero value is the newest
// first.
type Order struct {
	Key SortKey // "": by time of creation
	Asc bool
}

// Query asks for one page of the namespaces that Viewer sees in lists (spec metadefs 4.1).
type Query struct {
	Viewer        Viewer
	Visibility    *Visibility // only this one; nil: any
	ResourceTypes []string    // associated with one of these; nil: with any or none
	Order         Order
	After         *Namespace // the page begins behind this one, which came from the database; nil: at the start
	Limit         int        // namespaces at most; 0 gives an empty page
}

// TagQuery asks for the tags of a namespace (spec metadefs 7).
type TagQuery struct {
	Order Order
	After string // name of a tag that the list begins behind; "": at the start
	Limit int    // tags at most; negative: all
}
