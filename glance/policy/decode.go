package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decode reads the text of a policy file: JSON, else YAML (spec tasks-import F.2). A name that occurs twice has its
// last rule. An empty file has no rules. The values are still to be checked by Compile.
func decode(text []byte) (map[string]any, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var rules map[string]any
	jsonErr := json.Unmarshal(text, &rules)
	if jsonErr == nil {
		return rules, nil
	}
	rules, err := decodeYAML(text)
	var syntax *json.SyntaxError
	if err != nil && errors.As(jsonErr, &syntax) {
		return nil, fmt.Errorf("neither JSON (%s: %w) nor YAML (%w)", place(text, syntax.Offset), jsonErr, err)
	}
	return rules, err
}

// place says where in text the byte before offset is.
func place(text []byte, offset int64) string {
	before := text[:min(int(offset), len(text))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - 1 - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, column)
}

func decodeYAML(text []byte) (map[string]any, error) {
	stream := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := stream.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := stream.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	y := yamlReader{lines: lines(text), left: limit}
	return y.rules(doc.Content[0])
}

// yamlReader turns YAML into the same values that JSON gives. It goes over the nodes itself to count them as it
// follows aliases: a file of a few hundred bytes can stand for billions.
type yamlReader struct {
	lines [][]rune
	left  int // values that may still come
}

func (y *yamlReader) rules(root *yaml.Node) (map[string]any, error) {
	if root.ShortTag() == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("it is no mapping from names to rules")
	}
	rules := make(map[string]any, len(root.Content)/2)
	for i := 0; i+1 < len(root.Content); i += 2 {
		name := root.Content[i]
		if name.Kind != yaml.ScalarNode || name.ShortTag() == "!!merge" {
			return nil, fmt.Errorf("line %d: this is no name of a rule", name.Line)
		}
		value, err := y.value(root.Content[i+1], 0)
		if err != nil {
			return nil, err
		}
		rules[name.Value] = value
	}
	return rules, nil
}

// listDepth is how deep rules go: a list of lists. An alias that contains itself ends here.
const listDepth = 2

func (y *yamlReader) value(n *yaml.Node, depth int) (any, error) {
	if y.left--; y.left < 0 {
		return nil, fmt.Errorf("line %d: more than %d values", n.Line, limit)
	}
	switch {
	case n.Kind == yaml.AliasNode:
		return y.value(n.Alias, depth) // the library has no alias of an alias
	case n.Kind == yaml.SequenceNode && depth < listDepth:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			var err error
			if list[i], err = y.value(item, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str":
		return n.Value, nil
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" && !y.tagged(n):
		return nil, nil
	default:
		return nil, fmt.Errorf("line %d: a rule is a text, a list or nothing at all; put it in quotes", n.Line)
	}
}

// tagged reports whether a null has a tag, which is no way to write one, or begins with ! or &. Without quotes a ! is no value but half a tag, which the
// library drops; what was meant to let nobody in would be null and let everybody in.
func (y *yamlReader) tagged(n *yaml.Node) bool {
	if n.Style&yaml.TaggedStyle != 0 || n.Line > len(y.lines) {
		return true
	}
	line := y.lines[n.Line-1]
	return n.Value == "" && n.Column <= len(line) && strings.ContainsRune("!&", line[n.Column-1])
}

// lines splits text where YAML does, to be looked up by line and column.
func lines(text []byte) [][]rune {
	var all [][]rune
	for _, line := range regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]").Split(string(text), -1) {
		all = append(all, []rune(line))
	}
	return all
}
