package policy

import (
	"slices"
	"strings"

	"goglance/glance/auth"
)

// newCheck compiles one check. This is the place to add a kind.
func (r *rule) newCheck(text string) node {
	r.cost++
	switch text {
	case "@":
		return yes
	case "!":
		return no
	}
	kind, match, found := strings.Cut(text, ":")
	if !found {
		return r.mistake("%.40q is no check, for it has no colon", text)
	}
	switch kind {
	case "rule":
		ref := &reference{name: match}
		r.refs = append(r.refs, ref)
		return ref
	case "http", "https":
		return r.newRemoteCheck(kind, match)
	default:
		return r.newComparison(kind, match)
	}
}

// newComparison compiles the checks whose match may name attributes of the target.
func (r *rule) newComparison(left, match string) node {
	right, err := parseTemplate(match)
	if err != nil {
		return r.mistake("check %.40q: %v", left+":"+match, err)
	}
	switch left {
	case "role":
		return hasRole{right}
	case "roles":
		return listsRole{right}
	}
	if text, ok := literal(left); ok {
		return isLiteral{text, right}
	}
	if get := credential(left); get != nil {
		return isCredential{get, right}
	}
	return r.mistake("there is no credential named %.40q", left)
}

// credential returns how to get the credential of that name from an identity; nil if there is none of that name.
// Roles are no single text and have checks of their own.
func credential(name string) func(*auth.Identity) string {
	switch name {
	case "user_id", "user":
		return func(who *auth.Identity) string { return who.UserID }
	case "project_id", "tenant":
		return func(who *auth.Identity) string { return who.ProjectID }
	case "user_domain_id":
		return func(who *auth.Identity) string { return who.UserDomainID }
	case "project_domain_id":
		return func(who *auth.Identity) string { return who.ProjectDomainID }
	case "is_admin_project":
		return adminProject
	default:
		return nil
	}
}

func adminProject(who *auth.Identity) string {
	if who.NotAdminProject {
		return "False"
	}
	return "True"
}

// isCredential compares a credential of the caller. An empty one is a missing one.
type isCredential struct {
	get   func(*auth.Identity) string
	right template
}

func (c isCredential) eval(q question) verdict {
	have := c.get(q.who)
	want, ok := c.right.text(q.target)
	return verdictOf(ok && have != "" && have == want)
}

// isLiteral compares a constant.
type isLiteral struct {
	left  string
	right template
}

func (c isLiteral) eval(q question) verdict {
	want, ok := c.right.text(q.target)
	return verdictOf(ok && c.left == want)
}

// listsRole is the credential roles compared as it stands, letter by letter.
type listsRole struct{ right template }

func (c listsRole) eval(q question) verdict {
	want, ok := c.right.text(q.target)
	return verdictOf(ok && want != "" && slices.Contains(q.who.Roles, want))
}

// hasRole is the check role:NAME.
type hasRole struct{ right template }

func (c hasRole) eval(q question) verdict {
	want, ok := c.right.text(q.target)
	if want = trimSpace(want); !ok || want == "" {
		return no
	}
	for _, role := range q.who.Roles {
		if sameRole(role, want) {
			return yes
		}
	}
	return no
}

// trimSpace trims ASCII white space only, for the reason sameRole gives.
func trimSpace(text string) string { return strings.Trim(text, " \t\r\n\v\f") }

// sameRole compares role names as Keystone does, without regard to letter case, but only of ASCII letters: full
// Unicode folding would make admin of a name that looks like it. Want is trimmed already.
func sameRole(role, want string) bool {
	role = trimSpace(role)
	if len(role) != len(want) {
		return false
	}
	for i := range len(role) {
		if lower(role[i]) != lower(want[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
