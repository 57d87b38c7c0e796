// Package option reads the tags that describe an option once, beside the field that holds its value:
//
//	PageSize int `name:"limit_param_default" group:"DEFAULT" default:"25" min:"1" help:"images on a page by default"`
//
// Walk lists the options of a struct, SetDefaults fills it, Check checks it. Files, samples and command lines are to be
// built on these (package config). Fields without a name tag are not options; an embedded or nested struct without one is walked.
package option

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Option is one option and the field that holds it.
type Option struct {
	Name, Group, Default, Min, Help string
	Value                           reflect.Value // settable
}

// Walk calls fn for every option in the struct that target points to, in the order of the fields.
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
		name := field.Tag.Get("name")
		if name == "" {
			if field.Type.Kind() == reflect.Struct && field.IsExported() {
				if err := walk(v.Field(i), fn); err != nil {
					return err
				}
			}
			continue
		}
		group := field.Tag.Get("group")
		if group == "" {
			group = "DEFAULT"
		}
		o := Option{
			Name: name, Group: group, Default: field.Tag.Get("default"), Min: field.Tag.Get("min"), Help: field.Tag.Get("help"),
			Value: v.Field(i),
		}
		if err := fn(o); err != nil {
			return fmt.Errorf("option %s: %w", name, err)
		}
	}
	return nil
}

// SetDefaults sets every option in the struct that target points to from its default tag.
func SetDefaults(target any) error {
	return Walk(target, func(o Option) error { return o.Set(o.Default) })
}

// Check returns an error for the first option, in the struct that target points to, that is below its min tag.
func Check(target any) error {
	return Walk(target, func(o Option) error {
		if o.Min == "" {
			return nil
		}
		least, err := strconv.ParseInt(o.Min, 10, 64)
		if err == nil && o.Value.Int() < least {
			err = fmt.Errorf("%d is less than %d", o.Value.Int(), least)
		}
		return err
	})
}

// Set parses text by the type of the field: string, bool, int, int64, duration in whole seconds, or a list of
// strings separated by commas. Empty text is the zero value.
func (o Option) Set(text string) error {
	if text == "" {
		o.Value.SetZero()
		return nil
	}
	switch o.Value.Interface().(type) {
	case string:
		o.Value.SetString(text)
	case bool:
		b, err := strconv.ParseBool(text)
		o.Value.SetBool(b)
		return err
	case time.Duration:
		seconds, err := strconv.ParseInt(text, 10, 32)
		o.Value.SetInt(seconds * int64(time.Second))
		return err
	case int, int64:
		n, err := strconv.ParseInt(text, 10, 64)
		o.Value.SetInt(n)
		return err
	case []string:
		items := strings.Split(text, ",")
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
		}
		o.Value.Set(reflect.ValueOf(items))
	default:
		return fmt.Errorf("no way to set a %s", o.Value.Type())
	}
	return nil
}
