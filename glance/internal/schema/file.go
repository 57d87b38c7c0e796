package schema

import (
	"bytes"
	_ "embed" // for the shipped file
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"unicode/utf8"

	"goglance/glance/fault"
)

// The bounds of a schema file, in bytes and in brackets inside each other.
const (
	maxFile  = 1 << 20
	maxDepth = 32
)

//go:embed schema-image.json
var shipped string

// Shipped returns the schema-image.json that goes with this release, for an operator to begin with (spec images-api
// 3.3). It is used only if it is installed: no file is no declared properties.
func Shipped() []byte { return []byte(shipped) }

// readFile reads the properties that a schema file declares. It is the operator's, but may still be wrong or, being
// passed around, hostile (spec security S83): it is bounded, and refers to nothing.
func readFile(file []byte) (map[string]object, error) {
	switch {
	case len(bytes.TrimSpace(file)) == 0:
		return nil, nil
	case len(file) > maxFile:
		return nil, fault.New(fault.Invalid, "schema file: it has more than %d bytes", maxFile)
	case !utf8.Valid(file):
		return nil, fault.New(fault.Invalid, "schema file: it is not UTF-8")
	}
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(file))
	d.UseNumber()
	if err := d.Decode(&members); err != nil || members == nil {
		return nil, fault.New(fault.Invalid, "schema file: it is not a JSON object: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "schema file: there is something behind the JSON object")
	}
	properties := map[string]object{}
	for name, member := range members {
		fragment, ok := member.(object)
		if !ok {
			return nil, fault.New(fault.Invalid, "schema file: %q is not described by a JSON object", name)
		}
		if err := harmless(fragment, 0); err != nil {
			return nil, fault.New(fault.Invalid, "schema file: %q: %s", name, fault.Message(err))
		}
		properties[name] = fragment
	}
	return properties, nil
}

// harmless refuses what leads out of a fragment: references in all their forms begin with a $. Nothing else that does
// is of use in a fragment.
func harmless(v any, depth int) error {
	if depth > maxDepth {
		return fault.New(fault.Invalid, "it is nested deeper than %d", maxDepth)
	}
	switch v := v.(type) {
	case json.Number:
		if odd(string(v)) {
			return fault.New(fault.Invalid, "the number %.20s is too long or too large", v)
		}
	case []any:
		for _, member := range v {
			if err := harmless(member, depth+1); err != nil {
				return err
			}
		}
	case object:
		for name, member := range v {
			if strings.HasPrefix(name, "$") {
				return fault.New(fault.Invalid, "%q is not allowed here", name)
			}
			if err := harmless(member, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// same reports whether two fragments ask for the same, in whatever words.
func same(a any, b object) bool {
	base, _ := a.(object)
	x, errX := json.Marshal(bare(base))
	y, errY := json.Marshal(bare(b))
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func bare(fragment object) object {
	o := maps.Clone(fragment)
	delete(o, "description")
	delete(o, "is_base")
	return o
}
