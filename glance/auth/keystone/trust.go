package keystone

import (
	"context"
	"fmt"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/trusts"

	"goglance/glance/auth"
	"goglance/glance/fault"
)

// Trust lets the service act as a user after the user's token has expired, for an upload or import that takes long (spec
// operations 8). It is a credential: its id is in no text about it. Whoever has one deletes it when the work is done.
type Trust struct {
	auth    *Auth
	id      string
	trustor string // id of the user
	token   string // of the user, when the trust was made
}

// String tells nothing.
func (t *Trust) String() string { return "trust of user " + t.trustor }

// GoString tells nothing.
func (t *Trust) GoString() string { return t.String() }

// Entrust makes a trust: the service may act as the user in his project, with the roles of his token. It ends by itself
// after lifetime, for the case that nobody lives to delete it. The error is fault.Forbidden when Keystone does not allow
// it, as with most application credentials: the user's token then has to do.
func (a *Auth) Entrust(ctx context.Context, who *auth.Identity, lifetime time.Duration) (*Trust, error) {
	const op = "keystone.Entrust"
	known, err := a.lookup(ctx, who.Token, false)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return nil, fault.New(fault.Unauthenticated, "this request needs a valid token")
	}
	own, err := a.session.get(a.ctx, "") // others may wait for it: the end of this request is not its end
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, err)
	}
	end := a.o.Clock().Add(lifetime).UTC()
	o := trusts.CreateOpts{
		Impersonation: true, TrusteeUserID: own.user, TrustorUserID: known.who.UserID, ProjectID: known.who.ProjectID, ExpiresAt: &end,
	}
	for _, r := range known.roles { // as Keystone spells them: names in the policy's form would not be found
		given := trusts.Role{ID: r.ID}
		if r.ID == "" {
			given.Name = r.Name
		}
		o.Roles = append(o.Roles, given)
	}
	made, err := trusts.Create(ctx, a.session.api(own.endpoint, who.Token), o).Extract()
	if err != nil {
		return nil, refused(op, err)
	}
	return &Trust{auth: a, id: made.ID, trustor: known.who.UserID, token: who.Token}, nil
}

// Identity logs in with the trust and returns the user as he is now, with a new token. It is for one piece of work: the
// token of each lives as long as Keystone says.
func (t *Trust) Identity(ctx context.Context) (*auth.Identity, error) {
	const op = "keystone.Trust.Identity"
	login := t.auth.session.login
	login.TrustID = t.id
	if login.Type == adminToken {
		return nil, fault.Wrap(fault.Forbidden, op, fmt.Errorf("auth_type %s has no user", adminToken))
	}
	got, err := t.auth.session.open(ctx, login)
	if err != nil {
		return nil, refused(op, err)
	}
	known, err := t.auth.lookup(ctx, got.token, false)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return nil, fault.New(fault.Unauthenticated, "the token of a trust is not valid")
	}
	return known.identity(got.token), nil
}

// Delete ends the trust. The user's own token may do that, and when it has expired, the trust's.
func (t *Trust) Delete(ctx context.Context) error {
	const op = "keystone.Trust.Delete"
	err := t.remove(ctx, t.token)
	if err == nil {
		return nil
	}
	who, again := t.Identity(ctx)
	if again != nil {
		return refused(op, err)
	}
	return refused(op, t.remove(ctx, who.Token))
}

func (t *Trust) remove(ctx context.Context, token string) error {
	own, err := t.auth.session.get(t.auth.ctx, "") // as in Entrust
	if err != nil {
		return err
	}
	return trusts.Delete(ctx, t.auth.session.api(own.endpoint, token), t.id).ExtractErr()
}
