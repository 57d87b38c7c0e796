package policy

import (
	"context"

	"goglance/glance/auth"
)

// verdict is the answer of a node. Undecided, the zero value, is the answer of a mistake: it does not let anybody in,
// and turned round by not it still does not.
type verdict int8

const (
	no        verdict = -1
	undecided verdict = 0
	yes       verdict = 1
)

// question is what a compiled rule is asked. It is passed by value, which keeps it off the heap.
type question struct {
	ctx    context.Context
	action string // the rule that was asked for
	who    *auth.Identity
	target Target
	remote Remote // nil: nobody to ask
}

// node is a part of a compiled rule. A kind of check is a node; newCheck makes it.
type node interface {
	eval(q question) verdict
}

// eval makes a constant of the verdict.
func (v verdict) eval(question) verdict { return v }

// verdictOf returns yes or no.
func verdictOf(ok bool) verdict {
	if ok {
		return yes
	}
	return no
}

// anyOf is or: the best answer of its nodes, asked from left to right until one says yes.
type anyOf []node

func (nodes anyOf) eval(q question) verdict {
	best := no
	for _, n := range nodes {
		if best = max(best, n.eval(q)); best == yes {
			break
		}
	}
	return best
}

// allOf is and: the worst answer of its nodes, asked from left to right until one says no.
type allOf []node

func (nodes allOf) eval(q question) verdict {
	worst := yes
	for _, n := range nodes {
		if worst = min(worst, n.eval(q)); worst == no {
			break
		}
	}
	return worst
}

type not struct{ node }

func (n not) eval(q question) verdict { return -n.node.eval(q) }

// reference is a rule: check. Linking fills in to; it stays nil if the reference leads nowhere or back to itself.
type reference struct {
	name string
	to   *rule
}

func (r *reference) eval(q question) verdict {
	if r.to == nil {
		return undecided
	}
	return r.to.root.eval(q)
}
