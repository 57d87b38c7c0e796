// Package policy decides who may do what. It implements the policy language that OpenStack services share, so a
// policy.json that an operator has kept for years means here what it meant before.
//
// # Rules
//
// A policy maps the name of an action, such as get_image, to a rule. Every request asks for one or more of these
// names; the rule says yes, or the request is answered 403.
//
//	{
//	    "default":         "role:admin",
//	    "get_image":       "",
//	    "delete_image":    "role:admin or tenant:%(owner)s",
//	    "publicize_image": "rule:trusted and not role:guest",
//	    "trusted":         "role:admin or role:librarian"
//	}
//
// Three texts are complete rules: "" and "@" let everybody in, "!" lets nobody in. Null and the empty list are the
// same as "". Everything else is made of checks, joined by and, or, not and brackets. Keywords may be written in any
// letter case. Not binds tightest, then and, then or; so "a or b and c" is "a or (b and c)". Words are separated by
// white space, except that a bracket may touch its neighbour. A check contains no white space and cannot end in a
// closing bracket; %(owner)s is safe, because it ends in s.
//
// An action without a rule of its own is decided by the default rule, the one whose name is given to [Compile]. No
// default rule: no.
//
// # Checks
//
// A check is a kind and a match, split at the first colon.
//
//	rule:NAME          the rule NAME says yes. The default rule stands in for a rule that is not there
//	role:NAME          the caller has the role; ASCII letters match in either case
//	http:, https:      another service says yes
//	CREDENTIAL:MATCH   what we know of the caller equals MATCH, letter by letter
//	LITERAL:MATCH      a constant equals MATCH
//	@, !               yes, no
//
// The credentials are user_id (or user), project_id (or tenant), user_domain_id, project_domain_id, is_admin_project
// (True, unless Keystone knows a project for administrators and the caller's is another), and roles, of which any one
// may match. A credential that is empty for this caller matches nothing, not even an empty
// MATCH: nobody is never the owner of what nobody owns. There is no credential named owner, and being an
// administrator is none either: a rule that wants administrators asks for a role.
//
// A literal is True, False, None, a decimal number, or a text in quotes: 'queued':%(status)s. Do not put quotes
// around both sides: 'a':'b' as a whole is a quoted text and no check.
//
// In a match, %(name)s stands for an attribute of the thing acted on, usually the image: %(owner)s, %(visibility)s,
// %(protected)s, or the name of an extra property. Attributes are compared as text: True, False, None, decimal
// numbers. If the thing has no such attribute the check says no; a list of images has no attributes at all. A per
// cent sign itself is written %%. For the rule context_is_admin the thing is the caller himself ([CallerTarget]).
//
// # Remote checks
//
//	"delete_image": "role:admin or https://policy.example.com/glance/%(id)s"
//
// The whole check is the address to ask. The other service gets a POST with a form of three fields, each of them JSON:
// rule, the name of the action; target, the attributes; credentials, with null for those that are empty, and never the
// token. It answers with status 200 and the text True or False, which may be in quotation marks. Anything else is a
// mistake, as below: no answer, another status, another text, a redirect. What is right of the or is not asked when the
// left says yes, so put the cheap check first.
//
// Attributes may stand in the path and the query, where they are escaped; not in the host, so that nobody who names an
// image chooses who is asked. A path that an attribute would lead a step up is not asked for.
//
// Whoever compiles the rules says how to ask ([Remote]); package remote does it over HTTP.
//
// # Lists
//
// An older form writes a rule as a list of lists: one of the inner lists must hold, with all its checks. A bare string
// stands for a list of one. In a list every string is one check, without keywords and brackets.
//
//	[["role:admin"], ["tenant:%(owner)s", "role:member"]]
//
// An empty inner list is skipped; if nothing else is there, as in [[]], the rule lets nobody in.
//
// # Mistakes
//
// A mistake never opens a door. [Rules.Warnings] tells of each:
//
//   - a rule that cannot be read as a whole (two checks in a row, brackets that do not match or are nested deeper than
//     100, a keyword without its check) is never satisfied;
//   - so is a rule that leads, through its references, to more than 100,000 checks, or 100 remote ones;
//   - a check that can never work (no colon, an unknown credential, a broken %(...)s, an address that is none) is not
//     satisfied; the rest of its rule still counts;
//   - neither is a reference to a rule that is not there, if there is no default rule, nor one that leads back to its
//     own rule.
//
// Not does not turn any of these into permission: with no rule named guests, "not rule:guests" lets nobody in. Here we
// are stricter than the reference, where a slip of the pen behind a not lets everybody in.
//
// Warnings tells of one thing more: an action of the service that is missing in the policy, while the default rule
// lets everybody in. A policy that was written before the action was known cannot have meant that. So let the default
// rule be a strict one.
//
// # Files
//
// [Open] reads a policy file, JSON or YAML, and folders of further ones. They may change at any time: see [Files]. In
// YAML a rule that consists of one ! needs quotes, as does anything that is not a text, a list or null.
//
// A service without policy file has the rules of [BuiltIn], which are nearly none.
package policy
