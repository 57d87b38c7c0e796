package option

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// errSecret stands for every error of a secret option: others quote the value.
var errSecret = errors.New("the value, which is secret and not shown, cannot be used")

// Set parses text by the type of the field. The error of a secret option does not tell its value.
func (o Option) Set(text string) error {
	err := o.set(text)
	if err != nil && o.Secret {
		return errSecret
	}
	return err
}

func (o Option) set(text string) error {
	switch o.Value.Interface().(type) {
	case string:
		o.Value.SetString(text)
		return nil
	case bool:
		b, err := parseBool(text)
		o.Value.SetBool(b)
		return err
	case int, int64, float64, time.Duration:
		if text = strings.TrimSpace(text); text == "" {
			return o.SetDefault()
		}
		return o.setNumber(text)
	case []string:
		if o.Multi {
			return o.SetItems(text)
		}
		return o.SetItems(parseList(text)...)
	case map[string]string:
		pairs, err := parsePairs(text)
		o.Value.Set(reflect.ValueOf(pairs))
		return err
	default:
		return fmt.Errorf("no way to set a %s", o.Value.Type())
	}
}

// SetItems sets an option that is a list. Of an option that is written several times, empty items count for nothing.
func (o Option) SetItems(items ...string) error {
	if _, ok := o.Value.Interface().([]string); !ok {
		return errors.New("takes one value, not a list")
	}
	var list []string
	for _, item := range items {
		if item != "" || !o.Multi {
			list = append(list, item)
		}
	}
	o.Value.Set(reflect.ValueOf(list))
	return nil
}

func (o Option) setNumber(text string) error {
	switch o.Value.Interface().(type) {
	case float64:
		f, err := strconv.ParseFloat(text, 64)
		o.Value.SetFloat(f)
		return err
	case time.Duration:
		seconds, err := strconv.ParseInt(text, 10, 32)
		o.Value.SetInt(seconds * int64(time.Second))
		return err
	default:
		n, err := o.parseInt(text)
		o.Value.SetInt(n)
		return err
	}
}

// parseInt reads an integer. A limit of the reference lies beyond 64 bits (image_size_cap, 1 to 2^63): what it allows
// is read as the largest number there is.
func (o Option) parseInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) && n == math.MaxInt64 && text == o.Max {
		return n, nil
	}
	return n, err
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1", "on", "yes":
		return true, nil
	case "false", "0", "off", "no":
		return false, nil
	default:
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
}

// parseList reads a list. Commas at its end count for nothing, an empty item elsewhere is an item.
func parseList(text string) []string {
	text = strings.TrimSpace(text)
	if inner, ok := bracketed(text); ok {
		return parseQuoted(inner)
	}
	if text = strings.TrimRight(text, ", \t\n"); text == "" {
		return nil
	}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items
}

// bracketed returns what is between the brackets of a list that is written in them. An IPv6 address is no list.
func bracketed(text string) (inner string, ok bool) {
	inner, begins := strings.CutPrefix(text, "[")
	inner, ends := strings.CutSuffix(inner, "]")
	return inner, begins && ends && !strings.ContainsAny(inner, "[]") && !strings.Contains(inner, "::")
}

// parseQuoted reads the inside of a list in brackets: its items may stand in quotes, and then hold commas.
func parseQuoted(text string) []string {
	var items []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		var item string
		if end := strings.IndexByte(text[1:], text[0]); (text[0] == '"' || text[0] == '\'') && end >= 0 {
			item, text = text[1:end+1], text[end+2:]
			_, text, _ = strings.Cut(text, ",")
		} else {
			item, text, _ = strings.Cut(text, ",")
			item = strings.TrimSpace(item)
		}
		items = append(items, item)
	}
	return items
}

// parsePairs reads name:value pairs. A part without a colon belongs to the value before it, comma and all.
func parsePairs(text string) (map[string]string, error) {
	pairs, last := map[string]string{}, ""
	if strings.TrimSpace(text) == "" {
		return pairs, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(part, ":")
		name = strings.TrimSpace(name)
		switch _, taken := pairs[name]; {
		case !found && last != "":
			pairs[last] += "," + part
		case !found || name == "":
			return nil, fmt.Errorf("%q is no name:value", part)
		case taken:
			return nil, fmt.Errorf("%q is there twice", name)
		default:
			pairs[name], last = strings.TrimSpace(value), name
		}
	}
	return pairs, nil
}
