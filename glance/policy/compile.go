package policy

import (
	"fmt"
	"maps"
	"slices"
)

// limit bounds the number of rules in a set and of checks that one decision can lead to. Both are far beyond any
// policy written by hand; ten rules that each name the next one ten times are not.
const limit = 100_000

// rule is one compiled rule.
type rule struct {
	name  string
	root  node
	refs  []*reference // the rule: checks below root
	cost  int          // checks below root; once linked, also those that references lead to
	notes []string     // what is wrong, without the rule's name

	remote bool // there is somebody to ask
}

// Compile is CompileRemote with nobody to ask: http: and https: checks let nobody in.
func Compile(rules map[string]any, defaultRule string) (*Rules, error) {
	return CompileRemote(rules, defaultRule, nil)
}

// CompileRemote turns rules as read from a policy file into a set that can decide. A value is a string, nil, or a list
// ([]any) of strings and lists of strings; anything else is an error, because it is no policy. Mistakes within the
// language are no errors: they deny, and Warnings tells of them. The default rule is named by defaultRule; an empty
// name, or one that is not among the rules, means that there is none. Remote answers http: and https: checks; it may be
// nil.
func CompileRemote(rules map[string]any, defaultRule string, remote Remote) (*Rules, error) {
	if len(rules) > limit {
		return nil, fmt.Errorf("policy of %d rules: more than %d", len(rules), limit)
	}
	set := &Rules{rules: make(map[string]*rule, len(rules)), remote: remote}
	names := slices.Sorted(maps.Keys(rules))
	for _, name := range names {
		compiled := &rule{name: name, remote: remote != nil}
		if err := compiled.read(rules[name]); err != nil {
			return nil, fmt.Errorf("policy rule %q: %w", name, err)
		}
		set.rules[name] = compiled
	}
	if defaultRule != "" {
		set.fallback = set.rules[defaultRule]
	}
	set.link(names)
	for _, name := range names {
		for _, note := range set.rules[name].notes {
			set.warnings = append(set.warnings, fmt.Sprintf("policy rule %q: %s", name, note))
		}
	}
	set.warnOpen()
	return set, nil
}

// read compiles one value of a policy file.
func (r *rule) read(value any) (err error) {
	switch v := value.(type) {
	case nil:
		r.root = yes
	case string:
		r.root, err = r.parse(v)
	case []any:
		r.root, err = r.list(v)
		return err
	default:
		return fmt.Errorf("a rule cannot be of type %T", value)
	}
	if err != nil {
		r.void(fmt.Sprintf("never satisfied, since it cannot be read: %v", err))
	}
	return nil
}

// void makes the whole rule undecided. What was wrong in its parts no longer matters.
func (r *rule) void(why string) {
	r.root, r.refs, r.cost, r.notes = undecided, nil, 1, []string{why}
}

// note keeps what is wrong with the rule for Warnings.
func (r *rule) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// mistake takes note of a check that can never work and returns what stands in its place.
func (r *rule) mistake(format string, args ...any) node {
	r.note(format, args...)
	return undecided
}

// list compiles the list syntax: an outer or, inner ands, no keywords.
func (r *rule) list(outer []any) (node, error) {
	if len(outer) == 0 {
		return yes, nil
	}
	var choices anyOf
	for _, item := range outer {
		checks, err := checksIn(item)
		if err != nil {
			return nil, err
		}
		if len(checks) == 0 {
			continue
		}
		var all allOf
		for _, check := range checks {
			all = append(all, r.newCheck(check))
		}
		choices = append(choices, all)
	}
	return choices, nil // without choices nobody passes
}

// checksIn returns the checks of one item of the outer list. An empty string, like an empty list, has none.
func checksIn(item any) ([]string, error) {
	switch v := item.(type) {
	case string:
		if v == "" {
			return nil, nil
		}
		return []string{v}, nil
	case []any:
		checks := make([]string, len(v))
		for i, check := range v {
			text, ok := check.(string)
			if !ok {
				return nil, fmt.Errorf("a check cannot be of type %T", check)
			}
			checks[i] = text
		}
		return checks, nil
	default:
		return nil, fmt.Errorf("a list of checks cannot be of type %T", item)
	}
}
