// Package schema holds the JSON schemas of the API's documents and checks documents against them.
package schema

import (
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// uuidPattern takes either case of the hex digits, as the reference does (spec images-api 3.1).
const uuidPattern = `^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$`

// Formats are the values that an image's formats may have.
type Formats struct {
	Container []string
	Disk      []string
}

// NewImage returns the schema of an image document (spec images-api 15.1). Custom properties are strings, or not
// allowed at all.
func NewImage(f Formats, custom bool) (*Schema, error) {
	doc := object{"name": "image", "properties": imageProperties(f), "additionalProperties": object{"type": "string"}}
	if !custom {
		doc["additionalProperties"] = false
	}
	return compile(doc)
}

type object = map[string]any

func imageProperties(f Formats) object {
	str := func(longest int) object { return object{"type": "string", "maxLength": float64(longest)} }
	nullable := func(kind string) object { return object{"type": []any{"null", kind}} }
	name := nullable("string")
	name["maxLength"] = float64(255)
	checksum := readOnly(nullable("string"))
	checksum["maxLength"] = float64(32)
	location := object{
		"type":       "object",
		"properties": object{"url": str(255), "metadata": object{"type": "object"}},
		"required":   []any{"url", "metadata"},
	}
	return object{
		"id":               object{"type": "string", "pattern": uuidPattern},
		"name":             name,
		"owner":            name,
		"status":           readOnly(enum("queued", "saving", "active", "killed", "deleted", "pending_delete", "deactivated")),
		"visibility":       enum("community", "public", "private", "shared"),
		"protected":        object{"type": "boolean"},
		"checksum":         checksum,
		"size":             readOnly(nullable("integer")),
		"virtual_size":     readOnly(nullable("integer")),
		"container_format": formats(f.Container),
		"disk_format":      formats(f.Disk),
		"created_at":       readOnly(object{"type": "string"}),
		"updated_at":       readOnly(object{"type": "string"}),
		"tags":             object{"type": "array", "items": str(255)},
		"direct_url":       readOnly(object{"type": "string"}),
		"min_ram":          object{"type": "integer"},
		"min_disk":         object{"type": "integer"},
		"self":             readOnly(object{"type": "string"}),
		"file":             readOnly(object{"type": "string"}),
		"schema":           readOnly(object{"type": "string"}),
		"locations":        object{"type": "array", "items": location},
	}
}

func readOnly(o object) object {
	o["readOnly"] = true
	return o
}

func enum(values ...any) object { return object{"type": "string", "enum": values} }

func formats(names []string) object {
	values := []any{nil}
	for _, n := range names {
		values = append(values, n)
	}
	return object{"type": []any{"null", "string"}, "enum": values}
}

func compile(doc object) (*Schema, error) {
	c := jsonschema.NewCompiler()
	if err := c.AddResource("image.json", doc); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	s, err := c.Compile("image.json")
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return &Schema{compiled: s}, nil
}
