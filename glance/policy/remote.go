package policy

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"goglance/glance/auth"
)

// Remote asks another service for a decision: it posts form to address, an http or https URL, and returns the body
// of the answer. Anything but a complete answer is an error. Package remote has one that speaks HTTP; the language
// itself does not.
type Remote func(ctx context.Context, address string, form url.Values) (answer string, err error)

// remoteCost is what a remote check counts for in the limit of checks that a decision may lead to. A hundred of them
// are a long wait already.
const remoteCost = limit / 100

// remoteCheck is http: and https: (spec tasks-import F.6). It is decided by True and by False. Everything else is a
// failure, and a failure is a mistake: it lets nobody in, not even behind a not (spec security S21).
type remoteCheck struct {
	scheme string
	rest   template // begins with // and the host
}

func (r *rule) newRemoteCheck(scheme, match string) node {
	r.cost += remoteCost
	if !r.remote {
		return r.mistake("%s: checks are not available", scheme)
	}
	rest, err := parseTemplate(match)
	if err == nil {
		err = checkURL(scheme, rest)
	}
	if err != nil {
		return r.mistake("a check %s: %v", scheme, err) // without the URL: there may be a password in it
	}
	return remoteCheck{scheme, rest}
}

// checkURL makes sure that attributes can end up in the path and the query only: whoever names a property of an image
// must not choose whom we ask.
func checkURL(scheme string, rest template) error {
	var example strings.Builder
	for _, p := range rest {
		before := example.String()
		if p.attr && !strings.ContainsAny(strings.TrimPrefix(before, "//"), "/?") {
			return errors.New("an attribute cannot be part of the host")
		}
		if p.attr {
			example.WriteByte('x')
		} else {
			example.WriteString(p.text)
		}
	}
	u, err := url.Parse(scheme + ":" + example.String())
	if err != nil || u.Host == "" || u.Fragment != "" {
		return errors.New("what follows must look like //host/path")
	}
	return nil
}

func (c remoteCheck) eval(q question) verdict {
	if q.remote == nil {
		return undecided
	}
	address, ok := c.address(q.target)
	if !ok {
		return undecided
	}
	form, err := q.form()
	if err != nil {
		return undecided
	}
	answer, err := q.remote(q.ctx, address, form)
	if err != nil {
		return undecided
	}
	switch strings.Trim(answer, `"`) {
	case "True":
		return yes
	case "False":
		return no
	default:
		return undecided
	}
}

// address fills in the attributes, escaped. It is false if the target lacks one, or if one of them makes a step up
// in the path, which escaping cannot prevent.
func (c remoteCheck) address(target Target) (string, bool) {
	address := c.scheme + ":"
	for _, p := range c.rest {
		text, ok := p.fill(target)
		if !ok {
			return "", false
		}
		if p.attr {
			text = escape(text)
		}
		address += text
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	for segment := range strings.SplitSeq(u.EscapedPath(), "/") {
		if name, err := url.PathUnescape(segment); err != nil || name == "." || name == ".." {
			return "", false
		}
	}
	return address, true
}

// escape leaves the unreserved characters of RFC 3986 section 2.3 alone. QueryEscape does, but for the space, and a +
// means a space in a query only.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// form is what the remote service is told: three fields, each JSON.
func (q question) form() (url.Values, error) {
	attributes := q.target.All()
	if attributes == nil {
		attributes = map[string]any{}
	}
	form := url.Values{}
	for name, value := range map[string]any{
		"rule": q.action, "target": attributes, "credentials": credentials(q.who),
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		form.Set(name, string(text))
	}
	return form, nil
}

// credentials returns what rules know of a caller, under the names they know it by. Never the token.
func credentials(who *auth.Identity) map[string]any {
	roles := who.Roles
	if roles == nil {
		roles = []string{}
	}
	all := map[string]any{"roles": roles, "is_admin_project": !who.NotAdminProject}
	for _, name := range []string{"user_id", "user", "project_id", "tenant", "user_domain_id", "project_domain_id"} {
		all[name] = nil
		if value := credential(name)(who); value != "" {
			all[name] = value
		}
	}
	return all
}
