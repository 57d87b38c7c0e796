package metadef

import (
	"encoding/json"
	"math/big"
	"strings"

	"goglance/glance/fault"
)

// Schema is what is said of one property: a JSON object as encoding/json decodes it with UseNumber. It is data only;
// nobody follows a reference in it or applies a pattern of it (spec security S27).
type Schema map[string]any

// SchemaKeys returns the keys that a schema may have, in the order in which they are shown (spec metadefs 3.2).
func SchemaKeys() []string {
	return []string{
		"name", "type", "title", "description", "operators", "default", "readonly", "minimum", "maximum", "enum",
		"pattern", "minLength", "maxLength", "confidential", "items", "uniqueItems", "minItems", "maxItems",
		"additionalItems",
	}
}

// Typed returns the schema with every value in the type that is shown: a default is text, a bound is a whole number.
// The error, fault.Invalid, names a key that is missing, unknown or of the wrong type; the schema is then what could be
// made of the rest. So input with an error is refused, and what is stored is shown as well as it can be.
func (s Schema) Typed() (Schema, error) {
	typed := make(Schema, len(s))
	var wrong error
	for _, key := range SchemaKeys() {
		v, ok := s[key]
		if !ok {
			continue
		}
		v, keep, why := typedValue(key, v)
		if keep {
			typed[key] = v
		}
		if why != "" && wrong == nil {
			wrong = fault.New(fault.Invalid, "%q of a property %s", key, why)
		}
	}
	for _, key := range []string{"type", "title"} {
		if typed[key] == nil && wrong == nil {
			wrong = fault.New(fault.Invalid, "a property needs %q", key)
		}
	}
	if wrong == nil && len(typed) < len(s) {
		wrong = fault.New(fault.Invalid, "a property has a key that it cannot have")
	}
	return typed, wrong
}

// typedValue returns the value of a key in its type, whether there is anything to show, and what is wrong with it; ""
// is nothing.
func typedValue(key string, v any) (value any, keep bool, why string) {
	switch key {
	case "operators", "enum":
		return texts(v)
	case "readonly", "confidential", "uniqueItems", "additionalItems":
		b, ok := v.(bool)
		return b, ok, unless(ok, "is not true or false")
	case "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems":
		n, ok := whole(v)
		return n, ok, unless(ok, "is not a number of a sensible size")
	case "default":
		return asText(v), true, ""
	case "items":
		return items(v)
	}
	text, ok := v.(string)
	return text, ok, unless(ok, "is not text")
}

func unless(ok bool, why string) string {
	if ok {
		return ""
	}
	return why
}

// asText spells a value as the reference does; what is no single value becomes null.
func asText(v any) any {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "True"
		}
		return "False"
	}
	return nil
}

// texts wants a list of texts, in which null is let pass.
func texts(v any) (list any, keep bool, why string) {
	values, ok := v.([]any)
	if !ok {
		return nil, false, "is not a list"
	}
	out := make([]any, len(values))
	for i, one := range values {
		out[i] = asText(one)
		if _, ok := one.(string); !ok && one != nil {
			why = "is not a list of texts"
		}
	}
	return out, true, why
}

// items wants the schema of the members of an array.
func items(v any) (schema any, keep bool, why string) {
	from, _ := v.(map[string]any)
	kind, ok := from["type"].(string)
	if !ok {
		return nil, false, "has no type"
	}
	out := map[string]any{"type": kind}
	if enum, ok := from["enum"]; ok {
		if enum, keep, why = texts(enum); keep {
			out["enum"] = enum
		}
	}
	if len(out) < len(from) && why == "" {
		why = "has more than type and enum"
	}
	return out, true, why
}

// The longest number that is looked at, and the largest integer: in characters, in digits of its exponent, in bits.
const (
	maxDigits   = 64
	maxExponent = 3
	maxBits     = 212
)

// whole makes a number an integer, towards zero (spec metadefs 3.2).
func whole(v any) (json.Number, bool) {
	n, _ := v.(json.Number)
	text := n.String()
	if e := strings.IndexAny(text, "eE"); len(text) > maxDigits || e >= 0 && len(strings.Trim(text[e:], "eE+-")) > maxExponent {
		return "", false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return "", false
	}
	i := new(big.Int).Quo(r.Num(), r.Denom())
	return json.Number(i.String()), i.BitLen() <= maxBits
}
