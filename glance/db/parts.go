package db

import (
	"fmt"
	"slices"

	"goglance/glance/image"
)

// part is one part of what a viewer sees in lists. Where millions of images are others', his are found by indexes that
// lead to them alone: to all of a visibility, to his own, to those that he is a member of. One condition with OR between
// the three would leave the engine nothing but a walk past everybody's (spec images-api 5.5).
type part struct {
	query
	lead leading
	from query // images, and what leads to them
}

// partOf is the part of all images that the condition holds for.
func partOf(condition query, lead leading) part { return part{condition, lead, query{"images", nil}} }

// leading says what leads to the images of a part.
type leading int

const (
	byOrder leading = iota // whatever goes along the sort: he sees nearly all
	byTime                 // an index of our own, that has them by the time of creation, see ownIndexes
	byKey                  // an index that has them in no order
)

// sight is what a viewer sees in lists, in the words of SQL.
type sight struct {
	image.Viewer
	engine  dialect
	indexed bool  // the indexes of our own are there
	direct  bool  // the filter names images: what they are is looked at, not for
	member  query // the ids, as shared, of the images that he is a member of
}

// parts returns the parts of what v sees in lists, by the visibility that f asks for. No image is in two of them.
func (c *core) parts(v image.Viewer, f image.Filter) ([]part, error) {
	member, err := c.sharedWith(v.Owner, f.MemberStatus)
	if err != nil {
		return nil, err
	}
	direct := slices.ContainsFunc(f.Conditions, func(condition image.Condition) bool {
		return condition.Field == image.FieldID && (condition.Op == image.Equal || condition.Op == image.In)
	})
	s := sight{Viewer: v, engine: c.engine, indexed: c.indexed.Load(), direct: direct, member: member}
	switch f.Visibility {
	case "":
		return s.mixture(), nil
	case image.Public, image.Community:
		return []part{s.every(f.Visibility)}, nil
	case image.Shared, image.Private:
		return s.restricted(f.Visibility), nil
	}
	return nil, fmt.Errorf("db.Images: %q is not a visibility", f.Visibility)
}

// nothing is a condition that nothing fits.
const nothing = "1 = 0"

// mixture is what he sees without asking for a visibility. Nobody is a member of nothing: the reference forgets to say
// so and shows the anonymous what is shared with others (spec images-api 5.5, security S10).
func (s sight) mixture() []part {
	// Of an index of the live rows SQLite thinks that it is short.
	live, open := query{"NOT " + s.engine.unindexed("deleted"), nil}, query{s.engine.unindexed("visibility") + " <> 'community'", nil}
	switch {
	case s.Admin && s.Owner != "":
		return []part{partOf(allOf(live, anyOf(open, s.engine.is(s.engine.unindexed("owner"), s.Owner))), byOrder)}
	case s.Admin:
		return []part{partOf(allOf(live, open), byOrder)}
	case s.Owner == "":
		return []part{s.every(image.Public)}
	}
	return []part{s.every(image.Public), s.own(" <> 'public'"), s.shared()}
}

// restricted is the images of a visibility that opens them to some only.
func (s sight) restricted(v image.Visibility) []part {
	switch {
	case s.Admin:
		return []part{s.every(v)}
	case s.Owner == "":
		return []part{partOf(query{nothing, nil}, byKey)}
	case v == image.Shared:
		return []part{s.own(" = 'shared'"), s.shared()}
	}
	return []part{s.own(" = '" + string(v) + "'")}
}

// every is all images of a visibility, which is one of the four.
func (s sight) every(v image.Visibility) part {
	return partOf(query{"NOT deleted AND " + s.column("visibility") + " = '" + string(v) + "'", nil}, byTime)
}

// own is his own images of some visibilities.
func (s sight) own(visibility string) part {
	mine := s.engine.is(s.column("owner"), s.Owner)
	return partOf(query{"NOT deleted AND " + s.engine.unindexed("visibility") + visibility + " AND " + mine.text, mine.args}, byTime)
}

// shared is the images of others that he is a member of.
func (s sight) shared() part {
	mine := s.engine.is(s.engine.unindexed("owner"), s.Owner)
	others := query{"id = shared AND NOT deleted AND " + s.engine.unindexed("visibility") + " = 'shared' AND (owner IS NULL OR NOT (" + mine.text + "))", mine.args}
	return part{others, byKey, query{"(" + s.member.text + ") member CROSS JOIN images", s.member.args}}
}

// column is a column that an index leads by, unless the filter leads to the images better.
func (s sight) column(name string) string {
	switch {
	case s.direct:
		return s.engine.unindexed(name)
	case s.indexed:
		return s.engine.lead(name)
	}
	return name
}

// sharedWith finds the images that member has given this answer to; "" is Accepted. DISTINCT costs little, as the index
// has them in their order. With "id IN" SQLite would fill a table of its own with them first.
func (c *core) sharedWith(member string, answer image.MemberStatus) (query, error) {
	status := "status = '" + string(answer) + "'"
	switch answer {
	case "":
		status = "status = '" + string(image.Accepted) + "'"
	case image.AnyAnswer:
		status = "1 = 1"
	case image.Pending, image.Accepted, image.Rejected:
	default:
		return query{}, fmt.Errorf("db.Images: %q is not the answer of a member", answer)
	}
	q := allOf(query{"NOT deleted", nil}, c.engine.is("member", member), query{status, nil})
	return query{"SELECT DISTINCT image_id AS shared FROM image_members WHERE " + q.text, q.args}, nil
}
