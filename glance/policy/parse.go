package policy

import (
	"errors"
	"fmt"
)

// maxDepth bounds the nesting of brackets and nots in one rule: parsing and deciding recurse.
const maxDepth = 100

// parser reads one rule by recursive descent, a method for each level of precedence.
type parser struct {
	rule   *rule
	tokens []token
	depth  int
}

// parse compiles a rule written as text. An error means that the rule as a whole makes no sense.
func (r *rule) parse(text string) (node, error) {
	if text == "" {
		return yes, nil
	}
	p := &parser{rule: r, tokens: tokenize(text)}
	root, err := p.or()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%v where and, or, or the end should be", p.tokens[0])
	}
	return root, err
}

// take consumes the next token if it is of the kind.
func (p *parser) take(kind tokenKind) bool {
	if len(p.tokens) == 0 || p.tokens[0].kind != kind {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) or() (node, error) {
	choices, err := p.series(orToken, p.and)
	if len(choices) == 1 {
		return choices[0], err
	}
	return anyOf(choices), err
}

func (p *parser) and() (node, error) {
	all, err := p.series(andToken, p.not)
	if len(all) == 1 {
		return all[0], err
	}
	return allOf(all), err
}

// series reads operands with a separator between them: one operand at least.
func (p *parser) series(separator tokenKind, operand func() (node, error)) ([]node, error) {
	var nodes []node
	for {
		n, err := operand()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
		if !p.take(separator) {
			return nodes, nil
		}
	}
}

func (p *parser) not() (node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch {
	case p.take(notToken):
		n, err := p.not()
		return not{n}, err
	case p.take(openToken):
		n, err := p.or()
		if err == nil && !p.take(closeToken) {
			err = errors.New("a bracket is not closed")
		}
		return n, err
	default:
		return p.check()
	}
}

func (p *parser) check() (node, error) {
	if len(p.tokens) == 0 {
		return nil, errors.New("it ends where a check should be")
	}
	next := p.tokens[0]
	if !p.take(checkToken) {
		return nil, fmt.Errorf("%v where a check should be", next)
	}
	return p.rule.newCheck(next.text), nil
}
