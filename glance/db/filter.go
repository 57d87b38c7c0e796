package db

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"goglance/glance/image"
)

// filtered returns the conditions of a filter but for the visibility, which parts knows about. Names and values of
// clients are parameters only. Who sees everything may find images by the index of any column; for anybody else that
// would lead to the images of others.
func (c *core) filtered(f image.Filter, everything bool) ([]query, error) {
	var terms []query
	for _, condition := range f.Conditions {
		term, err := c.compared(condition, everything)
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
	}
	for _, tag := range f.Tags {
		terms = append(terms, c.has("image_tags", c.engine.is("c.value", tag)))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Properties)) {
		terms = append(terms, c.has("image_properties", c.engine.is("c.name", name), c.engine.is("c.value", f.Properties[name])))
	}
	return terms, nil
}

// compared is one condition. Fields and comparisons become SQL, so they are taken from closed lists.
func (c *core) compared(condition image.Condition, everything bool) (query, error) {
	column := string(condition.Field)
	switch condition.Field {
	case image.FieldID:
		return c.compareText(column, condition)
	case image.FieldName, image.FieldOwner, image.FieldChecksum:
		if everything {
			return c.compareText(column, condition)
		}
		return c.compareText(c.engine.unindexed(column), condition)
	case image.FieldStatus, image.FieldContainerFormat, image.FieldDiskFormat:
		// SQLite believes that few rows fit a column without an index, collects them all and sorts. Along the index of
		// the sort it often is done after a page.
		return c.compareText(c.engine.unindexed(column), condition)
	case image.FieldSize, image.FieldVirtualSize:
		return compare[int64](column, condition)
	case image.FieldMinDisk, image.FieldMinRAM:
		// The columns have 32 bits. An engine that takes the parameter for one of theirs refuses a larger number.
		return compare[int64]("CAST("+column+" AS DECIMAL(20))", condition)
	case image.FieldProtected:
		return compare[bool](c.engine.unindexed(column), condition)
	case image.FieldCreatedAt, image.FieldUpdatedAt:
		return compareTime(column, condition)
	}
	return query{}, fmt.Errorf("db.Images: %q is not a field", condition.Field)
}

// compareText compares text by its bytes, whatever the engine thinks of letters.
func (c *core) compareText(column string, condition image.Condition) (query, error) {
	exact := c.engine.exact(column)
	q, err := compare[string](exact, condition)
	if err != nil {
		return q, err
	}
	switch {
	case condition.Op == image.NotEqual:
	case condition.Op == image.Equal:
		value, _ := condition.Values[0].(string)
		q = c.engine.is(column, value)
	case condition.Op != image.In:
		return compare[string](c.engine.ordered(column), condition)
	case exact != column && !slices.ContainsFunc(condition.Values, wide):
		loose, err := compare[string](column, condition) // an index helps with this one
		return allOf(loose, q), err
	}
	return q, nil
}

// compare compares an expression with values of the type T.
func compare[T any](left string, condition image.Condition) (query, error) {
	for _, value := range condition.Values {
		if _, ok := value.(T); !ok {
			return query{}, fmt.Errorf("db.Images: %s cannot be compared with a %T", condition.Field, value)
		}
	}
	n := len(condition.Values)
	switch op := condition.Op; {
	case op == image.In && n == 0:
		return query{nothing, nil}, nil
	case op == image.In:
		return query{left + " IN (?" + strings.Repeat(", ?", n-1) + ")", condition.Values}, nil
	case n == 1 && ordering(op):
		return query{left + " " + string(op) + " ?", condition.Values}, nil
	}
	return query{}, fmt.Errorf("db.Images: %s %q with %d values", condition.Field, condition.Op, n)
}

func ordering(op image.Op) bool {
	switch op {
	case image.Equal, image.NotEqual, image.Less, image.AtMost, image.Greater, image.AtLeast:
		return true
	}
	return false
}

// compareTime compares a column of time; to be equal to a whole second is to lie in it (see image.Condition).
func compareTime(column string, condition image.Condition) (query, error) {
	q, err := compare[time.Time](column, condition)
	if err != nil {
		return q, err
	}
	q.args = slices.Clone(q.args) // those of the caller are his
	for i, value := range q.args {
		at, _ := value.(time.Time)
		q.args[i] = moment(at)
	}
	if condition.Op != image.Equal && condition.Op != image.NotEqual {
		return q, nil
	}
	from, _ := condition.Values[0].(time.Time)
	if from = precise(from); from.Nanosecond() != 0 {
		return q, nil
	}
	text := "(" + column + " >= ? AND " + column + " < ?)"
	if condition.Op == image.NotEqual {
		text = "(" + column + " < ? OR " + column + " >= ?)"
	}
	return query{text, []any{moment(from), moment(from.Add(time.Second))}}, nil
}
