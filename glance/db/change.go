package db

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"goglance/glance/image"
)

// Column is an attribute that a Change may set.
type Column string

// The columns, and what they take: text, a number or a truth value, as a value or a pointer. nil is NULL.
const (
	ColName            Column = "name"
	ColVisibility      Column = "visibility"
	ColProtected       Column = "protected"
	ColOwner           Column = "owner" // empty text is stored as NULL
	ColChecksum        Column = "checksum"
	ColSize            Column = "size"
	ColVirtualSize     Column = "virtual_size"
	ColContainerFormat Column = "container_format"
	ColDiskFormat      Column = "disk_format"
	ColMinDisk         Column = "min_disk"
	ColMinRAM          Column = "min_ram"
)

func (c Column) valid() bool {
	switch c {
	case ColName, ColVisibility, ColProtected, ColOwner, ColChecksum, ColSize, ColVirtualSize, ColContainerFormat,
		ColDiskFormat, ColMinDisk, ColMinRAM:
		return true
	}
	return false
}

// Change is what to do to an image, as deltas: two changes made at once do not undo each other. What is dropped goes
// before what is added, so a name in both is set anew. Dropping what is not there is no error.
type Change struct {
	From   []image.Status // the states in which the change is allowed; none: any
	If     *image.Image   // only if the image is still exactly this one, see Tx.Unchanged; nil: in any case
	IfMark string         // only if the image bears this mark; "": in any case
	Status image.Status   // the state to enter; "": it stays. Entering queued clears size and virtual_size
	Mark   string         // what the image is marked with while it is in the new state; only together with Status
	At     time.Time      // becomes updated_at; zero: now

	Set       map[Column]any
	SetProps  map[string]*string // nil is a property with the value NULL
	DropProps []string
	AddTags   []string
	DropTags  []string
	AddLocs   []image.Location // at the end; their IDs are not looked at
	DropLocs  []int64          // IDs of locations of this image
	LocStatus image.Status     // of the dropped locations: Deleted, which is the default, or PendingDelete
}

// guard is the condition for a change.
type guard struct {
	from []image.Status
	mark string
}

func (g guard) where() (string, []any) {
	text, args := "", []any{}
	if len(g.from) > 0 {
		text += " AND status IN (?" + strings.Repeat(", ?", len(g.from)-1) + ")"
		for _, s := range g.from {
			args = append(args, s)
		}
	}
	if g.mark != "" {
		text += " AND EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = images.id AND " + marked + ")"
		args = append(args, markedArgs(g.mark)...)
	}
	return text, args
}

// assignments are the SET clause of an update.
type assignments struct {
	terms []string
	args  []any
}

func (a *assignments) set(column string, value any) {
	a.terms = append(a.terms, column+" = ?")
	a.args = append(a.args, value)
}

// assignments returns what the change does to the row of the image.
func (c Change) assignments(at time.Time) (assignments, error) {
	var a assignments
	a.set("updated_at", moment(at))
	if c.Status != "" {
		a.set("status", c.Status)
	}
	for _, column := range slices.Sorted(maps.Keys(c.Set)) {
		if !column.valid() {
			return a, fmt.Errorf("%q is not a column that can be set", column)
		}
		if c.Status == image.Queued && (column == ColSize || column == ColVirtualSize) {
			continue
		}
		value := c.Set[column]
		if column == ColOwner {
			value = orNull(value)
		}
		a.set(string(column), value)
	}
	if c.Status == image.Queued {
		a.set("size", nil)
		a.set("virtual_size", nil)
	}
	return a, nil
}

// orNull keeps empty text out of a column that uses NULL for nothing.
func orNull(value any) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil
		}
	case *string:
		if v == nil || *v == "" {
			return nil
		}
	}
	return value
}
