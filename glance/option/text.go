package option

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// masked stands for the value of a secret option.
const masked = "****"

// Text returns the value for people to read: in the form of a file, the items of a list separated by commas; of a
// secret option that is set, asterisks.
func (o Option) Text() string {
	text := o.text()
	if o.Secret && text != "" {
		return masked
	}
	return text
}

func (o Option) text() string {
	switch v := o.Value.Interface().(type) {
	case time.Duration:
		return strconv.FormatInt(int64(v/time.Second), 10)
	case []string:
		return strings.Join(v, ",")
	case map[string]string:
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, name+":"+v[name])
		}
		return strings.Join(pairs, ",")
	default:
		return fmt.Sprint(v)
	}
}

// Type returns what the option takes, for the operator.
func (o Option) Type() string {
	switch o.Value.Interface().(type) {
	case bool:
		return "boolean"
	case int, int64:
		if o.Kind != "" {
			return o.Kind
		}
		return "integer"
	case float64:
		return "number"
	case time.Duration:
		return "seconds"
	case []string:
		if o.Multi {
			return "may be given several times"
		}
		return "list"
	case map[string]string:
		return "name:value pairs"
	default:
		if o.Kind != "" {
			return o.Kind
		}
		return "string"
	}
}
