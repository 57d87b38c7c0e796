// Package option reads the tags that describe an option once, beside the field that holds its value:
//
//	PageSize int `name:"limit_param_default" group:"DEFAULT" default:"25" min:"1" help:"images on a page by default"`
//
// Walk lists the options of a struct, SetDefaults fills it, Check checks it. Files, samples and command lines are
// built on these (package config). Fields without a name tag are not options; an embedded or nested struct without one
// is walked.
//
// # Tags
//
//	name        as in the reference; an option of our own says so in its help
//	group       the section of a file; DEFAULT if there is none
//	default     in the form of a file; no tag: unset, the zero value
//	help        one line for the operator
//	min, max    of a number, or of a duration in seconds
//	choices     the values that a string, or an item of a list, may have: a,b,c
//	kind        host: a string that is an IP address or a host name. port: a number of 0 to 65535
//	multi       true: a list with one item for each time that the option is written
//	secret      true: the value is never shown, not in an error either
//	deprecated  older names, still read: GROUP/name,GROUP/name
//	removal     why the option is better not used any more
//
// # Types of fields
//
//	string             the text
//	bool               true, 1, on, yes; false, 0, off, no; in any letter case
//	int, int64         decimal
//	float64            a number
//	time.Duration      seconds, a whole number
//	[]string           a,b,c or [a, 'b', "c"]
//	map[string]string  a:b,c:d
//
// Empty text is an empty string, list or map, no bool, and leaves a number at its default (spec operations 3).
package option

import (
	"fmt"
	"reflect"
	"strings"
)

// Name is where an option is found: its section and its name there.
type Name struct{ Group, Name string }

// String returns the name as errors and warnings show it.
func (n Name) String() string { return "[" + n.Group + "] " + n.Name }

// Option is one option and the field that holds it.
type Option struct {
	Group, Name string
	Default     string // in the form of a file
	Help        string
	Min, Max    string   // of numbers; empty: no limit
	Choices     []string // empty: anything
	Kind        string
	Multi       bool
	Secret      bool
	Deprecated  []Name
	Removal     string
	Value       reflect.Value // settable
}

// Key returns where the option is found.
func (o Option) Key() Name { return Name{o.Group, o.Name} }

// Walk calls fn for every option in the struct that target points to, in the order of the fields. The error of fn comes
// back with the name of the option.
func Walk(target any, fn func(Option) error) error {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("option: %T is not a pointer to a struct", target)
	}
	return walk(v.Elem(), fn)
}

func walk(v reflect.Value, fn func(Option) error) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Tag.Get("name") == "" {
			if field.Type.Kind() == reflect.Struct && field.IsExported() {
				if err := walk(v.Field(i), fn); err != nil {
					return err
				}
			}
			continue
		}
		o := read(field.Tag)
		o.Value = v.Field(i)
		if err := fn(o); err != nil {
			return fmt.Errorf("option %s: %w", o.Key(), err)
		}
	}
	return nil
}

// defaultGroup is the section of options that name none.
const defaultGroup = "DEFAULT"

// read returns what the tags of a field say.
func read(tag reflect.StructTag) Option {
	o := Option{
		Group: tag.Get("group"), Name: tag.Get("name"), Default: tag.Get("default"), Help: tag.Get("help"),
		Min: tag.Get("min"), Max: tag.Get("max"), Kind: tag.Get("kind"), Removal: tag.Get("removal"),
		Multi: tag.Get("multi") == "true", Secret: tag.Get("secret") == "true",
	}
	if o.Group == "" {
		o.Group = defaultGroup
	}
	if choices := tag.Get("choices"); choices != "" {
		o.Choices = strings.Split(choices, ",")
	}
	if names := tag.Get("deprecated"); names != "" {
		for name := range strings.SplitSeq(names, ",") {
			group, name, _ := strings.Cut(name, "/")
			o.Deprecated = append(o.Deprecated, Name{group, name})
		}
	}
	if o.Kind == "port" && o.Min == "" {
		o.Min = "0"
	}
	if o.Kind == "port" && o.Max == "" {
		o.Max = "65535"
	}
	return o
}

// SetDefaults sets every option in the struct that target points to from its default tag.
func SetDefaults(target any) error {
	return Walk(target, Option.SetDefault)
}

// SetDefault sets the option from its default tag.
func (o Option) SetDefault() error {
	if o.Default == "" {
		o.Value.SetZero()
		return nil
	}
	return o.Set(o.Default)
}

// Check returns an error for the first option, in the struct that target points to, whose value its tags do not allow.
func Check(target any) error {
	return Walk(target, Option.Check)
}
