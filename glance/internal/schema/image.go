package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"goglance/glance/fault"
)

// Formats are the values that an image's formats may have.
type Formats struct {
	Container []string
	Disk      []string
}

// Image is the schema of an image. It knows which attributes every image has, which properties the operator's schema
// file declares, and whether there may be others.
type Image struct {
	*Schema
	document object
	base     map[string]bool
	declared map[string]declared
	open     bool
}

// declared is a property of the schema file.
type declared struct {
	schema *jsonschema.Schema
	text   bool // its values may be text
	null   bool // it may be null
}

// NewImage returns the schema of an image (spec images-api 15.1). Custom properties are strings, or not allowed at
// all; file is the content of schema-image.json, or nothing (spec images-api 3.3). What is wrong with the file is
// fault.Invalid.
func NewImage(f Formats, custom bool, file []byte) (*Image, error) {
	i := &Image{base: map[string]bool{}, declared: map[string]declared{}, open: custom}
	properties := imageProperties(f)
	for name := range properties {
		i.base[name] = true
	}
	more, err := readFile(file)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(more)) {
		if !i.base[name] {
			more[name]["is_base"] = false
			properties[name] = more[name]
		} else if !same(properties[name], more[name]) {
			return nil, fault.New(fault.Invalid, "schema file: %q is an attribute of every image and cannot be changed", name)
		}
	}
	i.document = imageDocument(properties, custom)
	if i.Schema, err = compile(i.document); err != nil {
		return nil, fmt.Errorf("schema of images: %w", err)
	}
	for name := range more {
		s := i.compiled.Properties[name]
		if !i.base[name] {
			i.declared[name] = declared{schema: s, text: takesText(s), null: s.Validate(nil) == nil}
		}
	}
	return i, nil
}

func imageDocument(properties object, custom bool) object {
	doc := object{"name": "image", "properties": properties, "additionalProperties": false}
	if custom {
		doc["additionalProperties"] = kind("string")
		doc["links"] = links("self", "{self}", "enclosure", "{file}", "describedby", "{schema}")
	}
	return doc
}

// takesText reports whether text can be a value.
func takesText(s *jsonschema.Schema) bool {
	return s.Types == nil || s.Types.IsEmpty() || slices.Contains(s.Types.ToStrings(), "string")
}

// Value is a property as a document of an image shows it.
type Value struct {
	Text string
	JSON bool // Text is JSON, else it is the value itself
}

// Show returns how documents show a stored property, nil being a stored NULL. ok is false for one that they do not show:
// the attributes that every image has are no properties, and where custom properties are not allowed those that are
// there all the same stay hidden. Null is shown where the schema file allows it; else, only the old API makes it, it
// is the empty text that clients expect (spec images-api 16.1).
func (i *Image) Show(name string, stored *string) (v Value, ok bool) {
	if i.base[name] {
		return v, false
	}
	d, known := i.declared[name]
	switch {
	case !known && !i.open:
		return v, false
	case stored == nil && d.null:
		return Value{"null", true}, true
	case stored == nil:
		return v, true
	case known && !d.text:
		return d.show(*stored), true
	}
	return Value{Text: *stored}, true
}

// show gives a value that is no text its own type back, if it has it.
func (d declared) show(stored string) Value {
	var v any
	var text bytes.Buffer
	decoder := json.NewDecoder(bytes.NewReader([]byte(stored)))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil || oddNumber(v) || d.schema.Validate(v) != nil || json.Compact(&text, []byte(stored)) != nil {
		return Value{Text: stored}
	}
	return Value{text.String(), true}
}

// Stored returns the text as which the value of a property is stored: itself if it is text, nil for null, else JSON.
func Stored(value any) *string {
	var text string
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		text = v
	default:
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		if e.Encode(v) == nil { // it came from JSON
			text = string(bytes.TrimSpace(out.Bytes()))
		}
	}
	return &text
}
