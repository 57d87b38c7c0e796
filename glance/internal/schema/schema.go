package schema

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"goglance/glance/fault"
)

// Schema is a compiled JSON schema.
type Schema struct {
	compiled *jsonschema.Schema
}

// Validate checks a document as decoded by encoding/json with UseNumber. The error is fault.Invalid and names the
// first attribute that is wrong.
func (s *Schema) Validate(doc any) error {
	if longNumber(doc) {
		return fault.New(fault.Invalid, "a number in the document has more than %d characters", maxNumber)
	}
	err := s.compiled.Validate(doc)
	var broken *jsonschema.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	for len(broken.Causes) > 0 {
		broken = broken.Causes[0]
	}
	text := broken.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	if len(broken.InstanceLocation) == 0 {
		return fault.New(fault.Invalid, "the document is not valid: %s", text)
	}
	return fault.New(fault.Invalid, "the value of %q is not valid: %s", strings.Join(broken.InstanceLocation, "/"), text)
}

// maxNumber is the length of the longest number that is looked at. Reading one takes the square of its length: minutes
// for a few million digits.
const maxNumber = 64

func longNumber(v any) bool {
	switch v := v.(type) {
	case json.Number:
		return len(v) > maxNumber
	case []any:
		return slices.ContainsFunc(v, longNumber)
	case map[string]any:
		for _, member := range v {
			if longNumber(member) {
				return true
			}
		}
	}
	return false
}
