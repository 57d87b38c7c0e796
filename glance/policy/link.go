package policy

import "math"

// link points every reference at its rule, so that a decision looks nothing up, and makes sure that every decision
// ends, and soon: references that form a cycle stay unlinked, and a rule that leads to too many checks is void.
func (r *Rules) link(names []string) {
	for _, name := range names {
		for _, ref := range r.rules[name].refs {
			r.resolve(r.rules[name], ref)
		}
	}
	l := &linker{low: make(map[*rule]int, len(names))}
	for _, name := range names {
		if from := r.rules[name]; l.low[from] == 0 {
			l.visit(from)
		}
	}
}

// resolve finds what a reference stands for.
func (r *Rules) resolve(from *rule, ref *reference) {
	ref.to = r.find(ref.name)
	switch {
	case ref.to == nil:
		from.note("it refers to rule %.40q, which is not there", ref.name)
	case ref.to.name != ref.name:
		from.note("it refers to rule %.40q, which is not there, so the default rule decides", ref.name)
	}
}

// settled marks a rule whose group is complete. It is larger than any number of a rule, so min passes over it.
const settled = math.MaxInt

// linker finds the groups of rules that lead to one another (Tarjan's strongly connected components). A group is
// complete only after all groups that it leads to, which is also the order in which costs add up.
type linker struct {
	count int
	low   map[*rule]int // number of the earliest rule that this one leads to, itself included; 0: not visited
	stack []*rule       // visited, but the group is not complete
}

func (l *linker) visit(from *rule) {
	l.count++
	number, start := l.count, len(l.stack)
	l.low[from] = number
	l.stack = append(l.stack, from)
	for _, ref := range from.refs {
		if ref.to == nil {
			continue
		}
		if l.low[ref.to] == 0 {
			l.visit(ref.to)
		}
		l.low[from] = min(l.low[from], l.low[ref.to])
	}
	if l.low[from] == number {
		l.settle(l.stack[start:])
		l.stack = l.stack[:start]
	}
}

// settle completes a group. Whatever it leads to outside is settled already, so a reference to a rule that is not
// must be part of a cycle.
func (l *linker) settle(group []*rule) {
	for _, from := range group {
		for _, ref := range from.refs {
			if ref.to != nil && l.low[ref.to] != settled {
				from.note("it refers to rule %.40q, which leads back to it", ref.name)
				ref.to = nil
			}
		}
	}
	for _, from := range group {
		from.addCosts()
		l.low[from] = settled
	}
}

// addCosts adds the costs of what the rule refers to, and gives the rule up when that is too much.
func (r *rule) addCosts() {
	for _, ref := range r.refs {
		if ref.to != nil && r.cost <= limit {
			r.cost += ref.to.cost
		}
	}
	if r.cost > limit {
		r.void("never satisfied, since it leads to too many checks")
	}
}
