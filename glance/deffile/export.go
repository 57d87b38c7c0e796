package deffile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"goglance/glance/db"
	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// content is a file as the reference writes it: without owner, without the required properties of objects, and with null
// for what is not set (spec metadefs 15.6).
type content struct {
	Namespace    string                    `json:"namespace"`
	DisplayName  *string                   `json:"display_name"`
	Description  *string                   `json:"description"`
	Visibility   *metadef.Visibility       `json:"visibility"`
	Protected    bool                      `json:"protected"`
	Associations []association             `json:"resource_type_associations"`
	Properties   map[string]metadef.Schema `json:"properties"`
	Objects      []object                  `json:"objects"`
	Tags         []tag                     `json:"tags"`
}

type association struct {
	Name   string  `json:"name"`
	Prefix *string `json:"prefix"`
	Target *string `json:"properties_target"`
}

type object struct {
	Name        string                    `json:"name"`
	Description *string                   `json:"description"`
	Properties  map[string]metadef.Schema `json:"properties"`
}

type tag struct {
	Name string `json:"name"`
}

// encode writes a definition on one line.
func encode(d *metadef.Definition) ([]byte, error) {
	c := content{
		Namespace: d.Name, DisplayName: d.DisplayName, Description: d.Description, Protected: d.Protected,
		Associations: []association{}, Properties: map[string]metadef.Schema{}, Objects: []object{}, Tags: []tag{},
	}
	if d.Visibility != metadef.Unsaid {
		c.Visibility = &d.Visibility
	}
	for _, a := range d.Associations {
		c.Associations = append(c.Associations, association{a.Name, a.Prefix, a.Target})
	}
	for _, p := range d.Properties {
		c.Properties[p.Name] = p.Schema
	}
	for _, o := range d.Objects {
		c.Objects = append(c.Objects, object{o.Name, o.Description, o.Properties})
	}
	for _, t := range slices.Backward(d.Tags) { // the newest comes first, and shall be the last to be made again
		c.Tags = append(c.Tags, tag{t.Name})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(c)
	return b.Bytes(), err
}

// Export writes every namespace, whoever owns it, to a file of its own and returns the paths of the files. path is a
// folder, or a folder with what the names of the files shall begin with. A file is called by the letters and digits of
// the display name; what other files have that name already, it adds a part made from the name of the namespace. A file
// that cannot be written does not keep the others from being written: the error tells of all that are missing.
func Export(ctx context.Context, d *db.DB, path string) (files []string, err error) {
	t, err := openTarget(path)
	if err != nil {
		return nil, err
	}
	defer t.root.Close() //nolint:errcheck // every file is closed for itself
	var errs []error
	err = eachNamespace(ctx, d, func(def *metadef.Definition) {
		file, err := t.export(def)
		if err != nil {
			errs = append(errs, fmt.Errorf("namespace %q: %w", def.Name, err))
			return
		}
		files = append(files, file)
	})
	return files, errors.Join(append(errs, err)...)
}

// page is how many namespaces are looked up at once.
const page = 100

// eachNamespace calls use with each namespace and all that is in it, in the order of their names. One that is deleted
// meanwhile is left out.
func eachNamespace(ctx context.Context, d *db.DB, use func(*metadef.Definition)) error {
	q := metadef.Query{Viewer: metadef.Viewer{Admin: true}, Order: metadef.Order{Key: metadef.ByNamespace, Asc: true}, Limit: page}
	for {
		found, err := d.Namespaces(ctx, q)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, f := range found {
			def, err := whole(ctx, d, f.Name)
			switch {
			case err == nil:
				use(def)
			case !fault.Is(err, fault.NotFound):
				return err
			}
		}
		q.After = &found[len(found)-1].Namespace
	}
}

// whole returns a namespace with its contents, on one state of the database.
func whole(ctx context.Context, d *db.DB, name string) (def *metadef.Definition, err error) {
	err = d.View(ctx, func(v *db.View) error {
		n, err := v.Namespace(ctx, name)
		if err == nil {
			def, err = v.Contents(ctx, n)
		}
		return err
	})
	return def, err
}
