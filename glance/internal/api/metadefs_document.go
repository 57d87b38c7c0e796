package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"goglance/glance/metadef"
)

// state says whether what is in a namespace is shown as it is stored, or as it has just been given: then it has neither
// times nor links (spec metadefs 4.2).
type state bool

const (
	given  state = false
	stored state = true
)

// nonNull adds text that there is; what is not there is left out (spec metadefs 3.3).
func (o *object) nonNull(name string, v *string) {
	if v != nil {
		o.string(name, *v)
	}
}

// times adds the times that there are.
func (o *object) times(created, updated time.Time) {
	if !created.IsZero() {
		o.string("created_at", created.UTC().Format(stamp))
	}
	if !updated.IsZero() {
		o.string("updated_at", updated.UTC().Format(stamp))
	}
}

// appendNamespace appends the document of a namespace (spec metadefs 4.5), with the lists in it that are not nil.
func appendNamespace(buf []byte, d *metadef.Definition, contents state) []byte {
	var o object
	o.string("namespace", d.Name)
	o.nonNull("display_name", d.DisplayName)
	o.nonNull("description", d.Description)
	o.string("visibility", string(d.Visibility.Shown()))
	o.bool("protected", d.Protected)
	o.string("owner", d.Owner)
	o.times(d.CreatedAt, d.UpdatedAt)
	if d.Associations != nil {
		o.list("resource_type_associations", len(d.Associations), func(buf []byte, i int) []byte {
			return appendAssociation(buf, d.Associations[i])
		})
	}
	if d.Properties != nil {
		o.key("properties")
		o.buf = appendProperties(o.buf, d.Properties)
	}
	if d.Objects != nil {
		o.list("objects", len(d.Objects), func(buf []byte, i int) []byte {
			if contents == stored {
				return appendObject(buf, d.Name, d.Objects[i])
			}
			return append(buf, objectDocument(d.Objects[i]).end()...)
		})
	}
	if d.Tags != nil {
		o.list("tags", len(d.Tags), func(buf []byte, i int) []byte { return appendTagName(buf, d.Tags[i]) })
	}
	o.string("self", namespacePath(d.Name))
	o.string("schema", "/v2/schemas/metadefs/namespace")
	return append(buf, o.end()...)
}

func appendAssociation(buf []byte, a metadef.Association) []byte {
	var o object
	o.string("name", a.Name)
	o.nonNull("prefix", a.Prefix)
	o.nonNull("properties_target", a.Target)
	o.times(a.CreatedAt, a.UpdatedAt)
	return append(buf, o.end()...)
}

// appendObject appends the document of an object in a namespace (spec metadefs 5).
func appendObject(buf []byte, ns string, m metadef.Object) []byte {
	o := objectDocument(m)
	o.times(m.CreatedAt, m.UpdatedAt)
	o.string("self", namespacePath(ns)+"/objects/"+url.PathEscape(m.Name))
	o.string("schema", "/v2/schemas/metadefs/object")
	return append(buf, o.end()...)
}

// objectDocument is what has been said of an object.
func objectDocument(m metadef.Object) *object {
	var o object
	o.string("name", m.Name)
	if m.Required != nil {
		o.list("required", len(m.Required), func(buf []byte, i int) []byte { return appendString(buf, m.Required[i]) })
	}
	o.nonNull("description", m.Description)
	if m.Properties != nil {
		var all object
		for _, name := range slices.Sorted(maps.Keys(m.Properties)) {
			all.key(name)
			all.buf = appendSchema(all.buf, m.Properties[name])
		}
		o.key("properties")
		o.buf = append(o.buf, all.end()...)
	}
	return &o
}

func appendProperties(buf []byte, properties []metadef.Property) []byte {
	var all object
	for _, p := range properties {
		all.key(p.Name)
		all.buf = appendSchema(all.buf, p.Schema)
	}
	return append(buf, all.end()...)
}

// appendSchema appends what is said of a property, in the types that clients expect, whatever is stored.
func appendSchema(buf []byte, s metadef.Schema) []byte {
	typed, _ := s.Typed() // what is wrong with it is not the reader's fault
	var o object
	for _, key := range metadef.SchemaKeys() {
		if v, ok := typed[key]; ok {
			o.key(key)
			o.buf = appendJSON(o.buf, v)
		}
	}
	return append(buf, o.end()...)
}

func appendTags(buf []byte, tags []metadef.Tag) []byte {
	var o object
	o.list("tags", len(tags), func(buf []byte, i int) []byte { return appendTagName(buf, tags[i]) })
	return append(buf, o.end()...)
}

func appendTagName(buf []byte, t metadef.Tag) []byte {
	var o object
	o.string("name", t.Name)
	return append(buf, o.end()...)
}

// done is the code of a success: something has been made, or not.
func done(r *http.Request) int {
	if r.Method == http.MethodPost {
		return http.StatusCreated
	}
	return http.StatusOK
}

func sendObject(w http.ResponseWriter, r *http.Request, m *metadef.Object, err error) error {
	if err == nil {
		sendJSON(w, done(r), appendObject(nil, namespaceName(r), *m))
	}
	return err
}

// sendProperty sends one property, always with the name that is stored.
func sendProperty(w http.ResponseWriter, r *http.Request, p *metadef.Property, err error) error {
	if err != nil {
		return err
	}
	named := maps.Clone(p.Schema)
	named["name"] = p.Name
	sendJSON(w, done(r), appendSchema(nil, named))
	return nil
}

func sendTag(w http.ResponseWriter, r *http.Request, t *metadef.Tag, err error) error {
	if err != nil {
		return err
	}
	var o object
	o.string("name", t.Name)
	o.times(t.CreatedAt, t.UpdatedAt)
	sendJSON(w, done(r), o.end())
	return nil
}
