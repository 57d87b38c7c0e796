package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"goglance/glance/config/ini"
)

// parseTOML reads a TOML file: a table is a section, what stands outside of tables is in DEFAULT. Values may have the
// type of the option or be strings in the form of INI.
func parseTOML(r io.Reader, path string) (*layer, error) {
	text, err := io.ReadAll(io.LimitReader(r, ini.MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(text) > ini.MaxSize {
		return nil, fmt.Errorf("%s: longer than %d bytes", path, ini.MaxSize)
	}
	t := tomlFile{path: path, layer: newLayer()}
	var top map[string]toml.Primitive
	if t.meta, err = toml.Decode(string(text), &top); err != nil {
		return nil, t.fail(err)
	}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		if err := t.top(name, top[name]); err != nil {
			return nil, err
		}
	}
	return t.layer, nil
}

type tomlFile struct {
	path  string
	meta  toml.MetaData
	layer *layer
}

// top adds what stands outside of tables, or a table.
func (t *tomlFile) top(name string, p toml.Primitive) error {
	switch t.meta.Type(name) {
	case "Hash":
		var table map[string]toml.Primitive
		if err := t.meta.PrimitiveDecode(p, &table); err != nil {
			return t.fail(err)
		}
		for _, option := range slices.Sorted(maps.Keys(table)) {
			if err := t.add(name, option, table[option]); err != nil {
				return err
			}
		}
		return nil
	case "ArrayHash":
		return fmt.Errorf("%s: a section is written [%s], not [[%s]]", t.where(p), name, name)
	default:
		return t.add(defaultGroup, name, p)
	}
}

func (t *tomlFile) add(group, name string, p toml.Primitive) error {
	e := entry{where: t.where(p)}
	var value any
	if err := t.meta.PrimitiveDecode(p, &value); err != nil {
		return t.fail(err)
	}
	items, ok := value.([]any)
	if e.list = ok; !ok {
		items = []any{value}
	}
	for _, item := range items {
		text, ok := tomlText(item)
		e.bad = e.bad || !ok
		e.texts = append(e.texts, text)
	}
	t.layer.add(key(group, name), e)
	return nil
}

const noValue = "(no value)" // stands for a value that no option can have

// tomlText returns a value in the form of INI. A table is name:value pairs.
func tomlText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool, int64:
		return fmt.Sprint(v), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case map[string]any:
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			text, ok := v[name].(string)
			if !ok {
				return noValue, false
			}
			pairs = append(pairs, name+":"+text)
		}
		return strings.Join(pairs, ","), true
	default:
		return noValue, false
	}
}

// fail returns an error with the line, and without the text of the line, which may be secret.
func (t *tomlFile) fail(err error) error {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%s:%d: not TOML", t.path, parse.Position.Line)
	}
	return fmt.Errorf("%s: not TOML", t.path)
}

// where returns file and line of a value. The library tells the line with an error only, so one is made.
func (t *tomlFile) where(p toml.Primitive) string {
	var parse toml.ParseError
	if errors.As(t.meta.PrimitiveDecode(p, refuse{}), &parse) && parse.Position.Line > 0 {
		return fmt.Sprintf("%s:%d", t.path, parse.Position.Line)
	}
	return t.path
}

// refuse takes no value.
type refuse struct{}

// UnmarshalTOML returns an error.
func (refuse) UnmarshalTOML(any) error { return errors.New("no") }
