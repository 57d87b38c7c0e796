package dbtest

import (
	"cmp"
	"slices"
	"time"

	"goglance/glance/image"
	"pgregory.net/rapid"
)

// drawWord draws the name of a tag or property.
func drawWord() *rapid.Generator[string] { return rapid.SampledFrom([]string{"a", "b", "A"}) }

// drawFilter draws filters that often find something.
func drawFilter(t *rapid.T) image.Filter {
	f := rapid.SampledFrom(append(sights(), image.Filter{}, image.Filter{})).Draw(t, "sight")
	f.Conditions = rapid.SliceOfN(rapid.Custom(drawCondition), 0, 2).Draw(t, "conditions")
	if rapid.IntRange(0, 3).Draw(t, "children") == 0 {
		f.Tags = rapid.SliceOfN(drawWord(), 0, 2).Draw(t, "tags")
		f.Properties = rapid.MapOfN(drawWord(), rapid.SampledFrom([]string{"x", ""}), 0, 1).Draw(t, "properties")
	}
	return f
}

func drawCondition(t *rapid.T) image.Condition {
	fields := []image.Field{
		image.FieldID, image.FieldName, image.FieldStatus, image.FieldOwner, image.FieldContainerFormat, image.FieldDiskFormat, image.FieldSize,
		image.FieldVirtualSize, image.FieldMinRAM, image.FieldProtected, image.FieldCreatedAt, image.FieldUpdatedAt,
	}
	ops := []image.Op{image.Equal, image.NotEqual, image.Less, image.AtMost, image.Greater, image.AtLeast, image.In}
	c := image.Condition{Field: rapid.SampledFrom(fields).Draw(t, "field"), Op: rapid.SampledFrom(ops).Draw(t, "op")}
	n := 1
	if c.Op == image.In {
		n = rapid.IntRange(0, 3).Draw(t, "values")
	}
	for range n {
		c.Values = append(c.Values, drawValue(t, c.Field))
	}
	return c
}

func drawValue(t *rapid.T, f image.Field) any {
	switch f {
	case image.FieldSize, image.FieldVirtualSize, image.FieldMinRAM:
		return rapid.Int64Range(-1, 2).Draw(t, "number")
	case image.FieldProtected:
		return rapid.Bool().Draw(t, "truth")
	case image.FieldCreatedAt, image.FieldUpdatedAt:
		return epoch().Truncate(time.Second).Add(time.Duration(rapid.IntRange(-1, 4).Draw(t, "second")) * time.Second)
	case image.FieldID:
		return id(rapid.IntRange(0, 12).Draw(t, "id"))
	}
	return rapid.SampledFrom([]string{"", "a", "ab", "A", "raw", "bare", "active", "queued", "killed", "me"}).Draw(t, "text")
}

// fits reports whether an image meets all conditions of a filter but for the visibility.
func fits(im *image.Image, f image.Filter) bool {
	for _, c := range f.Conditions {
		if !meets(im, c) {
			return false
		}
	}
	for _, tag := range f.Tags {
		if !slices.Contains(im.Tags, tag) {
			return false
		}
	}
	for name, value := range f.Properties {
		if has := im.Properties[name]; has == nil || *has != value {
			return false
		}
	}
	return true
}

func meets(im *image.Image, c image.Condition) bool {
	if c.Op == image.In {
		return slices.ContainsFunc(c.Values, func(v any) bool {
			order, ok := against(im, c.Field, v)
			return ok && order == 0
		})
	}
	order, ok := against(im, c.Field, c.Values[0])
	// To be equal to a whole second is to lie in it, and the images here do not: they are a part of a second later.
	at, isTime := c.Values[0].(time.Time)
	if isTime && ok && order == 1 && (c.Op == image.Equal || c.Op == image.NotEqual) {
		order, _ = against(im, c.Field, at.Add(time.Second))
		order++
	}
	return ok && map[image.Op]bool{
		image.Equal: order == 0, image.NotEqual: order != 0, image.Less: order < 0, image.AtMost: order <= 0,
		image.Greater: order > 0, image.AtLeast: order >= 0,
	}[c.Op]
}

// against compares an attribute with a value. An attribute without one compares with nothing.
func against(im *image.Image, f image.Field, value any) (order int, ok bool) {
	switch v := value.(type) {
	case string:
		has := map[image.Field]*string{
			image.FieldID: &im.ID, image.FieldName: im.Name, image.FieldStatus: (*string)(&im.Status), image.FieldOwner: im.Owner,
			image.FieldContainerFormat: im.ContainerFormat, image.FieldDiskFormat: im.DiskFormat,
		}[f]
		if has == nil {
			return 0, false
		}
		return cmp.Compare(*has, v), true
	case int64:
		has := map[image.Field]*int64{image.FieldSize: im.Size, image.FieldVirtualSize: im.VirtualSize, image.FieldMinRAM: &im.MinRAM}[f]
		if has == nil {
			return 0, false
		}
		return cmp.Compare(*has, v), true
	case bool:
		number := map[bool]int{true: 1}
		return cmp.Compare(number[im.Protected], number[v]), true
	case time.Time:
		has := map[image.Field]time.Time{image.FieldCreatedAt: im.CreatedAt, image.FieldUpdatedAt: im.UpdatedAt}[f]
		return has.Compare(v), !has.IsZero()
	}
	return 0, false
}
