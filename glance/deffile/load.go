package deffile

import (
	"context"
	"errors"
	"fmt"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// Options say what becomes of namespaces that the database has already (spec metadefs 15.1). Without any, their files are
// skipped.
type Options struct {
	Merge     bool // add what is missing in them
	PreferNew bool // with Merge: what is there, and in the file too, becomes as the file says
	Overwrite bool // with Merge: they are deleted and made anew; then not PreferNew
}

// ErrOptions is in the errors of Load where options do not go together (the reference ends with status 0 then).
var ErrOptions = errors.New("options do not go together")

// Check refuses options that do not go together. Load does so too, before it reads anything.
func (o Options) Check() error {
	switch {
	case !o.Merge && (o.PreferNew || o.Overwrite):
		return fmt.Errorf("%w: prefer_new and overwrite need merge", ErrOptions)
	case o.PreferNew && o.Overwrite:
		return fmt.Errorf("%w: prefer_new and overwrite exclude each other", ErrOptions)
	}
	return nil
}

// Loaded says what Load has done, by names of namespaces in the order of the files.
type Loaded struct {
	New      []string
	Skipped  []string // they were there
	Merged   []string
	Replaced []string
	Warnings []string // what the API will not show of the files
}

// Load brings definitions into the database: those of a file, or of the files *.json in a folder. All of it happens, or
// nothing. The error names the files that are bad, and the places in them.
func Load(ctx context.Context, d *db.DB, path string, o Options) (*Loaded, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	files, err := read(path)
	if err != nil {
		return nil, err
	}
	return store(ctx, d, files, o)
}

// LoadShipped is Load for the definitions that come with the service.
func LoadShipped(ctx context.Context, d *db.DB, o Options) (*Loaded, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	files, err := readShipped()
	if err != nil {
		return nil, err
	}
	return store(ctx, d, files, o)
}

// Fill brings the definitions that come with the service into a database that is being made (db.MigrateWith).
func Fill(ctx context.Context, tx *db.Tx) error {
	files, err := readShipped()
	if err != nil {
		return err
	}
	_, err = load{tx: tx}.all(ctx, files)
	return err
}

// attempts bounds how often a load runs that another one keeps getting ahead of: at a deployment several may start at
// once, and what one has stored meanwhile the next finds there.
const attempts = 5

func store(ctx context.Context, d *db.DB, files []definition, o Options) (*Loaded, error) {
	for attempt := 1; ; attempt++ {
		var done *Loaded
		err := d.Tx(ctx, func(tx *db.Tx) (err error) {
			done, err = load{tx, o}.all(ctx, files)
			return err
		})
		if err == nil {
			return done, nil
		}
		if raced := errors.Is(err, db.ErrRaced) || fault.Is(err, fault.Conflict); !raced || attempt == attempts {
			return nil, err
		}
	}
}

// load is a load in its transaction (spec metadefs 15.3).
type load struct {
	tx *db.Tx
	Options
}

func (l load) all(ctx context.Context, files []definition) (*Loaded, error) {
	done := &Loaded{}
	for _, f := range files {
		list, err := l.file(ctx, done, f)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", f.file, err)
		}
		*list = append(*list, f.Name)
		for _, w := range f.warnings {
			done.Warnings = append(done.Warnings, fmt.Sprintf("%q: %s", f.file, w))
		}
	}
	return done, nil
}

// file stores one definition and returns the list that its namespace is to be on.
func (l load) file(ctx context.Context, done *Loaded, f definition) (*[]string, error) {
	ns, err := l.tx.LockNamespace(ctx, f.Name)
	switch {
	case fault.Is(err, fault.NotFound):
		return &done.New, l.insert(ctx, *f.Definition)
	case err != nil:
		return nil, err
	case !l.Merge:
		return &done.Skipped, nil
	case l.Overwrite:
		if err := l.tx.DeleteNamespace(ctx, ns.ID); err != nil {
			return nil, err
		}
		return &done.Replaced, l.insert(ctx, *f.Definition)
	}
	return &done.Merged, l.merge(ctx, ns, *f.Definition)
}

// insert stores a namespace that is not there.
func (l load) insert(ctx context.Context, d metadef.Definition) error {
	if err := l.tx.InsertNamespace(ctx, &d.Namespace); err != nil {
		return err
	}
	return l.contents(ctx, d)
}

// contents stores what is in d in the namespace d.ID. Resource types that are new are protected.
func (l load) contents(ctx context.Context, d metadef.Definition) error {
	for _, a := range d.Associations {
		if _, err := l.tx.EnsureResourceType(ctx, metadef.ResourceType{Name: a.Name, Protected: true}); err != nil {
			return err
		}
	}
	return l.tx.InsertContents(ctx, &d)
}

// merge adds to a namespace what it lacks. What is there already stays, or becomes as the file says.
func (l load) merge(ctx context.Context, ns *metadef.Namespace, d metadef.Definition) (err error) {
	d.ID = ns.ID
	if l.PreferNew {
		d.UpdatedAt = l.tx.Now()
		if err = l.tx.UpdateNamespace(ctx, &d.Namespace); err != nil {
			return err
		}
	}
	if d.Associations, err = missing(ctx, d.Namespace, d.Associations, l.association); err != nil {
		return err
	}
	if d.Properties, err = missing(ctx, d.Namespace, d.Properties, l.property); err != nil {
		return err
	}
	if d.Objects, err = missing(ctx, d.Namespace, d.Objects, l.object); err != nil {
		return err
	}
	if d.Tags, err = missing(ctx, d.Namespace, d.Tags, l.tag); err != nil {
		return err
	}
	return l.contents(ctx, d)
}

// missing returns those of a list that there does not find in a namespace. It makes one that it finds as the file says, if
// that is preferred. Names are compared by the database: some take Name and name for the same.
func missing[T any](ctx context.Context, n metadef.Namespace, all []T, there func(context.Context, metadef.Namespace, T) error) ([]T, error) {
	var rest []T
	for _, one := range all {
		err := there(ctx, n, one)
		switch {
		case fault.Is(err, fault.NotFound):
			rest = append(rest, one)
		case err != nil:
			return nil, err
		}
	}
	return rest, nil
}

func (l load) association(ctx context.Context, n metadef.Namespace, a metadef.Association) error {
	if !l.PreferNew {
		_, err := l.tx.Association(ctx, n.ID, a.Name)
		return err
	}
	if err := l.tx.TouchResourceType(ctx, a.Name, n.UpdatedAt); err != nil {
		return err // not found: then there is no association either
	}
	a.UpdatedAt = n.UpdatedAt
	return l.tx.UpdateAssociation(ctx, n.ID, a)
}

func (l load) property(ctx context.Context, n metadef.Namespace, p metadef.Property) error {
	was, err := l.tx.Property(ctx, n.ID, p.Name)
	if err != nil || !l.PreferNew {
		return err
	}
	was.Schema, was.UpdatedAt = p.Schema, n.UpdatedAt
	return l.tx.UpdateProperty(ctx, n.ID, was.Name, *was)
}

// object leaves the required properties as they are: a file does not tell them.
func (l load) object(ctx context.Context, n metadef.Namespace, o metadef.Object) error {
	was, err := l.tx.Object(ctx, n.ID, o.Name)
	if err != nil || !l.PreferNew {
		return err
	}
	was.Description, was.Properties, was.UpdatedAt = o.Description, o.Properties, n.UpdatedAt
	return l.tx.UpdateObject(ctx, n.ID, was.Name, *was)
}

func (l load) tag(ctx context.Context, n metadef.Namespace, t metadef.Tag) error {
	was, err := l.tx.Tag(ctx, n.ID, t.Name)
	if err != nil || !l.PreferNew {
		return err
	}
	was.UpdatedAt = n.UpdatedAt
	return l.tx.UpdateTag(ctx, n.ID, was.Name, *was)
}

// Unload deletes all definitions from the database: every namespace, whoever made it and though it is protected, and
// every resource type (spec metadefs 15.5). It says how many rows each table had.
func Unload(ctx context.Context, d *db.DB) ([]db.Emptied, error) {
	var all []db.Emptied
	err := d.Tx(ctx, func(tx *db.Tx) (err error) {
		all, err = tx.DeleteMetadefs(ctx)
		return err
	})
	return all, err
}
