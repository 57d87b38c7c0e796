// Package jsonpatch reads the two dialects of JSON patch that the Images API takes (spec images-api 4.1 to 4.3). They
// are not RFC 6902: there are three operations, a pointer names an attribute of the image, blanks around its segments
// do not count, and only locations have members that can be pointed at. Hence no library.
//
// The package knows the form of an operation. Whether the attribute can be changed, and to that value, the caller
// finds out.
package jsonpatch

import "goglance/glance/fault"

// Dialect is how an operation is written down.
type Dialect uint8

// The dialects. V20 is deprecated.
const (
	V20 Dialect = iota // {"add": "/x", "value": 1}
	V21                // {"op": "add", "path": "/x", "value": 1}
)

// Op is what an operation does.
type Op string

// The operations.
const (
	Add     Op = "add"
	Replace Op = "replace"
	Remove  Op = "remove"
)

// Locations is the attribute whose members can be pointed at.
const Locations = "locations"

// Operation is one step of a patch.
type Operation struct {
	Op    Op
	Path  []string // the attribute and, for a single one of the locations, its place: any text
	Value any      // as it was decoded; nil for Remove
}

// Parse reads one element of a patch as encoding/json has decoded it. Members that mean nothing are ignored. The error
// is fault.Invalid.
func Parse(d Dialect, element any) (Operation, error) {
	members, ok := element.(map[string]any)
	if !ok {
		return Operation{}, fault.New(fault.Invalid, "it is not a JSON object")
	}
	read := parseV21
	if d == V20 {
		read = parseV20
	}
	op, target, err := read(members)
	if err != nil {
		return Operation{}, err
	}
	path, err := pointer(target)
	if err == nil {
		err = checkDepth(op, path)
	}
	if err != nil || op == Remove {
		return Operation{Op: op, Path: path}, err
	}
	value, ok := members["value"]
	if !ok {
		return Operation{}, fault.New(fault.Invalid, "%s needs a value", op)
	}
	return Operation{op, path, value}, nil
}

// parseV21 returns the operation and where it points.
func parseV21(members map[string]any) (Op, any, error) {
	name, _ := members["op"].(string)
	op := Op(name)
	if op != Add && op != Replace && op != Remove {
		return "", nil, fault.New(fault.Invalid, `its "op" is not add, replace or remove`)
	}
	target, ok := members["path"]
	if !ok {
		return "", nil, fault.New(fault.Invalid, "it has no path")
	}
	return op, target, nil
}

// parseV20 does the same for the dialect where the name of the operation is the key of the pointer.
func parseV20(members map[string]any) (found Op, target any, err error) {
	for _, op := range []Op{Add, Replace, Remove} {
		at, ok := members[string(op)]
		if !ok {
			continue
		}
		if found != "" {
			return "", nil, fault.New(fault.Invalid, "it is both %s and %s", found, op)
		}
		found, target = op, at
	}
	if found == "" {
		return "", nil, fault.New(fault.Invalid, "it has no member add, replace or remove")
	}
	return found, target, nil
}

// checkDepth says which operations are for an attribute and which for one of the locations.
func checkDepth(op Op, path []string) error {
	want := 1
	if path[0] == Locations && op != Replace {
		want = 2
	}
	if len(path) != want {
		return fault.New(fault.Invalid, "%s cannot be applied where the path points", op)
	}
	return nil
}
