package deffile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"goglance/glance/fault"
	"goglance/glance/metadef"
)

// defaultOwner owns what a file gives to nobody. It is no project, so only administrators may change it.
const defaultOwner = "admin"

// decode reads the text of a file. Warnings tell what the API will not show of it.
func decode(text []byte) (d *metadef.Definition, warnings []string, err error) {
	if !utf8.Valid(text) {
		return nil, nil, fault.New(fault.Invalid, "the text is not UTF-8")
	}
	var all json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, nil, syntaxError(text, err)
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, nil, fault.New(fault.Invalid, "the text is not JSON: %s", err)
	}
	values, ok := v.(map[string]any)
	if !ok {
		return nil, nil, fault.New(fault.Invalid, "the text is not a JSON object")
	}
	r := &report{}
	d = node{report: r, values: values}.definition()
	return d, r.warnings, r.err
}

// syntaxError says where the text stops being JSON.
func syntaxError(text []byte, err error) error {
	var wrong *json.SyntaxError
	if !errors.As(err, &wrong) {
		return fault.New(fault.Invalid, "the text is not JSON: %s", err)
	}
	before := text[:min(int(wrong.Offset), len(text))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fault.New(fault.Invalid, "line %d, column %d: the text is not JSON: %s", line, column, wrong)
}

// report collects what is wrong with a file: the first error, and all warnings.
type report struct {
	err      error
	warnings []string
}

// node is a JSON object of a file and its place there: "" or a path with a dot behind it. Its methods return zero values
// where something is wrong.
type node struct {
	*report
	at     string
	values map[string]any
}

func (n node) wrong(key, format string, args ...any) {
	if n.err == nil {
		n.err = fault.New(fault.Invalid, "%s%s %s", n.at, key, fmt.Sprintf(format, args...))
	}
}

func (n node) definition() *metadef.Definition {
	d := &metadef.Definition{Namespace: n.namespace()}
	for _, a := range n.list("resource_type_associations") {
		add(a, &d.Associations, metadef.Association{Name: a.name(), Prefix: a.text("prefix"), Target: a.text("properties_target")})
	}
	schemas := n.schemas("properties")
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		add(node{report: n.report, at: quoted("properties", name) + "."}, &d.Properties, metadef.Property{Name: name, Schema: schemas[name]})
	}
	for _, o := range n.list("objects") {
		add(o, &d.Objects, metadef.Object{Name: o.name(), Description: o.text("description"), Properties: o.schemas("properties")})
	}
	for _, t := range n.list("tags") {
		add(t, &d.Tags, metadef.Tag{Name: t.name()})
	}
	return d
}

func (n node) namespace() metadef.Namespace {
	ns := metadef.Namespace{
		DisplayName: n.text("display_name"), Description: n.text("description"), Protected: n.flag("protected"), Owner: defaultOwner,
	}
	if name := n.text("namespace"); name != nil {
		ns.Name = *name
	}
	if ns.Name == "" {
		n.wrong("namespace", "is missing")
	}
	if owner := n.text("owner"); owner != nil {
		ns.Owner = *owner
	}
	if v := n.text("visibility"); v != nil {
		if ns.Visibility = metadef.Visibility(*v); ns.Visibility != metadef.Public && ns.Visibility != metadef.Private {
			n.wrong("visibility", "is neither public nor private")
		}
	}
	n.check(ns)
	return ns
}

// add appends what a node says, if a database can keep it.
func add[T interface{ Check() error }](n node, all *[]T, one T) {
	n.check(one)
	*all = append(*all, one)
}

func (n node) check(one interface{ Check() error }) {
	if err := one.Check(); err != nil && n.err == nil {
		n.err = fault.New(fault.Invalid, "%s: %s", n.place(), fault.Message(err))
	}
}

func (n node) place() string {
	if n.at == "" {
		return "namespace"
	}
	return n.at[:len(n.at)-1]
}

// text returns a text, nil if there is none.
func (n node) text(key string) *string {
	v, ok := n.values[key].(string)
	if ok {
		return &v
	}
	if n.values[key] != nil {
		n.wrong(key, "is not text")
	}
	return nil
}

// name returns the name that a thing must have.
func (n node) name() string {
	name := n.text("name")
	if name == nil {
		n.wrong("name", "is missing")
		return ""
	}
	return *name
}

func (n node) flag(key string) bool {
	v, ok := n.values[key].(bool)
	if !ok && n.values[key] != nil {
		n.wrong(key, "is neither true nor false")
	}
	return v
}

// list returns the objects of a list, each of which has a name of its own.
func (n node) list(key string) []node {
	values, ok := n.values[key].([]any)
	if !ok && n.values[key] != nil {
		n.wrong(key, "is not a list")
	}
	nodes := make([]node, len(values))
	names := make(map[any]bool, len(values))
	for i, v := range values {
		at := fmt.Sprintf("%s[%d]", key, i)
		object, ok := v.(map[string]any)
		if !ok {
			n.wrong(at, "is not an object")
		}
		if name, ok := object["name"].(string); ok {
			if names[name] {
				n.wrong(at, "has the same name as one before it: %q", name)
			}
			names[name] = true
		}
		nodes[i] = node{report: n.report, at: n.at + at + ".", values: object}
	}
	return nodes
}

// schemas returns schemas of properties by their names.
func (n node) schemas(key string) map[string]metadef.Schema {
	values, ok := n.values[key].(map[string]any)
	if !ok && n.values[key] != nil {
		n.wrong(key, "is not an object")
	}
	schemas := make(map[string]metadef.Schema, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s, ok := values[name].(map[string]any)
		if !ok {
			n.wrong(quoted(key, name), "is not an object")
			continue
		}
		schemas[name] = s
		if _, err := schemas[name].Typed(); err != nil {
			n.warnings = append(n.warnings, n.at+quoted(key, name)+": "+fault.Message(err)+"; the API leaves out what it cannot show")
		}
	}
	return schemas
}

// quoted is the place of a property. Its name may be anything, also what would move the cursor of a terminal.
func quoted(key, name string) string { return fmt.Sprintf("%s[%q]", key, name) }
