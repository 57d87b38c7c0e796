package api

import (
	"maps"
	"slices"

	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// The functions here read what a schema has found valid. What it leaves open, they refuse (spec metadefs 3.2).

// namespaceOf reads the attributes of a namespace itself.
func namespaceOf(body map[string]any) metadef.Namespace {
	n := metadef.Namespace{DisplayName: nullable(body["display_name"]), Description: nullable(body["description"])}
	n.Name, _ = body["namespace"].(string)
	n.Owner, _ = body["owner"].(string)
	n.Protected, _ = body["protected"].(bool)
	visibility, _ := body["visibility"].(string)
	n.Visibility = metadef.Visibility(visibility)
	return n
}

// definitionOf reads a namespace with what is in it. A list that was given is not nil.
func definitionOf(body map[string]any) (d metadef.Definition, err error) {
	d.Namespace = namespaceOf(body)
	if d.Associations, err = eachOf(body, "resource_type_associations", associationOf); err != nil {
		return d, err
	}
	if d.Objects, err = eachOf(body, "objects", objectOf); err != nil {
		return d, err
	}
	if d.Tags, err = tagsOf(body); err != nil {
		return d, err
	}
	schemas, err := schemasOf(body)
	if schemas == nil {
		return d, err
	}
	d.Properties = make([]metadef.Property, 0, len(schemas))
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		d.Properties = append(d.Properties, metadef.Property{Name: name, Schema: schemas[name]})
	}
	return d, err
}

// eachOf reads a list of things that need a name. The schema lets them have any keys, read does not.
func eachOf[T any](body map[string]any, list string, read func(map[string]any) (T, error)) ([]T, error) {
	members, ok := body[list].([]any)
	if !ok {
		return nil, nil
	}
	all := make([]T, len(members))
	for i, v := range members {
		one, _ := v.(map[string]any)
		if _, ok := one["name"].(string); !ok {
			return nil, fault.New(fault.Invalid, "everything in %q needs a name", list)
		}
		var err error
		if all[i], err = read(one); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// only refuses keys that are not among these. Those that we show ourselves mean nothing: clients send back what they were
// shown, the glance client with every change of a namespace.
func only(body map[string]any, keys ...string) error {
	for key := range body {
		if !slices.Contains(keys, key) && !slices.Contains([]string{"created_at", "updated_at", "self", "schema"}, key) {
			return fault.New(fault.Invalid, "%q is not a key that there can be here", key)
		}
	}
	return nil
}

func associationOf(body map[string]any) (metadef.Association, error) {
	a := metadef.Association{Prefix: nullable(body["prefix"]), Target: nullable(body["properties_target"])}
	a.Name, _ = body["name"].(string)
	return a, only(body, "name", "prefix", "properties_target")
}

func tagsOf(body map[string]any) ([]metadef.Tag, error) {
	return eachOf(body, "tags", func(one map[string]any) (metadef.Tag, error) {
		name, _ := one["name"].(string)
		return metadef.Tag{Name: name}, only(one, "name")
	})
}

// objectOf reads an object. What was not given is nil.
func objectOf(body map[string]any) (o metadef.Object, err error) {
	if err := only(body, "name", "description", "required", "properties"); err != nil {
		return o, err
	}
	o.Name, _ = body["name"].(string)
	o.Description = nullable(body["description"])
	if required, ok := body["required"]; ok {
		o.Required = texts(required)
	}
	o.Properties, err = schemasOf(body)
	return o, err
}

// schemasOf reads properties by their names; nil when none were given.
func schemasOf(body map[string]any) (map[string]metadef.Schema, error) {
	members, ok := body["properties"].(map[string]any)
	if !ok {
		return nil, nil
	}
	schemas := make(map[string]metadef.Schema, len(members))
	for name, v := range members {
		one, _ := v.(map[string]any)
		typed, err := metadef.Schema(one).Typed()
		if err != nil {
			return nil, err
		}
		schemas[name] = typed
	}
	return schemas, nil
}
