package policy

import "goglance/glance/auth"

// CallerTarget returns the caller himself as a target, for context_is_admin: there the thing that a rule looks at is
// the request (spec tasks-import F.6). Its attributes are the credentials under their names, and project, user_domain
// and project_domain as the request context calls them. The list of roles has no text form, so only All has it. A nil
// who is a caller of whom nothing is known.
func CallerTarget(who *auth.Identity) Target {
	if who == nil {
		who = &auth.Identity{}
	}
	return callerTarget{who}
}

type callerTarget struct{ who *auth.Identity }

// Attr returns a credential.
func (t callerTarget) Attr(name string) (string, bool) {
	switch name {
	case "project", "user_domain", "project_domain":
		name += "_id"
	}
	get := credential(name)
	if get == nil {
		return "", false
	}
	if text := get(t.who); text != "" {
		return text, true
	}
	return "None", true
}

// All returns the credentials.
func (t callerTarget) All() map[string]any {
	all := credentials(t.who)
	for _, name := range []string{"project", "user_domain", "project_domain"} {
		all[name] = all[name+"_id"]
	}
	return all
}
