// Package image is the domain of images: what an image is, which states it passes through, who sees it and how
// lists are asked for. It holds rules only; nothing here knows a database, a store or HTTP.
package image

import "time"

// Image is one image record with its children.
type Image struct {
	ID              string
	Name            *string
	Status          Status
	Visibility      Visibility
	Protected       bool
	Owner           *string // project (or user) id; nil: nobody's
	Checksum        *string // MD5 of the data, 32 lower-case hex digits
	Size            *int64  // bytes of data; nil: no data yet
	VirtualSize     *int64  // bytes of the disk inside; nil: unknown
	ContainerFormat *string
	DiskFormat      *string
	MinDisk         int64 // GB
	MinRAM          int64 // MB
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Deleted         bool
	DeletedAt       time.Time // zero unless Deleted

	Properties map[string]*string // custom properties; a nil value is a stored NULL
	Tags       []string
	Locations  []Location // live ones, in the order of storing
}

// Location is where (a copy of) the data is.
type Location struct {
	ID       int64 // 0: not stored yet
	URL      string
	Metadata map[string]any

	// Unreadable marks a location whose row cannot be understood, as after a change of metadata_encryption_key. It
	// has no URL and is of no use to anyone, yet it is there: whoever removes data must not forget it.
	Unreadable bool
}

// MissingFormats returns the names of the formats that must be set before data can be taken
// (spec images-api 6.1), nil when both are there.
func (i *Image) MissingFormats() []string {
	var missing []string
	if i.DiskFormat == nil {
		missing = append(missing, "disk_format")
	}
	if i.ContainerFormat == nil {
		missing = append(missing, "container_format")
	}
	return missing
}
