// Package metadef is the domain of metadata definitions: namespaces that say which properties images and other
// resources may have, and how a form should ask for them. It holds rules only; nothing here knows a database or HTTP.
package metadef

import (
	"strings"
	"time"
)

// Namespace is a set of definitions with a name that no other has (spec metadefs 1).
type Namespace struct {
	ID          int64 // its row; 0: not stored yet. Never shown
	Name        string
	DisplayName *string
	Description *string
	Visibility  Visibility
	Protected   bool   // neither it nor anything in it can be deleted, by nobody
	Owner       string // project (or user) id; the loader of definition files uses "admin"
	CreatedAt   time.Time
	UpdatedAt   time.Time // zero: never, for what was loaded from a file
}

// Definition is a namespace with what is in it. A nil list was not asked for, not given, or is empty.
type Definition struct {
	Namespace
	Associations []Association
	Properties   []Property
	Objects      []Object
	Tags         []Tag
}

// Association says that a namespace is for a type of resource. A type has at most one in a namespace.
type Association struct {
	Name      string  // of the resource type
	Prefix    *string // what a consumer puts before the name of each property, separator included
	Target    *string // which of several sets of properties of the resource is meant: image, metadata, ...
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Property is a property that a resource may have.
type Property struct {
	Name      string
	Schema    Schema
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Object is a group of properties that belong together.
type Object struct {
	Name        string
	Description *string
	Required    []string // names of properties; one with a comma comes back as two (spec metadefs 5)
	Properties  map[string]Schema
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Tag is a word that may be given to a resource.
type Tag struct {
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ResourceType is a type of resource, such as OS::Glance::Image. Types are known to all namespaces.
type ResourceType struct {
	Name      string
	Protected bool // it came with a definition file
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Kind is a kind of content that can be deleted as a whole. Its text is how paths, tables and events call it.
type Kind string

// The kinds.
const (
	Objects    Kind = "objects"
	Properties Kind = "properties"
	Tags       Kind = "tags"
)

// One returns what one of the kind is called.
func (k Kind) One() string {
	if k == Properties {
		return "property"
	}
	return strings.TrimSuffix(string(k), "s")
}

// Visibility says who, besides the owner, may see a namespace.
type Visibility string

// The visibilities. A definition file may leave it out, which is private.
const (
	Unsaid  Visibility = ""
	Private Visibility = "private"
	Public  Visibility = "public"
)

// Shown returns the visibility as it is shown.
func (v Visibility) Shown() Visibility {
	if v == Unsaid {
		return Private
	}
	return v
}

// Viewer is the caller as the domain sees him.
type Viewer struct {
	Owner string // what he would own things as: project or user id; "" is nobody
	Admin bool
}

// VisibleTo reports whether v may see the namespace (spec metadefs 9).
func (n *Namespace) VisibleTo(v Viewer) bool { return n.Visibility == Public || n.MutableBy(v) }

// MutableBy reports whether v may change the namespace and what is in it: the owner and an administrator. The reference
// lets everyone add to a namespace that he sees (spec security P11).
func (n *Namespace) MutableBy(v Viewer) bool {
	return v.Admin || v.Owner != "" && n.Owner == v.Owner
}

// For returns the definition as it applies to a type of resource: where the association has a prefix, it stands before
// the name of every property (spec metadefs 4.4). d itself stays as it is.
func (d *Definition) For(resourceType string) *Definition {
	prefix := d.prefix(resourceType)
	if prefix == "" {
		return d
	}
	out := *d
	out.Properties = make([]Property, len(d.Properties))
	for i, p := range d.Properties {
		p.Name = prefix + p.Name
		out.Properties[i] = p
	}
	out.Objects = make([]Object, len(d.Objects))
	for i, o := range d.Objects {
		out.Objects[i] = o.prefixed(prefix)
	}
	return &out
}

func (d *Definition) prefix(resourceType string) string {
	for _, a := range d.Associations {
		if a.Name == resourceType && a.Prefix != nil {
			return *a.Prefix
		}
	}
	return ""
}

func (o Object) prefixed(prefix string) Object {
	properties := make(map[string]Schema, len(o.Properties))
	for name, s := range o.Properties {
		properties[prefix+name] = s
	}
	required := make([]string, len(o.Required))
	for i, name := range o.Required {
		required[i] = prefix + name
	}
	o.Properties, o.Required = properties, required
	return o
}
