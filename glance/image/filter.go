package image

// Filter narrows a list. All of its conditions must hold; the zero value lists what the viewer sees without asking
// (spec images-api 5.4, 5.5).
type Filter struct {
	Visibility   Visibility   // only this one; "": the usual mixture
	MemberStatus MemberStatus // which images shared with the viewer: by his answer; "" is Accepted, AnyAnswer all
	Conditions   []Condition
	Tags         []string          // the image carries every one of them
	Properties   map[string]string // custom properties that the image has with exactly this value
}

// Condition compares one attribute with Values: one, or for In any number. The values are of the attribute's type:
// string, int64, bool or time.Time. An attribute without a value fits no condition. To Equal and NotEqual a time of a
// whole second is all of that second: documents show no fraction, and what they show must be found again.
type Condition struct {
	Field  Field
	Op     Op
	Values []any
}

// Field is an attribute that lists can be filtered by.
type Field string

// The fields, with the type of their values.
const (
	FieldID              Field = "id"               // string
	FieldName            Field = "name"             // string
	FieldStatus          Field = "status"           // string
	FieldOwner           Field = "owner"            // string
	FieldChecksum        Field = "checksum"         // string
	FieldContainerFormat Field = "container_format" // string
	FieldDiskFormat      Field = "disk_format"      // string
	FieldSize            Field = "size"             // int64
	FieldVirtualSize     Field = "virtual_size"     // int64
	FieldMinDisk         Field = "min_disk"         // int64
	FieldMinRAM          Field = "min_ram"          // int64
	FieldProtected       Field = "protected"        // bool
	FieldCreatedAt       Field = "created_at"       // time.Time
	FieldUpdatedAt       Field = "updated_at"       // time.Time
)

// Op is how a Condition compares.
type Op string

// The comparisons.
const (
	Equal    Op = "="
	NotEqual Op = "<>"
	Less     Op = "<"
	AtMost   Op = "<="
	Greater  Op = ">"
	AtLeast  Op = ">="
	In       Op = "IN"
)
