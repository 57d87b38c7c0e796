package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"goglance/glance/fault"
	"goglance/glance/image"
)

// What one list may be filtered by, so that a query stays small enough for every database (spec security S77).
const (
	maxTags       = 128
	maxProperties = 128
	maxValues     = 5000 // of all in: filters together
)

// filterOf reads the filters of a list (spec images-api 5.4). Where a parameter other than tag comes more than once,
// the last one counts. A name that is no attribute's is a custom property's, also one that collides with internals of
// the reference.
func filterOf(q query) (image.Filter, error) {
	f := filters{}
	last := map[string]string{}
	for _, p := range q {
		if p.name == "tag" {
			f.Tags = append(f.Tags, strings.TrimSpace(p.value))
		} else {
			last[p.name] = p.value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(last)) { // sorted: the same mistakes, the same answer
		if err := f.take(name, last[name]); err != nil {
			return image.Filter{}, err
		}
	}
	slices.Sort(f.Tags)
	f.Tags = slices.Compact(f.Tags)
	if len(f.Tags) > maxTags || len(f.Properties) > maxProperties || f.values > maxValues {
		return image.Filter{}, fault.New(fault.Invalid, "a list can be filtered by %d tags, %d properties and %d values behind in: at most",
			maxTags, maxProperties, maxValues)
	}
	return f.Filter, nil
}

// filters is a filter in the making.
type filters struct {
	image.Filter
	values int // behind in:
}

// take adds one parameter.
func (f *filters) take(name, value string) error {
	switch name {
	case "limit", "marker", "sort", "sort_key", "sort_dir", "deleted":
		return nil
	case "changes-since":
		if value != "" {
			return fault.New(fault.Invalid, "images cannot be filtered by changes-since; updated_at=gte:... does that")
		}
		return nil
	case "visibility":
		return f.visibility(value)
	case "member_status":
		return f.memberStatus(value)
	case "protected":
		return f.protected(value)
	case "id", "name", "status", "container_format", "disk_format":
		return f.text(image.Field(name), value)
	case "owner", "checksum":
		f.add(image.Field(name), image.Equal, value)
		return nil
	case "size", "virtual_size", "min_disk", "min_ram":
		f.number(image.Field(name), value)
		return nil
	case "created_at", "updated_at":
		return f.time(image.Field(name), value)
	}
	if field, op := bound(name); op != "" {
		return f.bound(name, value, image.Condition{Field: field, Op: op})
	}
	if f.Properties == nil {
		f.Properties = map[string]string{}
	}
	f.Properties[name] = value
	return nil
}

func (f *filters) add(field image.Field, op image.Op, values ...any) {
	f.Conditions = append(f.Conditions, image.Condition{Field: field, Op: op, Values: values})
}

// nothing makes the list empty.
func (f *filters) nothing() { f.add(image.FieldID, image.In) }

func (f *filters) visibility(value string) error {
	switch v := image.Visibility(value); v {
	case image.Public, image.Private, image.Shared, image.Community:
		f.Visibility = v
	case "":
		f.nothing()
	default:
		return fault.New(fault.Invalid, "visibility must be public, private, shared or community")
	}
	return nil
}

func (f *filters) memberStatus(value string) error {
	f.MemberStatus = image.MemberStatus(value)
	if !f.MemberStatus.Valid() && f.MemberStatus != image.AnyAnswer {
		return fault.New(fault.Invalid, "member_status must be pending, accepted, rejected or all")
	}
	return nil
}

func (f *filters) protected(value string) error {
	if value != "true" && value != "false" {
		return fault.New(fault.Invalid, "protected must be true or false")
	}
	f.add(image.FieldProtected, image.Equal, value == "true")
	return nil
}

func (f *filters) text(field image.Field, value string) error {
	switch op, operand := operator(value); op {
	case "eq":
		f.add(field, image.Equal, operand)
	case "in":
		list, err := splitValues(operand)
		if err != nil {
			return err
		}
		values := make([]any, len(list))
		for i, v := range list {
			values[i] = v
		}
		f.add(field, image.In, values...)
		f.values += len(values)
	default:
		return fault.New(fault.Invalid, "the filter %s knows the operators eq and in; a value with a colon is asked for as %[1]s=eq:...", field)
	}
	return nil
}

// number is for exact matches, where text that is no number is no mistake: no image has it.
func (f *filters) number(field image.Field, value string) {
	if n, ok := parseInteger(value); ok {
		f.add(field, image.Equal, n)
	} else {
		f.nothing()
	}
}

func (f *filters) bound(name, value string, c image.Condition) error {
	n, ok := parseInteger(value)
	if !ok {
		return fault.New(fault.Invalid, "%s must be an integer of at most 64 bits", name)
	}
	f.add(c.Field, c.Op, n)
	return nil
}

// bound reads the name of a bound. Only integers have bounds: by the order of letters nobody looks for images.
func bound(name string) (image.Field, image.Op) {
	field, op := name, image.Op("")
	if base, ok := strings.CutSuffix(name, "_min"); ok {
		field, op = base, image.AtLeast
	} else if base, ok := strings.CutSuffix(name, "_max"); ok {
		field, op = base, image.AtMost
	}
	switch image.Field(field) {
	case image.FieldSize, image.FieldVirtualSize, image.FieldMinDisk, image.FieldMinRAM:
		return image.Field(field), op
	}
	return "", ""
}

// parseInteger reads ASCII digits with or without a minus (spec security S78).
func parseInteger(text string) (int64, bool) {
	if strings.HasPrefix(text, "+") {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func (f *filters) time(field image.Field, value string) error {
	name, operand := operator(value)
	op, known := map[string]image.Op{
		"eq": image.Equal, "neq": image.NotEqual, "lt": image.Less, "lte": image.AtMost, "gt": image.Greater, "gte": image.AtLeast,
	}[name]
	if !known {
		return fault.New(fault.Invalid, "the filter %s knows the operators eq, neq, lt, lte, gt and gte", field)
	}
	at, ok := parseTimestamp(operand)
	if !ok {
		return fault.New(fault.Invalid, "%s is compared with a time in ISO 8601, such as 2017-08-30T12:00:00Z", field)
	}
	f.add(field, op, at)
	return nil
}

// operator splits op:value. A time alone has no operator, for all its colons.
func operator(text string) (op, value string) {
	op, value, found := strings.Cut(text, ":")
	if !found {
		return "eq", text
	}
	if _, ok := parseTimestamp(text); ok {
		return "eq", text
	}
	return op, value
}
