package policy

import (
	"fmt"
	"strings"
)

// tokenKind says what a token is to the parser.
type tokenKind uint8

const (
	checkToken tokenKind = iota
	openToken
	closeToken
	andToken
	orToken
	notToken
	quotedToken // a text in quotes; no rule can use one, so the parser stops at it
)

type token struct {
	kind tokenKind
	text string
}

// String returns the token as a warning shows it, cut short: a rule may be anything.
func (t token) String() string { return fmt.Sprintf("%.40q", t.text) }

// tokenize splits a rule at white space, and brackets off the ends of its words.
func tokenize(text string) []token {
	var tokens []token
	for _, word := range strings.Fields(text) {
		unopened := strings.TrimLeft(word, "(")
		core := strings.TrimRight(unopened, ")")
		for range len(word) - len(unopened) {
			tokens = append(tokens, token{openToken, "("})
		}
		if core != "" {
			tokens = append(tokens, token{kindOf(core), core})
		}
		for range len(unopened) - len(core) {
			tokens = append(tokens, token{closeToken, ")"})
		}
	}
	return tokens
}

// kindOf classifies a word without brackets.
func kindOf(word string) tokenKind {
	switch strings.ToLower(word) {
	case "and":
		return andToken
	case "or":
		return orToken
	case "not":
		return notToken
	}
	if isQuoted(word) {
		return quotedToken
	}
	return checkToken
}

// isQuoted reports whether text begins and ends with the same quotation mark.
func isQuoted(text string) bool {
	last := len(text) - 1
	return last > 0 && text[0] == text[last] && (text[0] == '\'' || text[0] == '"')
}
