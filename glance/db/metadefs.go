package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"goglance/glance/fault"
	"goglance/glance/internal/storable"
	"goglance/glance/metadef"
)

// View is one state of the database, for several reads that belong together. It is for one goroutine and ends with
// the function it was given to.
type View struct {
	reads
}

// View runs read on one state of the database. An error of read comes back unchanged.
func (d *DB) View(ctx context.Context, read func(*View) error) error {
	return d.view(ctx, func(q querier) error {
		same := func(_ context.Context, read func(querier) error) error { return read(q) }
		return read(&View{reads{core: d.core, q: q, snapshot: same}})
	})
}

// selection is a list that a query of a table gives: the columns and how a row of them is read.
type selection[T any] struct {
	what    string // what one of them is called
	columns string
	from    string // the table, and what it is joined with
	scan    func(*sql.Rows) (T, error)
}

// find returns what tail, which follows FROM, selects.
func find[T any](ctx context.Context, r reads, s selection[T], tail query) ([]T, error) {
	var found []T
	tail.text = "SELECT " + s.columns + " FROM " + s.from + tail.text
	err := each(ctx, r.q, tail, func(rows *sql.Rows) error {
		one, err := s.scan(rows)
		found = append(found, one)
		return err
	})
	return found, r.fail("metadefs", err)
}

// named returns the one that tail selects by its name. Nothing is asked for a name that no database can hold.
func named[T any](ctx context.Context, r reads, s selection[T], tail query) (*T, error) {
	for _, arg := range tail.args {
		if name, ok := arg.(string); ok && storable.Text(name) != nil {
			return nil, notDefined(s.what)
		}
	}
	found, err := find(ctx, r, s, tail)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, notDefined(s.what)
	}
	return &found[0], nil
}

func notDefined(what string) error {
	return fault.New(fault.NotFound, "there is no %s of this name", what)
}

// times returns the columns of time of a table of definitions, "" or an alias with a dot before them.
func (c *core) times(alias string) string {
	return ", " + c.engine.time(alias+"created_at") + ", " + c.engine.time(alias+"updated_at")
}

func (c *core) namespaces() selection[metadef.Namespace] {
	return selection[metadef.Namespace]{
		what:    "namespace",
		columns: "id, namespace, display_name, description, visibility, protected, owner" + c.times(""),
		from:    "metadef_namespaces",
		scan: func(rows *sql.Rows) (n metadef.Namespace, err error) {
			var visibility sql.NullString
			var protected sql.NullBool
			err = rows.Scan(&n.ID, &n.Name, &n.DisplayName, &n.Description, &visibility, &protected, &n.Owner,
				(*moment)(&n.CreatedAt), (*moment)(&n.UpdatedAt))
			n.Visibility, n.Protected = metadef.Visibility(visibility.String), protected.Bool
			return n, err
		},
	}
}

// Namespace returns the namespace with exactly this name, whoever may see it. What names cannot be in use at the same time
// is the engine's matter: MariaDB does not tell a from A there (spec metadefs 1).
func (r reads) Namespace(ctx context.Context, name string) (*metadef.Namespace, error) {
	this := r.engine.is("namespace", name)
	return named(ctx, r, r.namespaces(), query{" WHERE " + this.text, this.args})
}

// LockNamespace returns the namespace with this name and makes other writers of it wait until the transaction ends: what
// is read of it and of its contents then stays true until it is written.
func (t *Tx) LockNamespace(ctx context.Context, name string) (*metadef.Namespace, error) {
	this := t.engine.is("namespace", name)
	return named(ctx, t.reads, t.namespaces(), query{" WHERE " + this.text + t.engine.lock, this.args})
}

// Namespaces returns the page that q asks for, each namespace with its associations and without other contents. It asks
// two queries, whatever the size of the page.
func (r reads) Namespaces(ctx context.Context, q metadef.Query) ([]*metadef.Definition, error) {
	tail, err := r.pageOfNamespaces(q)
	if err != nil || q.Limit <= 0 {
		return nil, err
	}
	var page []*metadef.Definition
	err = r.snapshot(ctx, func(one querier) error {
		page = nil
		at := reads{core: r.core, q: one, snapshot: r.snapshot}
		found, err := find(ctx, at, r.namespaces(), tail)
		for _, n := range found {
			page = append(page, &metadef.Definition{Namespace: n})
		}
		if err != nil || len(page) == 0 {
			return err
		}
		return at.associate(ctx, page)
	})
	return page, r.fail("Namespaces", err)
}

// pageOfNamespaces returns what follows FROM in the query for a page.
func (c *core) pageOfNamespaces(q metadef.Query) (query, error) {
	if q.Order.Key != "" && !q.Order.Key.SortsNamespaces() {
		return query{}, fmt.Errorf("db.Namespaces: %q is not a sort key", q.Order.Key)
	}
	conditions := []query{c.listedNamespaces(q.Viewer)}
	if q.Visibility != nil {
		conditions = append(conditions, query{"COALESCE(visibility, 'private') = ?", []any{string(*q.Visibility)}})
	}
	if q.ResourceTypes != nil {
		conditions = append(conditions, associatedWith(q.ResourceTypes))
	}
	keys := namespaceKeys(q.Order.Key)
	if q.After != nil {
		conditions = append(conditions, keys.behind(q.Order.Asc, namespaceValues(q.After, q.Order.Key)))
	}
	page := allOf(conditions...)
	return query{" WHERE " + page.text + keys.orderBy(q.Order.Asc) + limit(q.Limit), page.args}, nil
}

// listedNamespaces is the condition for what a caller sees in lists (spec metadefs 4.1).
func (c *core) listedNamespaces(v metadef.Viewer) query {
	public := query{"visibility = 'public'", nil}
	switch {
	case v.Admin:
		return query{"1 = 1", nil}
	case v.Owner == "":
		return public
	}
	return anyOf(public, c.engine.is("owner", v.Owner))
}

func associatedWith(types []string) query {
	var names []any
	for _, name := range types {
		if storable.Text(name) == nil {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return query{"1 = 0", nil}
	}
	return query{`EXISTS (SELECT 1 FROM metadef_namespace_resource_types a JOIN metadef_resource_types t ON t.id = a.resource_type_id
		WHERE a.namespace_id = metadef_namespaces.id AND t.name IN (` + marks(len(names)) + "))", names}
}

// marks returns n question marks.
func marks(n int) string { return "?" + strings.Repeat(", ?", n-1) }
