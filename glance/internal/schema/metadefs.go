package schema

// Metadefs is the schemas of what clients send about metadata definitions (spec metadefs 12).
type Metadefs struct {
	Namespace, Association, Property, Object, Tag *Schema
	Tags                                          *Schema // all tags of a namespace at once; not published
}

// NewMetadefs returns the schemas.
func NewMetadefs() (*Metadefs, error) {
	m := &Metadefs{}
	for _, one := range []struct {
		schema **Schema
		doc    object
	}{
		{&m.Namespace, namespaceDocument()}, {&m.Association, associationDocument()}, {&m.Property, propertyDocument()},
		{&m.Object, objectDocument()}, {&m.Tag, tagDocument()}, {&m.Tags, tagsBody()},
	} {
		var err error
		if *one.schema, err = compile(one.doc); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// MetadefDocuments returns the documents that are published below /v2/schemas, by the rest of their path.
func MetadefDocuments() map[string]map[string]any {
	return map[string]map[string]any{
		"metadefs/namespace":      namespaceDocument(),
		"metadefs/namespaces":     pagedDefinitions("namespaces", listOf(namespaceDocument()), nestedDefinitions()),
		"metadefs/resource_type":  associationDocument(),
		"metadefs/resource_types": pagedDefinitions("resource_type_associations", listOf(associationDocument()), nil),
		"metadefs/property":       propertyDocument(),
		"metadefs/properties":     pagedDefinitions("properties", mappedProperties(), numberDefinitions(1)),
		"metadefs/object":         objectDocument(),
		"metadefs/objects":        pagedDefinitions("objects", listOf(objectDocument()), nestedDefinitions()),
		"metadefs/tag":            tagDocument(),
		"metadefs/tags":           pagedDefinitions("tags", listOf(tagDocument()), nil),
	}
}

// pagedDefinitions is the document of a list. Only namespaces come in pages, but all say so (spec metadefs 12.3).
func pagedDefinitions(name string, container, definitions object) object {
	doc := paged(name, nil)
	properties, _ := doc["properties"].(object)
	properties[name] = container
	if definitions != nil {
		doc["definitions"] = definitions
	}
	return doc
}

// listOf is the list of what a document describes; the definitions are the list's.
func listOf(item object) object {
	delete(item, "definitions")
	return object{"type": "array", "items": item}
}

// mappedProperties is properties by their names, which they therefore need not have in them.
func mappedProperties() object {
	item := propertyDocument()
	delete(item, "definitions")
	item["required"] = []any{"type", "title"}
	return object{"type": "object", "additionalProperties": item}
}

// maxName is how long a name is in the database. Pike's documents say 255 of some names and then fail; later ones say
// this.
const maxName = 80

func name(what string) object { return about(what, limited(kind("string"), maxName)) }

// stamps adds the times of a document, which clients cannot set.
func stamps(of string, properties object) object {
	date := func(what string) object {
		o := about(what+of, readOnly(kind("string")))
		o["format"] = "date-time"
		return o
	}
	properties["created_at"] = date("When somebody made the ")
	properties["updated_at"] = date("When somebody last changed the ")
	return properties
}

func namespaceDocument() object {
	association := object{"type": "object", "properties": object{
		"name": kind("string"), "prefix": kind("string"), "properties_target": kind("string"),
	}}
	group := object{"type": "object", "properties": object{
		"name": kind("string"), "description": kind("string"), "required": ref("stringArray"), "properties": ref("property"),
	}}
	tag := object{"type": "object", "properties": object{"name": kind("string")}}
	return object{
		"name": "namespace", "additionalProperties": false, "required": []any{"namespace"}, "definitions": nestedDefinitions(),
		"properties": stamps("namespace", object{
			"namespace":                  name("The name of the namespace, which no other has"),
			"display_name":               name("What a form calls the namespace"),
			"description":                about("What the namespace is for", limited(kind("string"), 500)),
			"visibility":                 about("Who, besides the owner, can see the namespace", enum("public", "private")),
			"protected":                  about("Whether the namespace and all in it are safe from being deleted", kind("boolean")),
			"owner":                      about("The project, or the user, that the namespace belongs to", limited(kind("string"), 255)),
			"schema":                     readOnly(kind("string")),
			"self":                       readOnly(kind("string")),
			"resource_type_associations": object{"type": "array", "items": association},
			"properties":                 ref("property"),
			"objects":                    object{"type": "array", "items": group},
			"tags":                       object{"type": "array", "items": tag},
		}),
	}
}

func objectDocument() object {
	return object{
		"name": "object", "additionalProperties": false, "required": []any{"name"}, "definitions": nestedDefinitions(),
		"properties": stamps("object", object{
			"name": limited(kind("string"), maxName), "description": kind("string"), "required": ref("stringArray"),
			"properties": ref("property"), "schema": readOnly(kind("string")), "self": readOnly(kind("string")),
		}),
	}
}

func propertyDocument() object {
	return object{
		"name": "property", "additionalProperties": false, "required": []any{"type", "title", "name"},
		"definitions": numberDefinitions(1), "properties": propertyKeys(),
	}
}

func tagDocument() object {
	return object{
		"name": "tag", "additionalProperties": false, "required": []any{"name"},
		"properties": stamps("tag", object{"name": limited(kind("string"), maxName)}),
	}
}

func associationDocument() object {
	return object{
		"name": "resource_type_association", "additionalProperties": false, "required": []any{"name"},
		"properties": stamps("association", object{
			"name":              name("The type of resource, named as the service that has it names it, such as OS::Nova::Flavor"),
			"prefix":            name("What stands before the name of each property of the namespace when it is given to such a resource"),
			"properties_target": name("Which properties of the resource are meant, where it has several sets of them"),
		}),
	}
}

func tagsBody() object {
	tag := object{
		"type": "object", "properties": object{"name": kind("string")}, "required": []any{"name"}, "additionalProperties": false,
	}
	return object{
		"name": "tags", "additionalProperties": false, "properties": object{"tags": object{"type": "array", "items": tag}},
	}
}

func ref(definition string) object { return object{"$ref": "#/definitions/" + definition} }

// nestedDefinitions is what documents with properties inside refer to.
func nestedDefinitions() object {
	all := numberDefinitions(0)
	all["property"] = object{"type": "object", "additionalProperties": object{
		"type": "object", "required": []any{"title", "type"}, "properties": propertyKeys(),
	}}
	return all
}

// numberDefinitions is what the keys of a property refer to. names is how many names a list of them has at least.
func numberDefinitions(names int) object {
	list := object{"type": "array", "items": kind("string"), "uniqueItems": true}
	if names > 0 {
		list["minItems"] = float64(names)
	}
	return object{
		"positiveInteger":         object{"type": "integer", "minimum": float64(0)},
		"positiveIntegerDefault0": object{"allOf": []any{ref("positiveInteger"), object{"default": float64(0)}}},
		"stringArray":             list,
	}
}

// propertyKeys is what can be said of a property.
func propertyKeys() object {
	types := func() object { return enum("array", "boolean", "integer", "number", "object", "string", nil) }
	expression := kind("string")
	expression["format"] = "regex"
	unique := kind("boolean")
	unique["default"] = false
	return object{
		"name":            limited(kind("string"), maxName),
		"title":           kind("string"),
		"description":     kind("string"),
		"operators":       object{"type": "array", "items": kind("string")},
		"type":            types(),
		"required":        ref("stringArray"),
		"minimum":         kind("number"),
		"maximum":         kind("number"),
		"maxLength":       ref("positiveInteger"),
		"minLength":       ref("positiveIntegerDefault0"),
		"pattern":         expression,
		"enum":            kind("array"),
		"readonly":        kind("boolean"),
		"default":         object{},
		"items":           object{"type": "object", "properties": object{"type": types(), "enum": kind("array")}},
		"maxItems":        ref("positiveInteger"),
		"minItems":        ref("positiveIntegerDefault0"),
		"uniqueItems":     unique,
		"additionalItems": kind("boolean"),
	}
}
