package db

import (
	"strings"
	"time"

	"goglance/glance/metadef"
)

// terms are the expressions of a sort, all of them in one direction and none of them ever NULL: engines disagree about
// where NULL comes. So the place behind a marker is a single comparison of rows.
type terms []string

func (t terms) orderBy(asc bool) string {
	direction := " DESC"
	if asc {
		direction = " ASC"
	}
	return " ORDER BY " + strings.Join(t, direction+", ") + direction
}

// behind is the condition for what comes after the row with these values.
func (t terms) behind(asc bool, values []any) query {
	than := " < "
	if asc {
		than = " > "
	}
	return query{"(" + strings.Join(t, ", ") + ")" + than + "(" + marks(len(t)) + ")", values}
}

// present is 0 for NULL, which is lower than any value, and else 1.
func present(column string) string { return "CASE WHEN " + column + " IS NULL THEN 0 ELSE 1 END" }

func namespaceKeys(key metadef.SortKey) terms {
	ties := terms{"created_at", "id"}
	switch key {
	case metadef.ByNamespace, metadef.ByOwner:
		return append(terms{string(key)}, ties...)
	case metadef.ByDisplayName, metadef.ByDescription:
		return append(terms{present(string(key)), "COALESCE(" + string(key) + ", '')"}, ties...)
	case metadef.ByVisibility:
		return append(terms{"COALESCE(visibility, 'private')"}, ties...)
	case metadef.ByProtected:
		return append(terms{"COALESCE(protected, FALSE)"}, ties...)
	}
	return timeKeys(key)
}

// timeKeys are the sort keys that namespaces and tags share. Time of creation needs no tie-breaker before the row; nor
// does the row need one, but the reference has it.
func timeKeys(key metadef.SortKey) terms {
	switch key {
	case metadef.ByUpdatedAt:
		return terms{present("updated_at"), "COALESCE(updated_at, created_at)", "created_at", "id"}
	case metadef.ByID:
		return terms{"id", "created_at"}
	}
	return terms{"created_at", "id"}
}

// namespaceValues returns the values of namespaceKeys for a namespace.
func namespaceValues(n *metadef.Namespace, key metadef.SortKey) []any {
	ties := []any{moment(n.CreatedAt), n.ID}
	switch key {
	case metadef.ByNamespace:
		return append([]any{n.Name}, ties...)
	case metadef.ByOwner:
		return append([]any{n.Owner}, ties...)
	case metadef.ByDisplayName:
		return append(nullableValues(n.DisplayName), ties...)
	case metadef.ByDescription:
		return append(nullableValues(n.Description), ties...)
	case metadef.ByVisibility:
		return append([]any{string(n.Visibility.Shown())}, ties...)
	case metadef.ByProtected:
		return append([]any{n.Protected}, ties...)
	}
	return timeValues(key, row{n.ID, moment(n.CreatedAt), moment(n.UpdatedAt)})
}

// row is what the tie-breakers look at.
type row struct {
	id               int64
	created, updated moment
}

func timeValues(key metadef.SortKey, r row) []any {
	switch key {
	case metadef.ByUpdatedAt:
		if time.Time(r.updated).IsZero() {
			return []any{0, r.created, r.created, r.id}
		}
		return []any{1, r.updated, r.created, r.id}
	case metadef.ByID:
		return []any{r.id, r.created}
	}
	return []any{r.created, r.id}
}

func nullableValues(s *string) []any {
	if s == nil {
		return []any{0, ""}
	}
	return []any{1, *s}
}
