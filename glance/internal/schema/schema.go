// Package schema holds the JSON schemas of the API: the documents that it publishes under /v2/schemas, and the checks of
// what clients send. Both come from the same source, so what is published is what is checked.
package schema

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"goglance/glance/fault"
	"goglance/glance/internal/pattern"
)

// Schema is a compiled JSON schema.
type Schema struct {
	compiled *jsonschema.Schema
}

// object is a JSON object.
type object = map[string]any

// resource names a schema in errors; without a scheme it would be a file in the current folder.
const resource = "schema:document"

// compile compiles a schema. It refers to nothing outside of itself: whatever a $ref in it would name is not fetched.
func compile(doc object) (*Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(closed{})
	c.UseRegexpEngine(engine())
	if err := c.AddResource(resource, doc); err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Op: "schema.compile", Err: err}
	}
	s, err := c.Compile(resource)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Op: "schema.compile", Err: err}
	}
	return &Schema{compiled: s}, nil
}

// closed fetches nothing.
type closed struct{}

// Load refuses.
func (closed) Load(string) (any, error) {
	return nil, errors.New("a schema does not refer to others")
}

// maxPatterns is the most regular expressions of a schema; the compiler asks for each of them twice.
const maxPatterns = 1000

// engine is the regular expressions as operators write them.
func engine() jsonschema.RegexpEngine {
	n := 0
	return func(text string) (jsonschema.Regexp, error) {
		if n++; n > maxPatterns {
			return nil, errors.New("there are too many regular expressions")
		}
		return pattern.Compile(text)
	}
}

// Validate checks a document as decoded by encoding/json with UseNumber. The error is fault.Invalid and names the
// first attribute that is wrong.
func (s *Schema) Validate(doc any) error {
	if oddNumber(doc) {
		return fault.New(fault.Invalid, "a number in the document is too long or too large")
	}
	err := s.compiled.Validate(doc)
	var broken *jsonschema.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	for len(broken.Causes) > 0 {
		broken = broken.Causes[0]
	}
	text := shortened(broken.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
	if len(broken.InstanceLocation) == 0 {
		return fault.New(fault.Invalid, "the document is not valid: %s", text)
	}
	return fault.New(fault.Invalid, "the value of %q is not valid: %s", shortened(strings.Join(broken.InstanceLocation, "/")), text)
}

// maxMessage is the number of bytes that are said of a value.
const maxMessage = 400

func shortened(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	end := maxMessage
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}

// The longest number that is looked at, and the largest power of ten; together they fit a float64. Reading a number takes the square of its length,
// or space for as many digits as its exponent says; minutes and gigabytes are easily written.
const (
	maxNumber   = 64
	maxExponent = 240
)

// oddNumber reports whether there is a number beyond these bounds in v.
func oddNumber(v any) bool {
	switch v := v.(type) {
	case json.Number:
		return odd(string(v))
	case []any:
		return slices.ContainsFunc(v, oddNumber)
	case map[string]any:
		for _, member := range v {
			if oddNumber(member) {
				return true
			}
		}
	}
	return false
}

func odd(number string) bool {
	if len(number) > maxNumber {
		return true
	}
	e := strings.IndexAny(number, "eE")
	if e < 0 {
		return false
	}
	n, err := strconv.Atoi(number[e+1:])
	return err != nil || n > maxExponent || n < -maxExponent
}
